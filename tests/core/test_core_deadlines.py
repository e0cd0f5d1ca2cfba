"""Deadlines: late blocks end with TimeoutError, others do not notice, and a cancellation stays a cancellation."""

import asyncio

import pytest

from core.deadlines import Deadline, Deadlines

SHORT_S, LONG_S = 0.05, 30.0


async def test_late_block_ends_with_timeout_error_and_says_so() -> None:
    deadline = Deadlines(SHORT_S).block()
    with pytest.raises(TimeoutError), deadline:
        await asyncio.sleep(LONG_S)
    assert deadline.has_expired
    assert asyncio.current_task() is not None
    await asyncio.sleep(0)  # the task goes on as if it had never been cancelled


async def test_block_in_time_is_left_alone_and_nothing_of_it_stays() -> None:
    deadlines = Deadlines(SHORT_S)
    with deadlines.block() as deadline:
        await asyncio.sleep(0)
    await asyncio.sleep(2 * SHORT_S)
    assert not deadline.has_expired
    assert not deadlines._open


async def test_each_block_has_its_own_time_from_its_own_beginning() -> None:
    deadlines = Deadlines(4 * SHORT_S)

    async def block(*, begins_after_s: float, takes_s: float) -> bool:
        await asyncio.sleep(begins_after_s)
        try:
            with deadlines.block():
                await asyncio.sleep(takes_s)
        except TimeoutError:
            return False
        return True

    ended = await asyncio.gather(
        block(begins_after_s=0, takes_s=LONG_S),
        block(begins_after_s=0, takes_s=0),
        block(begins_after_s=3 * SHORT_S, takes_s=2 * SHORT_S),
        block(begins_after_s=3 * SHORT_S, takes_s=LONG_S),
    )
    assert list(ended) == [False, True, True, False]


async def test_cancellation_from_outside_is_no_timeout() -> None:
    deadlines = Deadlines(LONG_S)

    async def wait() -> None:
        with deadlines.block():
            await asyncio.sleep(LONG_S)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines._open


async def test_cancellation_from_outside_that_meets_the_deadline_wins() -> None:
    deadlines = Deadlines(SHORT_S)

    async def wait() -> None:
        with deadlines.block():
            await asyncio.sleep(LONG_S)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    deadlines._end_late_ones()  # not late yet
    await asyncio.sleep(0)
    task.cancel()
    for deadline in list(deadlines._open):
        _expire(deadline)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_error_of_the_block_stays_its_error() -> None:
    with pytest.raises(ValueError, match="made up"), Deadlines(SHORT_S).block():
        raise ValueError("made up")


def _expire(deadline: Deadline) -> None:
    deadline.has_expired = True
    deadline._task.cancel()
