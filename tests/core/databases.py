"""A Database of our own settings, and statements to ask it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import sqlalchemy as sa

from core.database import Database, Transaction, command, values_of
from models.accounts import account

POOL_SIZE = 2
LONG_S = 30
WITHIN_S = 5

SLEEP = values_of(
    sa.select(sa.literal(1)).select_from(sa.func.pg_sleep(sa.bindparam("seconds", type_=sa.Integer))), int
)
# Two seconds, cancelled or not.
SLEEP_IN_SPITE_OF_CANCELS = command(
    sa.text("DO $$ BEGIN PERFORM pg_sleep(2); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(2); END $$")
)
ONE = values_of(sa.select(sa.literal_column("1")), int)
ECHO = values_of(sa.select(sa.bindparam("number", type_=sa.BigInteger)), int)
_ID = sa.bindparam("account_id", type_=sa.BigInteger)
RENAME = command(sa.update(account).where(account.c.id == _ID).values(bio=sa.bindparam("new_bio", type_=sa.Text)))
BIO = values_of(sa.select(account.c.bio).where(account.c.id == _ID), str)


@asynccontextmanager
async def opened(
    url: str, *, pool_size: int = POOL_SIZE, command_timeout_s: float = 8, acquire_timeout_s: float = 2
) -> AsyncIterator[Database]:
    db = Database(
        url,
        pool_size=pool_size,
        connect_timeout_s=3,
        acquire_timeout_s=acquire_timeout_s,
        command_timeout_s=command_timeout_s,
    )
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def assert_whole(db: Database, pool_size: int = POOL_SIZE) -> None:
    """Every connection of the pool can be had, at once, and is outside of any transaction."""

    async def hold(tx: Transaction, everyone: asyncio.Barrier) -> None:
        assert await tx.row(ONE) == 1
        await everyone.wait()

    async with asyncio.timeout(WITHIN_S):
        everyone = asyncio.Barrier(pool_size)
        await asyncio.gather(*(db.transact(hold, everyone) for _ in range(pool_size)))


async def become_sessions(number: int, url: str, *, state: str = "%") -> None:
    """Waits until there are so many."""
    async with asyncio.timeout(WITHIN_S):
        while await sessions(url, state=state) != number:  # noqa: ASYNC110 (nothing tells when it is so)
            await asyncio.sleep(0.02)


async def sessions(url: str, *, state: str) -> int:
    """How many sessions of ours in such a state the server has in this database."""
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'rookery' AND state LIKE $1",
            state,
        )
        return found
    finally:
        await connection.close()
