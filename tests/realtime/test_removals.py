"""Who is told that an entry has gone from the feed, and that the feed is to be read anew."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from actions import moderation
from app.worker import Worker
from models.posts import Visibility
from tests.api.hashtags import follow
from tests.api.lists import change, new_list
from tests.fixtures.api import Api
from tests.realtime.test_home_feed_events import Events, connected, subscribed
from tests.worlds import Person, World, post_id
from timelines import fanout

Act: TypeAlias = Callable[[World, Person], Awaitable[None]]


async def narrow(world: World, post: int, visibility: Visibility) -> None:
    """Makes the post one for few, as its author might have."""
    async with world.services.db._connection() as connection:
        await connection.execute("UPDATE post SET visibility = $2 WHERE id = $1", post, int(visibility))


async def next_is(events: Events, body: str) -> bool:
    event = await events.next()
    return (event["__typename"], event.get("edge", {}).get("node", {}).get("body")) == ("PostAdded", body)


@pytest.mark.parametrize("visibility", [Visibility.MUTUALS, Visibility.CIRCLE, Visibility.MENTIONED])
async def test_the_end_of_a_post_is_told_to_those_who_could_see_it_alone(
    api: Api, world: World, worker: Worker, visibility: Visibility
) -> None:
    await connected(api)
    post = await world.post(world.alice, "for few")
    await narrow(world, post, visibility)
    await worker.settle()
    # Both follow alice, who follows bob alone.
    async with (
        subscribed(api, world.alice) as own,
        subscribed(api, world.bob) as bob,
        subscribed(api, world.dan) as dan,
    ):
        await world.delete(world.alice, post)
        await worker.settle()
        await world.post(world.alice, "next")
        await worker.settle()
        assert (await own.next())["postId"] == post_id(post)
        if visibility is Visibility.MUTUALS:
            assert (await bob.next())["postId"] == post_id(post)
        assert await next_is(bob, "next")
        assert await next_is(dan, "next")


async def test_the_end_of_a_repost_is_told_to_those_who_could_see_its_post_alone(
    api: Api, world: World, worker: Worker
) -> None:
    await connected(api)
    await world.follow(world.carol, world.eve)
    seen, hidden = [await world.post(world.eve, body) for body in ("seen", "hidden")]
    for post in (seen, hidden):
        await world.repost(world.carol, post)
    await narrow(world, hidden, Visibility.FOLLOWERS)
    await worker.settle()
    async with subscribed(api, world.alice) as events:
        for post in (hidden, seen):
            await world.undo_repost(world.carol, post)
            await worker.settle()
        event = await events.next()
        assert (event["__typename"], event["postId"]) == ("PostRemoved", post_id(seen))


async def test_who_unfollows_is_told_to_read_the_feed_anew(api: Api, world: World, worker: Worker) -> None:
    await connected(api)
    await world.post(world.bob, "there before")
    async with subscribed(api, world.alice) as alice, subscribed(api, world.bob) as bob:
        await worker.settle()
        assert await next_is(alice, "there before")
        assert await next_is(bob, "there before")
        for _ in range(2):
            await world.unfollow(world.alice, world.bob)
        await worker.settle()
        assert (await alice.next())["__typename"] == "Reset"
        await world.post(world.bob, "unseen")
        await world.post(world.carol, "seen")
        await worker.settle()
        assert await next_is(alice, "seen")
        assert await next_is(bob, "unseen"), "whom somebody unfollows is told nothing"


async def test_both_whom_a_block_separates_are_told_to_read_anew_and_hear_no_more_of_each_other(
    api: Api, world: World, worker: Worker
) -> None:
    await connected(api)
    theirs = await world.post(world.bob, "before")
    await worker.settle()
    async with (
        subscribed(api, world.alice) as alice,
        subscribed(api, world.bob) as bob,
        subscribed(api, world.carol) as carol,
    ):
        # Written before the block, and told after it.
        for author in (world.alice, world.bob):
            await world.post(author, "at the same moment")
        await world.block(world.alice, world.bob)
        await worker.settle()
        for events, own in ((alice, "alice"), (bob, "bob")):
            told = [await events.next() for _ in range(2)]
            assert {event["__typename"] for event in told} == {"PostAdded", "Reset"}
            [added] = [event for event in told if event["__typename"] == "PostAdded"]
            assert added["edge"]["node"]["author"]["handle"] == own
        await world.edit(world.bob, theirs, "after")
        await world.repost(world.carol, theirs)
        await worker.settle()
        assert (await bob.next())["post"]["body"] == "after"
        assert await next_is(carol, "after")
        await world.undo_repost(world.carol, theirs)
        await world.delete(world.bob, theirs)
        await worker.settle()
        assert (await bob.next())["postId"] == (await carol.next())["postId"] == post_id(theirs)
        for author in (world.bob, world.alice, world.carol):
            await world.post(author, f"by {author.handle}")
        await worker.settle()
        assert {(await alice.next())["edge"]["node"]["body"] for _ in range(2)} == {"by alice", "by carol"}
        assert await next_is(bob, "by bob")
        assert await next_is(carol, "by carol")


async def test_a_block_reaches_the_timelines_of_both(api: Api, world: World, worker: Worker) -> None:
    feed = "{ homeFeed(first: 20) { edges { node { body } } } }"

    async def bodies(person: Person) -> list[str]:
        found = (await api.data(feed, by=person))["homeFeed"]["edges"]
        return [edge["node"]["body"] for edge in found]

    for author in (world.alice, world.bob):
        await world.post(author, author.handle)
    await worker.settle()
    for _ in range(2):
        assert await bodies(world.alice) == await bodies(world.bob) == ["bob", "alice"]
        await api.services.resources.home.rebuilt()
    await world.block(world.bob, world.alice)
    for is_settled in (False, True):
        if is_settled:
            await worker.settle()
        for _ in range(2):
            assert (await bodies(world.alice), await bodies(world.bob)) == (["alice"], ["bob"])
            await api.services.resources.home.rebuilt()


async def suspend(world: World, person: Person, *, lifts: bool = False) -> None:
    await world.services.db.transact(moderation.suspend_by_handle, person.handle, lifts=lifts, note=None)


async def make_private(world: World, person: Person) -> None:
    await world.make_private(person)


async def make_open(world: World, person: Person) -> None:
    await world.make_private(person, is_private=False)


async def lift(world: World, person: Person) -> None:
    await suspend(world, person, lifts=True)


@pytest.mark.parametrize(
    ("hide", "show"), [(suspend, lift), (make_private, make_open)], ids=["suspension", "private account"]
)
async def test_who_follows_an_account_or_its_hashtags_reads_anew_when_it_is_hidden_and_when_it_is_shown(
    api: Api, world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch, hide: Act, show: Act
) -> None:
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 1)
    await connected(api)
    await world.follow(world.carol, world.bob)
    await follow(api, "tea", by=world.eve)
    await follow(api, "milk", by=world.carol)
    async with (
        subscribed(api, world.alice) as of_follower,
        subscribed(api, world.carol) as of_both,
        subscribed(api, world.eve) as of_hashtag,
        subscribed(api, world.dan) as of_stranger,
    ):
        await world.post(world.bob, "some #tea with #milk")
        await worker.settle()
        concerned = (of_follower, of_both, of_hashtag)
        for events in concerned:
            assert await next_is(events, "some #tea with #milk")
        for act in (hide, show):
            for _ in range(2):
                await act(world, world.bob)
                await worker.settle()
            for events in concerned:
                assert (await events.next())["__typename"] == "Reset"
        for author, body in ((world.bob, "more #tea"), (world.dan, "by dan")):
            await world.post(author, body)
            await worker.settle()
        for events in concerned:
            assert await next_is(events, "more #tea"), "told once each time"
        assert await next_is(of_stranger, "by dan"), "who does not see them anyway is told nothing"


async def test_what_is_left_out_by_an_exclusive_list_is_told_to_its_owner_and_later_posts_are_not(
    api: Api, world: World, worker: Worker
) -> None:
    await connected(api)
    await world.follow(world.dan, world.bob)
    list_id = await new_list(api, "Apart", by=world.alice, isExclusive=True)
    bob = {"listId": list_id, "userIds": [world.bob.id]}

    async with subscribed(api, world.alice) as of_owner, subscribed(api, world.dan) as of_other:

        async def told() -> list[str]:
            """What the owner is told when bob posts, and carol after him."""
            for author in (world.bob, world.carol):
                await world.post(author, f"by {author.handle}")
                await worker.settle()
            assert await next_is(of_other, "by bob"), "it is in the owner's feed alone that anything changes"
            bodies: list[str] = []
            while "by carol" not in bodies:
                event = await of_owner.next()
                bodies.append("Reset" if event["__typename"] == "Reset" else event["edge"]["node"]["body"])
            return bodies

        for act, given, expected in (
            ("addToList", bob, ["Reset", "by carol"]),
            ("removeFromList", bob, ["Reset", "by bob", "by carol"]),
            ("addToList", bob, ["Reset", "by carol"]),
            ("updateList", {"listId": list_id, "name": "Aside"}, ["by carol"]),
            ("updateList", {"listId": list_id, "isExclusive": False}, ["Reset", "by bob", "by carol"]),
            ("removeFromList", bob, ["by bob", "by carol"]),
            ("addToList", bob, ["by bob", "by carol"]),
            ("updateList", {"listId": list_id, "isExclusive": True}, ["Reset", "by carol"]),
            ("deleteList", {"listId": list_id}, ["Reset", "by bob", "by carol"]),
        ):
            assert (await change(api, act, by=world.alice, **given))["errors"] == []
            await worker.settle()
            assert await told() == expected, act
