"""Posts by id, guarded; their counts; what the viewer has done with them; their replies and ancestors."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from core.database import Reader, Statement, rows_of
from core.paging import PageRequest
from loaders.base import BatchLoader, PageLoader
from loaders.hydration import (
    POST_COLUMNS,
    HydratedPost,
    PostCounts,
    PostRow,
    ViewerPostState,
    hydrated_post,
    select_posts,
)
from loaders.pages import AFTER, LIMIT, PARENT_IDS, after_or_end, after_or_start, parents
from models.posts import post

_BY_ID = Statement(
    select_posts().where(post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))), hydrated_post
)


async def fetch_posts_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int) -> dict[int, HydratedPost]:
    """Posts with everything that travels along, by id, unguarded: deleted ones and reposts too."""
    return {found.row.id: found for found in await db.rows(_BY_ID, ids=list(ids), viewer_id=viewer_id)}


class PostByIdLoader(BatchLoader[int, PostRow]):
    """The post with an id, if the viewer may see it: None for hidden, absent and deleted alike."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, PostRow]:
        found = await fetch_posts_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        visible = {key: item for key, item in found.items() if policy.can_see_post(self.scope.viewer, item.row)}
        self.scope.prime_posts(visible.values())
        return {key: item.row for key, item in visible.items()}


class PostCountsByIdLoader(BatchLoader[int, PostCounts]):
    """A post's counts; mostly primed by whoever loaded the post."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, PostCounts]:
        found = await fetch_posts_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        return {key: item.counts for key, item in found.items()}


class ViewerPostStateByIdLoader(BatchLoader[int, ViewerPostState]):
    """What the viewer has done with a post; mostly primed by whoever loaded the post."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ViewerPostState]:
        found = await fetch_posts_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        return {key: item.viewer for key, item in found.items()}


class Reply(NamedTuple):
    """A hydrated reply and the post it replies to."""

    parent_id: int
    post: HydratedPost


def _select_replies(*, newest_first: bool) -> Statement[Reply]:
    reply = post.alias("reply")
    order = reply.c.id.desc() if newest_first else reply.c.id
    bound = reply.c.id < AFTER if newest_first else reply.c.id > AFTER
    ids = (
        sa.select(reply.c.id)
        .where(reply.c.reply_to_id == parents.c.id, reply.c.deleted_at.is_(None), bound)
        .order_by(order)
        .limit(LIMIT)
        .lateral("page")
    )
    source = parents.join(ids, sa.true())
    statement = select_posts(source, on=post.c.id == ids.c.id).add_columns(parents.c.id)
    statement = statement.order_by(post.c.id.desc() if newest_first else post.c.id)
    return Statement(statement, lambda record: Reply(record[POST_COLUMNS], hydrated_post(record)))


_REPLIES_OLDEST_FIRST = _select_replies(newest_first=False)
_REPLIES_NEWEST_FIRST = _select_replies(newest_first=True)


class _RepliesByPostLoader(PageLoader[PostRow]):
    """The visible replies to each post, whole: replies and their authors come in the same statement as their ids."""

    statement: Statement[Reply]

    async def fetch_pages(self, parent_ids: Sequence[int], request: PageRequest) -> Sequence[tuple[int, PostRow]]:
        after = self.start(request)
        replies = await self.scope.db.rows(
            self.statement,
            parent_ids=list(parent_ids),
            after=after,
            limit=request.fetch_count,
            viewer_id=self.viewer_id,
        )
        visible = [reply for reply in replies if policy.can_see_post(self.scope.viewer, reply.post.row)]
        self.scope.prime_posts(reply.post for reply in visible)
        return [(reply.parent_id, reply.post.row) for reply in visible]

    def start(self, request: PageRequest) -> int:
        """The id to start behind."""
        raise NotImplementedError


class RepliesByPostOldestFirstLoader(_RepliesByPostLoader):
    """Replies in the order they were written."""

    statement = _REPLIES_OLDEST_FIRST

    def start(self, request: PageRequest) -> int:
        return after_or_start(request)


class RepliesByPostNewestFirstLoader(_RepliesByPostLoader):
    """The newest replies first."""

    statement = _REPLIES_NEWEST_FIRST

    def start(self, request: PageRequest) -> int:
        return after_or_end(request)


class Ancestor(NamedTuple):
    """A post above another one in its thread."""

    descendant_id: int
    id: int


def _select_ancestors() -> Statement[Ancestor]:
    """Walks up from each post to its root; a reply's id is always greater than its parent's, so ids order a chain."""
    first = post.alias("first")
    chain = (
        sa.select(first.c.id.label("descendant_id"), first.c.reply_to_id.label("id"))
        .where(first.c.id == sa.any_(PARENT_IDS), first.c.reply_to_id.is_not(None))
        .cte("chain", recursive=True)
    )
    above = post.alias("above")
    chain = chain.union_all(
        sa.select(chain.c.descendant_id, above.c.reply_to_id)
        .join(above, above.c.id == chain.c.id)
        .where(above.c.reply_to_id.is_not(None))
    )
    page = (
        sa.select(chain.c.id)
        .where(chain.c.descendant_id == parents.c.id, chain.c.id > AFTER)
        .order_by(chain.c.id)
        .limit(LIMIT)
        .lateral("page")
    )
    statement = sa.select(parents.c.id, page.c.id).select_from(parents.join(page, sa.true())).order_by(page.c.id)
    return rows_of(statement, Ancestor)


_ANCESTORS = _select_ancestors()


class AncestorIdsByPostLoader(PageLoader[int]):
    """The ids of the posts above a post, from the root of the thread down to its parent, hidden ones included."""

    async def fetch_pages(self, parent_ids: Sequence[int], request: PageRequest) -> Sequence[tuple[int, int]]:
        return await self.scope.db.rows(
            _ANCESTORS, parent_ids=list(parent_ids), after=after_or_start(request), limit=request.fetch_count
        )
