"""Pulled authors: merged where they are read, not pushed; and coming and going loses and repeats nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from events import channels, outbox
from events.base import Queue
from events.bus import HomeMessage
from events.posts import EntryAdded
from events.pulled_authors import AuthorPushedAgain
from loaders import home as home_statements
from loaders.feeds import load_feed
from tests.api.hashtags import follow as follow_hashtag
from tests.fixtures.api import Api
from tests.timelines.fanning import UNLIMITED, Sql, fan_out_of, sql_of, timelines
from tests.timelines.test_home_model import whole_feed
from tests.worlds import Person, World
from timelines import fanout, keys, pulled_authors
from timelines.pulled_authors import PulledAuthors

FEED = "query ($first: Int!) { homeFeed(first: $first) { edges { node { id } } } }"


@pytest.fixture
async def sql(services: ProcessServices, world: World, worker: Worker) -> AsyncIterator[Sql]:
    """Behind everything that making the world has left to be done; alice, who follows bob and carol, has a timeline."""
    await worker.settle()
    await services.resources.home.rebuild(world.alice.account_id)
    async with sql_of(services) as connection:
        yield connection


async def state(sql: Sql, author: Person) -> str | None:
    """How an author stands: pulled, leaving, going; None for all others."""
    told: str | None = await sql.fetchval(
        """
        SELECT CASE WHEN leaves_at IS NULL THEN 'pulled' WHEN leaves_at = 'infinity' THEN 'leaving' ELSE 'going' END
        FROM pulled_author WHERE account_id = $1
        """,
        author.account_id,
    )
    return told


async def enter(world: World, author: Person) -> None:
    await world.services.db.transact(pulled_authors.enter, author.account_id)


async def leave(world: World, author: Person) -> None:
    await world.services.db.transact(pulled_authors.leave, author.account_id)


async def end(world: World, sql: Sql) -> None:
    """As if whoever is going had gone."""
    await sql.execute("UPDATE pulled_author SET leaves_at = now() WHERE leaves_at < 'infinity'")
    await world.services.db.transact(pulled_authors.end_left)


async def feed(api: Api, reader: Person, size: int = 7) -> list[int]:
    return await whole_feed(api, reader, lambda: size)


async def test_pulled_author_is_not_pushed_and_is_in_the_feed(api: Api, world: World, worker: Worker, sql: Sql) -> None:
    await enter(world, world.bob)
    posts = [await world.post(author) for author in (world.bob, world.carol, world.bob, world.carol)]
    await worker.settle()
    assert await timelines(api.services, [world.alice]) == [[posts[3], posts[1]]]
    for size in (1, 2, 3, 7):
        assert await feed(api, world.alice, size) == posts[::-1]
    await world.delete(world.bob, posts[2])
    assert await feed(api, world.alice) == [posts[3], posts[1], posts[0]]


async def test_merging_costs_no_statement_and_no_round_trip(api: Api, world: World, worker: Worker, sql: Sql) -> None:
    await enter(world, world.bob)
    for _ in range(30):
        await world.post(world.bob)
        await world.post(world.carol)
    await worker.settle()
    await api.data(FEED, by=world.alice, first=10)
    with api.budget(sql=1, redis=1):
        data = await api.data(FEED, by=world.alice, first=10)
    assert len(data["homeFeed"]["edges"]) == 10


async def test_a_page_brings_no_more_posts_than_it_has_room_for(
    api: Api, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many authors are merged, and however much they have posted."""
    for author in (world.bob, world.carol, world.alice):
        for _ in range(12):
            await world.post(author)
    await enter(world, world.bob)
    await enter(world, world.carol)
    brought: list[int] = []
    really = load_feed

    async def counted(*args: object, **rest: object) -> object:
        found = await really(*args, **rest)  # type: ignore[arg-type]  # as it was called
        brought.append(len(found))
        return found

    monkeypatch.setattr(home_statements, "load_feed", counted)
    await api.data(FEED, by=world.alice, first=5)
    assert brought == [6]


async def test_subscriber_is_told_of_a_pulled_author(api: Api, world: World, worker: Worker, sql: Sql) -> None:
    await enter(world, world.bob)
    channel = channels.home(api.services.cache.prefix, world.alice.account_id)
    async with asyncio.timeout(10), api.services.resources.bus.listen(channel) as messages:
        post = await world.post(world.bob)
        await worker.settle()
        raw = await anext(messages)
    assert isinstance(raw, bytes)
    assert HomeMessage.from_bytes(raw).added_entry_id == post
    assert await timelines(api.services, [world.alice]) == [[]]


async def test_who_follows_a_hashtag_and_not_the_pulled_author_is_pushed_to(
    api: Api, world: World, worker: Worker, sql: Sql
) -> None:
    await enter(world, world.bob)
    for person in (world.alice, world.dan):
        await follow_hashtag(api, "tea", by=person)
    await worker.settle()
    readers = [world.alice, world.dan]
    for person in readers:
        await api.services.resources.home.rebuild(person.account_id)
    posts = [await world.post(world.bob, "#tea")]
    await worker.settle()
    assert await timelines(api.services, readers) == [[], posts]
    posts.append(await world.post(world.bob, "nothing"))
    await world.edit(world.bob, posts[1], "it is #tea after all")
    await worker.settle()
    assert await timelines(api.services, readers) == [[], posts[::-1]]
    assert [await feed(api, person) for person in readers] == [posts[::-1]] * 2
    await world.delete(world.bob, posts[0])
    await worker.settle()
    assert await timelines(api.services, readers) == [[], [posts[1]]]


@pytest.mark.parametrize("what", ["readers", "posts"])
async def test_author_who_costs_too_much_enters_with_the_post_that_is_handled(
    api: Api, world: World, worker: Worker, sql: Sql, what: str
) -> None:
    limits = UNLIMITED._replace(readers=1) if what == "readers" else UNLIMITED._replace(posts_per_day=1)
    fan_out = fan_out_of(api.services, limits)

    async def advance(_: int) -> bool:
        return True

    async def handle(post: int) -> None:
        await fan_out.on_entry_added(EntryAdded(post, world.bob.account_id), event_id=1, checkpoint=0, advance=advance)

    first = await world.post(world.bob)
    await handle(first)
    assert await state(sql, world.bob) is None
    assert await timelines(api.services, [world.alice]) == [[first]]
    if what == "readers":
        for person in (world.dan, world.eve):
            await world.follow(person, world.bob)
        await api.services.resources.home.rebuild(world.dan.account_id)
    second = await world.post(world.bob)
    await handle(second)
    assert await state(sql, world.bob) is None, "looked at a moment ago"
    third = await world.post(world.bob)
    fan_out = fan_out_of(api.services, limits)
    await handle(third)
    assert await state(sql, world.bob) == "pulled"
    assert await timelines(api.services, [world.alice]) == [[second, first]]
    assert await feed(api, world.alice) == [third, second, first]


@pytest.mark.parametrize(
    ("changed", "becomes"),
    [
        ({}, None),
        ({"pull_above_followers": 1}, "pulled"),
        ({"pull_above_followers": 2, "pull_above_posts_per_day": 3}, None),
        ({"pull_above_posts_per_day": 2}, "pulled"),
    ],
    ids=["neither", "readers", "not above", "posts"],
)
async def test_a_worker_goes_by_the_bounds_that_are_set(
    settings: Settings, world: World, sql: Sql, changed: dict[str, int], becomes: str | None
) -> None:
    """Bob has two readers and posts three times."""
    await world.follow(world.dan, world.bob)
    await world.services.resources.home.rebuild(world.dan.account_id)
    for _ in range(3):
        await world.post(world.bob)
    worker = Worker(settings.model_copy(update=changed))
    await worker.open()
    await worker.settle()
    await worker.close()
    assert await state(sql, world.bob) == becomes


async def test_leaving_goes_through_every_step_and_at_each_the_feed_is_right(
    api: Api, world: World, worker: Worker, sql: Sql
) -> None:
    home = api.services.resources.home
    posts: list[int] = []

    async def post_and_compare() -> None:
        posts.append(await world.post(world.bob))
        await worker.settle()
        for _ in range(2):
            assert await feed(api, world.alice) == posts[::-1]
            await home.rebuilt()

    await post_and_compare()
    await enter(world, world.bob)
    await post_and_compare()
    assert await timelines(api.services, [world.alice]) == [posts[:1]]
    await leave(world, world.bob)
    assert await state(sql, world.bob) == "leaving"
    await post_and_compare()
    assert await state(sql, world.bob) == "going"
    await post_and_compare()
    assert await timelines(api.services, [world.alice]) == [posts[::-1]], "made anew, and pushed to"
    await world.services.db.transact(pulled_authors.end_left)
    assert await state(sql, world.bob) == "going", "a read may be under way"
    await end(world, sql)
    assert await state(sql, world.bob) is None
    await post_and_compare()
    await enter(world, world.bob)
    await post_and_compare()


async def test_who_is_leaving_enters_only_after_having_left(world: World, worker: Worker, sql: Sql) -> None:
    await enter(world, world.bob)
    await leave(world, world.bob)
    await enter(world, world.bob)
    await leave(world, world.bob)
    assert await state(sql, world.bob) == "leaving"
    assert await sql.fetchval("SELECT count(*) FROM outbox WHERE event = 'AuthorPushedAgain'") == 1
    await worker.settle()
    await enter(world, world.bob)
    assert await state(sql, world.bob) == "going"


async def test_leaving_twice_at_once_is_leaving_once(world: World, sql: Sql) -> None:
    await enter(world, world.bob)
    await asyncio.gather(*(leave(world, world.bob) for _ in range(5)))
    assert await sql.fetchval("SELECT count(*) FROM outbox WHERE event = 'AuthorPushedAgain'") == 1


async def test_author_stays_while_half_of_a_bound_is_passed_and_for_a_week(
    api: Api, world: World, worker: Worker, sql: Sql
) -> None:
    limits = UNLIMITED._replace(readers=4, posts_per_day=2)
    watch = PulledAuthors(api.services.db, limits)
    await enter(world, world.bob)
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "not for a week yet"
    await sql.execute("UPDATE pulled_author SET since = since - $1::interval", pulled_authors.STAYS)
    followers = [await world.join(f"follower{number}") for number in range(2)]
    for person in followers:
        await world.follow(person, world.bob)
        await api.services.resources.home.rebuild(person.account_id)
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "three read, of whom two are half of the bound"
    await sql.execute("DELETE FROM reader WHERE account_id = $1", followers[0].account_id)
    posts = [await world.post(world.bob) for _ in range(8)]
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "seven in a week are half of the bound"
    await world.delete(world.bob, posts[0])
    await watch.look_after()
    assert await state(sql, world.bob) == "leaving"


async def test_the_largest_bounds_that_settings_take_pull_nobody(
    api: Api, settings: Settings, world: World, worker: Worker, sql: Sql
) -> None:
    largest = {"pull_above_followers": 1_000_000_000, "pull_above_posts_per_day": 1_000_000}
    for name, bound in largest.items():
        with pytest.raises(ValidationError, match="less than or equal"):
            Settings.model_validate({**settings.model_dump(), name: bound + 1})
    Settings.model_validate({**settings.model_dump(), **largest})
    watch = PulledAuthors(api.services.db, UNLIMITED._replace(readers=1_000_000_000, posts_per_day=1_000_000))
    await watch.consider(world.bob.account_id)
    assert await state(sql, world.bob) is None
    await enter(world, world.bob)
    await sql.execute("UPDATE pulled_author SET since = since - $1::interval", pulled_authors.STAYS)
    await watch.look_after()
    assert await state(sql, world.bob) == "leaving"


async def test_sweep_looks_at_some_of_the_pulled_and_comes_to_all(
    api: Api, world: World, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = PulledAuthors(api.services.db, UNLIMITED)
    for person in world.people.values():
        await enter(world, person)
    await sql.execute("UPDATE pulled_author SET since = since - interval '8 days'")
    looked_at: list[int] = []

    async def is_above(_watch: PulledAuthors, _limits: object, author_id: int, *, within: timedelta) -> bool:
        looked_at.append(author_id)
        return within == pulled_authors.STAYS

    monkeypatch.setattr(pulled_authors, "LOOKED_AT_ONCE", 2)
    monkeypatch.setattr(PulledAuthors, "_is_above", is_above)
    everybody = sorted(person.account_id for person in world.people.values())
    rounds: list[list[int]] = []
    for _ in range(4):
        looked_at.clear()
        await watch.look_after()
        rounds.append(list(looked_at))
    assert rounds == [everybody[:2], everybody[2:4], everybody[4:], everybody[:2]]


ACTS = ("enter", "post", "settle", "leave", "settle", "post", "settle", "end")


def _orders() -> list[tuple[str, ...]]:
    """Every place among the acts of crossing to and fro that a timeline may be made at, and a post right beside it."""
    beside = (("rebuild", "post"), ("post", "rebuild"))
    return [(*ACTS[:place], *both, *ACTS[place:]) for place in range(len(ACTS) + 1) for both in beside]


@pytest.mark.parametrize("acts", _orders(), ids=" ".join)
async def test_crossing_in_both_directions_loses_nothing_that_was_handled_and_repeats_nothing(
    api: Api, world: World, worker: Worker, sql: Sql, acts: tuple[str, ...]
) -> None:
    home, posts, handled = api.services.resources.home, list[int](), 0
    for act in acts:
        match act:
            case "enter":
                await enter(world, world.bob)
            case "post":
                posts.append(await world.post(world.bob))
            case "settle":
                await worker.settle()
                handled = len(posts)
            case "leave":
                await leave(world, world.bob)
            case "rebuild":
                await home.rebuild(world.alice.account_id)
            case "end":
                await end(world, sql)
        found = await feed(api, world.alice, 2)
        assert found == [post for post in posts[::-1] if post in found], "in order, and none twice"
        assert set(posts[:handled]) <= set(found)
    await worker.settle()
    assert await feed(api, world.alice, 2) == posts[::-1]


async def test_entry_whose_walk_began_before_the_author_left_is_in_every_feed(
    api: Api, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk found the author pulled, and goes on leaving timelines alone after they are pushed again."""
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 1)
    home = api.services.resources.home
    people = [world.alice, *[await world.join(f"follower{number}") for number in range(3)]]
    for person in people[1:]:
        await world.follow(person, world.bob)
    await worker.settle()
    for person in people:
        await home.rebuild(person.account_id)
    await enter(world, world.bob)
    post = await world.post(world.bob)
    await sql.execute("UPDATE outbox SET done_at = now() WHERE done_at IS NULL")

    async def crossing(_: int) -> bool:
        if await state(sql, world.bob) == "pulled":
            await leave(world, world.bob)
            await worker.settle()
            await end(world, sql)
            for person in people:
                await home.rebuild(person.account_id)
        return True

    await fan_out_of(api.services).on_entry_added(
        EntryAdded(post, world.bob.account_id), event_id=1, checkpoint=0, advance=crossing
    )
    assert await state(sql, world.bob) is None
    assert [await feed(api, person) for person in people] == [[post]] * 4


async def test_forgetting_that_is_taken_over_goes_on_and_ends_once(
    api: Api, world: World, worker: Worker, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 1)
    home = api.services.resources.home
    people = [world.alice, *[await world.join(f"follower{number}") for number in range(3)]]
    for person in people[1:]:
        await world.follow(person, world.bob)
    await worker.settle()
    for person in people:
        await home.rebuild(person.account_id)
    await enter(world, world.bob)
    await leave(world, world.bob)
    [event] = await api.services.db.transact(outbox.claim, Queue.LARGE_FANOUT, limit=1)
    reached: list[int] = []

    async def stop(checkpoint: int) -> bool:
        reached.append(checkpoint)
        return len(reached) < 2

    fan_out = fan_out_of(api.services)
    pushed_again = AuthorPushedAgain(world.bob.account_id)
    await fan_out.on_author_pushed_again(pushed_again, checkpoint=event.checkpoint, advance=stop)
    assert await state(sql, world.bob) == "leaving", "not all are forgotten"
    assert [each is None for each in await timelines(api.services, people)] == [True, True, False, False]
    await fan_out.on_author_pushed_again(pushed_again, checkpoint=reached[-1], advance=_go_on)
    assert await state(sql, world.bob) == "going"
    assert await timelines(api.services, people) == [None] * 4


async def _go_on(_: int) -> bool:
    return True


@pytest.fixture
def tiny_bounds(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whoever follows more than one account, or one pulled author, follows too much."""

    def make(bound: str) -> None:
        monkeypatch.setattr(keys, bound, 1)

    return make


@pytest.mark.parametrize("bound", ["MOST_FOLLOWED", "MOST_PULLED"])
async def test_who_follows_too_much_is_answered_by_sql_until_they_follow_less(
    api: Api, world: World, worker: Worker, sql: Sql, tiny_bounds: Callable[[str], None], bound: str
) -> None:
    tiny_bounds(bound)
    home = api.services.resources.home
    for author in (world.bob, world.carol):
        await enter(world, author)
    await home.forget(world.alice.account_id)
    posts = [await world.post(author) for author in (world.bob, world.carol, world.alice)]
    assert await feed(api, world.alice) == posts[::-1]
    await home.rebuilt()
    for _ in range(2):
        posts.append(await world.post(world.carol))
        await worker.settle()
        assert await timelines(api.services, [world.alice]) == [None]
        with api.budget(sql=1, redis=1):
            await api.data(FEED, by=world.alice, first=3)
        await home.rebuilt()
        assert await feed(api, world.alice, 2) == posts[::-1]
    await world.unfollow(world.alice, world.bob)
    await worker.settle()
    expected = [post for post in posts[::-1] if post != posts[0]]
    assert await feed(api, world.alice) == expected
    await home.rebuilt()
    assert await timelines(api.services, [world.alice]) == [expected]


async def test_timeline_of_one_who_has_come_to_follow_too_much_ends_when_it_is_to_be_kept(
    api: Api, world: World, worker: Worker, sql: Sql, tiny_bounds: Callable[[str], None]
) -> None:
    """No follow of theirs has changed: those whom they follow have become pulled."""
    tiny_bounds("MOST_PULLED")
    for author in (world.bob, world.carol):
        await enter(world, author)
    post = await world.post(world.bob)
    await worker.settle()
    assert await timelines(api.services, [world.alice]) == [[]]
    await api.services.resources.home.keep(world.alice.account_id)
    assert await timelines(api.services, [world.alice]) == [None]
    assert await feed(api, world.alice) == [post]
