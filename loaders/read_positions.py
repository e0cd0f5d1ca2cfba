"""How far the viewer has read their feeds."""

from datetime import datetime
from typing import NamedTuple

from loaders.kept_feeds import KeptFeeds
from models.feeds import FeedKind, read_position


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


READ_POSITIONS = KeptFeeds(read_position, ReadPositionRow)
