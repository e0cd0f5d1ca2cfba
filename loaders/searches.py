"""Searching: which accounts or hashtags fit what somebody types, the best ones first. Ids only.

A short beginning fits many thousands. So only some of those that fit are ranked: the ones that Postgres finds first,
mostly the oldest accounts. What fits exactly and what the viewer follows are never left out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import regex
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from core import text
from core.database import Reader, Statement, values_of
from core.entities import normalised_hashtag
from core.spoofing import defused
from loaders.facts import VIEWER_ID, is_in_sight, is_there
from loaders.hashtags import is_hashtag_there
from loaders.hydration import ZERO
from loaders.pages import AFTER, LIMIT
from models.accounts import SEARCHED_WORDS, account, account_count
from models.follows import follow
from models.hashtags import hashtag, hashtag_count, hashtag_follow

# Finding is cheap, ranking is not: it takes a look at each one's counts.
MOST_FOUND = 5_000
MOST_RANKED = 1_000

# Compounds are indexed by their parts, too. Other signs Postgres takes apart as it did in the names.
_BETWEEN_WORDS = regex.compile(r"[\s\-]+")
_BEGINNING_OF_HANDLE = regex.compile(r"[A-Za-z0-9_]{1,30}")
# Comes behind every character that a handle or a hashtag may have.
_BEHIND_ALL = "\U0010ffff"


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


def hashtag_beginning_of(typed: str) -> str | None:
    """How the hashtags begin, in their normalised form, that somebody means who typed this; None if none can fit it."""
    if not text.is_storable(typed):
        return None
    return normalised_hashtag(typed.strip().lstrip("#\uff03")) or None


_LOW = sa.bindparam("low", type_=sa.Text)
_HIGH = sa.bindparam("high", type_=sa.Text)


def _begins(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    # LIKE with a parameter is planned without the index; these are its operators.
    return sa.and_(column.bool_op("~>=~")(_LOW), column.bool_op("~<~")(_HIGH))


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(value))


def _one_of(ids: sa.Select[int]) -> sa.CollectionAggregate[Any]:
    """As an array: the index is read once, from the first to the last, where a join would go down for each."""
    return sa.any_(sa.func.array(ids.scalar_subquery()))


# What a list of results is sorted by, and the places that are the first of it.
_KEY = ("place", "unpopularity", "id")
_AS_EXACT, _AS_FOLLOWED, _AS_OTHER = _number(0), _number(1), _number(2)


class _Popularity(NamedTuple):
    """The second: the greater of these folded totals. They are near enough to sort by.

    `is_shown` tells of what has an id whether the viewer may know of it.
    """

    table: sa.Table
    subject_id: sa.ColumnElement[int]
    total: sa.ColumnElement[int]
    is_shown: Callable[[sa.ColumnElement[int]], sa.ColumnElement[bool]]

    def key(self, place: sa.ColumnElement[int], subject_id: sa.ColumnElement[int]) -> Sequence[sa.ColumnElement[int]]:
        """What a list of results is sorted by, where this table is joined."""
        return (place, -sa.func.coalesce(self.total, ZERO), subject_id)

    def ranked(self, found: sa.CompoundSelect[int, int], last: sa.ScalarSelect[Any] | None) -> sa.Select[int]:
        """The best of what was found as (id, place), each once at its best place; behind the key `last`, if given."""
        each = found.subquery("found")
        placed = (
            sa.select(each.c.id, sa.func.min(each.c.place).label("place"))
            .group_by(each.c.id)
            .cte("placed")
            .prefix_with("MATERIALIZED")
        )
        key = self.key(placed.c.place, placed.c.id)
        is_of_placed = sa.and_(self.subject_id == placed.c.id, self.subject_id == _one_of(sa.select(placed.c.id)))
        each_key = [part.label(name) for part, name in zip(key, _KEY, strict=True)]
        sorted_ = sa.select(*each_key).select_from(placed.outerjoin(self.table, is_of_placed)).order_by(*key)
        if last is not None:
            sorted_ = sorted_.where(sa.tuple_(*key) > last)
        # Sorted first, behind an OFFSET: what is asked of each one is asked until the page is full, and not of all.
        best = sorted_.offset(ZERO).subquery("best")
        in_order = [best.c[name] for name in _KEY]
        return sa.select(best.c.id).where(self.is_shown(best.c.id)).order_by(*in_order).limit(LIMIT)

    def last(self, subject: sa.Table, place: sa.ColumnElement[int]) -> sa.ScalarSelect[Any]:
        """The key that the last one of the page before has by now."""
        return (
            sa.select(*self.key(place, subject.c.id))
            .select_from(subject.outerjoin(self.table, self.subject_id == subject.c.id))
            .where(subject.c.id == AFTER)
            .scalar_subquery()
        )


class _Pages(NamedTuple):
    """The statements of a search."""

    first: Statement[int]
    later: Statement[int]

    async def fetch(self, db: Reader, *, after: int | None, **parameters: object) -> list[int]:
        if after is None:
            return await db.rows(self.first, **parameters)
        return await db.rows(self.later, **parameters, after=after)


def _pages_of_users() -> _Pages:
    handle: sa.ColumnElement[str] = sa.func.lower(account.c.handle)
    words = sa.func.to_tsquery(
        sa.literal_column("'simple'", REGCONFIG), sa.bindparam("words", type_=sa.Text), type_=TSQUERY
    )
    fits = sa.or_(_begins(handle), sa.literal_column(SEARCHED_WORDS).bool_op("@@")(words))
    fitting = sa.select(account.c.id).where(fits).limit(_number(MOST_FOUND)).cte("fitting").prefix_with("MATERIALIZED")
    others = sa.select(fitting.c.id).limit(_number(MOST_RANKED)).subquery("other")
    is_of_viewer = follow.c.follower_id == VIEWER_ID
    followed = sa.select(follow.c.followee_id).where(
        is_of_viewer, follow.c.followee_id == _one_of(sa.select(fitting.c.id))
    )
    # Dearer, and only needed where not all that fit were found.
    is_full = sa.select(sa.func.count()).select_from(fitting).scalar_subquery() >= _number(MOST_FOUND)
    left_out = (
        sa.select(account.c.id)
        .select_from(follow.join(account, account.c.id == follow.c.followee_id))
        .where(is_of_viewer, is_full, fits)
    )
    found = sa.union_all(
        sa.select(others.c.id, _AS_OTHER.label("place")),
        followed.add_columns(_AS_FOLLOWED),
        left_out.add_columns(_AS_FOLLOWED),
        sa.select(account.c.id, _AS_EXACT).where(handle == _LOW),
    )
    place = sa.case(
        (handle == _LOW, _AS_EXACT),
        (is_there(is_of_viewer, follow.c.followee_id == account.c.id), _AS_FOLLOWED),
        else_=_AS_OTHER,
    )
    popularity = _Popularity(account_count, account_count.c.account_id, account_count.c.follower_count, is_in_sight)
    last = popularity.last(account, place)
    return _Pages(values_of(popularity.ranked(found, None), int), values_of(popularity.ranked(found, last), int))


def _pages_of_hashtags() -> _Pages:
    others = sa.select(hashtag.c.id).where(_begins(hashtag.c.name)).limit(_number(MOST_RANKED)).subquery("other")
    is_of_viewer = hashtag_follow.c.account_id == VIEWER_ID
    # One follows not so many that they could not be looked at each time.
    followed = (
        sa.select(hashtag.c.id)
        .select_from(hashtag_follow.join(hashtag, hashtag.c.id == hashtag_follow.c.hashtag_id))
        .where(is_of_viewer, _begins(hashtag.c.name))
    )
    found = sa.union_all(
        sa.select(others.c.id, _AS_OTHER.label("place")),
        followed.add_columns(_AS_FOLLOWED),
        sa.select(hashtag.c.id, _AS_EXACT).where(hashtag.c.name == _LOW),
    )
    place = sa.case(
        (hashtag.c.name == _LOW, _AS_EXACT),
        (is_there(is_of_viewer, hashtag_follow.c.hashtag_id == hashtag.c.id), _AS_FOLLOWED),
        else_=_AS_OTHER,
    )
    popularity = _Popularity(hashtag_count, hashtag_count.c.hashtag_id, hashtag_count.c.post_count, is_hashtag_there)
    last = popularity.last(hashtag, place)
    return _Pages(values_of(popularity.ranked(found, None), int), values_of(popularity.ranked(found, last), int))


_USERS = _pages_of_users()
_HASHTAGS = _pages_of_hashtags()


async def fetch_found_user_ids(
    db: Reader, query: UserQuery, *, viewer_id: int, after: int | None, limit: int
) -> list[int]:
    """The accounts that fit, the best first: the one with this handle, whom the viewer follows, who has most followers.

    `after` is the account where the page before has ended. Its place is where it would stand now.
    """
    handle = query.handle
    return await _USERS.fetch(
        db,
        low=handle,
        high=handle and handle + _BEHIND_ALL,
        words=query.words,
        viewer_id=viewer_id,
        after=after,
        limit=limit,
    )


async def fetch_found_hashtag_ids(
    db: Reader, beginning: str, *, viewer_id: int, after: int | None, limit: int
) -> list[int]:
    """The hashtags that begin so, the best first: this very one, those that the viewer follows, the most used.

    `after` is the hashtag where the page before has ended. Its place is where it would stand now.
    """
    return await _HASHTAGS.fetch(
        db, low=beginning, high=beginning + _BEHIND_ALL, viewer_id=viewer_id, after=after, limit=limit
    )
