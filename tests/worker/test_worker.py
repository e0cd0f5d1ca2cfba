"""The worker: every event is handled, whatever dies, fails or hurries meanwhile.

All of it looks at the same table and starts workers in the same way, so it is one piece.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from app import worker as worker_module
from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.cache import CacheUnavailableError
from core.errors import UnavailableError
from events import outbox
from events.base import Queue
from tests.fixtures.api import Api
from tests.worlds import Person, World
from timelines import fanout
from timelines.store import TimelineStore

WITHIN_S = 5.0
POST = 'mutation { createPost(input: {body: "hello"}) { post { id } } }'


class Table:
    """The outbox from outside: its rows, and time passing for them."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def rows(self) -> list[Any]:
        return await self._connection.fetch("SELECT * FROM outbox ORDER BY id")

    async def only(self) -> Any:
        [row] = await self.rows()
        return row

    async def open_count(self) -> int:
        return sum(row["done_at"] is None for row in await self.rows())

    async def clear(self) -> None:
        await self._connection.execute("TRUNCATE outbox")

    async def insert(self, event: str, facts: str) -> None:
        await self._connection.execute(
            "INSERT INTO outbox (queue, event, facts) VALUES ('fanout', $1, $2::jsonb)", event, facts
        )

    async def let_pass(self, seconds: float) -> None:
        """Leases run out and pauses end as if so much time had passed."""
        shift = "- make_interval(secs => $1)"
        await self._connection.execute(
            f"UPDATE outbox SET available_at = available_at {shift}, done_at = done_at {shift}", seconds
        )

    async def undo(self) -> None:
        """As if the worker had died just before it said that it was done."""
        await self._connection.execute("UPDATE outbox SET done_at = NULL, checkpoint = 0, available_at = now()")

    async def pause_s(self) -> float:
        """Seconds until the only row may be claimed."""
        pause: float = await self._connection.fetchval(
            "SELECT extract(epoch FROM available_at - clock_timestamp())::float8 FROM outbox"
        )
        return pause


@pytest.fixture
async def table(services: ProcessServices, database_url: str, world: World) -> AsyncIterator[Table]:
    """The outbox, without what making the world has left there."""
    connection = await asyncpg.connect(database_url)
    table = Table(connection)
    await table.clear()
    yield table
    await connection.close()


@pytest.fixture
async def start_worker(settings: Settings) -> AsyncIterator[Callable[[], Awaitable[Worker]]]:
    """More workers beside the first."""
    async with AsyncExitStack() as stack:

        async def start() -> Worker:
            worker = Worker(settings)
            await worker.open()
            stack.push_async_callback(worker.close)
            return worker

        yield start


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """The worker at work."""
    work = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(work, WITHIN_S)


async def until(holds: Callable[[], Awaitable[bool]], *, within_s: float = WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 (a table has no event)
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Crowd:
    """Ten people who follow bob, oldest follow first, all with a timeline."""

    services: ProcessServices
    people: list[Person]

    async def timelines(self) -> list[list[int]]:
        home = self.services.resources.home
        cuts = [await home._store.read(person.account_id, before=2**62, limit=50) for person in self.people]
        return [list(cut.ids) if cut is not None else [] for cut in cuts]


@pytest.fixture
async def crowd(services: ProcessServices, world: World, table: Table, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 3)
    people = [world.alice] + [await world.join(f"follower{number}") for number in range(9)]
    for person in people[1:]:
        await world.follow(person, world.bob)
    for person in people:
        await services.resources.home.rebuild(person.account_id)
    await table.clear()
    return Crowd(services, people)


Deliver = Callable[..., Awaitable[int]]


def intercept(monkeypatch: pytest.MonkeyPatch, before: Callable[[list[int]], Awaitable[None]]) -> list[list[int]]:
    """Calls `before(account_ids)` ahead of each delivery; gives the batches that were really delivered."""
    delivered: list[list[int]] = []
    really: Deliver = TimelineStore.deliver

    async def deliver(self: TimelineStore, entry_id: int, account_ids: list[int], **rest: Any) -> int:
        await before(account_ids)
        delivered.append(account_ids)
        return await really(self, entry_id, account_ids, **rest)

    monkeypatch.setattr(TimelineStore, "deliver", deliver)
    return delivered


async def test_event_handled_twice_is_in_each_timeline_once(
    world: World, worker: Worker, table: Table, crowd: Crowd
) -> None:
    posts = [await world.post(world.bob), await world.post(world.bob)]
    await worker.settle()
    await table.undo()
    await worker.settle()
    assert await table.open_count() == 0
    assert await crowd.timelines() == [posts[::-1]] * 10


async def test_crash_between_batches_goes_on_behind_the_checkpoint(
    world: World,
    start_worker: Callable[[], Awaitable[Worker]],
    table: Table,
    crowd: Crowd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0

    async def dies_at_the_third(_: list[int]) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise UnavailableError

    batches = intercept(monkeypatch, dies_at_the_third)
    post = await world.post(world.bob)
    dying = await start_worker()
    assert await dying.drain(Queue.FANOUT) == 1
    assert [len(batch) for batch in batches] == [4], "three followers with the author"
    with pytest.raises(UnavailableError):
        await dying.drain(Queue.LARGE_FANOUT)
    assert [len(batch) for batch in batches] == [4, 3], "and three more"
    assert (await table.only())["done_at"] is None

    other = await start_worker()
    assert await other.drain(Queue.LARGE_FANOUT) == 0, "the lease still holds"
    await table.let_pass(outbox.LEASE_S)
    assert await other.drain(Queue.LARGE_FANOUT) == 1
    assert [len(batch) for batch in batches] == [4, 3, 3, 1]
    reached = [account_id for batch in batches for account_id in batch]
    assert sorted(reached) == sorted([world.bob.account_id, *(person.account_id for person in crowd.people)])
    assert await crowd.timelines() == [[post]] * 10
    assert (await table.only())["done_at"] is not None


@pytest.mark.parametrize("queue", [Queue.FANOUT, Queue.LARGE_FANOUT])
async def test_worker_whose_lease_ran_out_stops_and_the_next_one_finishes(
    world: World,
    start_worker: Callable[[], Awaitable[Worker]],
    table: Table,
    crowd: Crowd,
    monkeypatch: pytest.MonkeyPatch,
    queue: Queue,
) -> None:
    post = await world.post(world.bob)
    is_stuck, may_go_on = asyncio.Event(), asyncio.Event()
    if queue is Queue.LARGE_FANOUT:
        assert await (await start_worker()).drain(Queue.FANOUT) == 1

    async def first_one_sticks(_: list[int]) -> None:
        if not is_stuck.is_set():
            is_stuck.set()
            await may_go_on.wait()

    batches = intercept(monkeypatch, first_one_sticks)
    stuck = asyncio.create_task((await start_worker()).drain(queue))
    await asyncio.wait_for(is_stuck.wait(), WITHIN_S)
    await table.let_pass(outbox.LEASE_S)
    other = await start_worker()
    assert await other.drain(queue) == 1
    if queue is Queue.FANOUT:
        assert await other.drain(Queue.LARGE_FANOUT) == 1
    done = await table.only()
    assert (done["attempts"], done["done_at"] is not None) == (3, True)
    delivered = len(batches)
    assert delivered == (4 if queue is Queue.FANOUT else 3)
    may_go_on.set()
    await asyncio.wait_for(stuck, WITHIN_S)
    assert len(batches) == delivered + 1, "the batch that it was stuck in, and no more"
    assert dict(await table.only()) == dict(done)
    assert await crowd.timelines() == [[post]] * 10


async def test_each_of_many_events_goes_to_one_of_several_workers(
    world: World,
    start_worker: Callable[[], Awaitable[Worker]],
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handled: list[int] = []
    really = fanout.FanOut.on_entry_added

    async def on_entry_added(self: fanout.FanOut, event: Any, **rest: Any) -> None:
        handled.append(event.entry_id)
        await really(self, event, **rest)

    monkeypatch.setattr(fanout.FanOut, "on_entry_added", on_entry_added)
    monkeypatch.setattr(worker_module, "CLAIMED_AT_ONCE", 3)
    workers = [await start_worker() for _ in range(4)]
    posts = [await world.post(world.bob) for _ in range(60)]
    while any(await asyncio.gather(*(worker.drain(Queue.FANOUT) for worker in workers))):
        pass
    assert sorted(handled) == posts
    assert await table.open_count() == 0


async def test_failing_event_is_put_off_longer_each_time_and_parked_in_the_end(
    world: World, worker: Worker, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fanout.FanOut, "on_entry_added", fails)
    await world.post(world.bob)
    for attempt in range(1, outbox.ATTEMPTS_BEFORE_PARKING + 1):
        began_s = time.monotonic()
        assert await worker.drain(Queue.FANOUT) == 1
        row = await table.only()
        assert (row["attempts"], row["done_at"]) == (attempt, None)
        assert (row["parked_at"] is not None) == (attempt == outbox.ATTEMPTS_BEFORE_PARKING)
        expected_s = min(2 ** (attempt - 1), outbox.LONGEST_PAUSE_S)
        pause_s = await table.pause_s()
        assert expected_s - (time.monotonic() - began_s) <= pause_s <= expected_s
        if expected_s == outbox.LONGEST_PAUSE_S:  # a short pause may be over on a busy machine
            assert await worker.drain(Queue.FANOUT) == 0
        await table.let_pass(outbox.LONGEST_PAUSE_S)
    assert await worker.drain(Queue.FANOUT) == 0


async def test_event_of_an_unknown_name_or_shape_is_put_off_and_holds_up_nobody(
    world: World, worker: Worker, table: Table
) -> None:
    await table.insert("PostExploded", "{}")
    await table.insert("EntryAdded", '{"of_a": "later version"}')
    await world.post(world.bob)
    await worker.settle()
    unknown, misshapen, known = await table.rows()
    assert known["done_at"] is not None
    for row in (unknown, misshapen):
        assert (row["done_at"], row["parked_at"], row["attempts"]) == (None, None, 1)


async def test_redis_being_away_costs_an_event_no_attempt(
    world: World, worker: Worker, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    async def away(_: list[int]) -> None:
        if is_away:
            raise CacheUnavailableError

    intercept(monkeypatch, away)
    await world.post(world.bob)
    for _ in range(outbox.ATTEMPTS_BEFORE_PARKING + 2):
        with pytest.raises(CacheUnavailableError):
            await worker.drain(Queue.FANOUT)
        row = await table.only()
        assert (row["attempts"], row["done_at"], row["parked_at"]) == (0, None, None)
    is_away = False
    assert await worker.drain(Queue.FANOUT) == 1
    assert (await table.only())["done_at"] is not None


async def test_failure_of_one_event_is_not_told_before_the_others_have_ended(
    world: World, worker: Worker, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes on after a failure, or closes the connections, must not find handlers still at work."""
    calls = 0

    async def first_one_fails(_: list[int]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise CacheUnavailableError
        await asyncio.sleep(0.1)

    intercept(monkeypatch, first_one_fails)
    for _ in range(12):
        await world.post(world.bob)
    with pytest.raises(CacheUnavailableError):
        await worker.drain(Queue.FANOUT)
    rows = await table.rows()
    assert sum(row["done_at"] is not None for row in rows) == 11
    assert [row["attempts"] for row in rows if row["done_at"] is None] == [0]


async def test_what_is_done_is_kept_ten_minutes(world: World, worker: Worker, table: Table) -> None:
    await world.post(world.bob)
    await worker.settle()
    await table.let_pass(outbox.KEEP_DONE_S - 5)
    await worker._sweep()
    assert len(await table.rows()) == 1
    await world.post(world.bob)
    await table.let_pass(10)
    await worker._sweep()
    assert [row["done_at"] for row in await table.rows()] == [None], "what is not done stays, however old"


async def test_bell_wakes_a_sleeping_worker(
    api: Api, world: World, worker: Worker, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "POLL_S", 60.0)
    async with running(worker):
        await until(lambda: _is(worker._bus.is_connected))
        await asyncio.sleep(0.2)
        for _ in range(5):
            await api.data(POST, by=world.bob)
            await until(lambda: _none_open(table), within_s=1.0)


async def test_worker_that_hears_no_bell_looks_by_itself(world: World, worker: Worker, table: Table) -> None:
    async with running(worker):
        await asyncio.sleep(0.2)
        await world.post(world.bob)  # an action rings nothing: the edge of the request does
        await until(lambda: _none_open(table), within_s=2.0)


async def test_stopping_worker_finishes_what_it_handles_and_returns_the_rest(
    world: World, worker: Worker, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_handling, may_finish = asyncio.Event(), asyncio.Event()

    async def wait(_: list[int]) -> None:
        is_handling.set()
        await may_finish.wait()

    intercept(monkeypatch, wait)
    for _ in range(20):
        await world.post(world.bob)
    work = asyncio.create_task(worker.run())
    await asyncio.wait_for(is_handling.wait(), WITHIN_S)
    worker.stop()
    may_finish.set()
    await asyncio.wait_for(work, WITHIN_S)
    rows = await table.rows()
    done = [row for row in rows if row["done_at"] is not None]
    assert 1 <= len(done) <= worker_module.HANDLED_AT_ONCE
    assert all(row["attempts"] == 0 for row in rows if row["done_at"] is None)
    worker._stopping.clear()
    await worker.settle()
    assert await table.open_count() == 0


async def _is(value: bool) -> bool:  # noqa: FBT001 (the value itself is the question)
    return value


async def _none_open(table: Table) -> bool:
    return await table.open_count() == 0
