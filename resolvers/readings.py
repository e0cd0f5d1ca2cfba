"""How far the viewer has read a feed, and how much of it is unread: only where a document asks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from actions.feed_refs import FeedRef
from core.paging import PageRequest, Trail
from loaders.wanted import FeedEntry, Wanted
from resolvers.connections import Scan, ending_above, filled_page
from resolvers.context import Context

# More unread entries are not told apart.
MOST_COUNTED = 100

Show = Callable[[Sequence[FeedEntry]], Awaitable[Sequence[Any]]]


class KeptFeed(NamedTuple):
    """A feed of which it is kept how far the viewer has read it, and how its entries are found for what is wanted."""

    ref: FeedRef
    scan_of: Callable[[Wanted], Scan[FeedEntry]]
    wanted: Wanted


class Newest(NamedTuple):
    """The entries at the top of a feed that the viewer sees, by their ids: all of them above the id `reached`, which
    has the `trail`.
    """

    ids: Sequence[int]
    reached: int
    trail: Trail = ()


class Reading:
    """How far the viewer has read a feed.

    `show_of` gives for a request what shows the entries of its page; that gives None for each that they do not see.
    """

    __slots__ = ("_count", "_counting", "_feed", "_show_of")

    def __init__(self, feed: KeptFeed, show_of: Callable[[PageRequest], Show]) -> None:
        self._feed = feed
        self._show_of = show_of
        self._count: int | None = None
        self._counting = asyncio.Lock()

    @property
    def ref(self) -> FeedRef:
        return self._feed.ref

    async def unread_count(self, context: Context, newest: Newest | None) -> int:
        """How many entries above the position the viewer sees, at most MOST_COUNTED; counted once.

        By the scan that fills pages, so nothing hidden is counted, and looking ends after as many rounds. It begins
        behind `newest`, if the top of the feed is known.
        """
        async with self._counting:
            if self._count is None:
                position = await context.loaders.read_positions.load(self.ref)
                self._count = await self._count_above(0 if position is None else position.entry_id, newest)
            return self._count

    async def _count_above(self, floor: int, newest: Newest | None) -> int:
        count, request = 0, PageRequest(MOST_COUNTED)
        if newest is not None:
            count, start = sum(entry_id > floor for entry_id in newest.ids), newest.reached
            if start <= floor or count >= MOST_COUNTED:
                return count
            request = PageRequest(MOST_COUNTED - count, start, trail=newest.trail)
        scan = self._feed.scan_of(self._feed.wanted.bare)
        rest = await filled_page(request, ending_above(floor, scan), self._show_of(request))
        return count + len(rest.items)
