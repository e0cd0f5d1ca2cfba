"""Another Redis server answers: it keeps the timelines it has if what it lacks can be handled again, and else none."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.cache import FAILURES_TO_OPEN, Cache, CacheUnavailableError
from core.clock import utc_now
from events import outbox, replays
from events.base import Queue
from tests.fixtures.api import Api
from tests.timelines.own_redis import OwnRedis, running_redis
from tests.timelines.test_redis_faults import feed, until_by_redis
from tests.worlds import Person, World
from timelines import keys
from timelines.epochs import Epochs, UnboundError
from timelines.store import Act, Cut, TimelineStore
from timelines.succession import TRUSTED_FOR, Succession

CONNECTED_WITHIN_S = 10.0


@pytest.fixture
def settings(settings: Settings, own_redis: OwnRedis) -> Settings:
    """With a Redis that this test may break."""
    return settings.model_copy(update={"redis_url": own_redis.url, "redis_timeout_s": 1.0})


@pytest.fixture
def replica() -> Iterator[OwnRedis]:
    with running_redis() as redis:
        yield redis


def follow(replica: OwnRedis, primary: OwnRedis, port: int) -> None:
    """Makes it a replica that has everything."""
    primary.client().config_set("port", port)
    client = replica.client()
    client.replicaof("127.0.0.1", port)
    until = time.monotonic() + CONNECTED_WITHIN_S
    while client.info("replication")["master_link_status"] != "up":
        assert time.monotonic() < until, "the replica does not come up"
        time.sleep(0.02)


def wait_for(replica: OwnRedis, primary: OwnRedis) -> None:
    """Returns when the replica has all that the primary was told."""
    assert primary.client().wait(1, 5_000) == 1


def take_over(replica: OwnRedis, primary: OwnRedis) -> None:
    """The primary is gone, and its replica answers in its place."""
    primary.kill()
    replica.client().replicaof("NO", "ONE")
    here, there = (Path(unquote(urlsplit(redis.url).path)) for redis in (replica, primary))
    there.unlink(missing_ok=True)
    here.rename(there)


async def warm(services: ProcessServices, worker: Worker, person: Person) -> None:
    """What there is, in a timeline; and as if all of it had been handled before anything went wrong."""
    await worker.settle()
    async with services.db._connection() as connection:
        await connection.execute("UPDATE outbox SET done_at = done_at - interval '1 minute'")
    await services.resources.home.rebuild(person.account_id)


async def tend(succession: Succession) -> None:
    """As a worker does, again and again: each connection to the lost server has to find out that it is."""
    async with asyncio.timeout(CONNECTED_WITHIN_S):
        while True:
            with suppress(CacheUnavailableError):
                return await succession.tend()
            await asyncio.sleep(0.05)


async def settle(worker: Worker) -> None:
    """Until what was opened again is handled, and timelines are read again."""
    for _ in range(2):
        await tend(worker._succession)
        async with asyncio.timeout(CONNECTED_WITHIN_S):
            while True:
                with suppress(CacheUnavailableError):
                    await worker.settle()
                    break
                await asyncio.sleep(0.05)
    await tend(worker._succession)


async def cut_of(services: ProcessServices, person: Person) -> Cut | None:
    return await services.resources.home._store.read(person.account_id, before=2**62, limit=50)


def name_in(redis: OwnRedis, prefix: str) -> str:
    """The name of the epoch that a server keeps."""
    bound = redis.client().get(keys.binding(prefix))
    assert isinstance(bound, bytes)
    return bound.decode().split(":")[1]


def age(redis: OwnRedis, prefix: str, *, by_s: float) -> None:
    """As if the last beat had been so long before."""
    key = keys.beat(prefix)
    beat = redis.client().get(key)
    assert isinstance(beat, bytes)
    redis.client().set(key, int(beat) - int(by_s * 1_000))


async def test_a_replica_that_lacks_pushes_gets_them_and_keeps_its_timelines(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis, replica: OwnRedis, unused_tcp_port: int
) -> None:
    services = api.services
    await world.post(world.carol, "old")
    gone = await world.post(world.bob, "deleted")
    await warm(services, worker, world.alice)
    await warm(services, worker, world.dan)
    follow(replica, own_redis, unused_tcp_port)
    await worker.settle()
    wait_for(replica, own_redis)
    replica.client().replicaof("NO", "ONE")  # from here on nothing reaches it
    await world.post(world.bob, "lost")
    await world.delete(world.bob, gone)
    await world.follow(world.dan, world.bob)
    await worker.settle()
    name = name_in(own_redis, services.cache.prefix)
    take_over(replica, own_redis)

    expected = ["lost", "old"]
    assert await feed(api, world.alice) == expected, "before a worker has seen to it, SQL answers"
    await tend(worker._succession)
    assert await feed(api, world.alice) == expected, "and while it catches up"
    await settle(worker)
    assert name_in(own_redis, services.cache.prefix) == name
    # Nobody has made it anew: until now SQL has answered.
    cut = await cut_of(services, world.alice)
    assert cut is not None
    assert not cut.is_over
    assert len(cut.ids) == 2
    with api.budget(sql=2, redis=1):
        assert await feed(api, world.alice) == expected
    assert await cut_of(services, world.dan) is None, "it was forgotten on the lost server, so here"


async def test_a_server_that_comes_back_from_a_young_snapshot_is_a_successor(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    services = api.services
    await world.post(world.bob, "before")
    await warm(services, worker, world.alice)
    own_redis.save_snapshot()
    await world.post(world.bob, "after")
    await worker.settle()
    name = name_in(own_redis, services.cache.prefix)
    own_redis.kill()
    own_redis.start()
    for _ in range(2):
        assert await feed(api, world.alice) == ["after", "before"]
        await settle(worker)
    assert name_in(own_redis, services.cache.prefix) == name
    cut = await cut_of(services, world.alice)
    assert cut is not None
    assert len(cut.ids) == 2


async def test_one_whose_last_beat_is_older_than_what_is_kept_begins_anew(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    services = api.services
    await world.post(world.bob, "before")
    await warm(services, worker, world.alice)
    name = name_in(own_redis, services.cache.prefix)
    age(own_redis, services.cache.prefix, by_s=TRUSTED_FOR.total_seconds() + 1)
    own_redis.save_snapshot()
    await world.post(world.bob, "after")
    await worker.settle()
    own_redis.kill()
    own_redis.start()
    await settle(worker)
    assert name_in(own_redis, services.cache.prefix) != name
    assert await cut_of(services, world.alice) is None
    for _ in range(2):
        assert await feed(api, world.alice) == ["after", "before"]
        await services.resources.home.rebuilt()
    assert await cut_of(services, world.alice) is not None


async def test_a_server_without_a_beat_begins_anew(api: Api, world: World, worker: Worker, own_redis: OwnRedis) -> None:
    services = api.services
    await warm(services, worker, world.alice)
    own_redis.client().delete(keys.beat(services.cache.prefix))
    own_redis.save_snapshot()
    own_redis.kill()
    own_redis.start()
    await settle(worker)
    assert await cut_of(services, world.alice) is None


@pytest.fixture
async def successor(api: Api, world: World, worker: Worker, own_redis: OwnRedis) -> int:
    """A server that lacks the post with this id, which alice's timeline had."""
    await warm(api.services, worker, world.alice)
    own_redis.save_snapshot()
    lost = await world.post(world.bob, "lost")
    await worker.settle()
    own_redis.kill()
    own_redis.start()
    return lost


async def has_caught_up(services: ProcessServices, worker: Worker, person: Person, entry_id: int) -> None:
    await settle(worker)
    cut = await cut_of(services, person)
    assert cut is not None
    assert list(cut.ids) == [entry_id]


async def test_until_it_is_bound_nothing_is_pushed_and_nothing_is_lost(
    api: Api, world: World, worker: Worker, successor: int
) -> None:
    store = api.services.resources.home._store
    refused: BaseException | None = None
    async with asyncio.timeout(CONNECTED_WITHIN_S):
        while not isinstance(refused, UnboundError):  # before that connections have to find out
            with pytest.raises(CacheUnavailableError) as raised:
                await store.deliver(
                    successor, [world.alice.account_id], act=Act.ADD, channel_prefix="nobody:", message=b""
                )
            refused = raised.value
    await has_caught_up(api.services, worker, world.alice, successor)


async def test_workers_that_find_it_at_once_agree(api: Api, world: World, worker: Worker, successor: int) -> None:
    caches = [Cache(api.services.cache.url, prefix=api.services.cache.prefix, timeout_s=2.0) for _ in range(4)]
    await asyncio.gather(*(tend(Succession(api.services.db, cache)) for cache in caches))
    await has_caught_up(api.services, worker, world.alice, successor)
    for cache in caches:
        await cache.close()


async def test_a_worker_that_dies_in_between_leaves_it_to_the_next(
    api: Api, world: World, worker: Worker, successor: int
) -> None:
    assert await api.services.db.transact(replays.reopen, since=utc_now() - timedelta(seconds=30)) == 1
    await has_caught_up(api.services, worker, world.alice, successor)


async def test_it_is_read_when_all_is_there_and_not_before(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis, successor: int
) -> None:
    services, prefix = api.services, api.services.cache.prefix
    succession = Succession(services.db, services.cache)
    await tend(succession)
    for _ in range(2):
        assert own_redis.client().get(keys.catching(prefix)) is not None
        assert await feed(api, world.alice) == ["lost"]
        cut = await cut_of(services, world.alice)
        assert cut is not None
        assert cut.is_over
        await tend(succession)
    await settle(worker)
    assert own_redis.client().get(keys.catching(prefix)) is None
    cut = await cut_of(services, world.alice)
    assert cut is not None
    assert list(cut.ids) == [successor]


async def test_what_is_being_handled_is_taken_away_and_begins_again(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    """Its pushes may have gone to the server that is lost; so whoever has it must not finish it."""
    services = api.services
    await warm(services, worker, world.alice)
    own_redis.save_snapshot()
    entry = await world.post(world.bob, "half way")
    [claim] = await services.db.transact(outbox.claim, Queue.FANOUT, limit=1)
    assert await services.db.transact(outbox.advance, claim, reached=2**62)
    own_redis.kill()
    own_redis.start()
    await tend(Succession(services.db, services.cache))
    assert not await services.db.transact(outbox.advance, claim, reached=2**62)
    assert not await services.db.transact(outbox.finish, claim)
    await has_caught_up(services, worker, world.alice, entry)


async def test_an_emptied_server_has_no_timelines_of_before(
    api: Api, world: World, worker: Worker, own_redis: OwnRedis
) -> None:
    """Also where its epoch had another name than its run: processes that know it by that name do not go on with it."""
    services = api.services
    await warm(services, worker, world.alice)
    own_redis.save_snapshot()
    own_redis.kill()
    own_redis.start()
    await settle(worker)
    await until_by_redis(api, world.alice)
    own_redis.client().flushall()
    newcomer = Cache(services.cache.url, prefix=services.cache.prefix, timeout_s=2.0)
    await Epochs(newcomer).learn()
    await newcomer.close()
    post = await world.post(world.bob, "after")
    await worker.settle()
    for _ in range(3):
        assert await feed(api, world.alice) == ["after"]
        await services.resources.home.rebuilt()
    cut = await cut_of(services, world.alice)
    assert cut is not None
    assert list(cut.ids) == [post]


async def test_a_process_that_only_reads_finds_a_server_that_was_away_for_long(
    settings: Settings, own_redis: OwnRedis
) -> None:
    """It leaves Redis alone but for a call a second, and has to ask it two things: what it keeps, and a timeline."""
    cache = Cache(own_redis.url, prefix=settings.redis_key_prefix, timeout_s=settings.redis_timeout_s)
    store = TimelineStore(cache, ttl_s=3_600)
    assert await store.read(1, before=2**62, limit=1) is None
    own_redis.kill()
    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(CacheUnavailableError):
            await store.read(1, before=2**62, limit=1)
    own_redis.start()
    async with asyncio.timeout(CONNECTED_WITHIN_S):
        while True:
            with suppress(CacheUnavailableError):
                assert await store.read(1, before=2**62, limit=1) is None
                break
            await asyncio.sleep(0.05)
    await cache.close()


@pytest.mark.parametrize("happens", [OwnRedis.kill, OwnRedis.freeze])
async def test_no_beat_is_an_error_of_nobody(
    worker: Worker, own_redis: OwnRedis, happens: Callable[[OwnRedis], None]
) -> None:
    happens(own_redis)
    await worker.settle()
