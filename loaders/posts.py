"""Posts by id, guarded; their replies and ancestors."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause, NamedFromClause

from access.filters import Context
from core.database import Reader, Statement, rows_of
from core.paging import SortKey
from loaders.base import BatchLoader, PageLoader
from loaders.facts import is_admitted
from loaders.filters import filtered_out, warning_to_filter
from loaders.hydration import as_it_is, select_posts
from loaders.pages import AFTER, LIMIT, PARENT_IDS, after_or_end, after_or_start, parents
from loaders.rows import EVERYTHING, Hydrated, Parts, PostRow, layout_of
from loaders.thinned import ThinnedPageLoader, places
from models.posts import post


@lru_cache
def _by_id(parts: Parts) -> Statement[Any]:
    ids = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
    return Statement(select_posts(parts=parts).where(post.c.id == sa.any_(ids)), as_it_is)


async def fetch_posts_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int, parts: Parts = EVERYTHING) -> Hydrated:
    """Posts and their authors with these parts, unguarded: deleted ones and reposts too."""
    found = Hydrated()
    found.add_posts(await db.rows(_by_id(parts), ids=list(ids), viewer_id=viewer_id), parts)
    return found


class PostByIdLoader(BatchLoader[int, PostRow]):
    """The post with an id, if the viewer may see it: None for hidden, absent and deleted alike."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, PostRow | None]:
        return self.scope.take(await fetch_posts_by_id(self.scope.db, keys, viewer_id=self.viewer_id))


def is_listed_reply(reply: NamedFromClause, parent_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a row of `post`, or of an alias of it, is among the replies to a post: nobody has hidden it there, and it
    is for the viewer.
    """
    return sa.and_(
        reply.c.reply_to_id == parent_id,
        reply.c.deleted_at.is_(None),
        reply.c.reply_hidden_at.is_(None),
        is_admitted(reply),
    )


def select_reply_ids(
    parent_id: sa.ColumnElement[int], *, is_newest_first: bool, limit: sa.ColumnElement[int], after: Any = None
) -> LateralFromClause:
    """The ids of the first replies to a post of the same FROM, behind the place `after` if there is one."""
    reply = post.alias("reply")
    chosen = sa.select(reply.c.id).where(is_listed_reply(reply, parent_id))
    if after is not None:
        chosen = chosen.where(reply.c.id < after if is_newest_first else reply.c.id > after)
    return chosen.order_by(reply.c.id.desc() if is_newest_first else reply.c.id).limit(limit).lateral("page")


def _select_replies(*, is_newest_first: bool) -> Statement[Any]:
    page = select_reply_ids(places.c.id, is_newest_first=is_newest_first, limit=LIMIT, after=places.c.after)
    statement = select_posts(places.join(page, sa.true()), on=post.c.id == page.c.id).add_columns(
        places.c.id, warning_to_filter()
    )
    return Statement(statement.order_by(post.c.id.desc() if is_newest_first else post.c.id), as_it_is)


def select_newest(is_listed: Callable[[sa.FromClause], sa.ColumnElement[bool]]) -> Statement[Any]:
    """The newest posts of each parent's list; `is_listed` ties an alias of `post` to `places.c.id`."""
    listed = post.alias("listed")
    page = (
        sa.select(listed.c.id)
        .where(is_listed(listed), listed.c.deleted_at.is_(None), is_admitted(listed), listed.c.id < places.c.after)
        .order_by(listed.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    statement = select_posts(places.join(page, sa.true()), on=post.c.id == page.c.id).add_columns(places.c.id)
    return Statement(statement.order_by(post.c.id.desc()), as_it_is)


class PostsByPostLoader(ThinnedPageLoader[PostRow]):
    """The posts of a list below each post, whole: they and their authors come in the statement of their ids."""

    statement: ClassVar[Statement[Any]]
    # Where it is shown; the statement of a list that is in a context ends with what the viewer's filters look at.
    context: ClassVar[Context | None] = None

    async def fetch_items(
        self, reached: Mapping[int, SortKey], limit: int
    ) -> Sequence[tuple[int, SortKey, PostRow | None]]:
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(reached),
            afters=list(reached.values()),
            limit=limit,
            viewer_id=self.viewer_id,
        )
        found = Hydrated()
        found.add_posts(records, EVERYTHING)
        rows = self.scope.take(found)
        parent_id = layout_of(EVERYTHING).end
        unread: frozenset[int] = frozenset()
        if self.context is not None:
            unread = await filtered_out(self.scope, self.context, records, rows, column=parent_id + 1)
        return [(r[parent_id], r[0], None if r[0] in unread else rows[r[0]]) for r in records]


class RepliesByPostOldestFirstLoader(PostsByPostLoader):
    """Replies in the order they were written."""

    statement = _select_replies(is_newest_first=False)
    context = Context.THREAD

    @property
    def start(self) -> int:
        return after_or_start(self.request)


class RepliesByPostNewestFirstLoader(PostsByPostLoader):
    """The newest replies first."""

    statement = _select_replies(is_newest_first=True)
    context = Context.THREAD

    @property
    def start(self) -> int:
        return after_or_end(self.request)


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

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, int]]:
        request = self.request
        return await self.scope.db.rows(
            _ANCESTORS, parent_ids=list(parent_ids), after=after_or_start(request), limit=request.fetch_count
        )
