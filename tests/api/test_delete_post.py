"""Deleting posts: who may, what stays readable, what is counted."""

import asyncio
from typing import Any

from app.worker import Worker
from tests.api.posts import DELETE, delete, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import World, post_id

THREAD = """
query ($id: ID!) {
  post(id: $id) {
    replyTo { __typename ... on Post { body } ... on Unavailable { id } }
    root { __typename ... on Post { body } ... on Unavailable { id } }
    ancestors(first: 10) { edges { node { __typename ... on Post { body } ... on Unavailable { id } } } }
    replies(first: 10) { edges { node { body } } }
    replyCount
  }
}
"""
COUNTS = "query ($handle: String!) { user(handle: $handle) { postCount posts { edges { node { body } } } } }"


async def profile(api: Api, handle: str) -> tuple[int, list[str]]:
    """How many posts a user has, and which."""
    user: Any = (await api.data(COUNTS, handle=handle))["user"]
    return user["postCount"], [edge["node"]["body"] for edge in user["posts"]["edges"]]


async def test_ones_own_post_is_gone_at_once_and_from_everywhere(api: Api, world: World, worker: Worker) -> None:
    kept, gone = await world.post(world.alice, "kept"), await world.post(world.alice, "gone")
    assert await profile(api, "alice") == (2, ["gone", "kept"])
    assert await delete(api, post_id(gone), by=world.alice) == {"deletedPostId": post_id(gone), "errors": []}
    for _ in range(2):
        assert await seen(api, gone, by=world.alice) is None
        assert (await seen(api, kept))["body"] == "kept"
        assert await profile(api, "alice") == (1, ["kept"])
        await worker.settle()


async def test_anothers_post_stays(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    payload = await delete(api, post_id(post), by=world.bob)
    assert payload["deletedPostId"] is None
    assert refusals(payload) == [("NotAllowedError", ["postId"])]
    assert await profile(api, "alice") == (1, ["hello"])


async def test_deleting_twice_finds_nothing_the_second_time(api: Api, world: World) -> None:
    post = post_id(await world.post(world.alice))
    await delete(api, post, by=world.alice)
    for person in (world.alice, world.bob):
        assert refusals(await delete(api, post, by=person)) == [("NotFoundError", ["postId"])]
    assert (await profile(api, "alice"))[0] == 0


async def test_of_many_deletions_at_once_one_counts(api: Api, world: World) -> None:
    parent = await world.post(world.bob)
    reply = post_id(await world.post(world.alice, reply_to=parent))
    payloads = await asyncio.gather(*(delete(api, reply, by=world.alice) for _ in range(6)))
    assert sorted(refusals(payload) for payload in payloads) == [[]] + [[("NotFoundError", ["postId"])]] * 5
    assert (await seen(api, parent))["replyCount"] == 0
    assert (await profile(api, "alice"))[0] == 0


async def test_a_thread_stays_readable_around_what_is_deleted(api: Api, world: World, worker: Worker) -> None:
    root, middle, leaf = await world.thread([world.alice, world.bob, world.carol], 3)
    await world.delete(world.bob, middle)
    await worker.settle()
    empty_place = {"__typename": "Unavailable", "id": post_id(middle)}
    above: Any = (await api.data(THREAD, id=post_id(leaf)))["post"]
    assert above["replyTo"] == empty_place
    assert above["root"] == {"__typename": "Post", "body": "post 0"}
    assert [edge["node"] for edge in above["ancestors"]["edges"]] == [above["root"], empty_place]
    below: Any = (await api.data(THREAD, id=post_id(root)))["post"]
    assert (below["replyCount"], below["replies"]["edges"]) == (0, [])


async def test_a_deleted_root_is_an_empty_place(api: Api, world: World) -> None:
    root, middle, leaf = await world.thread([world.alice, world.bob, world.carol], 3)
    await world.delete(world.alice, root)
    empty_place = {"__typename": "Unavailable", "id": post_id(root)}
    for number in (middle, leaf):
        assert (await api.data(THREAD, id=post_id(number)))["post"]["root"] == empty_place


async def test_deleting_needs_a_viewer(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    assert (await api.run(DELETE, input={"postId": post_id(post)})).codes == ["UNAUTHENTICATED"]
    assert await seen(api, post) is not None
