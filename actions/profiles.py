"""Profiles: what people say about themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from access.viewer import Viewer
from actions import entities, inputs
from core import text
from core.database import Transaction, command, rows_of
from core.errors import Problem, ValidationError
from loaders.rows import ProfileField
from models.accounts import account


class Unchanged(Enum):
    """Stands for a part of a profile that stays as it is, where None takes the part away."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The parts of a profile that change. None leaves name and bio as they are and takes the others away."""

    display_name: str | None = None
    bio: str | None = None
    fields: Sequence[ProfileField] | Unchanged | None = UNCHANGED
    website: str | Unchanged | None = UNCHANGED
    location: str | Unchanged | None = UNCHANGED
    is_bot: bool | Unchanged | None = UNCHANGED
    avatar_url: str | Unchanged | None = UNCHANGED
    header_url: str | Unchanged | None = UNCHANGED


T = TypeVar("T")


class _Bio(NamedTuple):
    bio: str
    entities: str | None


_REQUIRED = ("display_name", "bio")
_REMOVABLE = ("website", "location", "avatar_url", "header_url", "is_bot", "fields")


def _new(name: str) -> sa.BindParameter[Any]:
    kind: sa.types.TypeEngine[Any] = account.c[name].type
    # JSON comes as text: what has been checked is encoded once.
    return sa.bindparam(f"new_{name}", type_=sa.Text() if isinstance(kind, JSONB) else kind)


def _change() -> sa.Update:
    required = {name: sa.func.coalesce(_new(name), account.c[name]) for name in _REQUIRED}
    removable = {
        name: sa.case(
            (sa.bindparam(f"changes_{name}", type_=sa.Boolean), sa.cast(_new(name), account.c[name].type)),
            else_=account.c[name],
        )
        for name in _REMOVABLE
    }
    bio_entities = sa.case((_new("bio").is_not(None), entities.STORED), else_=account.c.bio_entities)
    return (
        sa.update(account).where(account.c.id == _ACCOUNT_ID).values(**required, bio_entities=bio_entities, **removable)
    )


_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_BIO = rows_of(sa.select(account.c.bio, account.c.bio_entities).where(account.c.id == _ACCOUNT_ID), _Bio)
_CHANGE = command(_change())


async def update_profile(tx: Transaction, viewer: Viewer, change: ProfileChange) -> int:
    """Changes the viewer's profile; gives their id. Raises ValidationError."""
    problems: list[Problem | None] = []
    display_name = None if change.display_name is None else inputs.profile_text(change.display_name)
    if display_name is not None:
        problems.append(inputs.problem_of_text(display_name, inputs.DISPLAY_NAME, field="displayName"))
    bio = None if change.bio is None else inputs.profile_text(change.bio)
    if bio is not None:
        problems.append(inputs.problem_of_text(bio, inputs.BIO, field="bio", may_be_blank=True))
    fields = _checked_fields(_given(change.fields) or (), problems)
    website = _checked_url(_given(change.website), problems, field="website")
    location = _checked_location(_given(change.location), problems)
    avatar_url = _checked_url(_given(change.avatar_url), problems, field="avatarUrl")
    header_url = _checked_url(_given(change.header_url), problems, field="headerUrl")
    if found := [problem for problem in problems if problem]:
        raise ValidationError(*found)
    bound = entities.NOTHING if bio is None else await _bind(tx, viewer, bio)

    await tx.run(
        _CHANGE,
        account_id=viewer.account_id,
        new_display_name=display_name,
        new_bio=bio,
        stored=bound.stored,
        new_fields=orjson.dumps(fields).decode(),
        new_website=website,
        new_location=location,
        new_is_bot=_given(change.is_bot) or False,
        new_avatar_url=avatar_url,
        new_header_url=header_url,
        **{f"changes_{name}": getattr(change, name) is not UNCHANGED for name in _REMOVABLE},
    )
    return viewer.account_id


async def _bind(tx: Transaction, viewer: Viewer, bio: str) -> entities.Bound:
    """The entities of a new bio. Whom the old one mentions stays who they were."""
    old = await tx.row(_BIO, account_id=viewer.account_id)
    assert old is not None
    known = entities.mentions_of(old.bio, old.entities)
    return await entities.bind(tx, bio, author_id=viewer.account_id, known=known)


def _given(value: T | Unchanged | None) -> T | None:
    return None if isinstance(value, Unchanged) else value


def _checked_fields(fields: Sequence[ProfileField], problems: list[Problem | None]) -> list[tuple[str, str]]:
    """The fields as they are stored; adds what is wrong with them to `problems`."""
    if len(fields) > inputs.MOST_PROFILE_FIELDS:
        message = f"A profile has at most {inputs.MOST_PROFILE_FIELDS} fields, not {len(fields)}."
        problems.append(Problem(("fields",), "TOO_MANY", message))
        return []
    checked = []
    for place, field in enumerate(fields):
        name, value = inputs.profile_line(field.name), inputs.profile_line(field.value)
        path = ("fields", str(place))
        problems.append(inputs.problem_of_text(name, inputs.FIELD_NAME, field=(*path, "name")))
        problems.append(inputs.problem_of_text(value, inputs.FIELD_VALUE, field=(*path, "value")))
        checked.append((name, value))
    return checked


def _checked_location(raw: str | None, problems: list[Problem | None]) -> str | None:
    """The location as it is stored, None for a blank one."""
    if raw is None:
        return None
    location = inputs.profile_line(raw)
    problems.append(inputs.problem_of_text(location, inputs.LOCATION, field="location", may_be_blank=True))
    return None if text.is_blank(location) else location


def _checked_url(raw: str | None, problems: list[Problem | None], *, field: str) -> str | None:
    """The address as it is stored."""
    if raw is None:
        return None
    url, problem = inputs.url_or_problem(raw, field=field)
    problems.append(problem)
    return url
