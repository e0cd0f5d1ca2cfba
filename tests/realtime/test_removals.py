"""Who is told that an entry has gone from the feed, and that the feed is to be read anew."""

import pytest

from app.worker import Worker
from models.posts import Visibility
from tests.fixtures.api import Api
from tests.realtime.test_home_feed_events import Events, connected, subscribed
from tests.worlds import World, post_id


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
