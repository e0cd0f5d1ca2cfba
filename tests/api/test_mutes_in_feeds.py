"""What a mute leaves out, and where: feeds are quiet, and nothing is gone for who looks for it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.worker import Worker
from core.clock import utc_now
from tests.api.feeds import FEEDS, bodies_in, pages_of, replies_to
from tests.api.hashtags import follow
from tests.api.live import listening
from tests.api.mutes import mute, run_out, unmute
from tests.api.paging import nodes
from tests.fixtures.api import Api
from tests.worlds import World, post_id

WITHIN_S = 5.0


@pytest.mark.parametrize("timeline", ["cold", "warm"])
async def test_the_home_feed_is_without_what_the_muted_post_and_what_others_repost_of_theirs(
    api: Api, world: World, worker: Worker, timeline: str
) -> None:
    by_bob = await world.post(world.bob, "by bob")
    by_eve = await world.post(world.eve, "by eve")
    by_carol = await world.post(world.carol, "by carol")
    await world.post(world.bob, "bob replies", reply_to=by_carol)
    await world.post(world.carol, "carol replies to bob", reply_to=by_bob)
    await world.post(world.carol, "carol quotes bob", quote=by_bob)
    await world.repost(world.bob, by_eve)
    await world.repost(world.carol, by_bob)
    mine = await world.post(world.alice, "mine", reply_to=by_bob)
    await world.repost(world.bob, mine)
    await worker.settle()
    if timeline == "warm":
        await bodies_in(api, "home", by=world.alice)
        await api.services.resources.home.rebuilt()
    heard = ["mine", "carol quotes bob", "carol replies to bob", "by carol"]
    everything = ["mine", "by bob", "by eve", *heard[1:3], "bob replies", "by carol"]
    assert await bodies_in(api, "home", by=world.alice) == everything
    await mute(api, world.bob, by=world.alice)
    for _ in range(2):
        assert await bodies_in(api, "home", by=world.alice) == heard
        await api.services.resources.home.rebuilt()
    await mute(api, world.bob, by=world.alice, onlyReposts=True)
    without_reposts = ["mine", "by bob", *heard[1:3], "bob replies", "by carol"]
    assert await bodies_in(api, "home", by=world.alice) == without_reposts
    await mute(api, world.bob, by=world.alice)
    await unmute(api, world.bob, by=world.alice)
    assert await bodies_in(api, "home", by=world.alice) == everything


async def test_what_one_reposts_oneself_stays(api: Api, world: World) -> None:
    await world.repost(world.alice, await world.post(world.eve, "by eve"))
    await mute(api, world.eve, by=world.alice)
    assert await bodies_in(api, "home", by=world.alice) == ["by eve"]


async def test_a_repost_of_ones_own_is_a_repost(api: Api, world: World) -> None:
    await world.repost(world.bob, await world.post(world.bob, "by bob"))
    await mute(api, world.bob, by=world.alice, onlyReposts=True)
    edges = [edge for page in await pages_of(api, FEEDS["home"], by=world.alice) for edge in page["edges"]]
    assert len(edges) == 1


@pytest.mark.parametrize(
    ("feed", "only_reposts", "is_there"),
    [
        ("public", False, False),
        ("public", True, True),
        ("hashtag", False, False),
        ("hashtag", True, True),
        ("profile", False, True),
    ],
)
async def test_other_feeds_are_without_the_muted_but_for_their_profile(
    api: Api, world: World, feed: str, *, only_reposts: bool, is_there: bool
) -> None:
    await world.post(world.carol, "by carol #tea")
    number = await world.post(world.bob, "by bob #tea")
    reply = await world.post(world.bob, "bob replies", reply_to=number)
    everything = await bodies_in(api, feed, by=world.alice)
    assert "by bob #tea" in everything
    await mute(api, world.bob, by=world.alice, onlyReposts=only_reposts)
    heard = await bodies_in(api, feed, by=world.alice)
    assert heard == (everything if is_there else ["by carol #tea"])
    for other in (world.dan, world.bob, None):
        assert await bodies_in(api, feed, by=other) == everything
    # By id and in its thread it is there, too.
    assert await replies_to(api, number, by=world.alice) == ["bob replies"]
    document = "query ($id: ID!) { post(id: $id) { body root { ... on Post { body } } } }"
    data = await api.data(document, by=world.alice, id=post_id(reply))
    assert data["post"] == {"body": "bob replies", "root": {"body": "by bob #tea"}}


async def test_what_a_followed_hashtag_brings_is_without_the_muted(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.alice)
    await world.post(world.eve, "by eve #tea")
    await world.post(world.dan, "by dan #tea")
    await worker.settle()
    await mute(api, world.eve, by=world.alice)
    for _ in range(2):
        assert await bodies_in(api, "home", by=world.alice) == ["by dan #tea"]
        await api.services.resources.home.rebuilt()


@pytest.mark.parametrize("feed", ["home", "public", "hashtag"])
@pytest.mark.parametrize("first", [1, 2, 5])
async def test_pages_are_filled_up_behind_somebody_loud_and_muted(
    api: Api, world: World, worker: Worker, feed: str, first: int
) -> None:
    expected = []
    for number in range(12):
        await world.post(world.bob, f"muted {number} #tea")
        if number % 4 == 3:
            await world.post(world.carol, f"heard {number} #tea")
            expected.append(f"heard {number} #tea")
    await mute(api, world.bob, by=world.alice)
    assert await bodies_in(api, feed, by=world.alice, first=first) == expected[::-1]
    await worker.settle()
    await api.services.resources.home.rebuilt()
    pages = await pages_of(api, FEEDS[feed], by=world.alice, first=first)
    assert nodes(pages) == expected[::-1]
    assert len(pages[0]["edges"]) == min(first, 3)


@pytest.mark.parametrize("mutes", [0, 3])
@pytest.mark.parametrize(("feed", "redis"), [("home", 1), ("public", 0)])
async def test_mutes_of_others_cost_a_feed_no_statement(
    api: Api, world: World, worker: Worker, mutes: int, feed: str, redis: int
) -> None:
    for number in range(20):
        await world.post((world.bob, world.carol)[number % 2], f"post {number}")
    for number in range(mutes):
        await mute(api, await world.join(f"loud{number}"), by=world.alice)
    await worker.settle()
    await api.data(FEEDS[feed], by=world.alice, first=20)
    await api.services.resources.home.rebuilt()
    with api.budget(sql=1, redis=redis):
        data = await api.data(FEEDS[feed], by=world.alice, first=20)
    assert len(data["list"]["edges"]) == 20


async def test_a_mute_that_has_ended_leaves_nothing_out(api: Api, world: World, database_url: str) -> None:
    await world.post(world.bob, "by bob")
    await mute(api, world.bob, by=world.alice, until=(utc_now() + timedelta(hours=1)).isoformat())
    assert await bodies_in(api, "home", by=world.alice) == []
    await run_out(database_url, "mute")
    assert await bodies_in(api, "home", by=world.alice) == ["by bob"]


async def test_the_muted_are_not_heard_live(api: Api, world: World, worker: Worker) -> None:
    await mute(api, world.bob, by=world.alice)
    await worker.settle()
    async with listening(api.services, world.alice) as bodies:
        assert await _next(bodies) == {"__typename": "Started"}
        await world.post(world.bob, "muted")
        await worker.settle()
        number = await world.post(world.carol, "heard")
        await worker.settle()
        assert (await _next(bodies))["edge"]["node"]["body"] == "heard"
        await world.repost(world.bob, number)
        await worker.settle()
        await mute(api, world.bob, by=world.alice, onlyReposts=True)
        await worker.settle()
        assert await _next(bodies) == {"__typename": "Reset"}
        await mute(api, world.bob, by=world.alice, onlyReposts=True)
        await world.post(world.bob, "heard again")
        await worker.settle()
        assert (await _next(bodies))["edge"]["node"]["body"] == "heard again"
        await unmute(api, world.bob, by=world.alice)
        await worker.settle()
        assert await _next(bodies) == {"__typename": "Reset"}


async def _next(bodies: Any) -> Any:
    event = (await asyncio.wait_for(anext(bodies), WITHIN_S))["data"]["homeFeed"]
    event.pop("cursor", None)
    return event
