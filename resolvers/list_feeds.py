"""The feed of a list."""

import strawberry

from actions.feed_refs import FeedRef
from core.paging import Listing, PageRequest
from loaders.lists import ListRow
from loaders.wanted import FeedEntry, Wanted
from models.feeds import FeedKind
from models.lists import ListReplies
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import DEFAULT_PAGE, After, First, Until, page
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
    scanned,
)
from resolvers.readings import KeptFeed


async def list_posts(
    root: strawberry.Parent[ListRow],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    until: Until = None,
    options: Options = None,
) -> FeedConnection:
    context = info.context
    request = page(Listing.LIST_FEED, first, after)
    wanted = wanted_of_entries(info)._replace(tuned=tuned(FeedKind.LIST, options, context.viewer))
    replies = ListReplies(root.replies)

    def scan_of(wanted: Wanted) -> ScanEntries:
        async def scan(start: Start, limit: int) -> ScannedEntries:
            # A PageRequest brings one item more than it asks for.
            loader = context.loaders.list_entries(PageRequest(limit - 1, start), wanted, replies)
            return scanned(await loader.load(root.id) or [], limit)

        return scan

    ref = FeedRef(FeedKind.LIST, root.id)
    kept = None if context.viewer is None else KeptFeed(ref, scan_of, wanted)
    return await feed_page(context, Listing.LIST_FEED, request, scan_of(wanted), _list_reason, until=until, kept=kept)


def _list_reason(entry: FeedEntry) -> FeedReason:
    kind = FeedReasonKind.REPOSTED if entry.is_repost else FeedReasonKind.LIST
    return FeedReason(kind, entry.author_id, list_id=entry.list_id)
