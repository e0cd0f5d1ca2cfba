"""Quotes of posts."""

import sqlalchemy as sa

from loaders.pages import after_or_end
from loaders.posts import PostsByPostLoader, select_newest
from loaders.thinned import places


def _is_attached(quote: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(quote.c.quote_id == places.c.id, quote.c.quote_detached_at.is_(None))


class QuotesByPostLoader(PostsByPostLoader):
    """The posts that quote each post, newest first, without detached ones."""

    statement = select_newest(_is_attached)

    @property
    def start(self) -> int:
        return after_or_end(self.request)
