"""Searching: which accounts fit what somebody types, the best ones first. Ids only.

A short beginning fits many thousands. So only some of those that fit are ranked: the ones that Postgres finds first,
mostly the oldest accounts. The exact handle and whom the viewer follows are never left out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import regex
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from core import text
from core.database import Reader, Statement, values_of
from core.spoofing import defused
from loaders.hydration import VIEWER_ID, ZERO, is_there
from loaders.pages import AFTER, LIMIT
from models.accounts import SEARCHED_WORDS, account, account_count
from models.follows import follow

# Finding is cheap, ranking is not: it takes a look at each one's followers.
MOST_FOUND = 5_000
MOST_RANKED = 1_000

# Compounds are indexed by their parts, too. Other signs Postgres takes apart as it did in the names.
_BETWEEN_WORDS = regex.compile(r"[\s\-]+")
_BEGINNING_OF_HANDLE = regex.compile(r"[A-Za-z0-9_]{1,30}")
# Comes behind every character that a handle may have.
_BEHIND_HANDLES = "{"


class UserQuery(NamedTuple):
    """What is looked for: handles that begin so ("" for none), and the words as a tsquery ("" for none)."""

    handle: str
    words: str


def user_query_of(typed: str) -> UserQuery | None:
    """The query that somebody means who typed this; None if nothing can fit it. "@ada" is the same as "ada"."""
    if not text.is_storable(typed):
        return None
    # As names are stored.
    plain = text.normalised(defused(text.normalised(typed)))
    words = [word for part in _BETWEEN_WORDS.split(plain) if (word := part.lstrip("@"))]
    if not words:
        return None
    is_handle = len(words) == 1 and _BEGINNING_OF_HANDLE.fullmatch(words[0]) is not None
    handle = words[0].lower() if is_handle else ""
    # A handle has underscores, a name has not.
    return UserQuery(handle, "" if "_" in handle else " & ".join(map(_beginning_of_word, words)))


def _beginning_of_word(word: str) -> str:
    """A quoted operand of to_tsquery, in which no character means anything else."""
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


_LOW = sa.bindparam("low", type_=sa.Text)
_HIGH = sa.bindparam("high", type_=sa.Text)
_HANDLE: sa.ColumnElement[str] = sa.func.lower(account.c.handle)
_WORDS = sa.func.to_tsquery(
    sa.literal_column("'simple'", REGCONFIG), sa.bindparam("words", type_=sa.Text), type_=TSQUERY
)
_FITS: sa.ColumnElement[bool] = sa.or_(
    # LIKE with a parameter is planned without the index; these are its operators.
    sa.and_(_HANDLE.bool_op("~>=~")(_LOW), _HANDLE.bool_op("~<~")(_HIGH)),
    sa.literal_column(SEARCHED_WORDS).bool_op("@@")(_WORDS),
)
_EXACT = sa.select(account.c.id).where(_HANDLE == _LOW)
_FOLLOWED = follow.c.follower_id == VIEWER_ID


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(value))


# The first of what a list of results is sorted by.
_AS_EXACT, _AS_FOLLOWED, _AS_OTHER = _number(0), _number(1), _number(2)


def _one_of(ids: sa.Select[int]) -> sa.CollectionAggregate[Any]:
    """As an array: the index is read once, from the first to the last, where a join would go down for each."""
    return sa.any_(sa.func.array(ids.scalar_subquery()))


def _select_users(*, is_first_page: bool) -> sa.Select[int]:
    fitting = sa.select(account.c.id).where(_FITS).limit(_number(MOST_FOUND)).cte("fitting").prefix_with("MATERIALIZED")
    followed = sa.select(follow.c.followee_id).where(
        _FOLLOWED, follow.c.followee_id == _one_of(sa.select(fitting.c.id))
    )
    # Dearer, and only needed where not all that fit were found.
    is_full = sa.select(sa.func.count()).select_from(fitting).scalar_subquery() >= _number(MOST_FOUND)
    left_out = (
        sa.select(account.c.id)
        .select_from(follow.join(account, account.c.id == follow.c.followee_id))
        .where(_FOLLOWED, is_full, _FITS)
    )
    others = sa.select(fitting.c.id).limit(_number(MOST_RANKED)).subquery("other")
    found = sa.union_all(
        sa.select(others.c.id, _AS_OTHER.label("place")),
        followed.add_columns(_AS_FOLLOWED),
        left_out.add_columns(_AS_FOLLOWED),
        _EXACT.add_columns(_AS_EXACT),
    ).subquery("found")
    placed = (
        sa.select(found.c.id, sa.func.min(found.c.place).label("place"))
        .group_by(found.c.id)
        .cte("placed")
        .prefix_with("MATERIALIZED")
    )
    key = _key(placed.c.place, placed.c.id)
    joined = placed.outerjoin(
        account_count,
        sa.and_(
            account_count.c.account_id == placed.c.id, account_count.c.account_id == _one_of(sa.select(placed.c.id))
        ),
    )
    page = sa.select(placed.c.id).select_from(joined).order_by(*key).limit(LIMIT)
    return page if is_first_page else page.where(sa.tuple_(*key) > _last_shown())


def _key(place: sa.ColumnElement[int], account_id: sa.ColumnElement[int]) -> Sequence[sa.ColumnElement[int]]:
    """What a list of results is sorted by. The folded total is near enough."""
    return (place, -sa.func.coalesce(account_count.c.follower_count, ZERO), account_id)


def _last_shown() -> sa.ScalarSelect[Any]:
    """The key that the account at the end of the page before has by now."""
    place = sa.case(
        (_HANDLE == _LOW, _AS_EXACT),
        (is_there(_FOLLOWED, follow.c.followee_id == account.c.id), _AS_FOLLOWED),
        else_=_AS_OTHER,
    )
    return (
        sa.select(*_key(place, account.c.id))
        .select_from(account.outerjoin(account_count, account_count.c.account_id == account.c.id))
        .where(account.c.id == AFTER)
        .scalar_subquery()
    )


_FIRST_PAGE: Statement[int] = values_of(_select_users(is_first_page=True), int)
_LATER_PAGE: Statement[int] = values_of(_select_users(is_first_page=False), int)


async def fetch_found_user_ids(
    db: Reader, query: UserQuery, *, viewer_id: int, after: int | None, limit: int
) -> list[int]:
    """The accounts that fit, the best first: the one with this handle, whom the viewer follows, who has most followers.

    `after` is the account where the page before has ended. Its place is where it would stand now.
    """
    parameters: dict[str, Any] = {
        "low": query.handle,
        "high": query.handle and query.handle + _BEHIND_HANDLES,
        "words": query.words,
        "viewer_id": viewer_id,
        "limit": limit,
    }
    if after is None:
        return await db.rows(_FIRST_PAGE, **parameters)
    return await db.rows(_LATER_PAGE, **parameters, after=after)
