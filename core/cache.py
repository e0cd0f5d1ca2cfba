"""The way to Redis: every call has a deadline, and a Redis that fails is left alone for a moment.

Redis holds copies that can be rebuilt. Whoever calls it catches CacheUnavailableError and goes on without: to SQL,
or to a later try. Hidden retries are off; a breaker opens after three failures in a row, so that a dead Redis costs
nothing, and lets one call through each second to see whether it is back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import redis.exceptions
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.tasks import end_tasks
from core.wire import Command, Wire, is_plain, open_wire

T = TypeVar("T")

FAILURES_TO_OPEN = 3
OPEN_FOR_S = 1.0
POOL_SIZE = 32
# Of 40: enough to tell runs apart, and short in every key.
RUN_ID_CHARS = 12

_FAILURES = (redis.exceptions.RedisError, OSError, TimeoutError)


class CacheUnavailableError(Exception):
    """Redis did not do it, or may not have. Nothing that only Redis knows may depend on this call."""


class Cache:
    """The Redis client of one process.

    `run_id` names the run of the Redis server that answered last. Whoever stores copies that must be complete needs it:
    what a restarted or failed-over server still holds may have missed changes (timelines.epochs).
    """

    def __init__(self, url: str, *, prefix: str, timeout_s: float) -> None:
        self.url = url
        self.prefix = prefix
        self.timeout_s = timeout_s
        self.run_id: str | None = None
        self.round_trip_observers: list[Callable[[], None]] = []
        self.client = self._new_client(POOL_SIZE)
        # Whether the lean way can be taken; a TLS connection, for one, is left to redis-py.
        self._is_plain = is_plain(url)
        self._line: _Line | None = None
        self._opening: asyncio.Task[_Line] | None = None
        self._failures_in_a_row = 0
        self._closed_until = 0.0

    def _new_client(self, connections: int) -> Redis:
        pool = BlockingConnectionPool.from_url(
            self.url,
            max_connections=connections,
            timeout=self.timeout_s,  # to wait for a free connection: a busy process is no reason to open the breaker
            socket_timeout=self.timeout_s,
            socket_connect_timeout=self.timeout_s,
            retry=Retry(NoBackoff(), 0),
            retry_on_timeout=False,
            redis_connect_func=self._greet,
        )
        return Redis(connection_pool=pool)

    async def _greet(self, connection: AbstractConnection) -> None:
        """Learns on each new connection which run of the server answers."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        self.run_id = _run_id(await connection.read_response())

    async def run(self, call: Callable[[Redis, str], Awaitable[T]]) -> T:
        """What `call(client, run_id)` gives. Raises CacheUnavailableError, within the deadline, if Redis is away."""
        self._begin()
        try:
            async with asyncio.timeout(self.timeout_s):
                if self.run_id is None:
                    await self.client.ping()
                run_id = self.run_id
                assert run_id is not None
                result = await call(self.client, run_id)
                if self.run_id != run_id:
                    # A new server took the call, with keys of the old one: what it read or wrote is of no use.
                    raise redis.exceptions.ConnectionError("Redis is not what it was")  # noqa: TRY301 (as if it had failed)
        except _FAILURES as error:
            raise self._failed(error) from error
        except BaseException:
            self._not_asked()
            raise
        self._failures_in_a_row = 0
        return result

    async def exchange(self, commands_of: Callable[[str], Sequence[Command]]) -> Sequence[Any]:
        """The replies to the commands that `commands_of(run_id)` gives, in one round trip of the lean way (core.wire).

        For what every feed asks. Raises CacheUnavailableError as `run`.
        """
        if not self._is_plain:
            return await self.run(lambda client, run_id: _by_pipeline(client, commands_of(run_id)))
        self._begin()
        try:
            line = self._line
            if line is None or line.wire.is_lost:
                line = await self._new_line()
            replies = await line.wire.call(*commands_of(line.run_id))
        except _FAILURES as error:
            raise self._failed(error) from error
        except BaseException:
            self._not_asked()
            raise
        self._failures_in_a_row = 0
        return replies

    def _begin(self) -> None:
        """Lets a call through, or raises CacheUnavailableError while the breaker is open."""
        if self._failures_in_a_row >= FAILURES_TO_OPEN:
            now = time.monotonic()
            if now < self._closed_until:
                raise CacheUnavailableError("Redis failed a moment ago and is left alone.")
            self._closed_until = now + OPEN_FOR_S  # this call is the one that looks; others go on without
        for observe in self.round_trip_observers:
            observe()

    def _not_asked(self) -> None:
        """The caller had nothing to ask, or gave up: if this was the call that looks, the next one looks instead."""
        self._closed_until = 0.0

    def _failed(self, error: Exception) -> CacheUnavailableError:
        self._failures_in_a_row += 1
        self._closed_until = time.monotonic() + OPEN_FOR_S
        return CacheUnavailableError(f"Redis did not answer: {error}")

    async def _new_line(self) -> "_Line":
        """The line, opened once for all who want it now."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open_line())
            self._opening.add_done_callback(self._line_opened)
        return await asyncio.shield(self._opening)

    async def _open_line(self) -> "_Line":
        wire = await open_wire(self.url, timeout_s=self.timeout_s)
        try:
            [info] = await wire.call(("INFO", "server"))
            return _Line(wire, _run_id(info))
        except BaseException:
            wire.close()
            raise

    def _line_opened(self, opening: "asyncio.Task[_Line]") -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._line = opening.result()

    async def close(self) -> None:
        if self._opening is not None:
            await end_tasks([self._opening])
        if self._line is not None:
            self._line.wire.close()
        await self.client.aclose(close_connection_pool=True)


async def _by_pipeline(client: Redis, commands: Sequence[Command]) -> Sequence[Any]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    replies: Sequence[Any] = await pipeline.execute()
    return replies


class _Line(NamedTuple):
    """The lean way, open; and the run of the server at its other end, which is the same as long as it is open."""

    wire: Wire
    run_id: str


def _run_id(info: Any) -> str:  # a reply is str or bytes, depending on the protocol and the decoder
    text = info.decode() if isinstance(info, bytes) else str(info)
    for line in text.splitlines():
        if line.startswith("run_id:"):
            return line.removeprefix("run_id:").strip()[:RUN_ID_CHARS]
    raise redis.exceptions.ConnectionError("This server does not tell its run_id; it is no Redis or Valkey.")
