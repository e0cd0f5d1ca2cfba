"""What the viewer keeps of their feeds, as lists: only of feeds that they see."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from access.viewer import Viewer
from core import ids
from core.paging import Listing
from loaders.kept_feeds import KeptFeeds, OfFeed, place_of
from models import feeds as models
from resolvers.arguments import After, First, page
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Context
from resolvers.feed_refs import FeedKind


class OfTarget(OfFeed, Protocol):
    """A row that names the list or hashtag whose feed it is kept of."""

    @property
    def list_id(self) -> int | None: ...
    @property
    def hashtag_id(self) -> int | None: ...


Kept = TypeVar("Kept", bound=OfTarget)


def kind_of(feed: int) -> FeedKind:
    """The kind of a feed by its stored number."""
    return FeedKind[models.FeedKind(feed).name]


async def kept_page(
    context: Context, viewer: Viewer, kept: KeptFeeds[Kept], listing: Listing, *, first: First, after: After
) -> Connection[Kept]:
    """A page of all that the viewer keeps of one sort."""
    request = page(listing, first, after)

    async def scan(start: int | None, limit: int) -> Scanned[Kept]:
        rows = await kept.fetch_page(context.resources.db, viewer.account_id, after=start, limit=limit)
        keys = [place_of(row) for row in rows]
        return Scanned(rows, keys, reached=keys[-1] if keys else 0, is_end=len(rows) < limit)

    async def show(rows: Sequence[Kept]) -> Sequence[Kept | None]:
        loaders = context.loaders
        lists = await loaders.lists.load_all([row.list_id for row in rows if row.list_id is not None])
        hashtags = await loaders.hashtags.load_all([row.hashtag_id for row in rows if row.hashtag_id is not None])
        seen = {ids.NOBODY, *(found.id for found in (*lists, *hashtags) if found is not None)}
        return [row if row.target_id in seen else None for row in rows]

    return connection(listing, request, await filled_page(request, scan, show))
