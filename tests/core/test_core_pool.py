"""Who gets which connection and when, and that none is ever lost, lent twice, or lent with something still running."""

import asyncio
import gc
import random
import weakref
from contextvars import ContextVar

import pytest

from core.pool import Connection, Pool
from tests.core.pooling import LONG_S, Server, assert_whole, become, borrow, interrupted, opened, pid_of, sleep_long

# A statement that takes no notice of being cancelled, for a second.
STUBBORN = """
DO $$
DECLARE done_at timestamptz := clock_timestamp() + interval '1 second';
BEGIN
    WHILE clock_timestamp() < done_at LOOP
        BEGIN
            PERFORM pg_sleep(0.2);
        EXCEPTION WHEN query_canceled THEN
            NULL;
        END;
    END LOOP;
END $$
"""


async def test_no_more_connections_than_its_size_and_none_lent_twice(server: Server) -> None:
    lent: set[Connection] = set()
    most = 0

    async def use(pool: Pool) -> None:
        nonlocal most
        connection = await pool.borrow()
        assert connection not in lent
        lent.add(connection)
        most = max(most, len(lent))
        await connection.fetchval("SELECT pg_sleep(0.002)")
        lent.remove(connection)
        pool.give_back(connection)

    async with opened(server.connect, size=3) as pool:
        await asyncio.gather(*(use(pool) for _ in range(60)))
        assert most == 3
        assert await server.sessions() == 3


async def test_first_come_first_served(server: Server) -> None:
    served: list[int] = []

    async def use(pool: Pool, number: int) -> None:
        connection = await pool.borrow()
        served.append(number)
        await asyncio.sleep(0.001)
        pool.give_back(connection)

    async with opened(server.connect, size=2) as pool:
        held = await borrow(pool, 2)
        callers = [asyncio.ensure_future(use(pool, number)) for number in range(10)]
        await asyncio.sleep(0)
        for connection in held:
            pool.give_back(connection)
        await asyncio.gather(*callers)
    assert served == list(range(10))


async def test_the_connection_used_last_is_lent_first(server: Server) -> None:
    async with opened(server.connect, size=3) as pool:
        first, second, third = await borrow(pool, 3)
        for connection in (second, third, first):
            pool.give_back(connection)
        assert [await pool.borrow() for _ in range(3)] == [first, third, second]
        for connection in (first, second, third):
            pool.give_back(connection)


async def test_what_comes_to_a_caller_who_was_just_cancelled_goes_to_the_next(server: Server) -> None:
    async with opened(server.connect, size=1) as pool:
        (connection,) = await borrow(pool, 1)
        gone, early, next_one = (asyncio.ensure_future(pool.borrow()) for _ in range(3))
        await asyncio.sleep(0)
        early.cancel()
        pool.give_back(connection)
        gone.cancel()  # the connection is his already, but he does not know it yet
        assert await next_one is connection
        assert gone.cancelled()
        assert early.cancelled()
        pool.give_back(connection)
        await assert_whole(pool, 1)


@pytest.mark.parametrize("end", ["throw", "close"])
async def test_a_caller_that_is_ended_without_a_task_leaves_the_line(server: Server, end: str) -> None:
    async with opened(server.connect, size=1) as pool:
        (connection,) = await borrow(pool, 1)
        caller = pool.borrow()
        caller.send(None)
        if end == "close":
            caller.close()
        else:
            with pytest.raises(asyncio.CancelledError):
                caller.throw(asyncio.CancelledError())
        pool.give_back(connection)
        await assert_whole(pool, 1)


async def test_a_caller_waits_in_line_no_longer_than_told_and_later_ones_their_own_time(server: Server) -> None:
    loop = asyncio.get_running_loop()

    async def wait(pool: Pool) -> float:
        started_s = loop.time()
        with pytest.raises(TimeoutError):
            await pool.borrow()
        return loop.time() - started_s

    async with opened(server.connect, size=1, wait_s=0.5) as pool:
        (connection,) = await borrow(pool, 1)
        early = asyncio.ensure_future(wait(pool))
        await asyncio.sleep(0.25)
        late = asyncio.ensure_future(wait(pool))
        await asyncio.sleep(0.4)
        latest = asyncio.ensure_future(pool.borrow())
        waited_s = await asyncio.gather(early, late)
        assert all(0.49 < seconds < 0.74 for seconds in waited_s)
        pool.give_back(connection)
        assert await latest is connection
        pool.give_back(connection)
        await assert_whole(pool, 1)


async def test_a_connection_that_died_while_idle_is_not_lent(server: Server) -> None:
    async with opened(server.connect, size=2) as pool:
        dead, alive = await borrow(pool, 2)
        pool.give_back(alive)
        await server.end(dead)
        pool.give_back(dead)
        assert await pool.borrow() is alive
        pool.give_back(alive)
        await assert_whole(pool, 2)


async def test_a_connection_that_died_while_lent_is_replaced_for_the_next_in_line(server: Server) -> None:
    async with opened(server.connect, size=1) as pool:
        (dead,) = await borrow(pool, 1)
        waiting = asyncio.ensure_future(pool.borrow())
        await server.end(dead)
        pool.give_back(dead)
        alive = await waiting
        assert alive is not dead
        assert await pid_of(alive)
        pool.give_back(alive)


async def test_after_a_cancelled_statement_the_same_backend_is_lent_again_with_nothing_running(server: Server) -> None:
    async with opened(server.connect, size=1) as pool:
        (connection,) = await borrow(pool, 1)
        pid = await pid_of(connection)
        pool.give_back(connection)
        assert await interrupted(pool, sleep_long, when=server.become_sessions(1, state="active")) is connection
        assert await pool.borrow() is connection
        assert await pid_of(connection) == pid
        assert await server.sessions(state="active") == 0
        pool.give_back(connection)


@pytest.mark.parametrize("is_interrupted", [True, False])
async def test_an_open_transaction_is_rolled_back_before_its_connection_is_lent(
    server: Server, *, is_interrupted: bool
) -> None:
    async def leave_open(connection: Connection) -> None:
        await connection.execute("BEGIN")
        await connection.execute("CREATE TABLE never (id int)")
        if is_interrupted:
            await sleep_long(connection)
        await asyncio.sleep(LONG_S)

    async with opened(server.connect, size=1) as pool:
        state = "active" if is_interrupted else "idle in transaction"
        connection = await interrupted(pool, leave_open, when=server.become_sessions(1, state=state))
        assert await pool.borrow() is connection
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT to_regclass('never')") is None
        assert await server.sessions(state="idle in transaction%") == 0
        pool.give_back(connection)


async def test_a_transaction_that_is_cancelled_while_it_begins_is_over_when_its_connection_is_lent(
    server: Server,
) -> None:
    async def begin(connection: Connection) -> None:
        async with connection.transaction():
            await asyncio.sleep(LONG_S)

    async with opened(server.connect, size=1) as pool:
        for turns in range(12):
            connection = await pool.borrow()
            task = asyncio.ensure_future(begin(connection))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            pool.recover(connection)
            connection = await pool.borrow()
            assert not connection.is_in_transaction()
            # asyncpg would take this for a savepoint if it believed in an outer transaction.
            async with connection.transaction():
                await connection.execute("SELECT 1")
            assert not connection.is_in_transaction()
            pool.give_back(connection)


async def test_a_connection_that_does_not_recover_in_time_is_replaced_and_the_idle_ones_with_it(
    server: Server,
) -> None:
    async with opened(server.connect, size=2, settle_s=0.2) as pool:
        idle, busy = await borrow(pool, 2)
        pool.give_back(idle)
        assert await pool.borrow() is idle
        pool.give_back(busy)  # so that this one is lent next
        when = server.become_sessions(1, state="active")
        stuck = await interrupted(pool, lambda connection: connection.execute(STUBBORN), when=when)
        assert stuck is busy
        pool.give_back(idle)
        await become(lambda: stuck.is_closed() and idle.is_closed())
        await assert_whole(pool, 2)


async def test_a_lost_connection_takes_no_room_however_it_comes_back(server: Server) -> None:
    async with opened(server.connect, size=2) as pool:
        for take_back in (pool.give_back, pool.recover):
            for connection in await borrow(pool, 2):
                await server.end(connection)
                take_back(connection)
            await assert_whole(pool, 2)


async def test_two_hundred_callers_cancelled_at_random_leave_the_pool_whole(server: Server) -> None:
    lent: set[Connection] = set()

    async def use(pool: Pool) -> None:
        await asyncio.sleep(random.random() * 0.05)
        connection = await pool.borrow()
        assert connection not in lent
        lent.add(connection)
        try:
            if random.random() < 0.5:
                async with connection.transaction():
                    await connection.fetchval("SELECT pg_sleep($1)", random.random() * 0.01)
            else:
                await connection.fetchval("SELECT pg_sleep($1)", random.random() * 0.01)
        except BaseException:
            lent.remove(connection)
            pool.recover(connection)
            raise
        lent.remove(connection)
        pool.give_back(connection)

    async def cancel(caller: "asyncio.Task[None]") -> None:
        for _ in range(random.randint(0, 2)):
            await asyncio.sleep(random.random() * 0.1)
            caller.cancel()

    async with opened(server.connect, size=4, wait_s=LONG_S) as pool:
        callers = [asyncio.create_task(use(pool)) for _ in range(200)]
        await asyncio.gather(*map(cancel, callers))
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert {type(result) for result in results} == {type(None), asyncio.CancelledError}
        await assert_whole(pool, 4)
        await server.become_sessions(4)
        assert await server.sessions(state="idle") == 4


async def test_a_connection_keeps_nothing_of_the_request_that_needed_it_first(server: Server) -> None:
    class Facts:
        """What a request knows."""

    request: ContextVar[Facts] = ContextVar("request")

    async def serve(pool: Pool) -> "weakref.ref[Facts]":
        facts = Facts()
        request.set(facts)
        pool.give_back(await pool.borrow())
        return weakref.ref(facts)

    async with opened(server.connect, size=1, wait_s=0.1) as pool:
        facts = await asyncio.create_task(serve(pool))
        await asyncio.sleep(0.2)  # until the time in line is over for certain
        await assert_whole(pool, 1)
        gc.collect()
        assert facts() is None
