"""The database's deadlines, what failures become, and that no connection is lost on the way."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from core.database import TRANSACTION_ATTEMPTS, Database, Transaction
from core.errors import NotFoundError, UnavailableError
from tests.core.databases import (
    BIO,
    ECHO,
    LONG_S,
    ONE,
    POOL_SIZE,
    RENAME,
    SLEEP,
    SLEEP_IN_SPITE_OF_CANCELS,
    WITHIN_S,
    assert_whole,
    become_sessions,
    opened,
    sessions,
)
from tests.worlds import World


async def test_a_statement_past_its_deadline_is_unavailable_and_the_pool_heals(worker_database_url: str) -> None:
    async with opened(worker_database_url, command_timeout_s=0.2) as db:
        started_s = time.monotonic()
        for _ in range(POOL_SIZE + 1):
            with pytest.raises(UnavailableError):
                await db.row(SLEEP, seconds=LONG_S)
        assert time.monotonic() - started_s < WITHIN_S
        await assert_whole(db)


async def test_a_transaction_past_its_deadline_is_rolled_back(world: World, worker_database_url: str) -> None:
    async def rename_and_hang(tx: Transaction) -> None:
        await tx.run(RENAME, account_id=world.alice.account_id, new_bio="never")
        await tx.row(SLEEP, seconds=LONG_S)

    async with opened(worker_database_url, command_timeout_s=0.2) as db:
        for _ in range(POOL_SIZE + 1):
            with pytest.raises(UnavailableError):
                await db.transact(rename_and_hang)
        assert await db.row(BIO, account_id=world.alice.account_id) == ""
        await assert_whole(db)


async def test_an_exhausted_pool_is_unavailable_within_the_acquire_timeout(worker_database_url: str) -> None:
    async def hold(_tx: Transaction, release: asyncio.Event) -> None:
        await release.wait()

    async with opened(worker_database_url, acquire_timeout_s=0.2) as db, AsyncExitStack() as stack:
        release = asyncio.Event()
        holders = [asyncio.create_task(db.transact(hold, release)) for _ in range(POOL_SIZE)]
        stack.callback(release.set)
        await asyncio.sleep(0.1)
        started_s = time.monotonic()
        with pytest.raises(UnavailableError):
            await db.row(ONE)
        with pytest.raises(UnavailableError):
            await db.transact(hold, release)
        assert time.monotonic() - started_s < 2
        release.set()
        await asyncio.gather(*holders)
        await assert_whole(db)


async def test_deadlocked_transactions_are_run_again_until_both_are_done(
    world: World, worker_database_url: str
) -> None:
    both_hold_one = asyncio.Barrier(2)
    runs = 0

    async def rename(tx: Transaction, first: int, second: int) -> None:
        nonlocal runs
        runs += 1
        await tx.run(RENAME, account_id=first, new_bio=f"{first} first")
        if runs <= 2:
            await both_hold_one.wait()
        await tx.run(RENAME, account_id=second, new_bio=f"{first} first")

    alice, bob = world.alice.account_id, world.bob.account_id
    async with opened(worker_database_url) as db, asyncio.timeout(2 * WITHIN_S):
        await asyncio.gather(db.transact(rename, alice, bob), db.transact(rename, bob, alice))
        bios = {await db.row(BIO, account_id=account_id) for account_id in (alice, bob)}
    assert runs == 3
    assert len(bios) == 1


@pytest.mark.parametrize("transact", [Database.transact, Database.transact_in_one_write])
async def test_a_transaction_that_always_meets_a_deadlock_gives_up(worker_database_url: str, transact: Any) -> None:
    runs = 0

    async def meet(_tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        raise asyncpg.DeadlockDetectedError("made up")

    async with opened(worker_database_url) as db:
        with pytest.raises(UnavailableError):
            await transact(db, meet)
        await assert_whole(db)
    assert runs == TRANSACTION_ATTEMPTS


async def test_an_action_that_raises_leaves_nothing_behind(world: World, worker_database_url: str) -> None:
    async def rename_and_refuse(tx: Transaction) -> None:
        await tx.run(RENAME, account_id=world.alice.account_id, new_bio="never")
        raise NotFoundError("made up")

    async with opened(worker_database_url) as db:
        with pytest.raises(NotFoundError):
            await db.transact(rename_and_refuse)
        assert await db.row(BIO, account_id=world.alice.account_id) == ""


@pytest.mark.usefixtures("nothing_goes_unhandled")
async def test_a_thousand_cancelled_requests_leak_no_connection_and_no_transaction(worker_database_url: str) -> None:
    pool_size = 8

    async def sleep(tx: Transaction) -> None:
        await tx.row(SLEEP, seconds=LONG_S)

    async def be_cancelled(number: int) -> None:
        task: asyncio.Future[Any]
        match number % 3:
            case 0:
                task = asyncio.ensure_future(db.transact(sleep))
            case 1:
                task = asyncio.ensure_future(db.transact_in_one_write(sleep))
            case _:
                task = asyncio.ensure_future(db.row(SLEEP, seconds=LONG_S))
        # Cancelled in line, while connecting, while sending, and in the middle of the statement.
        await asyncio.sleep(0.004 * (number % 5))
        task.cancel()
        if number % 7 == 0:
            await asyncio.sleep(0)
            task.cancel()  # while it rolls back
        await asyncio.wait([task])
        assert task.cancelled()

    async def hang_up(numbers: Iterable[int]) -> None:
        for number in numbers:
            await be_cancelled(number)

    async with opened(worker_database_url, pool_size=pool_size, command_timeout_s=3, acquire_timeout_s=5) as db:
        await asyncio.gather(*(hang_up(range(start, 1000, 2 * pool_size)) for start in range(2 * pool_size)))
        await assert_whole(db, pool_size)
        await become_sessions(pool_size, worker_database_url)
        assert await sessions(worker_database_url, state="idle") == pool_size


@pytest.mark.parametrize("transact", [Database.transact, Database.transact_in_one_write])
async def test_whoever_is_cancelled_does_not_wait_for_a_statement_that_goes_on(
    worker_database_url: str, transact: Any
) -> None:
    async def go_on(tx: Transaction) -> None:
        await tx.run(SLEEP_IN_SPITE_OF_CANCELS)

    async with opened(worker_database_url, command_timeout_s=3) as db:
        task = asyncio.ensure_future(transact(db, go_on))
        await become_sessions(1, worker_database_url, state="active")
        started_s = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started_s < 1
        await become_sessions(0, worker_database_url, state="active")
        await assert_whole(db)


async def test_a_statement_that_nobody_cancels_is_ended_by_the_server(worker_database_url: str) -> None:
    async with opened(worker_database_url, command_timeout_s=2) as db:
        async with db._connection() as connection:
            arguments = SLEEP.arguments({"seconds": LONG_S})
            task = asyncio.ensure_future(connection.fetch(SLEEP.text, *arguments, timeout=LONG_S))
            await become_sessions(1, worker_database_url, state="active")
            connection.terminate()
            with pytest.raises(asyncpg.PostgresConnectionError):
                await task
        await become_sessions(0, worker_database_url)


async def test_a_read_survives_that_the_server_ended_the_connections(worker_database_url: str) -> None:
    async with opened(worker_database_url) as db:
        await assert_whole(db)
        admin = await asyncpg.connect(worker_database_url)
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        await admin.close()
        assert ended >= POOL_SIZE
        async with asyncio.timeout(WITHIN_S):
            assert await db.row(ONE) == 1
        await assert_whole(db)


async def test_an_argument_that_postgres_cannot_take_is_no_outage(worker_database_url: str) -> None:
    async with opened(worker_database_url) as db:
        with pytest.raises(asyncpg.DataError):
            await db.row(ECHO, number=2**63)
        assert await db.row(ECHO, number=2**63 - 1) == 2**63 - 1


async def test_a_missing_parameter_is_told_before_anything_is_sent(worker_database_url: str) -> None:
    async with opened(worker_database_url) as db:
        sent: list[str] = []
        db.observers.append(sent.append)
        with pytest.raises(KeyError):
            await db.row(ECHO)
        assert sent == []
