"""Timelines compared with SQL: what is wrong is found and made anew, what is on its way is not."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.cache import CacheUnavailableError
from core.clock import utc_now
from tests.fixtures.api import Api, api_over
from tests.timelines.fanning import sql_of
from tests.worlds import World
from timelines import keys, pulled_authors
from timelines.home import HomeTimelines
from timelines.store import Act, Cut, TimelineStore
from timelines.verifying import Verdict

HOME = "{ homeFeed(first: 50) { edges { node { body } } } }"


NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
async def home(services: ProcessServices, worker: Worker, world: World) -> HomeTimelines:
    """Nothing is on its way to any timeline: the follows of the world are handled."""
    await worker.settle()
    return services.resources.home


@pytest.fixture
def store(home: HomeTimelines) -> TimelineStore:
    return home._store


async def take(store: TimelineStore, entry_id: int, account_id: int) -> None:
    """An entry goes from a timeline as if its push had been lost."""
    await store.deliver(entry_id, [account_id], act=Act.REMOVE, channel_prefix="nobody:", message=b"")


async def bodies(api: Api, world: World) -> list[str]:
    data = await api.data(HOME, by=world.alice)
    return [edge["node"]["body"] for edge in data["homeFeed"]["edges"]]


async def test_a_timeline_that_is_right_is_equal_whoever_posts(
    home: HomeTimelines, worker: Worker, world: World
) -> None:
    await world.post(world.bob, "before")
    await home.rebuild(world.alice.account_id)
    for author in (world.bob, world.alice, world.carol, world.dan):
        await world.post(author, f"by {author.handle}")
    await worker.settle()
    assert await home.check(world.alice.account_id) is Verdict.EQUAL


async def test_who_has_no_timeline_has_none_to_compare(home: HomeTimelines, world: World) -> None:
    await world.post(world.bob, "a post")
    assert await home.check(world.alice.account_id) is Verdict.ABSENT


async def test_what_is_on_its_way_is_not_missing(home: HomeTimelines, worker: Worker, world: World) -> None:
    reader = world.alice.account_id
    await home.rebuild(reader)
    await world.post(world.bob, "on its way")
    assert await home.check(reader) is Verdict.UNDECIDED
    await worker.settle()
    assert await home.check(reader) is Verdict.EQUAL
    await world.follow(world.alice, world.dan)
    await world.post(world.dan, "of somebody followed since")
    assert await home.check(reader) is Verdict.UNDECIDED


async def test_what_is_parked_is_missing_and_mended(
    api: Api, home: HomeTimelines, worker: Worker, world: World
) -> None:
    reader = world.alice.account_id
    await home.rebuild(reader)
    await world.post(world.bob, "parked")
    async with sql_of(api.services) as sql:
        await sql.execute("UPDATE outbox SET parked_at = now() WHERE done_at IS NULL")
    await worker.settle()
    assert await bodies(api, world) == []
    assert await home.check(reader) is Verdict.DIFFERENT
    assert await bodies(api, world) == ["parked"]


async def test_a_lost_push_is_found_and_mended(
    api: Api, home: HomeTimelines, store: TimelineStore, worker: Worker, world: World
) -> None:
    reader = world.alice.account_id
    await home.rebuild(reader)
    lost = await world.post(world.bob, "lost")
    await world.post(world.carol, "kept")
    await worker.settle()
    await take(store, lost, reader)
    assert await bodies(api, world) == ["kept"]
    assert await home.check(reader, repairs=False) is Verdict.DIFFERENT
    assert await bodies(api, world) == ["kept"]
    assert await home.check(reader) is Verdict.DIFFERENT
    assert await bodies(api, world) == ["kept", "lost"]
    assert await home.check(reader) is Verdict.EQUAL


@pytest.mark.parametrize("place", [0, 399])
async def test_a_hole_is_found_wherever_it_is(
    home: HomeTimelines, store: TimelineStore, worker: Worker, world: World, place: int
) -> None:
    """Also in a timeline that does not reach to the end of its feed."""
    reader = world.alice.account_id
    # Nobody who posts this often in a day is pushed.
    times = [utc_now() - timedelta(hours=hours) for hours in range(405, 0, -1)]
    numbers = [await world.post(world.bob, "a post", at=moment) for moment in times]
    await worker.settle()
    await home.rebuild(reader)
    assert await home.check(reader) is Verdict.EQUAL
    numbers.reverse()
    if place:
        # Below its oldest entry a timeline promises nothing.
        await take(store, numbers[place], reader)
        assert await home.check(reader) is Verdict.EQUAL
    await take(store, numbers[place // 2], reader)
    assert await home.check(reader) is Verdict.DIFFERENT


async def test_a_timeline_may_reach_farther_back_than_what_is_merged_is_looked_at(
    services: ProcessServices,
    home: HomeTimelines,
    store: TimelineStore,
    worker: Worker,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "LARGEST_TIMELINE", 5)
    reader = world.alice.account_id
    old = await world.post(world.bob, "pushed long ago")
    await services.db.transact(pulled_authors.enter, world.carol.account_id)
    await home.rebuild(reader)
    for number in range(30):
        await world.post(world.carol, f"merged {number}")
    lost = await world.post(world.bob, "pushed of late")
    await worker.settle()
    cut = await store.read_whole(reader)
    assert cut is not None
    assert list(cut.ids) == [lost, old]
    assert await home.check(reader) is Verdict.EQUAL
    await take(store, lost, reader)
    assert await home.check(reader) is Verdict.DIFFERENT


async def test_what_others_post_while_it_is_compared_is_no_difference(
    home: HomeTimelines, store: TimelineStore, worker: Worker, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time so much comes, and is handled, that the oldest of what was read is out of sight."""
    for number in range(8):
        await world.post(world.bob, f"before {number}")
    await worker.settle()
    await home.rebuild(world.alice.account_id)
    read_whole = store.read_whole
    comparisons = 0

    async def read_and_post(account_id: int) -> Cut | None:
        nonlocal comparisons
        comparisons += 1
        cut = await read_whole(account_id)
        for number in range(4):
            await world.post(world.bob, f"meanwhile {number}")
        await worker.settle()
        return cut

    monkeypatch.setattr(store, "read_whole", read_and_post)
    assert await home.check(world.alice.account_id) is Verdict.EQUAL
    assert comparisons == 2


async def test_a_share_of_first_pages_is_compared_behind_the_answer(
    settings: Settings, worker: Worker, world: World
) -> None:
    services = ProcessServices(settings.model_copy(update={"timelines_verified_per_thousand": 1000}))
    await services.start()
    home = services.resources.home
    try:
        async with api_over(services) as api:
            reader = world.alice.account_id
            lost = await world.post(world.bob, "lost")
            await worker.settle()
            await home.rebuild(reader)
            await take(home._store, lost, reader)
            with capture_logs() as entries:
                assert await bodies(api, world) == []
                await home.rebuilt()
                assert await bodies(api, world) == ["lost"]
                await home.rebuilt()
            told = [entry["found_so_far"] for entry in entries if entry["event"] == "timeline was wrong"]
            assert told == [{"different": 1}]
    finally:
        with capture_logs() as entries:
            await services.stop()
    [line] = [entry for entry in entries if entry["event"] == "timelines compared"]
    assert (line["different"], line["equal"]) == (1, 1)


async def test_without_redis_there_is_nothing_to_say(settings: Settings, world: World) -> None:
    services = ProcessServices(settings.model_copy(update={"redis_url": NOBODY_LISTENS}))
    await services.start()
    try:
        with pytest.raises(CacheUnavailableError):
            await services.resources.home.check(world.alice.account_id)
    finally:
        await services.stop()
