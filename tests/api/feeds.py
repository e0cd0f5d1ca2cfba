"""Every list that mutes and filters may thin out, by name, and short ways to what is in it."""

from typing import Any

from tests.api.paging import nodes, walk
from tests.fixtures.api import Api
from tests.worlds import Person, post_id

_EDGES = "{ edges { node { body author { handle } } } pageInfo { hasNextPage endCursor } }"
_BEGIN = "query ($first: Int!, $after: Cursor"
FEEDS = {
    "home": f"{_BEGIN}) {{ list: homeFeed(first: $first, after: $after) {_EDGES} }}",
    "public": f"{_BEGIN}) {{ list: publicFeed(first: $first, after: $after) {_EDGES} }}",
    "hashtag": f'{_BEGIN}) {{ at: hashtag(name: "tea") {{ list: posts(first: $first, after: $after) {_EDGES} }} }}',
    "profile": f'{_BEGIN}) {{ at: user(handle: "bob") {{ list: posts(first: $first, after: $after) {_EDGES} }} }}',
}
REPLIES = f"""
query ($first: Int!, $after: Cursor, $id: ID!, $sort: ReplySort!) {{
  at: post(id: $id) {{ list: replies(first: $first, after: $after, sort: $sort) {_EDGES} }}
}}
"""


async def pages_of(api: Api, document: str, *, by: Person | None, first: int = 100, **variables: Any) -> list[Any]:
    """Every page of such a list."""

    async def fetch(after: str | None) -> Any:
        data = await api.data(document, by=by, first=first, after=after, **variables)
        return data.get("at", data)["list"]

    return await walk(fetch)


async def bodies_in(api: Api, feed: str, *, by: Person | None, first: int = 100) -> list[str]:
    """The bodies of a whole feed."""
    return nodes(await pages_of(api, FEEDS[feed], by=by, first=first))


async def replies_to(api: Api, number: int, *, by: Person | None, sort: str = "OLDEST", first: int = 100) -> list[str]:
    """The bodies of all replies to a post."""
    return nodes(await pages_of(api, REPLIES, by=by, first=first, id=post_id(number), sort=sort))
