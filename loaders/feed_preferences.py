"""How the viewer wants their feeds. Nobody else's preferences are ever read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from core.database import Reader, rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID
from loaders.pages import AFTER, LIMIT
from loaders.read_positions import FeedKey, is_of_wanted
from models.feeds import FeedKind, feed_preference


class FeedPreferenceRow(NamedTuple):
    """What is left out of a feed, wherever a document does not say otherwise. `languages` are the only ones wanted; all
    of them if there is none.
    """

    feed: int
    target_id: int
    hides_replies: bool = False
    hides_reposts: bool = False
    hides_quotes: bool = False
    hides_seen: bool = False
    languages: Sequence[str] = ()

    @property
    def list_id(self) -> int | None:
        return self.target_id if self.feed == FeedKind.LIST else None

    @property
    def hashtag_id(self) -> int | None:
        return self.target_id if self.feed == FeedKind.HASHTAG else None

    @property
    def place(self) -> int:
        return self.target_id or self.feed


_COLUMNS = [feed_preference.c[name] for name in FeedPreferenceRow._fields]
_IS_OWN = feed_preference.c.account_id == VIEWER_ID
# Of feeds that there is one of the number of their kind, which is below all ids.
_PLACE: sa.ColumnElement[int] = sa.case(
    (feed_preference.c.target_id == sa.literal_column("0"), feed_preference.c.feed), else_=feed_preference.c.target_id
)
_BY_FEED = rows_of(sa.select(*_COLUMNS).join(*is_of_wanted(feed_preference)).where(_IS_OWN), FeedPreferenceRow)
_PAGE = rows_of(
    sa.select(*_COLUMNS).where(_IS_OWN, _PLACE > AFTER).order_by(_PLACE).limit(LIMIT),
    FeedPreferenceRow,
)


class FeedPreferenceByFeedLoader(BatchLoader[FeedKey, FeedPreferenceRow]):
    """How the viewer wants each feed; None of one that they want as it is."""

    async def fetch(self, keys: Sequence[FeedKey]) -> Mapping[FeedKey, FeedPreferenceRow]:
        feeds, target_ids = zip(*keys, strict=True)
        rows = await self.scope.db.rows(
            _BY_FEED, feeds=[*map(int, feeds)], target_ids=list(target_ids), viewer_id=self.viewer_id
        )
        return {(row.feed, row.target_id): row for row in rows}


async def fetch_feed_preferences(
    db: Reader, account_id: int, *, after: int | None, limit: int
) -> list[FeedPreferenceRow]:
    """An account's preferences by their places: of feeds that there is one of, then of lists and hashtags, the oldest
    first.
    """
    return await db.rows(_PAGE, viewer_id=account_id, after=-1 if after is None else after, limit=limit)
