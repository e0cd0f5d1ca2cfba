"""A lean way to Redis for what every home feed asks: one connection for all calls of the process, written at once.

redis-py takes a connection from a pool for each call, packs it in Python and waits for each reply by itself, which
costs more than the rest of a cached page. Here a call is packed by hiredis and written; replies come in the order of
the calls.
There are no retries: a connection that fails, or is late once, is given up with everybody who waits on it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import hiredis
import redis.exceptions
from redis.asyncio.connection import parse_url

# As hiredis takes it: a name and its arguments, which are bytes, str or int.
Command = tuple[Any, ...]

_MORE: Final = object()
# What a URL may say for a connection that is opened here; others need redis-py (TLS, client options).
_PLAIN_OPTIONS = frozenset({"host", "port", "path", "db", "username", "password", "connection_class"})


class _Call:
    """Some commands that were written together, and their replies as far as they have come."""

    __slots__ = ("count", "deadline_s", "future", "replies")

    def __init__(self, future: "asyncio.Future[list[Any]]", count: int, deadline_s: float) -> None:
        self.future = future
        self.count = count
        self.deadline_s = deadline_s
        self.replies: list[Any] = []


class Wire(asyncio.Protocol):
    """An open connection. Every call is answered or failed within `timeout_s`."""

    def __init__(self, *, timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(replyError=redis.exceptions.ResponseError, notEnoughData=_MORE)
        self._calls: deque[_Call] = deque()
        self._next_deadline: asyncio.TimerHandle | None = None
        self.is_lost = False

    def call(self, *commands: Command) -> "asyncio.Future[list[Any]]":
        """The replies to some commands. Fails with OSError, TimeoutError or redis.exceptions.RedisError."""
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.is_lost or self._transport is None:
            future.set_exception(ConnectionError("The connection to Redis is lost."))
            return future
        call = _Call(future, len(commands), self._loop.time() + self._timeout_s)
        self._calls.append(call)
        self._transport.write(b"".join(map(hiredis.pack_command, commands)))
        if self._next_deadline is None:
            # One timer for all: calls wait equally long, so the first to be late is the first in line.
            self._next_deadline = self._loop.call_at(call.deadline_s, self._look_for_late_ones)
        return future

    def close(self) -> None:
        """Ends the connection at once; whoever waits on it gets ConnectionError."""
        self._give_up(ConnectionError("The connection to Redis was closed."))

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's protocol
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        reader, calls = self._reader, self._calls
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _MORE:
                call = calls[0]
                call.replies.append(reply)
                if len(call.replies) == call.count:
                    calls.popleft()
                    _answer(call)
        except (hiredis.HiredisError, IndexError):  # what comes is no reply, or nobody's
            self._give_up(redis.exceptions.InvalidResponse("Redis answers in another protocol."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._give_up(exc or ConnectionError("Redis has closed the connection."))

    def _look_for_late_ones(self) -> None:
        self._next_deadline = None
        if not self._calls:
            return
        first_s = self._calls[0].deadline_s
        if first_s <= self._loop.time():
            self._give_up(TimeoutError(f"Redis did not answer within {self._timeout_s:g} s."))
        else:
            self._next_deadline = self._loop.call_at(first_s, self._look_for_late_ones)

    def _give_up(self, error: Exception) -> None:
        self.is_lost = True
        if self._transport is not None:
            self._transport.abort()
        if self._next_deadline is not None:
            self._next_deadline.cancel()
            self._next_deadline = None
        while self._calls:
            future = self._calls.popleft().future
            if not future.done():
                future.set_exception(error)


def _answer(call: _Call) -> None:
    if call.future.done():  # whoever asked was cancelled
        return
    for reply in call.replies:
        if isinstance(reply, Exception):
            call.future.set_exception(reply)
            return
    call.future.set_result(call.replies)


def is_plain(url: str) -> bool:
    """Whether `open_wire` knows all that the URL asks for."""
    return not url.startswith("rediss:") and set(parse_url(url)) <= _PLAIN_OPTIONS


async def open_wire(url: str, *, timeout_s: float) -> Wire:
    """A connection, signed in to the URL's database. Raises OSError, TimeoutError, redis.exceptions.RedisError."""
    asked: dict[str, Any] = dict(parse_url(url))
    loop = asyncio.get_running_loop()

    def new_wire() -> Wire:
        return Wire(timeout_s=timeout_s)

    async with asyncio.timeout(timeout_s):
        if "path" in asked:
            _, wire = await loop.create_unix_connection(new_wire, asked["path"])
        else:
            _, wire = await loop.create_connection(new_wire, asked.get("host", "localhost"), asked.get("port", 6379))
    try:
        if greeting := _greeting(asked):
            await wire.call(*greeting)
    except BaseException:
        wire.close()
        raise
    return wire


def _greeting(asked: dict[str, Any]) -> Sequence[Command]:
    commands: list[Command] = []
    if asked.get("password") is not None:
        name = (asked["username"],) if asked.get("username") else ()
        commands.append(("AUTH", *name, asked["password"]))
    if asked.get("db"):
        commands.append(("SELECT", asked["db"]))
    return commands
