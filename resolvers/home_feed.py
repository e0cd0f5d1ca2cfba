"""The home feed: who the viewer follows, from their timeline or from SQL."""

from collections.abc import Callable

from actions.feed_refs import FeedRef
from core.paging import Listing
from loaders.pages import GREATEST_ID
from loaders.wanted import FeedEntry, Wanted
from models.feeds import FeedKind
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import DEFAULT_PAGE, After, First, Until, page
from resolvers.connections import Scanned
from resolvers.context import Info
from resolvers.feed_options import Options, tuned
from resolvers.feeds import (
    FeedConnection,
    FeedReason,
    FeedReasonKind,
    ScanEntries,
    ScannedEntries,
    Start,
    feed_page,
    hashtag_reason,
    is_seen_below,
)
from resolvers.readings import KeptFeed

_HOME = FeedRef(FeedKind.HOME)


async def home_feed(
    info: Info, first: First = DEFAULT_PAGE, after: After = None, until: Until = None, options: Options = None
) -> FeedConnection:
    context = info.context
    viewer = context.require_viewer()
    request = page(Listing.HOME_FEED, first, after)
    wanted = wanted_of_entries(info)._replace(tuned=tuned(FeedKind.HOME, options, viewer))

    def scan_of(wanted: Wanted) -> ScanEntries:
        home = context.loaders.home_entries(viewer, wanted)

        async def scan(start: Start, limit: int) -> ScannedEntries:
            part = await context.resources.home.scan(home, before=GREATEST_ID if start is None else start, limit=limit)
            entries = part.entries
            is_end = part.is_end or is_seen_below(entries)
            return Scanned(entries, [entry.id for entry in entries], part.reached, is_end)

        return scan

    kept = KeptFeed(_HOME, scan_of, wanted)
    reason = home_reason(viewer.account_id)
    return await feed_page(context, Listing.HOME_FEED, request, scan_of(wanted), reason, until=until, kept=kept)


def home_reason(viewer_id: int) -> Callable[[FeedEntry], FeedReason]:
    """Why an entry is in this viewer's home feed."""

    def reason(entry: FeedEntry) -> FeedReason:
        if entry.is_repost:
            return FeedReason(FeedReasonKind.REPOSTED, entry.author_id)
        if entry.hashtag_id is not None:
            return hashtag_reason(entry)
        is_own = entry.author_id == viewer_id
        return FeedReason(FeedReasonKind.OWN if is_own else FeedReasonKind.FOLLOWED, entry.author_id)

    return reason
