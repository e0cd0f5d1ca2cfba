"""The columns that always travel with a post or a user, so that one statement brings everything a page shows.

A round trip costs more than the columns do. A post's statement brings its row, its author's row, the facts that the
rules need, and those of their parts that are asked for (loaders.rows): counts, details, and how the viewer stands to
them. The loaders are primed with what has come.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause

from loaders.facts import VIEWER_ID, audience_facts, is_there, user_facts
from loaders.rows import (
    EVERYTHING,
    SHAPES_OF_POSTS,
    SHAPES_OF_USERS,
    Following,
    Part,
    Parts,
    PostAudience,
    PostDetails,
    PostRow,
    UserDetails,
    UserRow,
)
from models.accounts import account, account_count
from models.bookmarks import bookmark
from models.counts import Counter, count_delta
from models.follows import follow, follow_request
from models.likes import like
from models.posts import post, post_count

ZERO: sa.ColumnElement[int] = sa.literal_column("0")
_POST_COUNTERS = {
    "like_count": Counter.POST_LIKES,
    "reply_count": Counter.POST_REPLIES,
    "repost_count": Counter.POST_REPOSTS,
    "quote_count": Counter.POST_QUOTES,
}
_USER_COUNTERS = {
    "post_count": Counter.ACCOUNT_POSTS,
    "follower_count": Counter.ACCOUNT_FOLLOWERS,
    "following_count": Counter.ACCOUNT_FOLLOWING,
}
# The one field of a row that is no column of its table.
FACTS = "facts"
_ROW_OF_POST: Sequence[sa.ColumnElement[Any]] = [
    *(post.c[name] for name in PostRow._fields if name != FACTS),
    audience_facts(),
]
_DETAILS_OF_POST: Sequence[sa.ColumnElement[Any]] = [post.c[name] for name in PostDetails._fields]
_AUDIENCE_OF_POST: Sequence[sa.ColumnElement[Any]] = [post.c[name] for name in PostAudience._fields]
_ROW_OF_USER: Sequence[sa.ColumnElement[Any]] = [
    *(account.c[name] for name in UserRow._fields if name != FACTS),
    user_facts(),
]
_DETAILS_OF_USER: Sequence[sa.ColumnElement[Any]] = [account.c[name] for name in UserDetails._fields]
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


def count_columns(
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
    laid_out: Parts | None = None,
    is_followed: sa.ColumnElement[bool] | None = None,
    deltas: LateralFromClause | None = None,
) -> tuple[list[sa.ColumnElement[Any]], sa.FromClause]:
    """The columns of a user, and `joined` (which has `account` in it) extended by what they need.

    The columns are those of the layout of `laid_out`, NULL for what is not among `parts`. Where `is_followed` is true
    the viewer is known to follow the user; only elsewhere it is looked up. `deltas` are the changes of the user's
    counts, if they are in `joined` already.
    """
    columns: dict[Part, list[sa.ColumnElement[Any]]] = {}
    if Part.USER_COUNTS in parts:
        columns[Part.USER_COUNTS], joined = count_columns(joined, account_count, account.c.id, _USER_COUNTERS, deltas)
    columns[Part.USER_DETAILS] = list(_DETAILS_OF_USER)
    columns[Part.VIEWER_FOLLOWS] = [_following(is_followed)]
    columns[Part.VIEWER_FOLLOWERS] = [is_there(follow.c.follower_id == account.c.id, follow.c.followee_id == VIEWER_ID)]
    return [*_ROW_OF_USER, *_laid_out(columns, SHAPES_OF_USERS, parts, laid_out)], joined


def _following(is_followed: sa.ColumnElement[bool] | None) -> sa.ColumnElement[int]:
    """How the viewer follows the user: a Following. Only private accounts are asked to let somebody follow them."""
    follows = is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == account.c.id)
    has_asked = sa.and_(
        account.c.is_private,
        is_there(follow_request.c.follower_id == VIEWER_ID, follow_request.c.followee_id == account.c.id),
    )
    return sa.case(
        (follows if is_followed is None else sa.or_(is_followed, follows), _number(Following.FOLLOWING)),
        (has_asked, _number(Following.REQUESTED)),
        else_=_number(Following.NONE),
    )


def _number(following: Following) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(following)))


def _laid_out(
    columns: Mapping[Part, Sequence[sa.ColumnElement[Any]]],
    shapes: Mapping[Part, Any],
    parts: Parts,
    laid_out: Parts | None,
) -> list[sa.ColumnElement[Any]]:
    """The columns of the parts of a layout, in its order; NULL where a part is not asked for."""
    found: list[sa.ColumnElement[Any]] = []
    for part in shapes:
        if part in parts:
            found += columns[part]
        elif laid_out is not None and part in laid_out:
            found += [sa.cast(sa.null(), kind) for kind in _TYPES[part]]
    return found


# The types of the columns of each part.
_TYPES: Mapping[Part, Sequence[sa.types.TypeEngine[Any]]] = {
    Part.POST_COUNTS: [sa.BigInteger()] * len(_POST_COUNTERS),
    Part.POST_DETAILS: [column.type for column in _DETAILS_OF_POST],
    Part.POST_AUDIENCE: [column.type for column in _AUDIENCE_OF_POST],
    Part.REPLY_HIDINGS: [sa.Boolean()],
    Part.VIEWER_LIKES: [sa.Boolean()],
    Part.VIEWER_REPOSTS: [sa.Boolean()],
    Part.VIEWER_BOOKMARKS: [sa.Boolean()],
    Part.USER_COUNTS: [sa.BigInteger()] * len(_USER_COUNTERS),
    Part.USER_DETAILS: [column.type for column in _DETAILS_OF_USER],
    Part.VIEWER_FOLLOWS: [sa.Integer()],
    Part.VIEWER_FOLLOWERS: [sa.Boolean()],
}


def no_post(parts: Parts) -> list[sa.ColumnElement[Any]]:
    """The columns before those of its author in the layout of `parts`, where a statement brings a user alone."""
    row = [sa.cast(sa.null(), column.type) for column in _ROW_OF_POST]
    return [*row, *_laid_out({}, SHAPES_OF_POSTS, frozenset(), parts)]


def select_users(parts: Parts = EVERYTHING) -> sa.Select[Any]:
    """A SELECT of users, to be narrowed by `.where(...)` on `account`; its records have the layout of such a part."""
    columns, joined = user_columns(account, parts)
    return sa.select(*columns).select_from(joined)


def select_posts(
    source: sa.FromClause | None = None,
    *,
    on: sa.ColumnElement[bool] | None = None,
    parts: Parts = EVERYTHING,
    laid_out: Parts | None = None,
    is_followed: sa.ColumnElement[bool] | None = None,
) -> sa.Select[Any]:
    """A SELECT of posts with their authors; `source` is joined to `post` by `on` and may narrow and order it.

    Its records have the layout of `laid_out`, by default of `parts`. Where `is_followed` is true the viewer is known to
    follow the author.
    """
    joined: sa.FromClause = post if source is None or on is None else source.join(post, on)
    joined = joined.join(account, account.c.id == post.c.author_id)
    deltas: LateralFromClause | None = None
    if parts >= {Part.POST_COUNTS, Part.USER_COUNTS}:
        # Of the post and its author by one look into the index.
        is_subject = count_delta.c.subject_id.in_([post.c.id, account.c.id])
        deltas = _deltas(is_subject, _POST_COUNTERS | _USER_COUNTERS)
        joined = joined.join(deltas, sa.true())
    columns: dict[Part, list[sa.ColumnElement[Any]]] = {}
    if Part.POST_COUNTS in parts:
        columns[Part.POST_COUNTS], joined = count_columns(joined, post_count, post.c.id, _POST_COUNTERS, deltas)
    columns[Part.POST_DETAILS] = list(_DETAILS_OF_POST)
    columns[Part.POST_AUDIENCE] = list(_AUDIENCE_OF_POST)
    columns[Part.REPLY_HIDINGS] = [post.c.reply_hidden_at.is_not(None)]
    repost = post.alias("viewer_repost")
    columns[Part.VIEWER_LIKES] = [is_there(like.c.post_id == post.c.id, like.c.account_id == VIEWER_ID)]
    columns[Part.VIEWER_REPOSTS] = [is_there(repost.c.repost_of_id == post.c.id, repost.c.author_id == VIEWER_ID)]
    columns[Part.VIEWER_BOOKMARKS] = [is_there(bookmark.c.account_id == VIEWER_ID, bookmark.c.post_id == post.c.id)]
    of_author, joined = user_columns(joined, parts, laid_out=laid_out, is_followed=is_followed, deltas=deltas)
    of_post = _laid_out(columns, SHAPES_OF_POSTS, parts, laid_out)
    return sa.select(*_ROW_OF_POST, *of_post, *of_author).select_from(joined)


def as_it_is(record: Any) -> Any:
    """For statements whose records `Hydrated` takes."""
    return record
