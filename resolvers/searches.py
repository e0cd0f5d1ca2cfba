"""Searching, as one types."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated

import strawberry

from core.errors import BadInputError
from core.paging import Listing, Page, PageRequest
from loaders.base import viewer_id_of
from loaders.rows import UserRow
from loaders.searches import fetch_found_user_ids, user_query_of
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Context, Info

LONGEST_QUERY_CHARS = 100

SearchText = Annotated[
    str,
    strawberry.argument(description="What is looked for, at most 100 characters; beginnings of words are enough."),
]


@strawberry.enum(description="What a search looks for.")
class SearchKind(Enum):
    """More will come."""

    USERS = strawberry.enum_value("USERS", description="People whose handle begins so, or whose names have such words.")


Kind = Annotated[SearchKind, strawberry.argument(description="What is looked for.")]


async def search(
    info: Info, query: SearchText, kind: Kind, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    if len(query) > LONGEST_QUERY_CHARS:
        raise BadInputError(f"`query` has at most {LONGEST_QUERY_CHARS} characters, not {len(query)}.")
    listing, find = _SEARCHES[kind]
    request = page(listing, first, after)
    return connection(listing, request, await find(info.context, query, request))


async def _found_users(context: Context, typed: str, request: PageRequest) -> Page[tuple[int, UserRow]]:
    wanted = user_query_of(typed)
    if wanted is None:
        return Page([], has_next=False, end=None)
    loaders = context.loaders

    async def scan(start: int | None, limit: int) -> Scanned[int]:
        found = await fetch_found_user_ids(
            loaders.db, wanted, viewer_id=viewer_id_of(loaders.viewer), after=start, limit=limit
        )
        return Scanned(found, found, reached=found[-1] if found else 0, is_end=len(found) < limit)

    async def show(user_ids: Sequence[int]) -> Sequence[UserRow | None]:
        return await loaders.users.load_all(user_ids)

    return await filled_page(request, scan, show)


_SEARCHES = {SearchKind.USERS: (Listing.SEARCHED_USERS, _found_users)}
