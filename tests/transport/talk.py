"""A client of graphql-transport-ws for tests, and what is left of a server's sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")
DEADLINE_S = 10.0
INIT = {"type": "connection_init"}
ANN = {"type": "connection_init", "payload": {"Authorization": "Bearer ann"}}


def subscribe(query: str, *, key: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": key, "payload": {"query": query, **more}}


FOREVER = subscribe("subscription { forever }")


class Talk:
    """A socket with words for the protocol; every wait has a deadline."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, *messages: object) -> None:
        for message in messages:
            is_raw = isinstance(message, str | bytes)
            await self.connection.send(message if is_raw else json.dumps(message))  # type: ignore[arg-type]

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            message = json.loads(await self.connection.recv())
        assert isinstance(message, dict)
        return message

    async def init(self, message: object = INIT) -> None:
        await self.say(message)
        assert await self.hear() == {"type": "connection_ack"}

    async def answer(self, query: str, *, key: str = "1", **more: Any) -> list[dict[str, Any]]:
        """Every message about one operation, up to its last."""
        await self.say(subscribe(query, key=key, **more))
        heard = [await self.hear()]
        while heard[-1]["type"] == "next":
            heard.append(await self.hear())
        assert all(message["id"] == key for message in heard)
        return heard

    async def closing(self) -> tuple[int, str]:
        """Reads until the server closes; the code and the reason."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


@asynccontextmanager
async def talk(url: str, **options: Any) -> AsyncIterator[Talk]:
    options = {"subprotocols": [PROTOCOL], "compression": None, "ping_interval": None, "proxy": None, **options}
    async with connect(url, **options) as connection:
        yield Talk(connection)


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


def server_tasks() -> set[asyncio.Task[Any]]:
    """The tasks of this loop that belong to sockets: the server's and their operations'."""
    names = {"Connection", "SocketRegistry", "GuardedWebSocketProtocol", "WebSocketsSansIOProtocol"}
    return {task for task in asyncio.all_tasks() if task.get_coro().__qualname__.split(".")[0] in names}  # type: ignore[union-attr]
