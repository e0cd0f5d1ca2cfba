"""What filters leave out, where, and what they warn of."""

import asyncio
from typing import Any

import pytest

from app.worker import Worker
from tests.api.compiled import fallbacks_of
from tests.api.feeds import FEEDS, bodies_in, pages_of, replies_to
from tests.api.filters import delete, new_filter, update
from tests.api.live import listening
from tests.api.mutes import run_out
from tests.api.paging import nodes
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

WITHIN_S = 5.0
CONTEXTS = {"home": "HOME", "public": "PUBLIC", "hashtag": "PUBLIC", "profile": "PROFILE"}
SORTS = ("OLDEST", "NEWEST", "TOP", "AUTHOR_FIRST")
MATCHES = """
query ($id: ID!, $context: FilterContext!) {
  post(id: $id) { viewerFilters(context: $context) { filter { keyword action } } }
}
"""
HOME_WITH_MATCHES = """
query ($first: Int!) {
  homeFeed(first: $first) { edges { node { body viewerFilters { filter { keyword } } } } }
}
"""
PROFILE_WITH_REPLIES = """
query ($first: Int!) {
  user(handle: "bob") {
    posts(first: 3) { edges { node { body replies(first: $first) { edges { node { body } } } } } }
  }
}
"""


async def matches(api: Api, number: int, context: str, *, by: Person | None) -> list[tuple[str, str]]:
    data = await api.data(MATCHES, by=by, id=post_id(number), context=context)
    return [(match["filter"]["keyword"], match["filter"]["action"]) for match in data["post"]["viewerFilters"]]


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_filter_hides_in_its_contexts_only_and_for_its_account_only(api: Api, world: World, feed: str) -> None:
    await world.post(world.bob, "plain #tea")
    await world.post(world.bob, "a SPOILER #tea")
    everything = await bodies_in(api, feed, by=world.alice)
    assert everything == ["a SPOILER #tea", "plain #tea"]
    others = sorted({"HOME", "PUBLIC", "THREAD", "PROFILE"} - {CONTEXTS[feed]})
    made = await new_filter(api, "spoiler", by=world.alice, contexts=others)
    assert await bodies_in(api, feed, by=world.alice) == everything
    await update(api, made["id"], by=world.alice, contexts=[CONTEXTS[feed]])
    assert await bodies_in(api, feed, by=world.alice) == ["plain #tea"]
    for other in (world.bob, None):
        if feed != "home" or other is not None:
            assert await bodies_in(api, feed, by=other) == everything
    await update(api, made["id"], by=world.alice, action="WARN")
    assert await bodies_in(api, feed, by=world.alice) == everything


@pytest.mark.parametrize("sort", SORTS)
async def test_replies_are_without_what_a_filter_hides_in_threads(api: Api, world: World, sort: str) -> None:
    root = await world.post(world.bob, "root")
    for number in range(7):
        await world.post(world.carol, f"{'spoiler' if number % 3 else 'plain'} {number}", reply_to=root)
    everything = await replies_to(api, root, by=world.alice, sort=sort, first=2)
    assert len(everything) == 7
    made = await new_filter(api, "spoiler", by=world.alice, contexts=["HOME", "PUBLIC", "PROFILE"])
    assert await replies_to(api, root, by=world.alice, sort=sort, first=2) == everything
    await update(api, made["id"], by=world.alice, contexts=["THREAD"])
    expected = [body for body in everything if body.startswith("plain")]
    for first in (1, 2, 100):
        assert await replies_to(api, root, by=world.alice, sort=sort, first=first) == expected
    assert await replies_to(api, root, by=world.eve, sort=sort) == everything
    # The thread is whole from below.
    document = "query ($id: ID!) { post(id: $id) { replyCount } }"
    assert (await api.data(document, by=world.alice, id=post_id(root)))["post"] == {"replyCount": 7}


async def test_replies_that_come_with_a_list_are_filtered_as_those_that_come_alone(api: Api, world: World) -> None:
    for number in range(2):
        root = await world.post(world.bob, f"root {number}")
        for at in range(6):
            await world.post(world.carol, f"{'spoiler' if at in (0, 1, 4) else 'plain'} {at}", reply_to=root)
    await new_filter(api, "spoiler", by=world.alice, contexts=["THREAD"])
    for first, expected in ((1, ["plain 2"]), (2, ["plain 2", "plain 3"]), (6, ["plain 2", "plain 3", "plain 5"])):
        data = await api.data(PROFILE_WITH_REPLIES, by=world.alice, first=first)
        edges = data["user"]["posts"]["edges"]
        assert [nodes([edge["node"]["replies"]]) for edge in edges] == [expected, expected]


async def test_ones_own_posts_and_reposts_are_never_filtered(api: Api, world: World) -> None:
    root = await world.post(world.alice, "my spoiler #tea")
    await world.post(world.alice, "spoiler, again", reply_to=root)
    await world.repost(world.alice, await world.post(world.eve, "spoiler by eve"))
    everywhere = ["HOME", "PUBLIC", "THREAD", "PROFILE"]
    await new_filter(api, "spoiler", by=world.alice, contexts=everywhere)
    assert await bodies_in(api, "home", by=world.alice) == ["spoiler by eve", "spoiler, again", "my spoiler #tea"]
    assert await bodies_in(api, "public", by=world.alice) == ["my spoiler #tea"]
    assert await bodies_in(api, "hashtag", by=world.alice) == ["my spoiler #tea"]
    assert await replies_to(api, root, by=world.alice) == ["spoiler, again"]
    for context in everywhere:
        assert await matches(api, root, context, by=world.alice) == []


async def test_what_others_repost_and_content_warnings_are_filtered(api: Api, world: World) -> None:
    await world.repost(world.bob, await world.post(world.eve, "a spoiler"))
    document = "mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } } }"
    new = {"body": "the gardener did it", "contentWarning": "Spoiler!"}
    await api.data(document, by=world.carol, input=new)
    await world.post(world.carol, "plain")
    await new_filter(api, "spoiler", by=world.alice)
    assert await bodies_in(api, "home", by=world.alice) == ["plain"]


async def test_fitting_filters_are_told_with_the_post_in_their_contexts(api: Api, world: World) -> None:
    number = await world.post(world.bob, "tea and spoilers")
    await new_filter(api, "tea", by=world.alice, action="WARN", contexts=["HOME", "THREAD"])
    await new_filter(api, "spoiler", by=world.alice, contexts=["HOME"])
    await new_filter(api, "spoiler", by=world.alice, isWholeWord=True, contexts=["HOME"])
    await new_filter(api, "coffee", by=world.alice, action="WARN")
    assert await matches(api, number, "HOME", by=world.alice) == [("spoiler", "HIDE"), ("tea", "WARN")]
    assert await matches(api, number, "THREAD", by=world.alice) == [("tea", "WARN")]
    assert await matches(api, number, "PUBLIC", by=world.alice) == []
    for other in (world.bob, world.eve, None):
        assert await matches(api, number, "HOME", by=other) == []


async def test_an_edit_and_an_update_are_compared_anew(api: Api, world: World) -> None:
    number = await world.post(world.bob, "tea")
    made = await new_filter(api, "coffee", by=world.alice)
    assert await bodies_in(api, "home", by=world.alice) == ["tea"]
    await world.edit(world.bob, number, "coffee")
    assert await bodies_in(api, "home", by=world.alice) == []
    await update(api, made["id"], by=world.alice, keyword="tea")
    assert await bodies_in(api, "home", by=world.alice) == ["coffee"]


async def test_a_filter_that_has_ended_hides_nothing(api: Api, world: World, database_url: str) -> None:
    await world.post(world.bob, "a spoiler")
    await new_filter(api, "spoiler", by=world.alice)
    assert await bodies_in(api, "home", by=world.alice) == []
    await run_out(database_url, "keyword_filter")
    assert await bodies_in(api, "home", by=world.alice) == ["a spoiler"]


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("first", [1, 2, 5])
async def test_pages_are_filled_up_behind_filtered_posts(api: Api, world: World, feed: str, first: int) -> None:
    expected = []
    for number in range(12):
        await world.post(world.bob, f"spoiler {number} #tea")
        if number % 4 == 3:
            await world.post(world.bob, f"plain {number} #tea")
            expected.append(f"plain {number} #tea")
    await new_filter(api, "spoiler", by=world.alice, contexts=[CONTEXTS[feed]])
    pages = await pages_of(api, FEEDS[feed], by=world.alice, first=first)
    assert nodes(pages) == expected[::-1]
    assert len(pages[0]["edges"]) == min(first, 3)


@pytest.mark.parametrize("filters", [0, 1, 30])
async def test_filters_cost_a_request_one_statement_and_nobody_else_any(
    api: Api, world: World, worker: Worker, filters: int
) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(20)]
    await world.post(world.carol, "reply", reply_to=posts[-1])
    for number in range(filters):
        await new_filter(api, f"word {number}", by=world.alice, contexts=["HOME", "PUBLIC", "THREAD", "PROFILE"])
    await worker.settle()
    await api.data(HOME_WITH_MATCHES, by=world.alice, first=20)
    await api.services.resources.home.rebuilt()
    more = min(filters, 1)
    with api.budget(sql=1 + more, redis=1):
        await api.data(HOME_WITH_MATCHES, by=world.alice, first=20)
    with api.budget(sql=1 + more):
        await api.data(FEEDS["public"], by=world.alice, first=20)
    with api.budget(sql=1 + more):
        await api.data(PROFILE_WITH_REPLIES, by=world.alice, first=3)
    with api.budget(sql=1):
        await api.data(PROFILE_WITH_REPLIES, by=world.eve, first=3)
    with api.budget(sql=1):
        await api.data(PROFILE_WITH_REPLIES, first=3)


async def test_what_a_filter_hides_at_home_is_not_told_live(api: Api, world: World, worker: Worker) -> None:
    await new_filter(api, "spoiler", by=world.alice)
    await worker.settle()
    async with listening(api.services, world.alice) as bodies:
        assert (await _next(bodies))["__typename"] == "Started"
        await world.post(world.bob, "a spoiler")
        await world.post(world.bob, "plain")
        await worker.settle()
        assert (await _next(bodies))["edge"]["node"]["body"] == "plain"


async def test_a_feed_that_is_open_is_read_anew_when_its_filters_change(api: Api, world: World, worker: Worker) -> None:
    async with listening(api.services, world.alice) as bodies:
        assert (await _next(bodies))["__typename"] == "Started"
        await new_filter(api, "elsewhere", by=world.alice, contexts=["PUBLIC", "THREAD", "PROFILE"])
        made = await new_filter(api, "spoiler", by=world.alice)
        for change in ({"keyword": "other"}, {"keyword": "other"}, {"contexts": ["PUBLIC"]}, {"action": "WARN"}):
            await update(api, made["id"], by=world.alice, **change)
        await delete(api, made["id"], by=world.alice)
        last = await new_filter(api, "last", by=world.alice)
        await delete(api, last["id"], by=world.alice)
        await world.post(world.bob, "the end")
        await worker.settle()
        told = [await _next(bodies) for _ in range(6)]
    names = [event["__typename"] for event in told]
    # Made, changed, taken home away; made, deleted. The post comes on a queue of its own.
    assert sorted(names) == ["PostAdded"] + ["Reset"] * 5


async def _next(bodies: Any) -> Any:
    return (await asyncio.wait_for(anext(bodies), WITHIN_S))["data"]["homeFeed"]


async def test_matches_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, MATCHES, id="AgAAAAAAAAAB", context="HOME") == []
    assert fallbacks_of(api, HOME_WITH_MATCHES, first=20) == []
