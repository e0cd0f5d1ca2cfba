"""The columns that always travel with a post or a user, so that one statement brings everything a page shows.

A round trip costs more than the columns do. A post's statement brings its row, its counts, the viewer's flags on it,
and the same three of its author, unless whoever runs it knows that nobody asks for some of them; the loaders are primed
with what has come. Rows are shared by everyone; counts and viewer states are rows of their own, so that they are never
mixed up.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
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


class ViewerUserState(NamedTuple):
    """How the viewer and a user stand to each other; all False for an anonymous viewer."""

    is_followed_by_viewer: bool
    is_following_viewer: bool


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

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_repost(self) -> bool:
        return self.repost_of_id is not None


class PostCounts(NamedTuple):
    """How often a post was liked, replied to and reposted, exactly, now."""

    like_count: int
    reply_count: int
    repost_count: int


class ViewerPostState(NamedTuple):
    """What the viewer has done with a post; all False for an anonymous viewer."""

    has_liked: bool
    has_reposted: bool


class Parts(NamedTuple):
    """What a statement brings beside the rows of posts and of their authors: counts, and how the viewer stands to them.

    The parts of both always travel together: what is not asked for costs Postgres its look-ups.
    """

    of_posts: bool = True
    of_authors: bool = True


EVERYTHING = Parts()


class Hydrated:
    """Rows and parts by id, unguarded. Of parts that a statement did not bring there is nothing here."""

    __slots__ = ("post_counts", "posts", "user_counts", "users", "viewer_post_states", "viewer_user_states")

    def __init__(self) -> None:
        self.posts: dict[int, PostRow] = {}
        self.post_counts: dict[int, PostCounts] = {}
        self.viewer_post_states: dict[int, ViewerPostState] = {}
        self.users: dict[int, UserRow] = {}
        self.user_counts: dict[int, UserCounts] = {}
        self.viewer_user_states: dict[int, ViewerUserState] = {}

    def add_posts(self, records: Iterable[Any], parts: Parts) -> None:
        """Takes what `select_posts` gave."""
        make = tuple.__new__  # what `_make` does, without a Python function around it
        posts, users, of_posts = self.posts, self.users, parts.of_posts
        for record in records:
            post_id = record[0]
            posts[post_id] = make(PostRow, record[0:7])
            if of_posts:
                self.post_counts[post_id] = make(PostCounts, record[7:10])
                self.viewer_post_states[post_id] = make(ViewerPostState, record[10:12])
            if record[1] not in users:
                self._add_user(record, USER_COLUMNS_OF_POST, is_whole=parts.of_authors)

    def add_users(self, records: Iterable[Any]) -> None:
        """Takes what `select_users` gave."""
        for record in records:
            self._add_user(record, 0, is_whole=True)

    def _add_user(self, record: Any, start: int, *, is_whole: bool) -> None:
        make = tuple.__new__
        user_id = record[start]
        self.users[user_id] = make(UserRow, record[start : start + 4])
        if is_whole:
            self.user_counts[user_id] = make(UserCounts, record[start + 4 : start + 7])
            self.viewer_user_states[user_id] = make(ViewerUserState, record[start + 7 : start + 9])


# The parameter of every hydration: the account that looks, or ANONYMOUS_ID.
VIEWER_ID = sa.bindparam("viewer_id", type_=sa.BigInteger)
ANONYMOUS_ID = ids.NOBODY

ZERO: sa.ColumnElement[int] = sa.literal_column("0")
# Stand in for parts that a statement leaves out.
_NO_NUMBER: sa.ColumnElement[int] = sa.literal_column("NULL::bigint", sa.BigInteger)
_NO_ANSWER: sa.ColumnElement[bool] = sa.literal_column("NULL::boolean", sa.Boolean)


def _deltas(subject_id: sa.ColumnElement[int], counters: Mapping[str, Counter]) -> LateralFromClause:
    """One row: the sum of the unfolded changes of each counter of a subject."""
    sums = [
        sa.func.coalesce(
            sa.func.sum(count_delta.c.amount).filter(count_delta.c.counter == sa.literal_column(str(int(counter)))),
            ZERO,
        ).label(name)
        for name, counter in counters.items()
    ]
    return sa.select(*sums).where(count_delta.c.subject_id == subject_id).lateral()


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


def _user_columns(joined: sa.FromClause, *, is_whole: bool) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The columns of a user, and `joined` (which has `account` in it) extended by what they need."""
    columns: list[sa.ColumnElement[Any]] = [
        account.c.id,
        account.c.handle,
        account.c.display_name,
        account.c.bio,
    ]
    if not is_whole:
        return [*columns, _NO_NUMBER, _NO_NUMBER, _NO_NUMBER, _NO_ANSWER, _NO_ANSWER], joined
    deltas = _deltas(
        account.c.id,
        {
            "posts": Counter.ACCOUNT_POSTS,
            "followers": Counter.ACCOUNT_FOLLOWERS,
            "following": Counter.ACCOUNT_FOLLOWING,
        },
    )
    joined = joined.outerjoin(account_count, account_count.c.account_id == account.c.id).join(deltas, sa.true())
    parts: list[sa.ColumnElement[Any]] = [
        _sum(account_count.c.post_count, deltas.c.posts),
        _sum(account_count.c.follower_count, deltas.c.followers),
        _sum(account_count.c.following_count, deltas.c.following),
        is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == account.c.id),
        is_there(follow.c.follower_id == account.c.id, follow.c.followee_id == VIEWER_ID),
    ]
    return [*columns, *parts], joined


def select_users() -> sa.Select[Any]:
    """A SELECT of whole users, to be narrowed by `.where(...)` on `account`."""
    columns, joined = _user_columns(account, is_whole=True)
    return sa.select(*columns).select_from(joined)


def _post_parts(joined: sa.FromClause) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The columns of a post's parts, and `joined` (which has `post` in it) extended by what they need."""
    deltas = _deltas(
        post.c.id, {"likes": Counter.POST_LIKES, "replies": Counter.POST_REPLIES, "reposts": Counter.POST_REPOSTS}
    )
    joined = joined.outerjoin(post_count, post_count.c.post_id == post.c.id).join(deltas, sa.true())
    repost = post.alias("viewer_repost")
    parts: list[sa.ColumnElement[Any]] = [
        _sum(post_count.c.like_count, deltas.c.likes),
        _sum(post_count.c.reply_count, deltas.c.replies),
        _sum(post_count.c.repost_count, deltas.c.reposts),
        is_there(like.c.post_id == post.c.id, like.c.account_id == VIEWER_ID),
        is_there(repost.c.repost_of_id == post.c.id, repost.c.author_id == VIEWER_ID),
    ]
    return parts, joined


def select_posts(
    source: sa.FromClause | None = None, *, on: sa.ColumnElement[bool] | None = None, parts: Parts = EVERYTHING
) -> sa.Select[Any]:
    """A SELECT of posts with their authors; `source` is joined to `post` by `on` and may narrow and order it.

    Columns added behind (`.add_columns`) begin at POST_COLUMNS of the record.
    """
    joined: sa.FromClause = post if source is None or on is None else source.join(post, on)
    joined = joined.join(account, account.c.id == post.c.author_id)
    own: list[sa.ColumnElement[Any]] = [_NO_NUMBER, _NO_NUMBER, _NO_NUMBER, _NO_ANSWER, _NO_ANSWER]
    if parts.of_posts:
        own, joined = _post_parts(joined)
    of_author, joined = _user_columns(joined, is_whole=parts.of_authors)
    row = (
        post.c.id,
        post.c.author_id,
        post.c.body,
        post.c.reply_to_id,
        post.c.root_id,
        post.c.repost_of_id,
        post.c.deleted_at,
    )
    return sa.select(*row, *own, *of_author).select_from(joined)


USER_COLUMNS_OF_POST = 12
POST_COLUMNS = 21


def as_it_is(record: Any) -> Any:
    """For statements whose records `Hydrated` takes."""
    return record
