"""A client of graphql-transport-ws that waits for nothing longer than a deadline."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.worlds import Person

WITHIN_S = 8.0
HOME_FEED = """
subscription ($after: EventCursor) {
  homeFeed(after: $after) {
    __typename
    ... on Started { cursor }
    ... on Reset { cursor }
    ... on PostAdded {
      cursor
      edge {
        cursor
        reason { kind hashtag { name } }
        repostedBy { handle }
        node { id body likeCount author { handle displayName } }
      }
    }
    ... on PostChanged { cursor post { id body } }
    ... on PostRemoved { cursor postId edgeCursor }
  }
}
"""


class Socket:
    """One open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._operations = 0

    async def send(self, kind: str, **rest: Any) -> None:
        await self._connection.send(json.dumps({"type": kind, **rest}))

    async def message(self, *, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The next message that is not a ping."""
        async with asyncio.timeout(within_s):
            while True:
                message: dict[str, Any] = json.loads(await self._connection.recv())
                if message["type"] != "ping":
                    return message
                await self.send("pong")

    async def subscribe(self, *, after: str | None = None) -> str:
        """Asks for the home feed; gives the operation's id."""
        self._operations += 1
        operation_id = str(self._operations)
        await self.send("subscribe", id=operation_id, payload={"query": HOME_FEED, "variables": {"after": after}})
        return operation_id

    async def event(self, *, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The next event of the home feed."""
        message = await self.message(within_s=within_s)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        event: dict[str, Any] = message["payload"]["data"]["homeFeed"]
        return event

    async def start(self) -> None:
        """Subscribes and waits until the server listens."""
        await self.subscribe()
        event = await self.event()
        assert event["__typename"] == "Started", event

    async def added(self) -> dict[str, Any]:
        """The post of the next event, which must be PostAdded."""
        event = await self.event()
        assert event["__typename"] == "PostAdded", event
        node: dict[str, Any] = event["edge"]["node"]
        return node

    async def nothing_more(self, *, for_s: float = 0.5) -> None:
        try:
            message = await self.message(within_s=for_s)
        except TimeoutError:
            return
        raise AssertionError(message)

    async def close_code(self, *, within_s: float = WITHIN_S) -> int | None:
        """The code that the server closes the socket with; what it says before is not looked at."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    await self._connection.recv()
            except ConnectionClosed:
                return self._connection.close_code


@asynccontextmanager
async def opened(url: str, person: Person | None) -> AsyncIterator[Socket]:
    """A socket that the server has acknowledged."""
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        socket = Socket(connection)
        await socket.send("connection_init", payload={"authorization": f"Bearer {person.token}"} if person else {})
        assert (await socket.message())["type"] == "connection_ack"
        yield socket


async def ask(url: str, document: str, person: Person, **variables: Any) -> Any:
    """The data of an operation that must not fail, by HTTP."""
    async with httpx.AsyncClient(timeout=WITHIN_S) as client:
        answer = await client.post(
            f"{url}/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {person.token}"},
        )
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]
