"""The columns that always travel with a post or a user, so that one statement brings everything a page shows.

A round trip costs more than the columns do. A post's statement brings its row, its counts, the viewer's flags on it,
and the same three of its author; whoever ran it primes the loaders with the parts. Rows are shared by everyone;
counts and viewer states are rows of their own, so that they are never mixed up.
"""

from collections.abc import Mapping
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


class HydratedUser(NamedTuple):
    """A user with everything that travels along."""

    row: UserRow
    counts: UserCounts
    viewer: ViewerUserState


class HydratedPost(NamedTuple):
    """A post with everything that travels along."""

    row: PostRow
    counts: PostCounts
    viewer: ViewerPostState
    author: HydratedUser


# The parameter of every hydration: the account that looks, or ANONYMOUS_ID.
VIEWER_ID = sa.bindparam("viewer_id", type_=sa.BigInteger)
ANONYMOUS_ID = ids.NOBODY

ZERO: sa.ColumnElement[int] = sa.literal_column("0")


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


def _user_columns(joined: sa.FromClause) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The columns of HydratedUser, and `joined` (which has `account` in it) extended by what they need."""
    deltas = _deltas(
        account.c.id,
        {
            "posts": Counter.ACCOUNT_POSTS,
            "followers": Counter.ACCOUNT_FOLLOWERS,
            "following": Counter.ACCOUNT_FOLLOWING,
        },
    )
    joined = joined.outerjoin(account_count, account_count.c.account_id == account.c.id).join(deltas, sa.true())
    viewer_follows = is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == account.c.id)
    follows_viewer = is_there(follow.c.follower_id == account.c.id, follow.c.followee_id == VIEWER_ID)
    columns: list[sa.ColumnElement[Any]] = [
        account.c.id,
        account.c.handle,
        account.c.display_name,
        account.c.bio,
        _sum(account_count.c.post_count, deltas.c.posts),
        _sum(account_count.c.follower_count, deltas.c.followers),
        _sum(account_count.c.following_count, deltas.c.following),
        viewer_follows,
        follows_viewer,
    ]
    return columns, joined


def _user(record: Any, start: int) -> HydratedUser:
    return HydratedUser(
        UserRow(*record[start : start + 4]),
        UserCounts(*record[start + 4 : start + 7]),
        ViewerUserState(*record[start + 7 : start + 9]),
    )


def select_users() -> sa.Select[Any]:
    """A SELECT of whole users, to be narrowed by `.where(...)` on `account`."""
    columns, joined = _user_columns(account)
    return sa.select(*columns).select_from(joined)


def hydrated_user(record: Any) -> HydratedUser:
    """What a row of `select_users` becomes."""
    return _user(record, 0)


def select_posts(source: sa.FromClause | None = None, *, on: sa.ColumnElement[bool] | None = None) -> sa.Select[Any]:
    """A SELECT of whole posts with their authors; `source` is joined to `post` by `on` and may narrow and order it.

    Columns added behind (`.add_columns`) begin at POST_COLUMNS of the record.
    """
    base: sa.FromClause = post if source is None or on is None else source.join(post, on)
    deltas = _deltas(
        post.c.id, {"likes": Counter.POST_LIKES, "replies": Counter.POST_REPLIES, "reposts": Counter.POST_REPOSTS}
    )
    joined: sa.FromClause = (
        base.join(account, account.c.id == post.c.author_id)
        .outerjoin(post_count, post_count.c.post_id == post.c.id)
        .join(deltas, sa.true())
    )
    user_columns, joined = _user_columns(joined)
    repost = post.alias("viewer_repost")
    columns: list[sa.ColumnElement[Any]] = [
        post.c.id,
        post.c.author_id,
        post.c.body,
        post.c.reply_to_id,
        post.c.root_id,
        post.c.repost_of_id,
        post.c.deleted_at,
        _sum(post_count.c.like_count, deltas.c.likes),
        _sum(post_count.c.reply_count, deltas.c.replies),
        _sum(post_count.c.repost_count, deltas.c.reposts),
        is_there(like.c.post_id == post.c.id, like.c.account_id == VIEWER_ID),
        is_there(repost.c.repost_of_id == post.c.id, repost.c.author_id == VIEWER_ID),
    ]
    return sa.select(*columns, *user_columns).select_from(joined)


POST_COLUMNS = 21


def hydrated_post(record: Any) -> HydratedPost:
    """What a row of `select_posts` becomes."""
    return HydratedPost(
        PostRow(*record[0:7]), PostCounts(*record[7:10]), ViewerPostState(*record[10:12]), _user(record, 12)
    )
