"""The bus: one Redis connection per process that hears what all processes publish.

Pub/sub forgets: who was not connected when a message was published never gets it. So the bus tells its listeners:
whenever messages may have been missed (the connection was lost, or a listener was too slow), they get GAP and have to
look for themselves.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import orjson
import redis.exceptions
from redis.asyncio.connection import AbstractConnection, Connection, UnixDomainSocketConnection, parse_url

from core.cache import Cache, CacheUnavailableError
from core.tasks import end_tasks
from events import channels

LONGEST_QUEUE = 256
PING_EVERY_S = 5.0
SILENCE_LIMIT_S = 10.0
RECONNECT_AFTER_S = 0.2
ACK_TIMEOUT_S = 1.0

_LOST = (redis.exceptions.RedisError, OSError, TimeoutError)


@dataclasses.dataclass(frozen=True, slots=True)
class HomeMessage:
    """An entry came into, changed in, or went from home feeds of those who follow its author or hashtags. Ids only.

    Or one feed is to be read anew (`is_reset`), whatever has gone from it; or was read, up to `read_entry_id`.
    """

    event_id: int
    added_entry_id: int | None = None
    changed_entry_id: int | None = None
    removed_entry_id: int | None = None
    author_id: int | None = None
    post_id: int | None = None
    hashtag_ids: Sequence[int] = ()
    is_reset: bool = False
    read_entry_id: int | None = None

    def to_bytes(self) -> bytes:
        return orjson.dumps(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "HomeMessage":
        return cls(**orjson.loads(raw))


class Gap:
    """Messages may have been missed here."""


GAP: Final = Gap()


class Listener:
    """One subscription to one channel: an asynchronous iterator of raw messages and GAPs."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | Gap] = asyncio.Queue(LONGEST_QUEUE)
        self._is_connected = asyncio.Event()
        self._may_have_missed = False

    def put(self, message: bytes | Gap) -> None:
        """Never waits. A listener that cannot keep up loses what it has not read, and is told so."""
        if isinstance(message, Gap) or self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            message = GAP
        self._queue.put_nowait(message)

    def connect(self) -> None:
        """Redis has confirmed the subscription: everything from here on is heard."""
        self._is_connected.set()
        if self._may_have_missed:
            self._may_have_missed = False
            self.put(GAP)

    def disconnect(self) -> None:
        """The subscription is lost. GAP comes when there is one again, not before: only then is looking of use."""
        if self._is_connected.is_set():
            self._is_connected.clear()
            self._may_have_missed = True

    async def connected(self, *, within_s: float) -> None:
        """Waits for the confirmation, but no longer than this: then the listener goes without, and gets GAP later."""
        try:
            await asyncio.wait_for(self._is_connected.wait(), within_s)
        except TimeoutError:
            self._may_have_missed = True

    def __aiter__(self) -> "Listener":
        return self

    async def __anext__(self) -> bytes | Gap:
        return await self._queue.get()


class Bus:
    """Listens for a process. `run()` must be running; `listen` works whether or not Redis does."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._listeners: dict[str, set[Listener]] = {}
        self._connection: AbstractConnection | None = None

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Listener]:
        """Everything published on the channel from now on: once this is entered, Redis has confirmed it.

        If Redis is away, the listener hears nothing until it is back, and then GAP first.
        """
        listener = Listener()
        listeners = self._listeners.setdefault(channel, set())
        listeners.add(listener)
        try:
            # Also where others listen already: the answer is what confirms.
            await self._send("SUBSCRIBE", channel)
            await listener.connected(within_s=0 if self._connection is None else ACK_TIMEOUT_S)
            yield listener
        finally:
            listeners.discard(listener)
            if not listeners and self._listeners.get(channel) is listeners:
                del self._listeners[channel]
                await self._send("UNSUBSCRIBE", channel)

    @property
    def channel_count(self) -> int:
        """How many channels somebody listens to in this process."""
        return len(self._listeners)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def run(self) -> None:
        """Keeps the connection up until it is cancelled."""
        while True:
            with suppress(*_LOST):
                await self._hear()
            await asyncio.sleep(RECONNECT_AFTER_S)

    async def _hear(self) -> None:
        """Connects, subscribes to everything anew, and hands messages out until the connection is lost."""
        connection = self._new_connection()
        pinger: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._cache.timeout_s * 4):
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py does not annotate it
            self._connection = connection
            if self._listeners:
                await connection.send_command("SUBSCRIBE", *self._listeners)
            pinger = asyncio.create_task(self._ping(connection))
            while True:
                async with asyncio.timeout(SILENCE_LIMIT_S):
                    reply = await connection.read_response(disable_decoding=True)
                self._dispatch(reply)
        finally:
            self._connection = None
            if pinger is not None:
                await end_tasks([pinger])
            await connection.disconnect(nowait=True)
            for listeners in self._listeners.values():
                for listener in listeners:
                    listener.disconnect()

    def _dispatch(self, reply: Any) -> None:  # whatever the server sends: ["message", channel, data], ["pong", ""], …
        if not isinstance(reply, list) or not reply:
            return
        kind, channel = bytes(reply[0]), bytes(reply[1]).decode()
        for listener in self._listeners.get(channel, ()):
            match kind:
                case b"message":
                    listener.put(bytes(reply[2]))
                case b"subscribe":
                    listener.connect()
                case b"unsubscribe":  # asked for by one that has left since; the next SUBSCRIBE is on its way
                    listener.disconnect()

    async def _ping(self, connection: AbstractConnection) -> None:
        """Makes a silent connection answer, so that silence means it is dead."""
        with suppress(*_LOST):
            while True:
                await asyncio.sleep(PING_EVERY_S)
                await connection.send_command("PING")

    async def _send(self, verb: str, channel: str) -> None:
        connection = self._connection
        if connection is None:
            return  # the next connection subscribes to what is listened to then
        with suppress(*_LOST):
            await connection.send_command(verb, channel)

    def _new_connection(self) -> AbstractConnection:
        # No time-out on reads, not even the library's own: silence is normal here, and `_hear` says how much. No
        # retries: they would hide a gap. And the second protocol version, whose replies are plain lists.
        arguments: dict[str, Any] = dict(parse_url(self._cache.url))
        kind: Callable[..., AbstractConnection] = arguments.pop(
            "connection_class", UnixDomainSocketConnection if "path" in arguments else Connection
        )
        return kind(**arguments, protocol=2, socket_timeout=None, socket_connect_timeout=self._cache.timeout_s)


class Bell:
    """Wakes the workers after a commit. Rings are collected: any number in a moment is one message."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Never waits and never fails; a lost ring costs the workers' polling interval."""
        self._rung.set()

    async def run(self) -> None:
        """Publishes rings until it is cancelled."""
        channel = channels.bell(self._cache.prefix)
        while True:
            await self._rung.wait()
            self._rung.clear()
            with suppress(CacheUnavailableError):
                await self._cache.run(lambda client, _run_id: client.publish(channel, b""))
