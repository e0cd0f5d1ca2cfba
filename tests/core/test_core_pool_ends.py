"""How connections and the pool begin and end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import pytest

from core import pool as pools
from core.pool import Connection, Pool
from tests.core.pooling import LONG_S, Server, assert_whole, borrow, opened, sleep_long

# Less than closing waits for what does not come.
SOON_S = 3


async def test_everybody_in_line_hears_that_no_connection_can_be_made_and_later_ones_get_theirs(
    server: Server,
) -> None:
    is_down = True

    async def try_to_connect() -> Connection:
        if is_down:
            await asyncio.sleep(0.01)
            raise ConnectionRefusedError("made up")
        return await server.connect()

    async with opened(try_to_connect, size=2, wait_s=LONG_S) as pool:
        async with asyncio.timeout(SOON_S):
            errors = await asyncio.gather(*(pool.borrow() for _ in range(10)), return_exceptions=True)
        assert [type(error) for error in errors] == [ConnectionRefusedError] * 10
        is_down = False
        await assert_whole(pool, 2)


async def test_connections_that_nobody_needs_are_closed_after_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "IDLE_FOR_S", 0.1)
    async with opened(server.connect, size=4) as pool:
        for connection in await borrow(pool, 4):
            pool.give_back(connection)

        async def keep_two_busy() -> None:
            while is_busy:
                for connection in await borrow(pool, 2):
                    used.add(connection)
                    pool.give_back(connection)
                await asyncio.sleep(0.005)

        is_busy = True
        used: set[Connection] = set()
        busy = asyncio.ensure_future(keep_two_busy())
        await server.become_sessions(2)
        used.clear()
        await asyncio.sleep(0.3)
        assert len(used) == await server.sessions() == 2
        is_busy = False
        await busy
        await server.become_sessions(0)
        await assert_whole(pool, 4)


async def test_closing_refuses_newcomers_and_ends_when_the_last_connection_is_back(server: Server) -> None:
    pool = Pool(server.connect, size=2, wait_s=LONG_S, settle_s=3)
    idle, lent = await borrow(pool, 2)
    waiting = asyncio.ensure_future(pool.borrow())
    await asyncio.sleep(0)
    waiting.cancel()
    pool.give_back(idle)
    closing = asyncio.ensure_future(pool.close())
    await asyncio.sleep(0)
    with pytest.raises(asyncpg.InterfaceError):
        await pool.borrow()  # though one of them is idle
    assert await lent.fetchval("SELECT 1") == 1
    assert not closing.done()
    pool.give_back(lent)
    async with asyncio.timeout(SOON_S):
        await closing
    with pytest.raises(asyncpg.InterfaceError):
        await pool.borrow()
    await server.become_sessions(0)


async def test_closing_tells_those_in_line(server: Server) -> None:
    pool = Pool(server.connect, size=1, wait_s=LONG_S, settle_s=3)
    (lent,) = await borrow(pool, 1)
    waiting = [asyncio.ensure_future(pool.borrow()) for _ in range(3)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(pool.close())
    for caller in waiting:
        with pytest.raises(asyncpg.InterfaceError):
            await caller
    pool.give_back(lent)
    await closing


async def test_closing_stops_what_a_cancelled_caller_left_running(server: Server) -> None:
    pool = Pool(server.connect, size=1, wait_s=2, settle_s=3)
    (lent,) = await borrow(pool, 1)
    task = asyncio.ensure_future(sleep_long(lent))
    await server.become_sessions(1, state="active")
    closing = asyncio.ensure_future(pool.close())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pool.recover(lent)
    async with asyncio.timeout(SOON_S):
        await closing
    await server.become_sessions(0)


@pytest.mark.parametrize("take_back", [Pool.give_back, Pool.recover])
async def test_closing_ends_a_connection_that_is_not_given_back_in_time(
    server: Server, monkeypatch: pytest.MonkeyPatch, take_back: Callable[[Pool, Connection], None]
) -> None:
    monkeypatch.setattr(pools, "CLOSE_WITHIN_S", 0.1)
    pool = Pool(server.connect, size=1, wait_s=2, settle_s=3)
    (kept,) = await borrow(pool, 1)
    running = asyncio.ensure_future(kept.fetch("SELECT pg_sleep(1)"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(SOON_S):
        await pool.close()
    assert kept.is_closed()
    with pytest.raises(asyncpg.PostgresConnectionError):
        await running
    take_back(pool, kept)


async def test_a_connection_that_is_made_while_the_pool_closes_is_closed(server: Server) -> None:
    made: list[Connection] = []

    async def insist() -> Connection:
        """Takes no notice of being cancelled, as a connection that is just ready does."""
        dial = asyncio.ensure_future(server.connect())
        while not dial.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(dial)
        made.append(dial.result())
        return dial.result()

    pool = Pool(insist, size=1, wait_s=2, settle_s=3)
    caller = asyncio.ensure_future(pool.borrow())
    await asyncio.sleep(0.001)
    async with asyncio.timeout(SOON_S):
        await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await caller
    assert [connection.is_closed() for connection in made] == [True]
    assert pool._next_look is None  # a timer would go on for ever
    await server.become_sessions(0)


@pytest.mark.usefixtures("nothing_goes_unhandled")
async def test_closing_does_not_wait_for_a_connection_that_fails_to_be_made() -> None:
    async def fail_when_cancelled() -> Connection:
        try:
            await asyncio.sleep(LONG_S)
        except asyncio.CancelledError:
            raise ConnectionRefusedError("made up") from None
        raise AssertionError("unreachable: it is cancelled long before")

    pool = Pool(fail_when_cancelled, size=1, wait_s=2, settle_s=3)
    caller = asyncio.ensure_future(pool.borrow())
    await asyncio.sleep(0.001)
    async with asyncio.timeout(SOON_S):
        await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await caller
