"""How the viewer wants their feeds: tuning one, and all that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import strawberry

from access.viewer import Viewer
from actions import feed_preferences
from core.paging import Listing
from loaders.feed_preferences import FeedPreferenceRow, fetch_feed_preferences
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Context, Info
from resolvers.feed_options import FeedOptionsInput, feed_options
from resolvers.feed_refs import NamedFeed, feed_ref, of_feeds_in_sight
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
    context = info.context
    request = page(Listing.FEED_PREFERENCES, first, after)

    async def scan(start: int | None, limit: int) -> Scanned[FeedPreferenceRow]:
        rows = await fetch_feed_preferences(context.resources.db, root.account_id, after=start, limit=limit)
        keys = [row.place for row in rows]
        return Scanned(rows, keys, reached=keys[-1] if keys else 0, is_end=len(rows) < limit)

    return connection(
        Listing.FEED_PREFERENCES,
        request,
        await filled_page(request, scan, lambda rows: of_feeds_in_sight(context, rows)),
    )
