"""The worker's queues: small fan-outs pass large ones, and everybody can see how far a queue is behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app import backlogs
from app.main import create_app
from app.services import ProcessServices
from app.worker import LATE_AFTER, SERVERS, Worker
from core.errors import UnavailableError
from events import outbox
from events.base import Queue
from tests.timelines.fanning import Sql, sql_of, timelines
from tests.worlds import World
from timelines import fanout
from timelines.store import TimelineStore

WITHIN_S = 10.0
PER_BATCH = 2
OPEN = "SELECT count(*) FROM outbox WHERE done_at IS NULL"
IDLE = {"waiting": 0, "oldest_age_s": 0.0, "parked": 0}


@pytest.fixture
async def sql(services: ProcessServices, world: World, worker: Worker) -> AsyncIterator[Sql]:
    """Behind everything that making the world has left to be done."""
    await worker.settle()
    async with sql_of(services) as connection:
        await connection.execute("TRUNCATE outbox")
        yield connection


async def test_post_of_a_small_author_arrives_while_large_fan_outs_are_held(
    services: ProcessServices, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many large ones as are served at once, and more."""
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", PER_BATCH)
    followers = [await world.join(f"follower{number}") for number in range(5)]
    for person in followers:
        await world.follow(person, world.bob)
    await worker.settle()
    for person in (world.alice, *followers):
        await services.resources.home.rebuild(person.account_id)
    large: set[int] = set()
    held, may_go_on = asyncio.Semaphore(0), asyncio.Event()
    really = TimelineStore.deliver

    async def deliver(self: TimelineStore, entry_id: int, account_ids: Sequence[int], **rest: Any) -> int:
        if entry_id in large and world.bob.account_id not in account_ids:
            held.release()
            await may_go_on.wait()
        return await really(self, entry_id, account_ids, **rest)

    monkeypatch.setattr(TimelineStore, "deliver", deliver)
    large |= {await world.post(world.bob) for _ in range(SERVERS[Queue.LARGE_FANOUT] + 2)}
    work = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            for _ in range(SERVERS[Queue.LARGE_FANOUT]):
                await held.acquire()
            small = await world.post(world.carol)
            while small not in ((await timelines(services, [world.alice]))[0] or ()):  # noqa: ASYNC110 (as below)
                await asyncio.sleep(0.02)
            assert not may_go_on.is_set()
            may_go_on.set()
            while await sql.fetchval(OPEN) > 0:  # noqa: ASYNC110 (a table has no event)
                await asyncio.sleep(0.02)
    finally:
        may_go_on.set()
        worker.stop()
        await work
    expected = sorted(large, reverse=True)
    assert await timelines(services, followers) == [expected] * len(followers)
    queues = await sql.fetch("SELECT queue FROM outbox WHERE event = 'EntryAdded' ORDER BY id")
    assert [row["queue"] for row in queues] == ["large_fanout"] * len(large) + ["fanout"]


async def test_fan_out_that_a_stopping_worker_has_begun_goes_on_elsewhere(
    services: ProcessServices, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 1)
    followers = [await world.join(f"follower{number}") for number in range(4)]
    for person in followers:
        await world.follow(person, world.bob)
    await worker.settle()
    for person in followers:
        await services.resources.home.rebuild(person.account_id)
    await sql.execute("TRUNCATE outbox")
    post = await world.post(world.bob)
    delivered = 0
    really = TimelineStore.deliver

    async def deliver(self: TimelineStore, entry_id: int, account_ids: Sequence[int], **rest: Any) -> int:
        nonlocal delivered
        delivered += 1
        if delivered == 3:
            worker.stop()
        return await really(self, entry_id, account_ids, **rest)

    monkeypatch.setattr(TimelineStore, "deliver", deliver)
    await asyncio.wait_for(worker.run(), WITHIN_S)
    row = await sql.fetchrow("SELECT queue, done_at, attempts, checkpoint > 0 AS has_begun FROM outbox")
    assert delivered == 3
    assert row is not None
    assert (row["queue"], row["done_at"], row["has_begun"]) == ("large_fanout", None, True)
    worker._stopping.clear()
    await worker.settle()
    assert await timelines(services, followers) == [[post]] * len(followers)


async def told(services: ProcessServices) -> tuple[int, Any]:
    """What the health check says of the queues: its status, and its JSON."""
    app = create_app(services.settings)

    async def with_services(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"services": services}}, receive, send)

    transport = httpx.ASGITransport(app=with_services)
    async with httpx.AsyncClient(transport=transport, base_url="http://rookery.test") as client:
        response = await client.get("/health/queues")
        return response.status_code, response.json()


async def test_age_of_each_queue_and_what_is_parked_are_told(
    services: ProcessServices, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlogs, "ASKED_EVERY_S", 0.0)
    assert await told(services) == (200, {"queues": [{"queue": queue, **IDLE} for queue in Queue]})
    await world.post(world.bob)
    await world.post(world.bob)
    await sql.execute("UPDATE outbox SET id = id - (90000::bigint << 22) WHERE id = (SELECT min(id) FROM outbox)")
    await sql.execute("INSERT INTO outbox (queue, event, facts, parked_at) VALUES ('timelines', 'X', '{}', now())")
    status, body = await told(services)
    fan_out, large, timelines_ = body["queues"]
    assert (status, large) == (200, {"queue": "large_fanout", **IDLE})
    assert timelines_ == {"queue": "timelines", **IDLE, "parked": 1}
    assert (fan_out["waiting"], fan_out["parked"]) == (2, 0)
    assert 90 <= fan_out["oldest_age_s"] < 90 + LATE_AFTER.total_seconds()
    with capture_logs() as lines:
        await worker._sweep()
    late = [(line["queue"], line["parked"]) for line in lines if line["event"] == "events wait long"]
    assert late == [("fanout", 0), ("timelines", 1)]
    await worker.settle()
    assert (await told(services))[1]["queues"][0] == {"queue": "fanout", **IDLE}


async def test_queues_are_counted_up_to_a_bound_and_not_for_everybody_who_asks(
    services: ProcessServices, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sql.execute(
        "INSERT INTO outbox (queue, event, facts) SELECT 'fanout', 'X', '{}' FROM generate_series(1, $1::int)",
        outbox.COUNTED_ENTRIES + 5,
    )
    asked = 0
    really = outbox.fetch_backlogs

    async def fetch(db: Any) -> Any:
        nonlocal asked
        asked += 1
        return await really(db)

    monkeypatch.setattr(backlogs, "fetch_backlogs", fetch)
    monkeypatch.setattr(backlogs, "ASKED_EVERY_S", 60.0)
    answers = [await told(services) for _ in range(5)]
    assert asked == 1
    assert [body["queues"][0]["waiting"] for _, body in answers] == [outbox.COUNTED_ENTRIES] * 5


async def test_queues_are_not_told_while_postgres_is_away(
    services: ProcessServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(backlogs, "fetch_backlogs", away)
    assert await told(services) == (503, {"status": "unavailable"})
