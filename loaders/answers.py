"""What posts are answered that is set aside: replies that were hidden."""

import sqlalchemy as sa

from loaders.pages import after_or_end
from loaders.posts import PostsByPostLoader, select_newest
from loaders.thinned import places


def _is_hidden(reply: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(reply.c.reply_to_id == places.c.id, reply.c.reply_hidden_at.is_not(None))


class HiddenRepliesByPostLoader(PostsByPostLoader):
    """The replies to each post that were hidden, the newest first."""

    statement = select_newest(_is_hidden)

    @property
    def start(self) -> int:
        return after_or_end(self.request)
