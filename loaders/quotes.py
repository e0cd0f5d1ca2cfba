"""Quotes of posts."""

import sqlalchemy as sa

from core.database import Statement
from core.paging import PageRequest
from loaders.hydration import as_it_is, select_posts
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from loaders.posts import PostsByPostLoader
from models.posts import post


def _select_quotes() -> sa.Select[tuple[int]]:
    quote = post.alias("quote")
    page = (
        sa.select(quote.c.id)
        .where(quote.c.quote_id == parents.c.id, quote.c.deleted_at.is_(None), quote.c.id < AFTER)
        .order_by(quote.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    statement = select_posts(parents.join(page, sa.true()), on=post.c.id == page.c.id).add_columns(parents.c.id)
    return statement.order_by(post.c.id.desc())


class QuotesByPostLoader(PostsByPostLoader):
    """The posts that quote each post, newest first."""

    statement = Statement(_select_quotes(), as_it_is)

    def start(self, request: PageRequest) -> int:
        return after_or_end(request)
