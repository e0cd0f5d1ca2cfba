"""Archives, record by record: what was made elsewhere becomes a row here, once, by an act that makes it.

`imported_record` says which record of a source is which row here.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from actions import counted, counts, entities, handles, inputs
from core.database import Reader, Transaction, command, rows_of, values_of
from core.entities import EntityKind, normalised_hashtag
from core.errors import Problem, ValidationError
from models.accounts import account
from models.hashtags import post_hashtag
from models.imports import imported_record
from models.posts import post


class _LocalId(NamedTuple):
    external_id: str
    local_id: int


class _EntityCount(NamedTuple):
    kind: int
    number: int


SOURCE = sa.bindparam("source", type_=sa.Text)
_EXTERNAL_ID = sa.bindparam("external_id", type_=sa.Text)
_LOCK = values_of(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(SOURCE, 0))), str)
_LOCAL_IDS = rows_of(
    sa.select(imported_record.c.external_id, imported_record.c.local_id).where(
        imported_record.c.source == SOURCE,
        imported_record.c.external_id == sa.any_(sa.bindparam("external_ids", type_=sa.ARRAY(sa.Text))),
    ),
    _LocalId,
)
_NOTE = command(
    sa.insert(imported_record).values(
        source=SOURCE, external_id=_EXTERNAL_ID, local_id=sa.bindparam("local_id", type_=sa.BigInteger)
    )
)
_INSERT_ACCOUNT = values_of(
    sa.insert(account)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        handle=sa.bindparam("new_handle", type_=sa.Text),
        display_name=sa.bindparam("new_display_name", type_=sa.Text),
    )
    .returning(account.c.id),
    int,
)


def _tag() -> sa.Insert:
    post_id = sa.bindparam("post_id", type_=sa.BigInteger)
    tagged = sa.select(*counted.COLUMNS).where(post.c.id == post_id).cte("tagged")
    author = counted.held_author(sa.select(tagged.c.author_id).scalar_subquery())
    hashtags = entities.hashtag_ids(counted.is_counted_at_hashtags(tagged, author)).cte("hashtags")
    added = (
        insert(post_hashtag)
        .from_select(["hashtag_id", "post_id"], sa.select(hashtags.c.id, post_id))
        .on_conflict_do_nothing()
        .returning(post_hashtag.c.hashtag_id, post_hashtag.c.post_id)
        .cte("added")
    )
    return counts.insert_deltas(counted.select_at_hashtags(added, tagged, author, 1))


def _entity_counts() -> sa.Select[int, int]:
    entity = sa.func.jsonb_array_elements(post.c.entities).table_valued(sa.column("value", JSONB), name="entity")
    kind = sa.cast(entity.c.value[sa.literal_column("0")], sa.Integer)
    return (
        sa.select(kind, sa.func.count())
        .select_from(post.join(entity, sa.true()))
        .where(post.c.id == sa.any_(sa.bindparam("post_ids", type_=sa.ARRAY(sa.BigInteger))))
        .group_by(kind)
    )


_TAG = command(_tag())
_ENTITY_COUNTS = rows_of(_entity_counts(), _EntityCount)


async def create_account(tx: Transaction, *, handle: str, display_name: str) -> int:
    """Makes one account without a password; gives its id. Raises ValidationError."""
    problems = [inputs.problem_of_handle(handle), _problem_of_display_name(display_name)]
    if found := [problem for problem in problems if problem]:
        raise ValidationError(*found)

    try:
        account_id = await tx.row(_INSERT_ACCOUNT, at=tx.at, new_handle=handle, new_display_name=display_name)
    except asyncpg.UniqueViolationError as error:
        raise taken(error) from error
    await handles.require_free(tx, handle)
    assert account_id is not None
    return account_id


async def bring_in(
    tx: Transaction, source: str, external_id: str, *, act: Callable[[Transaction], Awaitable[int]]
) -> int:
    """Does `act`, which gives a local id, unless the record is here; gives the record's local id."""
    await lock_source(tx, source)
    known = await tx.row(_LOCAL_IDS, source=source, external_ids=[external_id])
    if known is not None:
        return known.local_id
    local_id = await act(tx)
    await tx.run(_NOTE, source=source, external_id=external_id, local_id=local_id)
    return local_id


async def tag_post(tx: Transaction, post_id: int, hashtags: Sequence[str]) -> None:
    """Gives a post hashtags that are not in its text, written as `core.entities.hashtag_from` gives them."""
    named = {normalised_hashtag(tag): tag for tag in hashtags}
    names = sorted(named)
    await tx.run(_TAG, post_id=post_id, hashtags=names, shown=[named[name] for name in names])


async def fetch_entity_counts(db: Reader, post_ids: Sequence[int]) -> dict[EntityKind, int]:
    """How many entities of each kind these posts have."""
    found = await db.rows(_ENTITY_COUNTS, post_ids=post_ids)
    return {EntityKind(each.kind): each.number for each in found}


async def fetch_local_ids(db: Reader, source: str, external_ids: Collection[str]) -> dict[str, int]:
    """Which of these records are here, and as which rows."""
    found = await db.rows(_LOCAL_IDS, source=source, external_ids=list(external_ids))
    return {record.external_id: record.local_id for record in found}


def checked_body(raw: str) -> str:
    """The body as a post stores it: as it is. Raises ValidationError, as posting would."""
    if problem := inputs.problem_of_text(raw, inputs.BODY, field="body"):
        raise ValidationError(problem)
    return raw


def checked_display_name(raw: str) -> str:
    """The name as an account stores it. Raises ValidationError."""
    name = inputs.profile_text(raw)
    if problem := _problem_of_display_name(name):
        raise ValidationError(problem)
    return name


async def lock_source(tx: Transaction, source: str) -> None:
    """Until the transaction ends, another import of the same source waits here."""
    await tx.rows(_LOCK, source=source)


def taken(error: asyncpg.UniqueViolationError) -> ValidationError:
    """What to say of an account that could not be made because its handle is somebody's."""
    return ValidationError(Problem(("handle",), "TAKEN", f"An account has this handle already. {error.detail}"))


def _problem_of_display_name(name: str) -> Problem | None:
    return inputs.problem_of_text(name, inputs.DISPLAY_NAME, field="displayName")
