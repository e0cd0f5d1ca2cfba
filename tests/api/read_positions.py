"""Documents about read positions that several tests send, and short ways to what they answer."""

from typing import Any

from core.paging import Listing, decode_cursor, encode_cursor
from tests.fixtures.api import Api
from tests.worlds import Person

HOME = {"kind": "HOME"}
_STATE = "readPosition unreadCount"
MOVE = """
mutation ($input: MoveReadPositionInput!) {
  moveReadPosition(input: $input) { readPosition hasMoved errors { __typename message code path } }
}
"""
READ = {
    "home": f"query {{ feed: homeFeed(first: 1) {{ {_STATE} }} }}",
    "public": f"query {{ feed: publicFeed(first: 1) {{ {_STATE} }} }}",
    "hashtag": f'query {{ at: hashtag(name: "tea") {{ feed: posts(first: 1) {{ {_STATE} }} }} }}',
    "profile": f'query {{ at: user(handle: "bob") {{ feed: posts(first: 1) {{ {_STATE} }} }} }}',
}
POSITIONS = """
query ($first: Int! = 20, $after: Cursor) {
  viewer {
    readPositions(first: $first, after: $after) {
      edges { node { kind list { name } hashtag { name } readPosition movedAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


def place(entry_id: int, listing: Listing = Listing.HOME_FEED) -> str:
    """The cursor of an entry."""
    return encode_cursor(listing, entry_id)


def entry_at(cursor: str | None, listing: Listing = Listing.HOME_FEED) -> int | None:
    """The entry behind a cursor."""
    return None if cursor is None else decode_cursor(listing, cursor)


def hashtag_feed(hashtag_id: str) -> dict[str, str]:
    return {"kind": "HASHTAG", "id": hashtag_id}


def list_feed(list_id: str) -> dict[str, str]:
    return {"kind": "LIST", "id": list_id}


async def move(api: Api, cursor: str, *, by: Person, feed: dict[str, str] = HOME) -> Any:
    """The payload of moveReadPosition."""
    return (await api.data(MOVE, by=by, input={"feed": feed, "cursor": cursor}))["moveReadPosition"]


async def move_to(api: Api, entry_id: int, *, by: Person) -> None:
    """Reads the home feed up to an entry, which must move the position."""
    payload = await move(api, place(entry_id), by=by)
    assert (payload["errors"], payload["hasMoved"]) == ([], True)


async def state_of(api: Api, feed: str, *, by: Person | None) -> tuple[int | None, int | None]:
    """(position, unread entries) of a feed by its name in READ."""
    data = await api.data(READ[feed], by=by)
    found = data.get("at", data)["feed"]
    listing = Listing.HASHTAG_POSTS if feed == "hashtag" else Listing.HOME_FEED
    return entry_at(found["readPosition"], listing), found["unreadCount"]


async def positions_of(api: Api, *, by: Person, first: int = 20) -> list[Any]:
    """All positions of somebody, page after page."""
    found: list[Any] = []
    after = None
    while True:
        page = (await api.data(POSITIONS, by=by, first=first, after=after))["viewer"]["readPositions"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
