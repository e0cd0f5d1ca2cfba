"""The bus: what is published reaches whoever listens, and whoever may have missed something is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress

import pytest

from core.cache import Cache
from events import bus as bus_module
from events.bus import GAP, LONGEST_QUEUE, Bus, Gap, Listener
from tests.timelines.own_redis import OwnRedis

WITHIN_S = 5.0


@pytest.fixture
async def bus(own_redis: OwnRedis) -> AsyncIterator[Bus]:
    """A running, connected bus."""
    cache = Cache(own_redis.url, prefix="test:", timeout_s=0.25)
    bus = Bus(cache)
    running = asyncio.create_task(bus.run())
    await until(lambda: bus.is_connected)
    yield bus
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await cache.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():  # noqa: ASYNC110 (the things looked at have no events)
            await asyncio.sleep(0.01)


async def next_of(listener: Listener) -> bytes | Gap:
    return await asyncio.wait_for(anext(listener), WITHIN_S)


async def nothing_more(listener: Listener, *, for_s: float = 0.3) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(listener), for_s)


async def test_hears_everything_published_once_listening(own_redis: OwnRedis, bus: Bus) -> None:
    publisher = own_redis.client()
    for number in range(50):
        async with bus.listen("a") as first, bus.listen("a") as second, bus.listen("b") as other:
            assert publisher.publish("a", b"%d" % number) == 1
            assert [await next_of(first), await next_of(second)] == [b"%d" % number] * 2
            publisher.publish("b", b"to b")
            assert await next_of(other) == b"to b"


async def test_who_leaves_leaves_nothing_behind(own_redis: OwnRedis, bus: Bus) -> None:
    redis = own_redis.client()
    async with AsyncExitStack() as stack:
        for number in range(20):
            await stack.enter_async_context(bus.listen(f"channel {number}"))
            await stack.enter_async_context(bus.listen(f"channel {number}"))
        assert bus.channel_count == 20
        assert len(redis.pubsub_channels()) == 20
    assert bus.channel_count == 0
    await until(lambda: redis.pubsub_channels() == [])


async def test_one_connection_serves_all_listeners(own_redis: OwnRedis, bus: Bus) -> None:
    async with AsyncExitStack() as stack:
        for number in range(100):
            await stack.enter_async_context(bus.listen(f"channel {number}"))
        subscribed = [client for client in own_redis.client().client_list() if int(client["sub"]) > 0]
        assert [int(client["sub"]) for client in subscribed] == [100]


async def test_silence_is_no_gap(bus: Bus, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bus.listen("a") as listener:
        await nothing_more(listener, for_s=bus_module.PING_EVERY_S + 1.5)
        own_redis.client().publish("a", b"after all")
        assert await next_of(listener) == b"after all"


async def test_lost_connection_is_told_once_and_after_it_everything_is_heard(own_redis: OwnRedis, bus: Bus) -> None:
    async with bus.listen("a") as listener:
        own_redis.kill()
        await until(lambda: not bus.is_connected)
        await asyncio.sleep(5 * bus_module.RECONNECT_AFTER_S)
        own_redis.start()
        assert await next_of(listener) is GAP
        assert own_redis.client().publish("a", b"after") == 1
        assert await next_of(listener) == b"after"
        await nothing_more(listener)


async def test_connection_that_hangs_counts_as_lost(
    own_redis: OwnRedis, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "PING_EVERY_S", 0.1)
    monkeypatch.setattr(bus_module, "SILENCE_LIMIT_S", 0.4)
    own_redis.client().client_kill_filter(_type="pubsub")  # the next connection has the short limits
    own_redis.client().client_kill_filter(_type="normal")
    await until(lambda: bus.is_connected)
    async with bus.listen("a") as listener:
        await nothing_more(listener, for_s=1.0)
        own_redis.freeze()
        await until(lambda: not bus.is_connected)
        own_redis.thaw()
        assert await next_of(listener) is GAP
        own_redis.client().publish("a", b"after")
        assert await next_of(listener) == b"after"


async def test_who_starts_without_redis_is_told_when_it_comes(own_redis: OwnRedis) -> None:
    own_redis.kill()
    cache = Cache(own_redis.url, prefix="test:", timeout_s=0.25)
    bus = Bus(cache)
    running = asyncio.create_task(bus.run())
    began_s = time.monotonic()
    async with bus.listen("a") as listener:
        assert time.monotonic() - began_s < 0.5
        await nothing_more(listener)
        own_redis.start()
        assert await next_of(listener) is GAP
        own_redis.client().publish("a", b"after")
        assert await next_of(listener) == b"after"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_who_starts_unconfirmed_is_told_at_the_confirmation(own_redis: OwnRedis, bus: Bus) -> None:
    own_redis.freeze()
    began_s = time.monotonic()
    async with bus.listen("a") as listener:
        assert time.monotonic() - began_s < bus_module.ACK_TIMEOUT_S + 0.5
        own_redis.thaw()
        assert await next_of(listener) is GAP
        own_redis.client().publish("a", b"after")
        assert await next_of(listener) == b"after"


async def test_confirmation_of_one_who_left_is_not_taken_for_the_next_ones(own_redis: OwnRedis, bus: Bus) -> None:
    async def listen_shortly() -> None:
        async with bus.listen("a"):
            pass

    own_redis.freeze()
    leaving = asyncio.create_task(listen_shortly())
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    own_redis.thaw()
    await asyncio.sleep(0.2)
    own_redis.freeze()
    async with bus.listen("a") as listener:
        own_redis.thaw()
        assert await next_of(listener) is GAP


async def test_slow_listener_loses_what_it_has_not_read_and_is_told(own_redis: OwnRedis, bus: Bus) -> None:
    publisher = own_redis.client()
    async with bus.listen("a") as slow, bus.listen("b") as bystander:
        for number in range(LONGEST_QUEUE):
            publisher.publish("a", b"%d" % number)
        publisher.publish("a", b"one too many")
        publisher.publish("a", b"and then")
        publisher.publish("b", b"unharmed")
        assert await next_of(bystander) == b"unharmed"
        assert await next_of(slow) is GAP
        assert await next_of(slow) == b"and then"
