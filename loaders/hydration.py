"""The columns that always travel with a post or a user, so that one statement brings everything a page shows.

A round trip costs more than the columns do. A post's statement brings its row, its author's row, and those of their
parts that are asked for: counts, and how the viewer stands to them. The loaders are primed with what has come. Rows are
shared by everyone; counts and facts about the viewer are values of their own, so that they are never mixed up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause

from core import ids
from models.accounts import account, account_count
from models.counts import Counter, count_delta
from models.follows import follow
from models.likes import like
from models.posts import post, post_count


class UserRow(NamedTuple):
    """The public face of an account."""

    id: int
    handle: str
    display_name: str
    bio: str

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class UserCounts(NamedTuple):
    """How many posts, followers and followees an account has, exactly, now."""

    post_count: int
    follower_count: int
    following_count: int


class PostRow(NamedTuple):
    """A post. A deleted one keeps its place in a thread, without a body; a repost has neither body nor a view."""

    id: int
    author_id: int
    body: str | None
    reply_to_id: int | None
    root_id: int | None
    repost_of_id: int | None
    deleted_at: datetime | None

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class PostCounts(NamedTuple):
    """How often a post was liked, replied to and reposted, exactly, now."""

    like_count: int
    reply_count: int
    repost_count: int


class Part(StrEnum):
    """What a statement may bring beside the rows of posts and users, by the name of the loader that has it.

    Facts about the viewer are bools, False for an anonymous one.
    """

    POST_COUNTS = "post_counts"
    VIEWER_LIKES = "viewer_likes"
    VIEWER_REPOSTS = "viewer_reposts"
    USER_COUNTS = "user_counts"
    VIEWER_FOLLOWS = "viewer_follows"
    VIEWER_FOLLOWERS = "viewer_followers"


Parts = frozenset[Part]
EVERYTHING: Parts = frozenset(Part)
PARTS_OF_POSTS: Parts = frozenset({Part.POST_COUNTS, Part.VIEWER_LIKES, Part.VIEWER_REPOSTS})
PARTS_OF_USERS: Parts = EVERYTHING - PARTS_OF_POSTS


# Columns of `select_posts`.
_ROW, _COUNTS = slice(0, 7), slice(7, 10)


class Hydrated:
    """Rows and parts by id, unguarded. Of parts that a statement did not bring there is nothing here."""

    __slots__ = ("parts", "posts", "users")

    def __init__(self) -> None:
        self.posts: dict[int, PostRow] = {}
        self.users: dict[int, UserRow] = {}
        # By the id of the post or the user.
        self.parts: dict[Part, dict[int, Any]] = {}

    def add_posts(self, records: Sequence[Any], parts: Parts) -> None:
        """Takes what `select_posts` gave."""
        make = tuple.__new__  # what `_make` does, without a Python function around it
        self.posts |= {record[0]: make(PostRow, record[_ROW]) for record in records}
        if Part.POST_COUNTS in parts:
            self._add(Part.POST_COUNTS, {record[0]: make(PostCounts, record[_COUNTS]) for record in records})
        if Part.VIEWER_LIKES in parts:
            self._add(Part.VIEWER_LIKES, {record[0]: record[10] for record in records})
        if Part.VIEWER_REPOSTS in parts:
            self._add(Part.VIEWER_REPOSTS, {record[0]: record[11] for record in records})
        self.add_users(records, parts, start=USER_COLUMNS_OF_POST)

    def add_users(self, records: Sequence[Any], parts: Parts, *, start: int = 0) -> None:
        """Takes what `select_users` gave; `start` is the column where users begin."""
        make = tuple.__new__
        row, counts = slice(start, start + 4), slice(start + 4, start + 7)
        follows, followers = start + 7, start + 8
        self.users |= {record[start]: make(UserRow, record[row]) for record in records}
        if Part.USER_COUNTS in parts:
            self._add(Part.USER_COUNTS, {record[start]: make(UserCounts, record[counts]) for record in records})
        if Part.VIEWER_FOLLOWS in parts:
            self._add(Part.VIEWER_FOLLOWS, {record[start]: record[follows] for record in records})
        if Part.VIEWER_FOLLOWERS in parts:
            self._add(Part.VIEWER_FOLLOWERS, {record[start]: record[followers] for record in records})

    def _add(self, part: Part, values: dict[int, Any]) -> None:
        known = self.parts.get(part)
        self.parts[part] = values if known is None else known | values


# The parameter of every hydration: the account that looks, or ANONYMOUS_ID.
VIEWER_ID = sa.bindparam("viewer_id", type_=sa.BigInteger)
ANONYMOUS_ID = ids.NOBODY

ZERO: sa.ColumnElement[int] = sa.literal_column("0")
_POST_COUNTERS = {
    "like_count": Counter.POST_LIKES,
    "reply_count": Counter.POST_REPLIES,
    "repost_count": Counter.POST_REPOSTS,
}
_USER_COUNTERS = {
    "post_count": Counter.ACCOUNT_POSTS,
    "follower_count": Counter.ACCOUNT_FOLLOWERS,
    "following_count": Counter.ACCOUNT_FOLLOWING,
}
# Stand in for parts that a statement leaves out.
_NO_NUMBER: sa.ColumnElement[int] = sa.literal_column("NULL::bigint", sa.BigInteger)
_NO_ANSWER: sa.ColumnElement[bool] = sa.literal_column("NULL::boolean", sa.Boolean)
_NO_TEXT: sa.ColumnElement[str] = sa.literal_column("NULL::text", sa.Text)
_NO_TIME: sa.ColumnElement[datetime] = sa.literal_column("NULL::timestamptz", sa.DateTime(timezone=True))
# The columns of `select_posts` before those of its author, where a statement brings a user alone.
NO_POST: Sequence[sa.ColumnElement[Any]] = (
    *[_NO_NUMBER] * 2,
    _NO_TEXT,
    *[_NO_NUMBER] * 3,
    _NO_TIME,
    *[_NO_NUMBER] * 3,
    *[_NO_ANSWER] * 2,
)
# Narrows accounts to those with one of these lower-case handles.
HAS_HANDLE: sa.ColumnElement[bool] = sa.func.lower(account.c.handle) == sa.any_(
    sa.bindparam("handles", type_=sa.ARRAY(sa.Text))
)


def _deltas(is_subject: sa.ColumnElement[bool], counters: Mapping[str, Counter]) -> LateralFromClause:
    """One row: the sum of the unfolded changes of each counter of the subjects. No two kinds share a counter."""
    sums = [
        sa.func.coalesce(
            sa.func.sum(count_delta.c.amount).filter(count_delta.c.counter == sa.literal_column(str(int(counter)))),
            ZERO,
        ).label(name)
        for name, counter in counters.items()
    ]
    return sa.select(*sums).where(is_subject).lateral()


def _sum(total: sa.ColumnElement[int], delta: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    # sum() of bigint is numeric in Postgres; a count is an int.
    return sa.cast(sa.func.coalesce(total, ZERO) + delta, sa.BigInteger)


def is_there(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a row is there, always by a look into its index.

    EXISTS among the columns lets Postgres read everything the viewer likes or follows into a hash instead, which
    grows without bound with the viewer; it does not do that to a scalar subquery with a limit.
    """
    one: sa.ColumnElement[int] = sa.literal_column("1")
    return sa.select(one).where(*conditions).limit(one).scalar_subquery().is_not(None)


def _counts(
    joined: sa.FromClause,
    table: sa.Table,
    key: sa.ColumnElement[int],
    counters: Mapping[str, Counter],
    deltas: LateralFromClause | None,
) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The counts of a row with this key, and `joined` extended by where they are, which `deltas` may be in already."""
    joined = joined.outerjoin(table, next(iter(table.primary_key.columns)) == key)
    if deltas is None:
        deltas = _deltas(count_delta.c.subject_id == key, counters)
        joined = joined.join(deltas, sa.true())
    return [_sum(table.c[name], deltas.c[name]) for name in counters], joined


def user_columns(
    joined: sa.FromClause,
    parts: Parts,
    *,
    is_followed: sa.ColumnElement[bool] | None = None,
    deltas: LateralFromClause | None = None,
) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The columns of a user, and `joined` (which has `account` in it) extended by what they need.

    Where `is_followed` is true the viewer is known to follow the user; only elsewhere it is looked up. `deltas` are the
    changes of the user's counts, if they are in `joined` already.
    """
    columns: list[sa.ColumnElement[Any]] = [account.c.id, account.c.handle, account.c.display_name, account.c.bio]
    counts: list[sa.ColumnElement[Any]] = [_NO_NUMBER] * 3
    if Part.USER_COUNTS in parts:
        counts, joined = _counts(joined, account_count, account.c.id, _USER_COUNTERS, deltas)
    follows = is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == account.c.id)
    if is_followed is not None:
        follows = sa.or_(is_followed, follows)
    follower = is_there(follow.c.follower_id == account.c.id, follow.c.followee_id == VIEWER_ID)
    flags = [
        follows if Part.VIEWER_FOLLOWS in parts else _NO_ANSWER,
        follower if Part.VIEWER_FOLLOWERS in parts else _NO_ANSWER,
    ]
    return [*columns, *counts, *flags], joined


def select_users(parts: Parts = EVERYTHING) -> sa.Select[Any]:
    """A SELECT of users, to be narrowed by `.where(...)` on `account`."""
    columns, joined = user_columns(account, parts)
    return sa.select(*columns).select_from(joined)


def select_posts(
    source: sa.FromClause | None = None,
    *,
    on: sa.ColumnElement[bool] | None = None,
    parts: Parts = EVERYTHING,
    is_followed: sa.ColumnElement[bool] | None = None,
) -> sa.Select[Any]:
    """A SELECT of posts with their authors; `source` is joined to `post` by `on` and may narrow and order it.

    Where `is_followed` is true the viewer is known to follow the author.
    Columns added behind (`.add_columns`) begin at POST_COLUMNS of the record.
    """
    joined: sa.FromClause = post if source is None or on is None else source.join(post, on)
    joined = joined.join(account, account.c.id == post.c.author_id)
    deltas: LateralFromClause | None = None
    if parts >= {Part.POST_COUNTS, Part.USER_COUNTS}:
        # Of the post and its author by one look into the index.
        is_subject = count_delta.c.subject_id.in_([post.c.id, account.c.id])
        deltas = _deltas(is_subject, _POST_COUNTERS | _USER_COUNTERS)
        joined = joined.join(deltas, sa.true())
    counts: list[sa.ColumnElement[Any]] = [_NO_NUMBER] * 3
    if Part.POST_COUNTS in parts:
        counts, joined = _counts(joined, post_count, post.c.id, _POST_COUNTERS, deltas)
    repost = post.alias("viewer_repost")
    liked = is_there(like.c.post_id == post.c.id, like.c.account_id == VIEWER_ID)
    reposted = is_there(repost.c.repost_of_id == post.c.id, repost.c.author_id == VIEWER_ID)
    flags = [
        liked if Part.VIEWER_LIKES in parts else _NO_ANSWER,
        reposted if Part.VIEWER_REPOSTS in parts else _NO_ANSWER,
    ]
    of_author, joined = user_columns(joined, parts, is_followed=is_followed, deltas=deltas)
    row = (
        post.c.id,
        post.c.author_id,
        post.c.body,
        post.c.reply_to_id,
        post.c.root_id,
        post.c.repost_of_id,
        post.c.deleted_at,
    )
    return sa.select(*row, *counts, *flags, *of_author).select_from(joined)


USER_COLUMNS_OF_POST = 12
POST_COLUMNS = 21


def as_it_is(record: Any) -> Any:
    """For statements whose records `Hydrated` takes."""
    return record
