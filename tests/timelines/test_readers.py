"""Readers: only to them fan-out goes, and whoever has a timeline or listens is one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.services import ProcessServices
from app.worker import Worker
from core.errors import UnavailableError
from loaders import readers as reader_statements
from loaders.home import fetch_home_entries
from tests.fixtures.api import Api
from tests.timelines.fanning import Sql, sql_of, timelines
from tests.worlds import Person, World
from timelines import fanout, keys, readers
from timelines import home as home_module

SETTINGS_TTL_DAYS = 14
FEED = "{ homeFeed(first: 3) { edges { node { id } } } }"


@pytest.fixture
async def sql(services: ProcessServices, world: World, worker: Worker) -> AsyncIterator[Sql]:
    """Behind everything that making the world has left to be done."""
    await worker.settle()
    async with sql_of(services) as connection:
        yield connection


async def age_of(sql: Sql, person: Person) -> int | None:
    """How many days ago it was noted that somebody reads; None if it never was."""
    age: int | None = await sql.fetchval(
        "SELECT (now() AT TIME ZONE 'UTC')::date - active_on FROM reader WHERE account_id = $1", person.account_id
    )
    return age


async def let_pass(sql: Sql, days: int, person: Person) -> None:
    """As if nothing had been noted of somebody for so many days."""
    await sql.execute(
        "UPDATE reader SET active_on = active_on - $1::int WHERE account_id = $2", days, person.account_id
    )


async def seconds_left(services: ProcessServices, person: Person) -> int:
    cache = services.cache
    return await cache.run(lambda client, epoch: client.ttl(keys.home(cache.prefix, epoch, person.account_id)))


async def shorten(services: ProcessServices, person: Person, by: timedelta) -> None:
    """As if nobody had read a timeline for so long."""
    cache, left_s = services.cache, await seconds_left(services, person) - int(by.total_seconds())
    await cache.run(lambda client, epoch: client.expire(keys.home(cache.prefix, epoch, person.account_id), left_s))


async def test_who_reads_becomes_a_reader_and_writing_alone_makes_none(api: Api, world: World, sql: Sql) -> None:
    await world.post(world.alice)
    assert await age_of(sql, world.alice) is None
    await api.data(FEED, by=world.alice)
    await api.services.resources.home.rebuilt()
    assert await age_of(sql, world.alice) == 0
    assert await timelines(api.services, [world.alice]) != [None]


async def test_days_that_count_are_more_than_a_timeline_lives(services: ProcessServices) -> None:
    ttl_days = services.settings.timeline_ttl_days
    assert ttl_days == SETTINGS_TTL_DAYS
    assert readers.active_days(timeline_ttl_days=ttl_days) == SETTINGS_TTL_DAYS + 2


@pytest.mark.parametrize(("days", "is_met"), [(0, True), (15, True), (16, True), (17, False), (400, False)])
async def test_fan_out_passes_over_who_has_not_read_for_long(
    api: Api, world: World, worker: Worker, sql: Sql, days: int, *, is_met: bool
) -> None:
    await api.services.resources.home.rebuild(world.alice.account_id)
    await let_pass(sql, days, world.alice)
    post = await world.post(world.bob)
    await worker.settle()
    assert await timelines(api.services, [world.alice]) == [[post] if is_met else []]


async def test_pages_of_nobody_who_reads_end_no_walk(
    api: Api, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest follower reads; between them and the author there are several pages of others."""
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 2)
    for number in range(7):
        await world.follow(await world.join(f"silent{number}"), world.bob)
    await world.follow(world.eve, world.bob)
    await worker.settle()
    await api.services.resources.home.rebuild(world.eve.account_id)
    post = await world.post(world.bob)
    await worker.settle()
    assert await timelines(api.services, [world.eve]) == [[post]]


async def test_author_has_every_own_entry_in_the_timeline_reader_or_not(
    api: Api, world: World, worker: Worker, sql: Sql
) -> None:
    await api.services.resources.home.rebuild(world.carol.account_id)
    await let_pass(sql, 400, world.carol)
    post = await world.post(world.carol)
    await worker.settle()
    assert await timelines(api.services, [world.carol]) == [[post]]


async def test_reading_keeps_timeline_and_note_alive_once_a_day(api: Api, world: World, sql: Sql) -> None:
    home = api.services.resources.home
    await home.rebuild(world.alice.account_id)
    whole_s = await seconds_left(api.services, world.alice)
    await let_pass(sql, 1, world.alice)
    await shorten(api.services, world.alice, timedelta(hours=23))
    await api.data(FEED, by=world.alice)
    await home.rebuilt()
    assert await age_of(sql, world.alice) == 1, "a day has not passed yet"
    await shorten(api.services, world.alice, timedelta(hours=2))
    await api.data(FEED, by=world.alice)
    await home.rebuilt()
    assert await age_of(sql, world.alice) == 0
    assert await seconds_left(api.services, world.alice) >= whole_s - 60


async def test_timeline_is_not_kept_alive_where_its_reader_cannot_be_noted(
    api: Api, world: World, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would outlive the note, and miss what is posted then."""
    home = api.services.resources.home
    await home.rebuild(world.alice.account_id)
    await shorten(api.services, world.alice, timedelta(days=3))
    left_s = await seconds_left(api.services, world.alice)

    async def fails(*_: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(home_module, "note_reader", fails)
    await api.data(FEED, by=world.alice)
    await home.rebuilt()
    assert await seconds_left(api.services, world.alice) <= left_s


async def test_post_that_commits_while_a_timeline_is_made_is_in_it(
    api: Api, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader was none before: the walk must find them all the same."""
    home = api.services.resources.home
    really = fetch_home_entries
    posts: list[int] = []

    async def fetch(*args: object, **rest: object) -> object:
        found = await really(*args, **rest)  # type: ignore[arg-type]  # as it was called
        posts.append(await world.post(world.bob))
        await worker.settle()
        return found

    monkeypatch.setattr(home_module, "fetch_home_entries", fetch)
    await home.rebuild(world.alice.account_id)
    assert posts
    assert await timelines(api.services, [world.alice]) == [posts]


async def test_who_listens_is_noted_before_and_again_for_as_long(
    api: Api, world: World, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "NOTED_EVERY_S", 0.05)
    monkeypatch.setattr(readers, "NOTED_AGAIN_AFTER_S", 0.05)
    async with api.services.resources.home.listening(world.eve.account_id):
        assert await age_of(sql, world.eve) == 0
        await let_pass(sql, 3, world.eve)
        async with asyncio.timeout(5):
            while await age_of(sql, world.eve) != 0:  # noqa: ASYNC110 (a table has no event)
                await asyncio.sleep(0.02)
    await let_pass(sql, 3, world.eve)
    await asyncio.sleep(0.2)
    assert await age_of(sql, world.eve) == 3


async def test_note_of_today_is_written_once(api: Api, world: World, sql: Sql) -> None:
    version, versions = "SELECT xmin::text, xmax::text, ctid FROM reader WHERE account_id = $1", list[object]()
    for _ in range(2):
        await asyncio.gather(*(api.services.db.transact(readers.note_reader, world.dan.account_id) for _ in range(5)))
        versions.append(await sql.fetchrow(version, world.dan.account_id))
    assert versions[0] == versions[1], "neither written nor locked again"


async def test_walk_over_followers_of_author_and_hashtags_meets_readers_only(api: Api, world: World, sql: Sql) -> None:
    """Whom another way leads to is met once; whom none leads to who reads, not at all."""
    tag = await sql.fetchval("INSERT INTO hashtag (name, shown) VALUES ('tea', 'tea') RETURNING id")
    for person in (world.alice, world.dan, world.eve):
        await sql.execute("INSERT INTO hashtag_follow (hashtag_id, account_id) VALUES ($1, $2)", tag, person.account_id)
    for person in (world.alice, world.dan):
        await api.services.resources.home.rebuild(person.account_id)
    page = await reader_statements.fetch_readers_after(
        api.services.db, world.bob.account_id, [tag], after=0, limit=100, active_days=16
    )
    assert (page.of_author, page.of_hashtags, page.reached) == (
        [world.alice.account_id],
        [world.dan.account_id],
        None,
    )
