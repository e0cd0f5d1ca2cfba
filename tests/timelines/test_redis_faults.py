"""Redis killed, frozen, emptied, or brought back with what it held long ago: feeds stay right, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import sqlalchemy as sa

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.database import values_of
from models.outbox import outbox
from tests.fixtures.api import Api
from tests.timelines.own_redis import OwnRedis
from tests.worlds import Person, World

FEED = "query ($first: Int!) { homeFeed(first: $first) { edges { node { body } } } }"
POST = "mutation ($body: String!) { createPost(input: {body: $body}) { post { body } errors { message } } }"
FOLLOW = "mutation ($user: ID!) { followUser(input: {userId: $user}) { errors { message } } }"
# One call to Redis and what a busy machine needs for the rest of a request.
ONE_REQUEST_S = 0.25 + 0.5
RIGHT_AGAIN_WITHIN_S = 5.0
_OPEN = values_of(sa.select(sa.func.count()).where(outbox.c.done_at.is_(None)), int)
_PARKED = values_of(sa.select(sa.func.count()).where(outbox.c.parked_at.is_not(None)), int)

BREAKS = pytest.mark.parametrize("break_it", [OwnRedis.kill, OwnRedis.freeze], ids=["killed", "frozen"])


@pytest.fixture
def settings(settings: Settings, own_redis: OwnRedis) -> Settings:
    """With a Redis that this test may break."""
    return settings.model_copy(update={"redis_url": own_redis.url, "redis_timeout_s": 0.25})


async def feed(api: Api, reader: Person, first: int = 50) -> list[str]:
    data = await api.data(FEED, by=reader, first=first)
    return [edge["node"]["body"] for edge in data["homeFeed"]["edges"]]


async def warm(api: Api, *readers: Person) -> None:
    for reader in readers:
        await feed(api, reader)
    await api.services.resources.home.rebuilt()


async def until_by_redis(api: Api, reader: Person) -> None:
    """Waits until the reader's feed comes from a timeline again."""
    async with asyncio.timeout(RIGHT_AGAIN_WITHIN_S):
        while True:
            with suppress(Exception):
                if await api.services.resources.home._store.read(reader.account_id, before=2**62, limit=1) is not None:
                    return
            await feed(api, reader)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """The worker at work."""
    work = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(work, 10)


async def until_handled(services: ProcessServices, within_s: float = RIGHT_AGAIN_WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while await services.db.row(_OPEN):  # noqa: ASYNC110 (a table has no event)
            await asyncio.sleep(0.05)
    assert await services.db.row(_PARKED) == 0


@BREAKS
async def test_reads_and_writes_go_on_without_redis_and_each_is_bounded(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis, break_it: Callable[[OwnRedis], None]
) -> None:
    await warm(api, world.alice, world.bob)
    expected: list[str] = []
    async with running(worker):
        for number in range(60):
            if number == 10:
                break_it(own_redis)
            body = f"post {number}"
            began_s = time.monotonic()
            created = await api.data(POST, by=world.bob, body=body)
            assert created["createPost"] == {"post": {"body": body}, "errors": []}
            wrote_s = time.monotonic()
            expected.insert(0, body)
            assert await feed(api, world.bob, 100) == expected
            assert wrote_s - began_s < ONE_REQUEST_S
            assert time.monotonic() - wrote_s < ONE_REQUEST_S
            if number >= 10:
                assert await feed(api, world.alice, 100) == expected


@BREAKS
async def test_following_without_redis_shows_in_the_very_next_request(
    api: Api, world: World, own_redis: OwnRedis, break_it: Callable[[OwnRedis], None]
) -> None:
    await world.post(world.eve, "from eve")
    await warm(api, world.alice)
    break_it(own_redis)
    await api.data(FOLLOW, by=world.alice, user=world.eve.id)
    assert await feed(api, world.alice) == ["from eve"]


@BREAKS
async def test_nothing_posted_while_redis_was_away_is_missing_afterwards(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis, break_it: Callable[[OwnRedis], None]
) -> None:
    for number in range(5):
        await world.post(world.carol, f"old {number}")
    await warm(api, world.alice, world.bob)
    async with running(worker):
        break_it(own_redis)
        for number in range(30):
            await world.post((world.bob, world.carol)[number % 2], f"new {number}")
        await asyncio.sleep(2.0)  # long enough for ten failures in a row, if failures were counted
        assert await api.services.db.row(_PARKED) == 0
        expected = [f"new {number}" for number in reversed(range(30))] + [f"old {n}" for n in reversed(range(5))]
        assert await feed(api, world.alice) == expected
        if break_it is OwnRedis.kill:
            own_redis.start()
        else:
            own_redis.thaw()
        await until_handled(api.services)
        await until_by_redis(api, world.alice)
        assert await feed(api, world.alice) == expected
        await world.post(world.bob, "after all")
        await until_handled(api.services)
        assert await feed(api, world.alice) == ["after all", *expected]


@BREAKS
async def test_unfollowing_while_redis_was_away_is_heard_afterwards(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis, break_it: Callable[[OwnRedis], None]
) -> None:
    await world.post(world.bob, "from bob")
    await world.post(world.eve, "from eve")
    await warm(api, world.alice)
    async with running(worker):
        break_it(own_redis)
        await world.follow(world.alice, world.eve)
        await world.unfollow(world.alice, world.bob)
        assert await feed(api, world.alice) == ["from eve"]
        if break_it is OwnRedis.kill:
            own_redis.start()
        else:
            own_redis.thaw()
        await until_handled(api.services)
        await until_by_redis(api, world.alice)
        assert await feed(api, world.alice) == ["from eve"]


async def test_emptied_redis_costs_a_rebuild_and_no_entry(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    await warm(api, world.alice)
    for number in range(10):
        await world.post(world.bob, f"post {number}")
        if number % 3 == 2:
            own_redis.client().flushall()
        await worker.settle()
        assert await feed(api, world.alice) == [f"post {n}" for n in reversed(range(number + 1))]
    await until_by_redis(api, world.alice)
    with api.budget(sql=2, redis=1):
        assert len(await feed(api, world.alice)) == 10


async def test_redis_that_came_back_with_an_old_snapshot_serves_no_old_timeline(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    await world.post(world.bob, "before the snapshot")
    await worker.settle()
    await warm(api, world.alice)
    own_redis.save_snapshot()
    held = own_redis.client().dbsize()
    await world.post(world.bob, "after the snapshot")
    await worker.settle()
    own_redis.kill()
    own_redis.start()
    assert own_redis.client().dbsize() == held > 0, "the snapshot was not loaded"
    expected = ["after the snapshot", "before the snapshot"]
    for _ in range(5):
        assert await feed(api, world.alice) == expected
    async with running(worker):
        await until_by_redis(api, world.alice)
        assert await feed(api, world.alice) == expected


@pytest.mark.long
async def test_no_post_is_lost_however_often_redis_is_killed(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    expected: list[str] = []
    async with running(worker):
        for round_number in range(12):
            for number in range(25):
                body = f"{round_number}/{number}"
                await world.post(world.bob, body)
                expected.insert(0, body)
                assert await feed(api, world.bob, 20) == expected[:20]
            if round_number % 2:
                own_redis.start()
            else:
                own_redis.kill()
        await until_handled(api.services)
        await until_by_redis(api, world.alice)
        assert await feed(api, world.alice, 100) == expected[:100]
