"""What feeds list: entries, newest first, by SQL. An entry is a post, or a repost that shows one.

Home is defined here, in `fetch_home_entries`: own and followees' posts, replies and reposts. Timelines in Redis are
copies of what this statement says.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import sqlalchemy as sa

from core.database import Reader, Statement, rows_of
from core.paging import PageRequest
from loaders.base import PageLoader
from loaders.hydration import VIEWER_ID, is_there
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from models.follows import follow
from models.posts import post


class FeedEntry(NamedTuple):
    """`author_id` brought `post_id` into the feed by the entry `id`: wrote it (the same id) or reposted it."""

    id: int
    author_id: int
    post_id: int

    @property
    def is_repost(self) -> bool:
        return self.id != self.post_id


_ENTRY_COLUMNS = (post.c.id, post.c.author_id, sa.func.coalesce(post.c.repost_of_id, post.c.id))


def _home() -> sa.Select[tuple[int, int, int]]:
    """Heads, then lateral: exact at every cursor, one index, no bad case.

    Take each author's newest id; keep the k newest of these heads. Nothing by any other author can be among the k
    newest entries, and nothing older than the k-th head can be either. Then take the entries of those authors that
    are not older than that.
    """
    authors = (
        sa.select(follow.c.followee_id.label("id"))
        .where(follow.c.follower_id == VIEWER_ID)
        .union_all(sa.select(VIEWER_ID))
        .cte("authors")
        .prefix_with("MATERIALIZED")
    )
    newest = (
        sa.select(post.c.id)
        .where(post.c.author_id == authors.c.id, post.c.id < AFTER, post.c.deleted_at.is_(None))
        .order_by(post.c.id.desc())
        .limit(sa.literal_column("1"))
        .lateral("newest")
    )
    heads = (
        sa.select(authors.c.id.label("author_id"), newest.c.id)
        .select_from(authors.join(newest, sa.true()))
        .order_by(newest.c.id.desc())
        .limit(LIMIT)
        .cte("heads")
        .prefix_with("MATERIALIZED")
    )
    lowest = (
        sa.select(
            sa.case((sa.func.count() >= LIMIT, sa.func.min(heads.c.id)), else_=sa.literal_column("0")).label("id")
        )
        .cte("lowest")
        .prefix_with("MATERIALIZED")
    )
    entries = (
        sa.select(*_ENTRY_COLUMNS[:2], _ENTRY_COLUMNS[2].label("post_id"))
        .where(
            post.c.author_id == heads.c.author_id,
            post.c.id < AFTER,
            post.c.id >= sa.select(lowest.c.id).scalar_subquery(),
            post.c.deleted_at.is_(None),
        )
        .order_by(post.c.id.desc())
        .limit(LIMIT)
        .lateral("entries")
    )
    return (
        sa.select(entries.c.id, entries.c.author_id, entries.c.post_id)
        .select_from(heads.join(entries, sa.true()))
        .order_by(entries.c.id.desc())
        .limit(LIMIT)
    )


_HOME = rows_of(_home(), FeedEntry)

_FOLLOWED_OR_OWN = sa.or_(
    post.c.author_id == VIEWER_ID,
    is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == post.c.author_id),
)
_OWN_NEWEST = (
    sa.select(post.c.id)
    .where(post.c.author_id == VIEWER_ID, post.c.id < AFTER, post.c.deleted_at.is_(None))
    .order_by(post.c.id.desc())
    .limit(LIMIT)
)
_HOME_AMONG = rows_of(
    sa.select(*_ENTRY_COLUMNS)
    .where(
        sa.or_(
            post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
            post.c.id == sa.any_(sa.func.array(_OWN_NEWEST.scalar_subquery())),
        ),
        post.c.deleted_at.is_(None),
        _FOLLOWED_OR_OWN,
    )
    .order_by(post.c.id.desc()),
    FeedEntry,
)

_PUBLIC = rows_of(
    sa.select(*_ENTRY_COLUMNS)
    .where(post.c.reply_to_id.is_(None), post.c.repost_of_id.is_(None), post.c.deleted_at.is_(None), post.c.id < AFTER)
    .order_by(post.c.id.desc())
    .limit(LIMIT),
    FeedEntry,
)


async def fetch_home_entries(db: Reader, viewer_id: int, *, before: int, limit: int) -> list[FeedEntry]:
    """The newest entries of a home feed below the id `before`: the reference for everything that copies it."""
    return await db.rows(_HOME, viewer_id=viewer_id, after=before, limit=limit)


async def fetch_home_entries_among(
    db: Reader, viewer_id: int, ids: Sequence[int], *, before: int, own_limit: int
) -> list[FeedEntry]:
    """Those of `ids` that belong into the viewer's home feed now, and the viewer's own newest below `before`.

    A copy never authorises: whoever was unfollowed or deleted an entry since it was copied is dropped here. One's own
    are always asked from the table, so that a post is in its author's feed in the very next request.
    """
    return await db.rows(_HOME_AMONG, viewer_id=viewer_id, ids=list(ids), after=before, limit=own_limit)


async def fetch_public_entries(db: Reader, *, before: int, limit: int) -> list[FeedEntry]:
    """The newest posts of everyone below the id `before`, without replies and reposts."""
    return await db.rows(_PUBLIC, after=before, limit=limit)


class _ParentEntry(NamedTuple):
    parent_id: int
    id: int
    author_id: int
    post_id: int


def _profile(shown: sa.ColumnElement[bool]) -> Statement[_ParentEntry]:
    page = (
        sa.select(*_ENTRY_COLUMNS[:2], _ENTRY_COLUMNS[2].label("post_id"))
        .where(post.c.author_id == parents.c.id, post.c.deleted_at.is_(None), post.c.id < AFTER, shown)
        .order_by(post.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    return rows_of(
        sa.select(parents.c.id, page.c.id, page.c.author_id, page.c.post_id)
        .select_from(parents.join(page, sa.true()))
        .order_by(page.c.id.desc()),
        _ParentEntry,
    )


class _EntriesByUserLoader(PageLoader[FeedEntry]):
    statement: ClassVar[Statement[_ParentEntry]]

    async def fetch_pages(self, parent_ids: Sequence[int], request: PageRequest) -> Sequence[tuple[int, FeedEntry]]:
        entries = await self.scope.db.rows(
            self.statement, parent_ids=list(parent_ids), after=after_or_end(request), limit=request.fetch_count
        )
        return [(entry.parent_id, FeedEntry(entry.id, entry.author_id, entry.post_id)) for entry in entries]


class PostEntriesByUserLoader(_EntriesByUserLoader):
    """What each user has posted and reposted, without replies."""

    statement = _profile(post.c.reply_to_id.is_(None))


class ReplyEntriesByUserLoader(_EntriesByUserLoader):
    """What each user has replied."""

    statement = _profile(post.c.reply_to_id.is_not(None))
