"""How an account wants its feeds, wherever a document does not say otherwise."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions.feed_refs import FeedRef, require_feed
from actions.inputs import language_tag, problem_of_language
from actions.read_positions import LISTINGS
from core import ids
from core.database import Transaction, command, values_of
from core.errors import Problem, ValidationError
from loaders.tuning import FeedOptions
from models.feeds import feed_preference

# Of so many lists and hashtags an account's preferences are kept; beyond that those of the oldest go, but for the one
# that is being tuned.
MOST_PREFERENCES = 1_000
MOST_LANGUAGES = 20

_COLUMNS = feed_preference.c
_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_FEED = sa.bindparam("feed", type_=sa.SmallInteger)
_TARGET_ID = sa.bindparam("target_id", type_=sa.BigInteger)
_GIVEN = {name: sa.bindparam(f"given_{name}", type_=_COLUMNS[name].type) for name in FeedOptions._fields}


def _upsert() -> sa.ClauseElement:
    """Gives whether nothing is left out any more."""
    feed = {"account_id": _ACCOUNT_ID, "feed": _FEED, "target_id": _TARGET_ID}
    absent = {name: sa.text("'{}'") if name == "languages" else sa.false() for name in _GIVEN}
    new = insert(feed_preference).values(
        **feed, **{name: sa.func.coalesce(given, absent[name]) for name, given in _GIVEN.items()}
    )
    is_idle = sa.and_(
        *(~_COLUMNS[name] for name in _GIVEN if name != "languages"),
        sa.func.cardinality(_COLUMNS.languages) == sa.text("0"),
    )
    return new.on_conflict_do_update(
        index_elements=list(feed_preference.primary_key.columns),
        set_={name: sa.func.coalesce(given, _COLUMNS[name]) for name, given in _GIVEN.items()},
    ).returning(is_idle)


_TUNE = values_of(_upsert(), bool)
_IS_OWN = _COLUMNS.account_id == _ACCOUNT_ID
_RESET = command(sa.delete(feed_preference).where(_IS_OWN, _COLUMNS.feed == _FEED, _COLUMNS.target_id == _TARGET_ID))
_too_many = (
    sa.select(_COLUMNS.feed, _COLUMNS.target_id)
    .where(_IS_OWN, _COLUMNS.target_id != sa.literal_column(str(ids.NOBODY)))
    .order_by((_COLUMNS.target_id == _TARGET_ID).desc(), _COLUMNS.target_id.desc())
    .offset(sa.literal_column(str(MOST_PREFERENCES)))
    .subquery("too_many")
)
_FORGET = command(
    sa.delete(feed_preference).where(
        _IS_OWN, _COLUMNS.feed == _too_many.c.feed, _COLUMNS.target_id == _too_many.c.target_id
    )
)


def wanted_languages(tags: Sequence[str], *, path: tuple[str, ...]) -> tuple[str, ...]:
    """The tags as they are kept, each once. Raises ValidationError if one is none, or if they are too many."""
    if len(tags) > MOST_LANGUAGES:
        raise ValidationError(Problem(path, "TOO_MANY", f"At most {MOST_LANGUAGES} languages."))
    for tag in tags:
        problem = problem_of_language(tag)
        if problem is not None:
            raise ValidationError(replace(problem, path=path))
    return tuple(dict.fromkeys(map(language_tag, tags)))


async def tune_feed(tx: Transaction, viewer: Viewer, ref: FeedRef, options: FeedOptions) -> None:
    """Keeps how the viewer wants the feed; None leaves that as it is. Raises NotFoundError, and ValidationError where
    what was seen is not kept.
    """
    if options.hides_seen and ref.kind not in LISTINGS:
        message = f"How far you have read a feed of the kind {ref.kind.name} is not kept."
        raise ValidationError(Problem(("options", "hideSeen"), "UNSUPPORTED", message))
    await require_feed(tx, viewer, ref, path=("feed", "id"))

    named = {"account_id": viewer.account_id, "feed": int(ref.kind), "target_id": ref.target_id}
    given = {f"given_{name}": value for name, value in options._asdict().items()}
    if await tx.row(_TUNE, **named, **given):
        await tx.run(_RESET, **named)
    await tx.run(_FORGET, account_id=viewer.account_id, target_id=ref.target_id)
