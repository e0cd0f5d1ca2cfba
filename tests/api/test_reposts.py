"""Reposting: twice is once; a repost is an entry of feeds and never a post by itself."""

import asyncio

from app.worker import Worker
from core.paging import PageRequest
from loaders.registry import Loaders
from loaders.tabs import Tab
from loaders.wanted import WHOLE_POSTS
from tests.api.posts import act, create, delete, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

PROFILE = """
query ($handle: String!) {
  user(handle: $handle) {
    postCount
    posts(first: 10) { edges { node { id } reason { kind user { handle } } repostedBy { handle } } }
  }
}
"""


async def repost_row_id(api: Api, person: Person) -> int:
    """The number of the newest entry of somebody's profile."""
    loaders = Loaders(api.services.db, viewer=None)
    entries = await loaders.entries(PageRequest(1), WHOLE_POSTS, tab=Tab.POSTS).load(person.account_id)
    assert entries
    return entries[0].id


async def test_reposting_twice_is_once_and_taking_it_back_twice_is_once(api: Api, world: World, worker: Worker) -> None:
    post = await world.post(world.bob)
    for _ in range(2):
        payload = await act(api, "repost", post_id(post), by=world.alice)
        assert payload["errors"] == []
        assert (payload["post"]["id"], payload["post"]["repostCount"]) == (post_id(post), 1)
        assert payload["post"]["viewerHasReposted"] is True
    await worker.settle()
    assert (await seen(api, post))["repostCount"] == 1
    for _ in range(2):
        payload = await act(api, "undoRepost", post_id(post), by=world.alice)
        assert (payload["errors"], payload["post"]["repostCount"]) == ([], 0)
        assert payload["post"]["viewerHasReposted"] is False
    await worker.settle()
    assert (await seen(api, post))["repostCount"] == 0


async def test_one_may_repost_oneself(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    payload = await act(api, "repost", post_id(post), by=world.alice)
    assert (payload["errors"], payload["post"]["repostCount"]) == ([], 1)
    user = (await api.data(PROFILE, handle="alice"))["user"]
    assert user["postCount"] == 1, "reposts are no posts"
    assert [edge["reason"]["kind"] for edge in user["posts"]["edges"]] == ["REPOSTED", "PROFILE"]
    assert [edge["node"]["id"] for edge in user["posts"]["edges"]] == [post_id(post)] * 2
    assert [edge["repostedBy"] for edge in user["posts"]["edges"]] == [[{"handle": "alice"}], []]


async def test_reposting_and_undoing_at_once_counts_what_is_left(api: Api, world: World, worker: Worker) -> None:
    post = await world.post(world.bob)
    names = ("repost", "undoRepost") * 10
    await asyncio.gather(*(act(api, name, post_id(post), by=world.alice) for name in names))
    for _ in range(2):
        found = await seen(api, post, by=world.alice)
        assert found["repostCount"] == int(found["viewerHasReposted"])
        await worker.settle()


async def test_a_reposts_own_id_names_no_post(api: Api, world: World) -> None:
    original = await world.post(world.bob)
    await world.repost(world.alice, original)
    repost_id = await repost_row_id(api, world.alice)
    hidden = post_id(repost_id)
    assert await seen(api, repost_id, by=world.alice) is None
    assert (await api.data("query ($id: ID!) { node(id: $id) { id } }", id=hidden))["node"] is None
    for name in ("likePost", "unlikePost", "repost", "undoRepost"):
        assert refusals(await act(api, name, hidden, by=world.alice)) == [("NotFoundError", ["postId"])]
    assert refusals(await delete(api, hidden, by=world.alice)) == [("NotFoundError", ["postId"])]
    reply = await create(api, "reply", by=world.alice, reply_to=hidden)
    assert refusals(reply) == [("NotFoundError", ["replyToId"])]
    assert (await seen(api, original))["repostCount"] == 1
