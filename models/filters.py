"""Keyword filters: what an account does not want to read, or only after a warning."""

from datetime import datetime
from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import flag, id_field, reference, small_number, table_of


class FilterAction(IntEnum):
    """What becomes of a post that a filter fits."""

    WARN = 0
    HIDE = 1


class KeywordFilter(SQLModel, table=True):
    """A word, or a part of one, that an account filters posts by, in some contexts, until a time or for ever."""

    __tablename__ = "keyword_filter"
    __table_args__ = (
        # Whatever shows posts, and Viewer.filters, newest first.
        sa.Index("keyword_filter_account_id_index", "account_id", sa.text("id DESC")),
        # The worker, for those that have ended.
        sa.Index("keyword_filter_until_index", "until", postgresql_where=sa.text("until IS NOT NULL")),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    keyword: str = Field(sa_type=sa.Text)
    is_whole_word: bool = flag()
    action: int = small_number()
    # The places it holds in, a bit for each (access.filters.Context).
    contexts: int = small_number()
    until: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


keyword_filter = table_of(KeywordFilter)
