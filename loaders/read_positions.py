"""How far the viewer has read their feeds. Nobody else's positions are ever read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from core.database import Reader, rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID
from loaders.pages import AFTER, LIMIT
from models.feeds import FeedKind, read_position

# A feed: a FeedKind, and the id of the list or hashtag or ids.NOBODY.
FeedKey = tuple[int, int]


class ReadPositionRow(NamedTuple):
    """The newest entry of a feed that was read."""

    feed: int
    target_id: int
    entry_id: int
    moved_at: datetime

    @property
    def list_id(self) -> int | None:
        return self.target_id if self.feed == FeedKind.LIST else None

    @property
    def hashtag_id(self) -> int | None:
        return self.target_id if self.feed == FeedKind.HASHTAG else None


_COLUMNS = [read_position.c[name] for name in ReadPositionRow._fields]
_wanted = (
    sa.func.unnest(
        sa.bindparam("feeds", type_=sa.ARRAY(sa.SmallInteger)),
        sa.bindparam("target_ids", type_=sa.ARRAY(sa.BigInteger)),
    )
    .table_valued(sa.column("feed", sa.SmallInteger), sa.column("target_id", sa.BigInteger), name="wanted")
    .render_derived()
)


def is_of_wanted(table: sa.Table) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """What a table of feeds is joined with, for the rows of the feeds `feeds` and `target_ids`."""
    return _wanted, sa.and_(table.c.feed == _wanted.c.feed, table.c.target_id == _wanted.c.target_id)


_BY_FEED = rows_of(
    sa.select(*_COLUMNS).join(*is_of_wanted(read_position)).where(read_position.c.account_id == VIEWER_ID),
    ReadPositionRow,
)
_PAGE = rows_of(
    sa.select(*_COLUMNS)
    .where(read_position.c.account_id == VIEWER_ID, read_position.c.target_id > AFTER)
    .order_by(read_position.c.target_id)
    .limit(LIMIT),
    ReadPositionRow,
)


class ReadPositionByFeedLoader(BatchLoader[FeedKey, ReadPositionRow]):
    """How far the viewer has read each feed; None of one that they have not begun."""

    async def fetch(self, keys: Sequence[FeedKey]) -> Mapping[FeedKey, ReadPositionRow]:
        feeds, target_ids = zip(*keys, strict=True)
        rows = await self.scope.db.rows(
            _BY_FEED, feeds=[*map(int, feeds)], target_ids=list(target_ids), viewer_id=self.viewer_id
        )
        return {(row.feed, row.target_id): row for row in rows}


async def fetch_read_positions(db: Reader, account_id: int, *, after: int | None, limit: int) -> list[ReadPositionRow]:
    """An account's positions: the home feed's, then by the ids of lists and hashtags, the oldest first.

    An id names one thing only, whatever its kind, and of feeds without one only the home feed has a position.
    """
    return await db.rows(_PAGE, viewer_id=account_id, after=-1 if after is None else after, limit=limit)
