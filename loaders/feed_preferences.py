"""How the viewer wants their feeds."""

from collections.abc import Sequence
from typing import NamedTuple

from loaders.kept_feeds import KeptFeeds
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


FEED_PREFERENCES = KeptFeeds(feed_preference, FeedPreferenceRow)
