"""The database's deadlines, what failures become, and that no connection is lost on the way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
import sqlalchemy as sa

from core.database import TRANSACTION_ATTEMPTS, Database, Transaction, command, values_of
from core.errors import NotFoundError, UnavailableError
from models.accounts import account
from tests.worlds import World

POOL_SIZE = 2
LONG_S = 30
WITHIN_S = 5

_SLEEP = values_of(
    sa.select(sa.literal(1)).select_from(sa.func.pg_sleep(sa.bindparam("seconds", type_=sa.Integer))), int
)
_ONE = values_of(sa.select(sa.literal_column("1")), int)
_ECHO = values_of(sa.select(sa.bindparam("number", type_=sa.BigInteger)), int)
_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_RENAME = command(sa.update(account).where(account.c.id == _ID).values(bio=sa.bindparam("new_bio", type_=sa.Text)))
_BIO = values_of(sa.select(account.c.bio).where(account.c.id == _ID), str)


@asynccontextmanager
async def opened(url: str, *, command_timeout_s: float = 8, acquire_timeout_s: float = 2) -> AsyncIterator[Database]:
    db = Database(
        url,
        pool_size=POOL_SIZE,
        connect_timeout_s=3,
        acquire_timeout_s=acquire_timeout_s,
        command_timeout_s=command_timeout_s,
    )
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def assert_whole(db: Database) -> None:
    """Every connection of the pool can be had, at once, and is outside of any transaction."""

    async def hold(tx: Transaction, everyone: asyncio.Barrier) -> None:
        assert await tx.row(_ONE) == 1
        await everyone.wait()

    async with asyncio.timeout(WITHIN_S):
        everyone = asyncio.Barrier(POOL_SIZE)
        await asyncio.gather(*(db.transact(hold, everyone) for _ in range(POOL_SIZE)))


async def idle_in_transaction(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in trans%'"
        )
        return found
    finally:
        await connection.close()


async def test_a_statement_past_its_deadline_is_unavailable_and_the_pool_heals(worker_database_url: str) -> None:
    async with opened(worker_database_url, command_timeout_s=0.2) as db:
        started_s = time.monotonic()
        for _ in range(POOL_SIZE + 1):
            with pytest.raises(UnavailableError):
                await db.row(_SLEEP, seconds=LONG_S)
        assert time.monotonic() - started_s < WITHIN_S
        await assert_whole(db)


async def test_a_transaction_past_its_deadline_is_rolled_back(world: World, worker_database_url: str) -> None:
    async def rename_and_hang(tx: Transaction) -> None:
        await tx.run(_RENAME, account_id=world.alice.account_id, new_bio="never")
        await tx.row(_SLEEP, seconds=LONG_S)

    async with opened(worker_database_url, command_timeout_s=0.2) as db:
        for _ in range(POOL_SIZE + 1):
            with pytest.raises(UnavailableError):
                await db.transact(rename_and_hang)
        assert await db.row(_BIO, account_id=world.alice.account_id) == ""
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
            await db.row(_ONE)
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
        await tx.run(_RENAME, account_id=first, new_bio=f"{first} first")
        if runs <= 2:
            await both_hold_one.wait()
        await tx.run(_RENAME, account_id=second, new_bio=f"{first} first")

    alice, bob = world.alice.account_id, world.bob.account_id
    async with opened(worker_database_url) as db, asyncio.timeout(2 * WITHIN_S):
        await asyncio.gather(db.transact(rename, alice, bob), db.transact(rename, bob, alice))
        bios = {await db.row(_BIO, account_id=account_id) for account_id in (alice, bob)}
    assert runs == 3
    assert len(bios) == 1


async def test_a_transaction_that_always_meets_a_deadlock_gives_up(worker_database_url: str) -> None:
    runs = 0

    async def meet(_tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        raise asyncpg.DeadlockDetectedError("made up")

    async with opened(worker_database_url) as db:
        with pytest.raises(UnavailableError):
            await db.transact(meet)
        await assert_whole(db)
    assert runs == TRANSACTION_ATTEMPTS


async def test_an_action_that_raises_leaves_nothing_behind(world: World, worker_database_url: str) -> None:
    async def rename_and_refuse(tx: Transaction) -> None:
        await tx.run(_RENAME, account_id=world.alice.account_id, new_bio="never")
        raise NotFoundError("made up")

    async with opened(worker_database_url) as db:
        with pytest.raises(NotFoundError):
            await db.transact(rename_and_refuse)
        assert await db.row(_BIO, account_id=world.alice.account_id) == ""


async def test_cancelled_requests_leak_no_connection_and_no_transaction(worker_database_url: str) -> None:
    async def sleep(tx: Transaction) -> None:
        await tx.row(_SLEEP, seconds=LONG_S)

    async with opened(worker_database_url) as db:
        for number in range(30):
            work = db.transact(sleep) if number % 2 else db.row(_SLEEP, seconds=LONG_S)
            tasks = [asyncio.ensure_future(work), asyncio.ensure_future(db.row(_SLEEP, seconds=LONG_S))]
            # Cancelled while connecting, while sending, and in the middle of the statement.
            await asyncio.sleep(0.004 * (number % 5))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await assert_whole(db)
    assert await idle_in_transaction(worker_database_url) == 0


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
            assert await db.row(_ONE) == 1
        await assert_whole(db)


async def test_an_argument_that_postgres_cannot_take_is_no_outage(worker_database_url: str) -> None:
    async with opened(worker_database_url) as db:
        with pytest.raises(asyncpg.DataError):
            await db.row(_ECHO, number=2**63)
        assert await db.row(_ECHO, number=2**63 - 1) == 2**63 - 1


async def test_a_missing_parameter_is_told_before_anything_is_sent(worker_database_url: str) -> None:
    async with opened(worker_database_url) as db:
        sent: list[str] = []
        db.observers.append(sent.append)
        with pytest.raises(KeyError):
            await db.row(_ECHO)
        assert sent == []
