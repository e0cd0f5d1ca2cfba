"""Pulled authors: merged where they are read, not pushed; and coming and going loses and repeats nothing."""

import asyncio

import pytest

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
from tests.timelines.fanning import Sql, fan_out_of, timelines
from tests.timelines.pulling import FEED, end, enter, feed, leave, state
from tests.worlds import World
from timelines import fanout, pulled_authors


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
