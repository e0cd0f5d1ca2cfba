"""Replies to posts in an order that is not that of their ids: by what people make of them, or by who wrote them.

No index has these orders, so a page looks at every reply to its posts once: about a microsecond each.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from access.filters import Context
from core.database import Statement
from core.paging import RankedKey, SortKey
from loaders.filters import filtered_out, warning_to_filter
from loaders.hydration import ZERO, as_it_is, select_posts
from loaders.pages import GREATEST_ID, LIMIT, PARENT_IDS
from loaders.posts import is_listed_reply
from loaders.rows import EVERYTHING, Hydrated, PostRow, layout_of
from loaders.thinned import ThinnedPageLoader
from models.counts import Counter, count_delta
from models.posts import post, post_count

# As loaders.thinned.places, with the rank of the place too.
places = (
    sa.func.unnest(
        PARENT_IDS,
        sa.bindparam("afters", type_=sa.ARRAY(sa.BigInteger)),
        sa.bindparam("after_ranks", type_=sa.ARRAY(sa.BigInteger)),
    )
    .table_valued(
        sa.column("id", sa.BigInteger),
        sa.column("after", sa.BigInteger),
        sa.column("after_rank", sa.BigInteger),
        name="place",
    )
    .render_derived()
)
_COUNTERS = (Counter.POST_LIKES, Counter.POST_REPLIES, Counter.POST_REPOSTS, Counter.POST_QUOTES)


def _select_replies(source: sa.FromClause, page: sa.Select[Any], *, is_highest_first: bool) -> sa.Select[Any]:
    """The posts of the pages, with places and ranks behind them.

    `page` selects (id, rank) of all replies to one post of `source`; of the same rank the oldest comes first.
    """
    number, rank = page.selected_columns
    is_beyond = rank < places.c.after_rank if is_highest_first else rank > places.c.after_rank
    chosen = (
        page.where(sa.or_(is_beyond, sa.and_(rank == places.c.after_rank, number > places.c.after)))
        .order_by(rank.desc() if is_highest_first else rank, number)
        .limit(LIMIT)
        .lateral("page")
    )
    posts = select_posts(source.join(chosen, sa.true()), on=post.c.id == chosen.c.id)
    order = chosen.c.rank.desc() if is_highest_first else chosen.c.rank
    return posts.add_columns(places.c.id, chosen.c.rank, warning_to_filter()).order_by(order, chosen.c.id)


def _select_top() -> sa.Select[Any]:
    """By exact counts: the totals and what is not folded into them yet.

    Both are looked up for all replies of a post together. The joins are full ones though no reply is ever missing:
    Postgres takes most posts to have few replies, and a full join is the one that it never does row by row.
    """
    reply = sa.select(post.c.id).where(is_listed_reply(post, places.c.id)).correlate(places).cte("reply", nesting=True)
    replies = sa.func.array(sa.select(reply.c.id).scalar_subquery())
    counts = post_count.c
    total = (
        sa.select(
            counts.post_id.label("id"),
            (counts.like_count + counts.reply_count + counts.repost_count + counts.quote_count).label("amount"),
        )
        .where(counts.post_id == sa.any_(replies))
        .subquery("total")
    )
    counters: list[sa.ColumnElement[int]] = [sa.literal_column(str(int(counter))) for counter in _COUNTERS]
    delta = (
        sa.select(count_delta.c.subject_id.label("id"), sa.func.sum(count_delta.c.amount).label("amount"))
        .where(count_delta.c.subject_id == sa.any_(replies), count_delta.c.counter.in_(counters))
        .group_by(count_delta.c.subject_id)
        .subquery("delta")
    )
    page = sa.select(
        sa.func.coalesce(reply.c.id, total.c.id, delta.c.id).label("id"),
        (sa.func.coalesce(total.c.amount, ZERO) + sa.func.coalesce(delta.c.amount, ZERO)).label("rank"),
    ).select_from(
        reply.outerjoin(total, total.c.id == reply.c.id, full=True).outerjoin(
            delta, delta.c.id == reply.c.id, full=True
        )
    )
    return _select_replies(places, page, is_highest_first=True)


def _select_author_first() -> sa.Select[Any]:
    """Who wrote a deleted root is not told, so nobody's replies to such a thread come first."""
    above, root, reply = post.alias("above"), post.alias("root"), post.alias("reply")
    is_by_author = sa.and_(root.c.deleted_at.is_(None), root.c.author_id == reply.c.author_id)
    page = sa.select(reply.c.id, sa.case((is_by_author, ZERO), else_=sa.literal_column("1")).label("rank")).where(
        is_listed_reply(reply, places.c.id)
    )
    source = places.join(above, above.c.id == places.c.id).join(
        root, root.c.id == sa.func.coalesce(above.c.root_id, above.c.id)
    )
    return _select_replies(source, page, is_highest_first=False)


class RankedRepliesLoader(ThinnedPageLoader[PostRow]):
    """The replies to each post, whole, by their ranks."""

    statement: ClassVar[Statement[Any]]
    # Where the list begins: no rank comes before it.
    first_rank: ClassVar[int]

    @property
    def start(self) -> RankedKey:
        request = self.request
        if request.after is None or request.after_rank is None:
            return RankedKey(self.first_rank, 0)
        return RankedKey(request.after_rank, request.after)

    async def fetch_items(
        self, reached: Mapping[int, SortKey], limit: int
    ) -> Sequence[tuple[int, SortKey, PostRow | None]]:
        keys = [key for key in reached.values() if isinstance(key, RankedKey)]
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(reached),
            afters=[key.id for key in keys],
            after_ranks=[key.rank for key in keys],
            limit=limit,
            viewer_id=self.viewer_id,
        )
        found = Hydrated()
        found.add_posts(records, EVERYTHING)
        rows = self.scope.take(found)
        parent_id = layout_of(EVERYTHING).end
        rank = parent_id + 1
        unread = await filtered_out(self.scope, Context.THREAD, records, rows, column=rank + 1)
        return [(r[parent_id], RankedKey(r[rank], r[0]), None if r[0] in unread else rows[r[0]]) for r in records]


class TopRepliesByPostLoader(RankedRepliesLoader):
    """Ranked by the sum of their counts, the highest first.

    Counts change while a client pages. A cursor is a place in the order of this moment: what rose or fell past it
    meanwhile may be on two pages, or on none; what kept its counts is on one.
    """

    statement = Statement(_select_top(), as_it_is)
    first_rank = GREATEST_ID


class RepliesByPostAuthorFirstLoader(RankedRepliesLoader):
    """Those of the thread's author have rank 0, all others 1."""

    statement = Statement(_select_author_first(), as_it_is)
    first_rank = 0
