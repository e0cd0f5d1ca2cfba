"""Quotes of posts."""

import sqlalchemy as sa

from core.database import Statement
from loaders.hydration import as_it_is, select_posts
from loaders.pages import LIMIT, after_or_end
from loaders.posts import PostsByPostLoader
from loaders.thinned import places
from models.posts import post


def _select_quotes() -> sa.Select[tuple[int]]:
    quote = post.alias("quote")
    page = (
        sa.select(quote.c.id)
        .where(quote.c.quote_id == places.c.id, quote.c.deleted_at.is_(None), quote.c.id < places.c.after)
        .order_by(quote.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    statement = select_posts(places.join(page, sa.true()), on=post.c.id == page.c.id).add_columns(places.c.id)
    return statement.order_by(post.c.id.desc())


class QuotesByPostLoader(PostsByPostLoader):
    """The posts that quote each post, newest first."""

    statement = Statement(_select_quotes(), as_it_is)

    @property
    def start(self) -> int:
        return after_or_end(self.request)
