"""A Postgres as one pool sees it, and what a pool is asked in tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from core.pool import Connection, Pool

WITHIN_S = 5
LONG_S = 30

Connect = Callable[[], Coroutine[Any, Any, Connection]]


class Server:
    """A Postgres that knows the sessions of one pool by its name."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    async def connect(self) -> Connection:
        """For the pool."""
        return await asyncpg.connect(
            self._url,
            timeout=WITHIN_S,
            command_timeout=WITHIN_S,
            server_settings={"application_name": self._name},
        )

    async def sessions(self, *, state: str = "%") -> int:
        """How many sessions the pool has in such a state."""
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = $1 AND state LIKE $2"
        )
        return int(await self._answer(query, self._name, state))

    async def become_sessions(self, number: int, *, state: str = "%") -> None:
        """Waits until the pool has so many."""
        async with asyncio.timeout(WITHIN_S):
            while await self.sessions(state=state) != number:  # noqa: ASYNC110 (nothing tells when it is so)
                await asyncio.sleep(0.01)

    async def end(self, connection: Connection) -> None:
        """Ends it as an administrator or a restart does."""
        await self._answer("SELECT pg_terminate_backend($1)", await pid_of(connection))
        await become(connection.is_closed)

    async def _answer(self, query: str, *arguments: object) -> Any:
        connection = await asyncpg.connect(self._url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()


@asynccontextmanager
async def opened(connect: Connect, *, size: int, wait_s: float = 2, settle_s: float = 3) -> AsyncIterator[Pool]:
    pool = Pool(connect, size=size, wait_s=wait_s, settle_s=settle_s)
    try:
        async with asyncio.timeout(3 * WITHIN_S):
            yield pool
    finally:
        await pool.close()


async def borrow(pool: Pool, number: int) -> list[Connection]:
    """So many connections at once."""
    async with asyncio.timeout(WITHIN_S):
        return await asyncio.gather(*(pool.borrow() for _ in range(number)))


async def assert_whole(pool: Pool, size: int) -> None:
    """Every connection can be had, once, alive, and with nothing running or open."""
    connections = await borrow(pool, size)
    assert len(set(connections)) == size
    pids = await asyncio.gather(*map(pid_of, connections))
    assert len(set(pids)) == size
    assert not any(connection.is_in_transaction() for connection in connections)
    for connection in connections:
        pool.give_back(connection)


async def interrupted(
    pool: Pool, work: Callable[[Connection], Awaitable[object]], *, when: Awaitable[None]
) -> Connection:
    """A connection that was handed to `recover` after its work was cancelled, when something was the case."""
    connection = await pool.borrow()
    task = asyncio.ensure_future(work(connection))
    await when
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    pool.recover(connection)
    return connection


async def sleep_long(connection: Connection) -> None:
    await connection.fetch("SELECT pg_sleep($1)", LONG_S)


async def pid_of(connection: Connection) -> int:
    pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


async def become(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110 (nothing tells when it is so)
            await asyncio.sleep(0.005)
