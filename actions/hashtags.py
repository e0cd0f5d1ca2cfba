"""Following hashtags. Doing it twice is doing it once, and neither is an error."""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import counts, entities
from actions.accounts import lock_account
from core import text
from core.database import Reader, Statement, Transaction, command, rows_of, values_of
from core.entities import LONGEST_HASHTAG_CHARS, EntityKind, Found, extract, normalised_hashtag
from core.errors import NotFoundError, Problem, ValidationError
from events import outbox
from events.hashtags import HashtagFollowChanged
from loaders.hashtags import HASHTAG_COUNTERS
from loaders.hydration import count_columns
from models.counts import Counter
from models.hashtags import hashtag, hashtag_count, hashtag_follow

# Each is a look into an index in every statement that reads a home feed from the tables.
MOST_FOLLOWED = 200

# As it is on a keyboard, and in full width.
_SIGNS = "#\uff03"
_PATH = ("name",)


class Spelling(NamedTuple):
    """A hashtag as somebody writes it, without its sign, and the name that all its spellings share."""

    name: str
    shown: str


class Regarded(NamedTuple):
    """A hashtag, and what tells whether it is there for anybody."""

    id: int
    post_count: int
    follower_count: int


class _Standing(NamedTuple):
    follow_count: int
    is_following: bool


_HASHTAG_ID = sa.bindparam("hashtag_id", type_=sa.BigInteger)
_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_IS_NAMED = hashtag.c.name == sa.bindparam("name", type_=sa.Text)
_COUNTS, _COUNTED = count_columns(hashtag, hashtag_count, hashtag.c.id, HASHTAG_COUNTERS, None)


def regard(is_wanted: sa.ColumnElement[bool]) -> Statement[Regarded]:
    """The statement that finds a hashtag, for `require_hashtag`."""
    return rows_of(sa.select(hashtag.c.id, *_COUNTS).select_from(_COUNTED).where(is_wanted), Regarded)


_MAKE = values_of(entities.hashtag_ids(), int)
_REGARD = regard(_IS_NAMED)
_STANDING = rows_of(
    sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.bool_or(hashtag_follow.c.hashtag_id == _HASHTAG_ID), sa.false()),
    ).where(hashtag_follow.c.account_id == _ACCOUNT_ID),
    _Standing,
)
_INSERT = command(
    insert(hashtag_follow).values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        hashtag_id=_HASHTAG_ID,
        account_id=_ACCOUNT_ID,
    )
)
_DELETE = values_of(
    sa.delete(hashtag_follow)
    .where(
        hashtag_follow.c.account_id == _ACCOUNT_ID,
        hashtag_follow.c.hashtag_id == sa.select(hashtag.c.id).where(_IS_NAMED).scalar_subquery(),
    )
    .returning(hashtag_follow.c.hashtag_id),
    int,
)


def spelling_of(written: str) -> Spelling | None:
    """The hashtag that somebody has written, with or without its sign; None if it is none."""
    if not text.is_storable(written):
        return None
    shown = text.normalised(written)
    if shown[:1] and shown[0] in _SIGNS:
        shown = shown[1:]
    if len(shown) > LONGEST_HASHTAG_CHARS:
        return None
    signed = f"#{shown}"
    # What would be a hashtag in a post, and nothing beside it.
    if extract(signed) != [Found(EntityKind.HASHTAG, 0, len(signed), shown)]:
        return None
    return Spelling(normalised_hashtag(shown), shown)


def _require_spelling(written: str) -> Spelling:
    spelling = spelling_of(written)
    if spelling is None:
        raise ValidationError(Problem(_PATH, "MALFORMED", "A hashtag is one word of letters, digits and underscores."))
    return spelling


async def require_hashtag(db: Reader, statement: Statement[Regarded], *, path: tuple[str, ...], **named: object) -> int:
    """The id of the hashtag that `statement` finds by `named`. Raises NotFoundError at `path` if nobody sees one."""
    found = await db.row(statement, **named)
    if found is None or not policy.can_see_hashtag(post_count=found.post_count, follower_count=found.follower_count):
        raise NotFoundError("There is no such hashtag.", path=path)
    return found.id


async def follow_hashtag(tx: Transaction, viewer: Viewer, name: str) -> int:
    """Follows a hashtag, which is made if nobody has used it yet, and gives its id. Raises ValidationError."""
    spelling = _require_spelling(name)
    # The account before the hashtag, as in posting.
    await lock_account(tx, viewer.account_id)
    hashtag_id = await tx.row(_MAKE, hashtags=[spelling.name], shown=[spelling.shown])
    assert hashtag_id is not None
    standing = await tx.row(_STANDING, account_id=viewer.account_id, hashtag_id=hashtag_id)
    assert standing is not None
    if standing.is_following:
        return hashtag_id
    if standing.follow_count >= MOST_FOLLOWED:
        raise ValidationError(Problem(_PATH, "TOO_MANY", f"You follow {MOST_FOLLOWED} hashtags; no more are allowed."))

    await tx.run(_INSERT, at=tx.at, account_id=viewer.account_id, hashtag_id=hashtag_id)
    await counts.add(tx, 1, (hashtag_id, Counter.HASHTAG_FOLLOWERS))

    await outbox.record(tx, HashtagFollowChanged(follower_id=viewer.account_id, hashtag_id=hashtag_id))
    return hashtag_id


async def unfollow_hashtag(tx: Transaction, viewer: Viewer, name: str) -> int:
    """Stops following a hashtag and gives its id. Raises ValidationError, NotFoundError."""
    named = _require_spelling(name).name

    hashtag_id = await tx.row(_DELETE, account_id=viewer.account_id, name=named)
    if hashtag_id is None:
        return await require_hashtag(tx, _REGARD, name=named, path=_PATH)
    await counts.add(tx, -1, (hashtag_id, Counter.HASHTAG_FOLLOWERS))

    await outbox.record(tx, HashtagFollowChanged(follower_id=viewer.account_id, hashtag_id=hashtag_id))
    return hashtag_id
