"""Recounts find every drift and no other, mend it exactly, and are done once a day by somebody.

All of it plants drift in the same rows, so it is one piece.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from actions import counts, likes, recounts
from app.recounting import Tally, recount, verify
from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.database import Database, Transaction
from models.counts import Counter
from tests.worker.recounting import Counted, make_counted
from tests.worlds import World, post_id

WITHIN_S = 20.0
EVERY_COUNTER = pytest.mark.parametrize("counter", list(Counter), ids=lambda counter: counter.name)
HOUR_UTC = 3
IS_WAITED_FOR = "SELECT count(*) FROM pg_locks WHERE relation = 'post_like'::regclass AND NOT granted"
IS_UNDER_WAY = "SELECT bool_or(due_at < clock_timestamp() OR reached_id > 0) FROM recount"


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def counted(world: World, sql: asyncpg.Connection) -> Counted:
    return await make_counted(world, sql)


@pytest.fixture
def db(services: ProcessServices) -> Database:
    return services.db


@pytest.fixture
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> int:
    """Recounts look at two subjects at a time."""
    size = 2
    monkeypatch.setattr(recounts, "SUBJECTS_AT_ONCE", size)
    monkeypatch.setattr(
        recounts, "_STRETCH", {name: recounts._stretch(table) for name, table in recounts._SUBJECTS.items()}
    )
    return size


async def drifted(db: Database) -> dict[Counter, int]:
    """How many subjects of each counter have drifted."""
    return {tally.counter: tally.drifted for tally in await verify(db, repairs=False) if tally.drifted}


async def make_due(sql: asyncpg.Connection) -> None:
    """As if the hour of the next round had come."""
    await sql.execute("UPDATE recount SET due_at = clock_timestamp()")


def test_every_counter_has_a_truth() -> None:
    assert set(recounts.TRUTHS) == set(Counter)
    assert {counter for counters in recounts.COUNTERS.values() for counter in counters} == set(Counter)


@pytest.mark.parametrize("is_folded", [False, True], ids=["unfolded", "folded"])
async def test_there_is_no_drift_after_acts_of_all_kinds(
    db: Database, counted: Counted, worker: Worker, *, is_folded: bool
) -> None:
    if is_folded:
        await worker.settle()
    tallies = await verify(db, repairs=True)
    assert all(tally.drifted == 0 for tally in tallies)
    for tally in tallies:
        subjects = recounts.TRUTHS[tally.counter].subjects.name
        assert tally.checked == await counted.sql.fetchval(f"SELECT count(*) FROM {subjects}")
    assert await counted.wrong() == []


@EVERY_COUNTER
@pytest.mark.parametrize("amount", [3, -1, 40_000, -2_000_000_000_000])
async def test_drift_is_found_and_mended_and_gone(
    db: Database, counted: Counted, worker: Worker, counter: Counter, amount: int
) -> None:
    await counted.plant(counter, amount)
    told, true = await counted.told(counter), await counted.true(counter)
    assert told - true == amount
    for repairs in (False, True):
        found = {tally.counter: tally for tally in await verify(db, repairs=repairs) if tally.drifted}
        assert list(found) == [counter]
        assert found[counter].first == [recounts.Drift(counted.subjects[counter], told, true)]
        assert (found[counter].missing, found[counter].surplus) == (max(0, -amount), max(0, amount))
    assert await drifted(db) == {}
    await worker.settle()
    assert await drifted(db) == {}
    assert await counted.wrong() == []


@EVERY_COUNTER
async def test_rows_that_were_never_counted_are_found(db: Database, counted: Counted, counter: Counter) -> None:
    await counted.sql.execute("TRUNCATE count_delta, post_count, account_count, hashtag_count")
    assert counter in await drifted(db)
    await verify(db, repairs=True)
    assert await drifted(db) == {}
    assert await counted.told(counter) == await counted.true(counter) > 0


async def test_counts_whose_rows_are_gone_are_found(db: Database, counted: Counted, worker: Worker) -> None:
    await worker.settle()
    await counted.sql.execute("DELETE FROM post_like")
    await counted.sql.execute("DELETE FROM follow")
    assert set(await drifted(db)) == {Counter.POST_LIKES, Counter.ACCOUNT_FOLLOWERS, Counter.ACCOUNT_FOLLOWING}
    await verify(db, repairs=True)
    assert await counted.told(Counter.POST_LIKES) == 0
    assert await counted.wrong() == []


async def test_a_delta_that_came_twice_is_taken_back_before_and_after_it_is_folded(
    db: Database, counted: Counted, worker: Worker
) -> None:
    again = "INSERT INTO count_delta (subject_id, counter, amount) SELECT subject_id, counter, amount FROM count_delta"
    await counted.sql.execute(again)
    assert set(await drifted(db)) == set(Counter)
    await verify(db, repairs=True)
    assert await counted.wrong() == []
    await worker.settle()
    assert await drifted(db) == {}
    assert await counted.wrong() == []


@pytest.mark.usefixtures("small_stretches")
async def test_every_stretch_is_looked_at(db: Database, world: World, counted: Counted) -> None:
    posts = [await world.post(world.dan) for _ in range(7)]
    await counted.sql.executemany(
        "INSERT INTO post_count (post_id, like_count, reply_count) VALUES ($1, 1, -1)", [(post,) for post in posts]
    )
    tallies = {tally.counter: tally for tally in await verify(db, repairs=True)}
    assert tallies[Counter.POST_LIKES].checked == await counted.sql.fetchval("SELECT count(*) FROM post")
    assert (tallies[Counter.POST_LIKES].drifted, tallies[Counter.POST_LIKES].surplus) == (7, 7)
    assert (tallies[Counter.POST_REPLIES].drifted, tallies[Counter.POST_REPLIES].missing) == (7, 7)
    assert [each.subject_id for each in tallies[Counter.POST_LIKES].first] == posts[:5]
    assert await drifted(db) == {}


def test_tally_names_a_few_and_says_how_many_more_there_are() -> None:
    tally = Tally(Counter.POST_LIKES, checked=1_000)
    tally.add([recounts.Drift(number, told=0, true=2_000) for number in range(1, 4)])
    tally.add([recounts.Drift(number, told=number, true=0) for number in range(4, 8)])
    first, *named, last = tally.lines()
    assert first == "post likes: 1,000 checked, 7 drifted, 6,000 missing, 22 too many"
    assert named[0] == f"  {post_id(1)}: 0 told, 2,000 true"
    assert len(named) == 5
    assert last == "  … and 2 more"


async def busy(db: Database, world: World, subjects: list[int]) -> None:
    """Thirty people like and take back, again and again; in the end each likes every post."""
    people = [await world.join(f"fan{number}") for number in range(30)]

    async def like_and_unlike(number: int) -> None:
        for turn in range(6):
            for post in subjects:
                act = likes.unlike_post if turn % 2 else likes.like_post
                await db.transact(act, people[number].viewer, post)
        for post in subjects:
            await db.transact(likes.like_post, people[number].viewer, post)

    await asyncio.gather(*map(like_and_unlike, range(len(people))))


async def again_and_again(work: Callable[[], object], ended: asyncio.Event) -> None:
    while not ended.is_set():
        await work()  # type: ignore[misc]  # whatever it gives can be awaited
        await asyncio.sleep(0)


@pytest.mark.parametrize("planted", [0, 1_000], ids=["exact", "drifted"])
async def test_likes_and_folds_meanwhile_are_never_taken_for_drift(
    db: Database, world: World, counted: Counted, worker: Worker, planted: int
) -> None:
    posts = [counted.subjects[Counter.POST_LIKES], await world.post(world.eve)]
    already = await counted.true(Counter.POST_LIKES)
    if planted:
        await counted.plant(Counter.POST_LIKES, planted)
    ended = asyncio.Event()
    found: list[Tally] = []

    async def recount_once() -> None:
        found.extend(tally for tally in await verify(db, repairs=True) if tally.drifted)

    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(again_and_again(lambda: db.transact(counts.fold), ended))
            group.create_task(again_and_again(recount_once, ended))
        await busy(db, world, posts)
        ended.set()
    assert [(tally.counter, tally.drifted, tally.surplus) for tally in found] == (
        [(Counter.POST_LIKES, 1, planted)] if planted else []
    )
    assert await counted.told(Counter.POST_LIKES) == already + 30
    await worker.settle()
    assert await counted.told(Counter.POST_LIKES) == already + 30
    assert await drifted(db) == {}


async def test_who_likes_does_not_wait_for_a_repair_and_the_next_repair_does(
    db: Database, world: World, counted: Counted
) -> None:
    post = counted.subjects[Counter.POST_LIKES]
    await counted.plant(Counter.POST_LIKES, 5)
    has_repaired, may_commit = asyncio.Event(), asyncio.Event()

    async def repair_and_wait(tx: Transaction) -> None:
        assert len(await recounts.repair(tx, Counter.POST_LIKES, [post])) == 1
        has_repaired.set()
        await may_commit.wait()

    first = asyncio.create_task(db.transact(repair_and_wait))
    async with asyncio.timeout(WITHIN_S):
        await has_repaired.wait()
        await world.like(world.eve, post)
        second = asyncio.create_task(db.transact(recounts.repair, Counter.POST_LIKES, [post]))
        await asyncio.sleep(0.2)
        assert not first.done()
        assert not second.done()
        may_commit.set()
        await first
        assert await second == [], "the first has mended it"
    assert await counted.wrong() == []


class TestNightly:
    """The recount that workers do."""

    @pytest.fixture
    async def entered(self, db: Database, counted: Counted) -> None:
        """Rounds are known, and drift waits for the next one."""
        await self.night(db)
        for counter in Counter:
            await counted.plant(counter, -7)

    @staticmethod
    async def night(db: Database) -> None:
        await recount(db, hour_utc=HOUR_UTC, is_stopping=lambda: False, rest=asyncio.sleep)

    async def test_a_new_database_waits_for_its_hour(
        self, db: Database, counted: Counted, sql: asyncpg.Connection
    ) -> None:
        await counted.plant(Counter.POST_LIKES, 5)
        now = datetime.now(UTC)
        for hour_utc in (0, now.hour, (now.hour + 1) % 24, 23):
            await sql.execute("TRUNCATE recount")
            await recount(db, hour_utc=hour_utc, is_stopping=lambda: False, rest=asyncio.sleep)
            due = [row["due_at"] for row in await sql.fetch("SELECT due_at FROM recount")]
            assert len(due) == len(recounts.COUNTERS)
            for moment in due:
                assert (moment.hour, moment.minute, moment.second, moment.microsecond) == (hour_utc, 0, 0, 0)
                assert now < moment <= now + timedelta(days=1, minutes=1)
        assert await counted.wrong() == [Counter.POST_LIKES]

    @pytest.mark.usefixtures("entered", "small_stretches")
    async def test_round_repairs_all_tells_it_and_rests_until_the_next_day(
        self, db: Database, counted: Counted, sql: asyncpg.Connection
    ) -> None:
        await make_due(sql)
        with capture_logs() as told:
            await self.night(db)
        assert await counted.wrong() == []
        drifts = [line for line in told if line["event"] == "counts had drifted"]
        assert {line["counter"]: line["missing"] for line in drifts} == {
            counter.name.lower().replace("_", " "): 7 for counter in Counter
        }
        assert post_id(counted.subjects[Counter.POST_LIKES]) in drifts[0]["first_ids"]
        ends = {line["subjects"]: line for line in told if line["event"] == "counts recounted"}
        posts = await sql.fetchval("SELECT count(*) FROM post")
        assert (ends["post"]["checked"], ends["post"]["drifted"], ends["post"]["log_level"]) == (posts, 4, "warning")
        rows = await sql.fetch("SELECT *, due_at > clock_timestamp() AS waits FROM recount")
        assert {(row["reached_id"], row["checked"], row["drifted"], row["waits"]) for row in rows} == {(0, 0, 0, True)}

        await counted.plant(Counter.POST_LIKES, 5)
        await self.night(db)
        assert await counted.wrong() == [Counter.POST_LIKES], "it is not due again"
        await make_due(sql)
        await self.night(db)
        assert await counted.wrong() == []

    @pytest.mark.usefixtures("entered", "small_stretches")
    async def test_worker_that_stops_leaves_the_rest_to_the_next_one(
        self, db: Database, counted: Counted, sql: asyncpg.Connection
    ) -> None:
        await make_due(sql)
        rests: list[float] = []

        async def rest(seconds: float) -> None:
            rests.append(seconds)

        await recount(db, hour_utc=HOUR_UTC, is_stopping=lambda: bool(rests), rest=rest)
        assert len(rests) == 1
        assert rests[0] > 0
        [row] = await sql.fetch("SELECT * FROM recount WHERE reached_id > 0")
        assert (row["subjects"], row["checked"]) == ("post", 2)
        await make_due(sql)
        with capture_logs() as told:
            await self.night(db)
        ends = {line["subjects"]: line["checked"] for line in told if line["event"] == "counts recounted"}
        assert ends["post"] == await sql.fetchval("SELECT count(*) FROM post"), "those of the first worker included"
        assert await counted.wrong() == []

    @pytest.mark.usefixtures("entered", "small_stretches")
    async def test_step_that_dies_is_done_again(self, db: Database, counted: Counted, sql: asyncpg.Connection) -> None:
        await make_due(sql)

        async def step_and_die(tx: Transaction) -> None:
            assert await recounts.take_step(tx, "post", hour_utc=HOUR_UTC) is not None
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await db.transact(step_and_die)
        assert await sql.fetchval("SELECT max(reached_id) FROM recount") == 0
        await self.night(db)
        assert await counted.wrong() == []

    @pytest.mark.usefixtures("entered")
    async def test_one_worker_takes_a_step_and_the_others_do_not_wait(
        self, db: Database, sql: asyncpg.Connection
    ) -> None:
        await make_due(sql)
        has_it, may_commit = asyncio.Event(), asyncio.Event()

        async def step_and_wait(tx: Transaction) -> None:
            assert await recounts.take_step(tx, "post", hour_utc=HOUR_UTC) is not None
            has_it.set()
            await may_commit.wait()

        first = asyncio.create_task(db.transact(step_and_wait))
        async with asyncio.timeout(WITHIN_S):
            await has_it.wait()
            assert await db.transact(recounts.take_step, "post", hour_utc=HOUR_UTC) is None
            may_commit.set()
            await first
        assert await db.transact(recounts.take_step, "post", hour_utc=HOUR_UTC) is None

    @pytest.mark.usefixtures("entered", "small_stretches")
    async def test_two_workers_at_work_repair_everything_once(
        self, settings: Settings, counted: Counted, sql: asyncpg.Connection
    ) -> None:
        await make_due(sql)
        workers = [Worker(settings) for _ in range(2)]
        for worker in workers:
            await worker.open()
        with capture_logs() as told:
            working = [asyncio.create_task(worker.run()) for worker in workers]
            try:
                async with asyncio.timeout(WITHIN_S):
                    while await sql.fetchval(IS_UNDER_WAY):  # noqa: ASYNC110 (a table has no event)
                        await asyncio.sleep(0.02)
            finally:
                for worker in workers:
                    worker.stop()
                await asyncio.wait_for(asyncio.gather(*working), WITHIN_S)
                for worker in workers:
                    await worker.close()
        assert await counted.wrong() == []
        drifts = [line for line in told if line["event"] == "counts had drifted"]
        assert sorted((line["counter"], line["missing"]) for line in drifts) == sorted(
            (counter.name.lower().replace("_", " "), 7) for counter in Counter
        )
        assert [line["subjects"] for line in told if line["event"] == "counts recounted"].count("post") == 1

    @pytest.mark.usefixtures("entered")
    async def test_worker_that_stops_does_not_wait_for_a_long_step(
        self, settings: Settings, counted: Counted, sql: asyncpg.Connection
    ) -> None:
        await make_due(sql)
        worker = Worker(settings)
        await worker.open()
        async with sql.transaction():
            # Whoever counts likes waits.
            await sql.execute("LOCK TABLE post_like IN ACCESS EXCLUSIVE MODE")
            working = asyncio.create_task(worker.run())
            async with asyncio.timeout(WITHIN_S):
                while not await sql.fetchval(IS_WAITED_FOR):  # noqa: ASYNC110 (a table has no event)
                    await asyncio.sleep(0.02)
                worker.stop()
                await working
                await worker.close()
        assert set(await counted.wrong()) == set(Counter)

    @pytest.mark.usefixtures("entered")
    async def test_failing_recount_does_not_stop_the_worker(
        self, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fails(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(recounts, "take_step", fails)
        with capture_logs() as told:
            await worker._recount()
        assert [line["event"] for line in told] == ["recount failed"]
