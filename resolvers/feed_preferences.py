"""How the viewer wants their feeds: tuning one, and all that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import strawberry

from access.viewer import Viewer
from actions import feed_preferences
from core.paging import Listing
from loaders.feed_preferences import FEED_PREFERENCES, FeedPreferenceRow
from resolvers.arguments import DEFAULT_PAGE, After, First
from resolvers.connections import Connection
from resolvers.context import Context, Info
from resolvers.feed_options import FeedOptionsInput, feed_options
from resolvers.feed_refs import NamedFeed, feed_ref
from resolvers.kept_feeds import kept_page
from resolvers.payloads import Refused, refusals_as


@dataclass(frozen=True, slots=True)
class FeedPreferencePayload:
    """How a feed is wanted now."""

    preference: FeedPreferenceRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@refusals_as(FeedPreferencePayload)
async def tune_feed(context: Context, named: NamedFeed, given: FeedOptionsInput) -> FeedPreferencePayload:
    viewer = context.require_viewer()
    ref = feed_ref(named)
    await context.transact(feed_preferences.tune_feed, viewer, ref, feed_options(given, path=("options",)))
    kept = await context.loaders.feed_preferences.load_alone(ref)
    return FeedPreferencePayload(kept or FeedPreferenceRow(ref.kind, ref.target_id))


async def viewer_feed_preferences(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[FeedPreferenceRow]:
    return await kept_page(info.context, root, FEED_PREFERENCES, Listing.FEED_PREFERENCES, first=first, after=after)
