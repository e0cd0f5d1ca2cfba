"""What callers see while Postgres is away or silent, and that all is as before when it is back."""

import asyncio
import time

import pytest

from core.database import Database
from core.errors import UnavailableError
from tests.core.databases import ONE, assert_whole, become_sessions, opened
from tests.core.wire import wired

POOL_SIZE = 4
TOLD_WITHIN_S = 3
SERVES_AGAIN_WITHIN_S = 5

pytestmark = pytest.mark.usefixtures("nothing_goes_unhandled")


async def is_told_in_time(db: Database) -> None:
    started_s = time.monotonic()
    with pytest.raises(UnavailableError):
        await db.row(ONE)
    assert time.monotonic() - started_s < TOLD_WITHIN_S


async def assert_serves_again(db: Database) -> None:
    """Before long every connection can be had, and from then on nobody is refused."""
    async with asyncio.timeout(SERVES_AGAIN_WITHIN_S):
        while True:
            answers = await asyncio.gather(*(db.row(ONE) for _ in range(2 * POOL_SIZE)), return_exceptions=True)
            if answers == [1] * 2 * POOL_SIZE:
                break
            assert {type(answer) for answer in answers} <= {int, UnavailableError}
            await asyncio.sleep(0.05)
    await assert_whole(db, POOL_SIZE)
    for _ in range(10):
        answers = await asyncio.gather(*(db.row(ONE) for _ in range(4 * POOL_SIZE)))
        assert answers == [1] * 4 * POOL_SIZE


async def test_while_postgres_is_down_callers_are_told_and_then_served_again(worker_database_url: str) -> None:
    async with wired(worker_database_url) as wire, opened(wire.url, pool_size=POOL_SIZE) as db:
        await assert_whole(db, POOL_SIZE)
        for _ in range(2):
            await wire.cut()
            for _ in range(3):
                await asyncio.gather(*(is_told_in_time(db) for _ in range(3 * POOL_SIZE)))
            await wire.restore()
            await assert_serves_again(db)
        await become_sessions(POOL_SIZE, worker_database_url)


@pytest.mark.parametrize("is_warm", [True, False], ids=["with connections", "without"])
async def test_while_postgres_is_silent_callers_are_told_and_then_served_again(
    worker_database_url: str, *, is_warm: bool
) -> None:
    async with (
        wired(worker_database_url) as wire,
        opened(wire.url, pool_size=POOL_SIZE, command_timeout_s=1) as db,
    ):
        if is_warm:
            await assert_whole(db, POOL_SIZE)
        wire.hold()
        await asyncio.gather(*(is_told_in_time(db) for _ in range(3 * POOL_SIZE)))
        await asyncio.gather(*(is_told_in_time(db) for _ in range(3 * POOL_SIZE)))
        wire.release()
        await assert_serves_again(db)
        await become_sessions(POOL_SIZE, worker_database_url)


async def test_after_postgres_went_without_a_word_one_silence_is_enough(worker_database_url: str) -> None:
    async with (
        wired(worker_database_url) as wire,
        opened(wire.url, pool_size=POOL_SIZE, command_timeout_s=0.5) as db,
    ):
        await assert_whole(db, POOL_SIZE)
        wire.forget()
        await is_told_in_time(db)
        await assert_serves_again(db)
