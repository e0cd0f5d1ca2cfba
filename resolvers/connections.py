"""Connections as values: edges, page info, and how a page that rules have thinned out is filled up again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.paging import Listing, Page, PageRequest, encode_cursor
from resolvers.arguments import Cursor

T = TypeVar("T")
Source = TypeVar("Source")

# After so many rounds a page stays short, even empty; the client goes on from where scanning stopped.
TOP_UP_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page begins and ends, and whether the list goes on."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: Cursor | None
    end_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One item of a list and its place."""

    cursor: Cursor
    node: T


@dataclass(frozen=True, slots=True)
class Connection(Generic[T]):
    """A page of a list."""

    edges: Sequence[Edge[T]]
    page_info: PageInfo


def cursor(listing: Listing, key: int) -> Cursor:
    """The opaque form of a place in a list."""
    return Cursor(encode_cursor(listing, key))


def page_info(
    listing: Listing, request: PageRequest, *, keys: Sequence[int], has_next: bool, end: int | None
) -> PageInfo:
    """`keys` are the sort keys of the page's items, `end` the key up to which the list was scanned."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=request.after is not None,
        start_cursor=cursor(listing, keys[0]) if keys else None,
        end_cursor=None if end is None else cursor(listing, end),
    )


def connection(listing: Listing, request: PageRequest, keyed: Page[tuple[int, T]]) -> Connection[T]:
    """A page of (sort key, item) as a connection."""
    return Connection(
        edges=[Edge(cursor(listing, key), item) for key, item in keyed.items],
        page_info=page_info(
            listing, request, keys=[key for key, _ in keyed.items], has_next=keyed.has_next, end=keyed.end
        ),
    )


@dataclass(frozen=True, slots=True)
class Scanned(Generic[Source]):
    """Part of a list before rules: (sort key, source); `reached` is the key it was scanned up to."""

    items: Sequence[tuple[int, Source]]
    reached: int
    is_end: bool


async def filled_page(
    request: PageRequest,
    scan: Callable[[int | None, int], Awaitable[Scanned[Source]]],
    show: Callable[[Sequence[Source]], Awaitable[Sequence[T | None]]],
) -> Page[tuple[int, T]]:
    """A page of what rules leave over: scans on, at most five times, until the page is full or the list ends.

    `scan(after, limit)` gives the next part of the list, `show` what the viewer sees of it, None for hidden items.
    """
    shown: list[tuple[int, T]] = []
    after, is_end = request.after, False
    for _ in range(TOP_UP_ROUNDS):
        part = await scan(after, request.fetch_count - len(shown))
        seen = await show([source for _, source in part.items])
        shown += [(key, item) for (key, _), item in zip(part.items, seen, strict=True) if item is not None]
        after, is_end = part.reached, part.is_end
        if is_end or len(shown) > request.first:
            break
    if len(shown) > request.first:
        kept = shown[: request.first]
        return Page(kept, has_next=True, end=kept[-1][0])
    if is_end:
        return Page(shown, has_next=False, end=shown[-1][0] if shown else None)
    return Page(shown, has_next=True, end=after)


def full_page(request: PageRequest, keyed: Sequence[tuple[int, T]]) -> Page[tuple[int, T]]:
    """A page of a list that no rule thins out, from one item more than asked for."""
    kept = keyed[: request.first]
    return Page(kept, has_next=len(keyed) > request.first, end=kept[-1][0] if kept else None)
