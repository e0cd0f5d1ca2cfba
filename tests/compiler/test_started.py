"""Coroutines that were begun and are not needed any more end as cancelled tasks do."""

import asyncio

from compiler.started import Started


async def test_ending_cancels_what_the_coroutine_waits_for() -> None:
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def wait() -> None:
        try:
            await waited
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            seen.append("cleaned up")

    started = Started(wait())
    await started.end()
    assert waited.cancelled()
    assert seen == ["cancelled", "cleaned up"]


async def test_ending_reaches_a_coroutine_whose_future_is_done_already() -> None:
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def wait() -> None:
        try:
            await waited
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    started = Started(wait())
    waited.set_result(None)
    await started.end()
    assert seen == ["cancelled"]
