"""Walking a connection to its end, as a client does: by hasNextPage, never by length."""

from collections.abc import Awaitable, Callable
from typing import Any

MOST_PAGES = 300

# Gives the connection behind a cursor.
Fetch = Callable[[str | None], Awaitable[Any]]


async def walk(fetch: Fetch, *, between: Callable[[], Awaitable[object]] | None = None) -> list[Any]:
    """Every page of a list, from its start. `between` happens after each page but the last."""
    pages: list[Any] = []
    after: str | None = None
    while True:
        page = await fetch(after)
        pages.append(page)
        assert len(pages) <= MOST_PAGES, "the list does not end"
        if not page["pageInfo"]["hasNextPage"]:
            return pages
        after = page["pageInfo"]["endCursor"]
        assert after is not None, "a page that goes on says where"
        if between is not None:
            await between()


def nodes(pages: list[Any], field: str = "body") -> list[Any]:
    """One field of every node, page after page."""
    return [edge["node"][field] for page in pages for edge in page["edges"]]
