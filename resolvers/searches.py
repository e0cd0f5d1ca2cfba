"""Searching, as one types."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import strawberry

from core.errors import BadInputError
from core.paging import Listing, Page
from loaders.base import BatchLoader, viewer_id_of
from loaders.hashtags import HashtagRow
from loaders.registry import Loaders
from loaders.rows import UserRow
from loaders.searches import fetch_found_hashtag_ids, fetch_found_user_ids, hashtag_beginning_of, user_query_of
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Info

LONGEST_QUERY_CHARS = 100

# Gives the ids behind a place.
Scan = Callable[[int | None, int], Awaitable[Scanned[int]]]

SearchText = Annotated[
    str,
    strawberry.argument(description="What is looked for, at most 100 characters; beginnings of words are enough."),
]


@strawberry.enum(description="What a search looks for.")
class SearchKind(Enum):
    """What is found by its name."""

    USERS = strawberry.enum_value("USERS", description="People whose handle begins so, or whose names have such words.")
    HASHTAGS = strawberry.enum_value("HASHTAGS", description="Hashtags that begin so, in any spelling.")


Kind = Annotated[SearchKind, strawberry.argument(description="What is looked for.")]

Found = UserRow | HashtagRow


async def search(
    info: Info, query: SearchText, kind: Kind, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[Found]:
    if len(query) > LONGEST_QUERY_CHARS:
        raise BadInputError(f"`query` has at most {LONGEST_QUERY_CHARS} characters, not {len(query)}.")
    listing, scan_of, loader_of = _SEARCHES[kind]
    request = page(listing, first, after)
    loaders = info.context.loaders
    scan = scan_of(loaders, query)
    if scan is None:
        return connection(listing, request, Page([], has_next=False, end=None))
    found: Page[tuple[int, Found]] = await filled_page(request, scan, loader_of(loaders).load_all)
    return connection(listing, request, found)


def _users(loaders: Loaders, typed: str) -> Scan | None:
    query = user_query_of(typed)
    if query is None:
        return None

    async def scan(start: int | None, limit: int) -> Scanned[int]:
        viewer_id = viewer_id_of(loaders.viewer)
        return _scanned(
            await fetch_found_user_ids(loaders.db, query, viewer_id=viewer_id, after=start, limit=limit), limit
        )

    return scan


def _hashtags(loaders: Loaders, typed: str) -> Scan | None:
    beginning = hashtag_beginning_of(typed)
    if beginning is None:
        return None

    async def scan(start: int | None, limit: int) -> Scanned[int]:
        viewer_id = viewer_id_of(loaders.viewer)
        found = await fetch_found_hashtag_ids(loaders.db, beginning, viewer_id=viewer_id, after=start, limit=limit)
        return _scanned(found, limit)

    return scan


def _scanned(found: Sequence[int], limit: int) -> Scanned[int]:
    return Scanned(found, found, reached=found[-1] if found else 0, is_end=len(found) < limit)


class _Search(NamedTuple):
    """The cursors of a kind, what finds ids, and what shows them."""

    listing: Listing
    scan_of: Callable[[Loaders, str], Scan | None]
    loader_of: Callable[[Loaders], BatchLoader[int, Any]]


_SEARCHES = {
    SearchKind.USERS: _Search(Listing.SEARCHED_USERS, _users, attrgetter("users")),
    SearchKind.HASHTAGS: _Search(Listing.SEARCHED_HASHTAGS, _hashtags, attrgetter("hashtags")),
}
