"""The way to Redis: bounded calls, a breaker, and copies of an earlier server that are not found again."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from core.cache import OPEN_FOR_S, Cache, CacheUnavailableError
from tests.timelines.own_redis import OwnRedis

TIMEOUT_S = 0.25
# What a machine that is busy with other tests may add.
SLACK_S = 0.25
BACK_WITHIN_S = 5.0


@pytest.fixture
async def cache(own_redis: OwnRedis) -> AsyncIterator[Cache]:
    cache = Cache(own_redis.url, prefix="test:", timeout_s=TIMEOUT_S)
    yield cache
    with suppress(Exception):
        await cache.close()


async def get(cache: Cache, key: str) -> bytes | str | None:
    async def call(client: Redis, epoch: str) -> bytes | str | None:
        return await client.get(f"{epoch}:{key}")

    return await cache.run(call)


async def put(cache: Cache, key: str, value: bytes) -> None:
    await cache.run(lambda client, epoch: client.set(f"{epoch}:{key}", value))


async def answers_again(cache: Cache) -> float:
    """Seconds until the cache answers, asked every 50 ms."""
    began_s = time.monotonic()
    while time.monotonic() < began_s + BACK_WITHIN_S:
        with suppress(CacheUnavailableError):
            await cache.run(lambda client, _: client.ping())
            return time.monotonic() - began_s
        await asyncio.sleep(0.05)
    raise AssertionError(f"Redis was not used again within {BACK_WITHIN_S} s")


async def test_more_callers_than_connections_wait_their_turn(own_redis: OwnRedis) -> None:
    cache = Cache(own_redis.url, prefix="test:", timeout_s=5.0)
    await put(cache, "key", b"value")
    for _ in range(3):
        assert await asyncio.gather(*(get(cache, "key") for _ in range(150))) == [b"value"] * 150
    await cache.close()


@pytest.mark.parametrize("break_it", [OwnRedis.kill, OwnRedis.freeze], ids=["killed", "frozen"])
async def test_calls_are_bounded_and_after_three_failures_cost_nothing(
    own_redis: OwnRedis, cache: Cache, break_it: Callable[[OwnRedis], None]
) -> None:
    await put(cache, "key", b"value")
    break_it(own_redis)
    trips: list[None] = []
    cache.round_trip_observers.append(lambda: trips.append(None))
    for _ in range(3):
        began_s = time.monotonic()
        with pytest.raises(CacheUnavailableError):
            await get(cache, "key")
        assert time.monotonic() - began_s < TIMEOUT_S + SLACK_S
    for _ in range(100):
        with pytest.raises(CacheUnavailableError):
            await get(cache, "key")
    assert len(trips) == 3


async def test_open_breaker_lets_one_call_through_each_second(own_redis: OwnRedis, cache: Cache) -> None:
    own_redis.freeze()
    trips: list[float] = []
    cache.round_trip_observers.append(lambda: trips.append(time.monotonic()))
    until_s = time.monotonic() + 3.0
    while time.monotonic() < until_s:
        await asyncio.gather(*(get(cache, "key") for _ in range(3)), return_exceptions=True)
        await asyncio.sleep(0.02)
    assert trips[2] - trips[0] < TIMEOUT_S + SLACK_S
    later = trips[3:]
    assert 1 <= len(later) <= 3
    assert all(after - before >= OPEN_FOR_S for before, after in itertools.pairwise(later))


async def test_answer_that_comes_too_late_is_not_taken_for_another_calls(own_redis: OwnRedis, cache: Cache) -> None:
    await put(cache, "one", b"1")
    await put(cache, "two", b"2")
    own_redis.freeze()
    with pytest.raises(CacheUnavailableError):
        await get(cache, "one")
    own_redis.thaw()
    await answers_again(cache)
    for _ in range(50):
        assert tuple(await asyncio.gather(get(cache, "two"), get(cache, "one"))) == (b"2", b"1")


async def test_is_used_again_soon_after_it_is_back(own_redis: OwnRedis, cache: Cache) -> None:
    await put(cache, "key", b"value")
    own_redis.kill()
    for _ in range(5):
        with pytest.raises(CacheUnavailableError):
            await get(cache, "key")
    own_redis.start()
    assert await answers_again(cache) < 3 * OPEN_FOR_S
    assert await get(cache, "key") is None


async def test_what_a_snapshot_brings_back_is_not_found_again(own_redis: OwnRedis, cache: Cache) -> None:
    await put(cache, "key", b"of the first run")
    first_epoch = cache.run_id
    own_redis.save_snapshot()
    own_redis.kill()
    own_redis.start()
    await answers_again(cache)
    assert cache.run_id != first_epoch
    assert own_redis.client().get(f"{first_epoch}:key") == b"of the first run", "the snapshot was not loaded"
    assert await get(cache, "key") is None


async def test_no_call_of_many_succeeds_with_the_epoch_of_a_server_that_is_gone(
    own_redis: OwnRedis, cache: Cache
) -> None:
    for round_number in range(5):
        await put(cache, "key", b"of an earlier run")
        own_redis.save_snapshot()
        own_redis.kill()
        own_redis.start()

        async def answer(client: Redis, epoch: str) -> tuple[str, bytes | str | None]:
            return epoch, await client.get(f"{epoch}:key")

        answers = await asyncio.gather(*(cache.run(answer) for _ in range(20)), return_exceptions=True)
        given = [found for found in answers if not isinstance(found, BaseException)]
        assert {epoch for epoch, _ in given} <= {cache.run_id}, f"round {round_number}"
        assert all(value is None for _, value in given)
        await answers_again(cache)
