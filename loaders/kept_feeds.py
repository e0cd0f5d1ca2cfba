"""What accounts keep of their feeds, each a row by account and feed (models.feeds). Nobody else's are ever read."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from core import ids
from core.database import Reader, rows_of
from loaders.base import BatchLoader, Scope
from loaders.facts import VIEWER_ID
from loaders.pages import AFTER, LIMIT

# A feed: a FeedKind, and the id of the list or hashtag or ids.NOBODY.
FeedKey = tuple[int, int]


class OfFeed(Protocol):
    """A row that is kept of a feed."""

    @property
    def feed(self) -> int: ...
    @property
    def target_id(self) -> int: ...


Kept = TypeVar("Kept", bound=OfFeed)

_wanted = (
    sa.func.unnest(
        sa.bindparam("feeds", type_=sa.ARRAY(sa.SmallInteger)),
        sa.bindparam("target_ids", type_=sa.ARRAY(sa.BigInteger)),
    )
    .table_valued(sa.column("feed", sa.SmallInteger), sa.column("target_id", sa.BigInteger), name="wanted")
    .render_derived()
)


def place_of(row: OfFeed) -> int:
    """Where a row stands among all of an account: feeds that there is one of by their kinds, whose numbers are below
    all ids, then lists and hashtags by their ids. An id names one thing only, whatever its kind.
    """
    return row.target_id or row.feed


class KeptFeeds(Generic[Kept]):
    """What is kept in a table whose columns the NamedTuple `row` names."""

    def __init__(self, table: sa.Table, row: type[Kept]) -> None:
        columns = [table.c[name] for name in row._fields]  # type: ignore[attr-defined]  # a NamedTuple has them
        is_own = table.c.account_id == VIEWER_ID
        is_wanted = sa.and_(table.c.feed == _wanted.c.feed, table.c.target_id == _wanted.c.target_id)
        nobody: sa.ColumnElement[int] = sa.literal_column(str(ids.NOBODY))
        place: sa.ColumnElement[int] = sa.case((table.c.target_id == nobody, table.c.feed), else_=table.c.target_id)
        self._by_feed = rows_of(sa.select(*columns).join(_wanted, is_wanted).where(is_own), row)
        self._page = rows_of(sa.select(*columns).where(is_own, place > AFTER).order_by(place).limit(LIMIT), row)

    async def fetch(self, db: Reader, account_id: int, feeds: Sequence[FeedKey]) -> Mapping[FeedKey, Kept]:
        """The rows of these feeds that there are."""
        kinds, target_ids = zip(*feeds, strict=True)
        rows = await db.rows(self._by_feed, feeds=[*map(int, kinds)], target_ids=list(target_ids), viewer_id=account_id)
        return {(row.feed, row.target_id): row for row in rows}

    async def fetch_page(self, db: Reader, account_id: int, *, after: int | None, limit: int) -> list[Kept]:
        """An account's rows behind a place (`place_of`)."""
        return await db.rows(self._page, viewer_id=account_id, after=-1 if after is None else after, limit=limit)


class KeptByFeedLoader(BatchLoader[FeedKey, Kept]):
    """What the viewer keeps of each feed; None of one of which they keep nothing."""

    def __init__(self, scope: Scope, kept: KeptFeeds[Kept]) -> None:
        super().__init__(scope)
        self._kept = kept

    async def fetch(self, keys: Sequence[FeedKey]) -> Mapping[FeedKey, Any]:
        return await self._kept.fetch(self.scope.db, self.viewer_id, keys)
