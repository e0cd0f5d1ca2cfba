"""Connections as values: edges, page info, and how a page that rules have thinned out is filled up again."""

from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import compiler
from core.paging import Listing, Page, PageRequest, SortKey, Trail, encode_cursor, page_of_shown
from loaders.base import PageLoader
from loaders.thinned import ThinnedPageLoader
from resolvers.arguments import Cursor

T = TypeVar("T")
Source = TypeVar("Source")


class PageInfo(NamedTuple):
    """Where a page begins and ends, and whether the list goes on. The keys are sort keys; None of an empty page.

    `trail_of` gives the trail of a key, in lists that have trails.
    """

    listing: Listing
    has_next_page: bool
    has_previous_page: bool
    start_key: SortKey | None
    end_key: SortKey | None
    trail_of: Callable[[int], Trail] | None = None

    @property
    def start_cursor(self) -> Cursor | None:
        return self._cursor(self.start_key)

    @property
    def end_cursor(self) -> Cursor | None:
        return self._cursor(self.end_key)

    def _cursor(self, key: SortKey | None) -> Cursor | None:
        if key is None:
            return None
        if self.trail_of is None:
            return cursor(self.listing, key)
        assert isinstance(key, int)
        return cursor(self.listing, key, self.trail_of(key))


class Edge(NamedTuple, Generic[T]):
    """One item of a list and its place. Many documents ask for no cursor, so it is made for those that do."""

    listing: Listing
    key: SortKey
    node: T

    @property
    def cursor(self) -> Cursor:
        return cursor(self.listing, self.key)


class Connection(NamedTuple, Generic[T]):
    """A page of a list."""

    edges: Sequence[Edge[T]]
    page_info: PageInfo


def cursor(listing: Listing, key: SortKey, trail: Trail = ()) -> Cursor:
    """The opaque form of a place in a list."""
    return Cursor(encode_cursor(listing, key, trail))


def page_info(
    listing: Listing,
    request: PageRequest,
    *,
    start: SortKey | None,
    has_next: bool,
    end: SortKey | None,
    trail_of: Callable[[int], Trail] | None = None,
) -> PageInfo:
    """`start` is the key of the page's first item, `end` the key up to which the list was scanned."""
    return PageInfo(listing, has_next, request.after is not None, start, end, trail_of)


def connection(listing: Listing, request: PageRequest, page: Page[tuple[int, T]]) -> Connection[T]:
    """A page of (sort key, item) as a connection."""
    items = page.items
    return Connection(
        edges=[Edge(listing, key, item) for key, item in items],
        page_info=page_info(
            listing, request, start=items[0][0] if items else None, has_next=page.has_next, end=page.end
        ),
    )


# What `Edge(…)` and the like do, without a Python function around it; a feed makes a hundred.
new_tuple: Callable[..., Any] = tuple.__new__


class Row(Protocol):
    """Whatever has an id to be listed by."""

    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=Row)


class RowConnection(NamedTuple, Generic[R]):
    """A page of rows that are sorted by their ids and thinned out by no rule: one row more than asked for, if any."""

    listing: Listing
    request: PageRequest
    rows: Sequence[R]

    @property
    def edges(self) -> list[Edge[R]]:
        listing = self.listing
        return [new_tuple(Edge, (listing, row.id, row)) for row in self._kept]

    @property
    def page_info(self) -> PageInfo:
        kept = self._kept
        start, end = (kept[0].id, kept[-1].id) if kept else (None, None)
        has_next = len(kept) < len(self.rows)
        return page_info(self.listing, self.request, start=start, has_next=has_next, end=end)

    @property
    def _kept(self) -> Sequence[R]:
        return self.rows if len(self.rows) <= self.request.first else self.rows[: self.request.first]


class PageConnection(NamedTuple, Generic[T]):
    """A page of a list that rules may have thinned out (loaders.thinned), as a connection."""

    listing: Listing
    request: PageRequest
    page: Page[tuple[SortKey, T]]

    @property
    def edges(self) -> list[Edge[T]]:
        listing = self.listing
        return [new_tuple(Edge, (listing, key, item)) for key, item in self.page.items]

    @property
    def page_info(self) -> PageInfo:
        page = self.page
        start = page.items[0][0] if page.items else None
        return page_info(self.listing, self.request, start=start, has_next=page.has_next, end=page.end)


def page_of(
    loader: PageLoader[Any] | ThinnedPageLoader[Any], listing: Listing, *, key: str = "id"
) -> compiler.Relation:
    """The relation from rows to their page of a list, as a connection: what the loader has for the row's `key`."""
    request = loader.request
    connected: Callable[..., Any] = PageConnection if isinstance(loader, ThinnedPageLoader) else RowConnection

    def then(found: Any) -> Any:
        return new_tuple(connected, (listing, request, found or ()))

    return compiler.Relation(loader=lambda _context: loader, key=compiler.Attribute(key), then=then)


class Scanned(NamedTuple, Generic[Source]):
    """Part of a list before rules, and the sort keys of its items; `reached` is the key it was scanned up to."""

    items: Sequence[Source]
    keys: Sequence[int]
    reached: int
    is_end: bool


# Gives the next part of a list: `scan(after, limit)`.
Scan = Callable[[int | None, int], Awaitable[Scanned[Source]]]


def ending_above(floor: int, scan: Scan[Source], *, at_least: int = 0) -> Scan[Source]:
    """The same list of the newest first, as if it ended above the key `floor`.

    Each part has `at_least` so many items, if there are: a page that lacks one item only to tell whether the list goes
    on then looks further for it than at one item a time.
    """

    async def scan_above(after: int | None, limit: int) -> Scanned[Source]:
        part = await scan(after, max(limit, at_least))
        if part.reached > floor:
            return part
        count = sum(key > floor for key in part.keys)
        return Scanned(part.items[:count], part.keys[:count], reached=floor, is_end=True)

    return scan_above


async def filled_page(
    request: PageRequest,
    scan: Scan[Source],
    show: Callable[[Sequence[Source]], Awaitable[Sequence[T | None]]],
) -> Page[tuple[int, T]]:
    """A page of what rules leave over: scans on, a few rounds, until the page is full or the list ends.

    `scan(after, limit)` gives the next part of the list, `show` what the viewer sees of it, None for hidden items. A
    further round looks at as many more items than are lacking as the rounds before had to, at most at those of a page.
    """
    shown: list[tuple[int, T]] = []
    looked_at = 0
    after, is_end = request.after, False
    for most in request.rounds:
        lacking = request.fetch_count - len(shown)
        part = await scan(after, min(most, ceil(lacking * looked_at / len(shown))) if shown else most)
        looked_at += len(part.items)
        seen = await show(part.items)
        shown += [(key, item) for key, item in zip(part.keys, seen, strict=True) if item is not None]
        after, is_end = part.reached, part.is_end
        if is_end or len(shown) > request.first:
            break
    return page_of_shown(request, shown, is_end=is_end, reached=after)


def full_page(request: PageRequest, keyed: Sequence[tuple[int, T]]) -> Page[tuple[int, T]]:
    """A page of a list that no rule thins out, from one item more than asked for."""
    kept = keyed[: request.first]
    return Page(kept, has_next=len(keyed) > request.first, end=kept[-1][0] if kept else None)
