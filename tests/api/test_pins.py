"""Pins: the few posts of one's own that a profile shows first."""

import asyncio
from typing import Any

import pytest

from actions import deletions
from tests.api.compiled import fallbacks_of
from tests.api.posts import act, act_document, refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ACTS = ("pinPost", "unpinPost")
PINNED = "query ($handle: String!) { user(handle: $handle) { pinnedPosts { id body author { handle } } } }"


async def pinned(api: Api, handle: str = "alice", *, by: Person | None = None) -> list[str]:
    """The bodies of what somebody has pinned."""
    user = (await api.data(PINNED, by=by, handle=handle))["user"]
    return [post["body"] for post in user["pinnedPosts"]]


async def written(world: World, author: Person, count: int) -> list[int]:
    return [await world.post(author, f"post {number}") for number in range(count)]


async def pin(api: Api, posts: list[int], *, by: Person) -> None:
    for post in posts:
        assert (await act(api, "pinPost", post_id(post), by=by))["errors"] == []


async def restore(world: World, author: Person, post: int) -> None:
    await world.services.db.transact(deletions.restore_post, author.viewer, post)


async def test_everybody_sees_what_is_pinned_the_newest_pin_first(api: Api, world: World) -> None:
    one, two, three = await written(world, world.alice, 3)
    assert await pinned(api) == []
    await pin(api, [two, three, one], by=world.alice)
    for viewer in (world.alice, world.bob, world.eve, None):
        assert await pinned(api, by=viewer) == ["post 0", "post 2", "post 1"]
    assert await pinned(api, "bob") == []


async def test_pinning_twice_is_pinning_once_and_so_is_unpinning(api: Api, world: World) -> None:
    one, two = await written(world, world.alice, 2)
    await pin(api, [one, two, one], by=world.alice)
    assert await pinned(api) == ["post 1", "post 0"]
    for _ in range(2):
        payload = await act(api, "unpinPost", post_id(two), by=world.alice)
        assert (payload["errors"], payload["post"]["id"]) == ([], post_id(two))
        assert await pinned(api) == ["post 0"]
    await pin(api, [two], by=world.alice)
    assert await pinned(api) == ["post 1", "post 0"]


async def test_a_reply_can_be_pinned(api: Api, world: World) -> None:
    reply = await world.post(world.alice, "a reply", reply_to=await world.post(world.bob))
    await pin(api, [reply], by=world.alice)
    assert await pinned(api) == ["a reply"]


async def test_a_sixth_is_refused_until_one_is_unpinned(api: Api, world: World) -> None:
    posts = await written(world, world.alice, 6)
    await pin(api, posts[:5], by=world.alice)
    payload = await act(api, "pinPost", post_id(posts[5]), by=world.alice)
    assert payload["post"] is None
    assert refusals(payload) == [("NotAllowedError", ["postId"])]
    assert payload["errors"][0]["message"] == "You can pin at most 5 posts. Unpin one first."
    await pin(api, [posts[2]], by=world.alice)
    assert await pinned(api) == [f"post {number}" for number in (4, 3, 2, 1, 0)]
    await act(api, "unpinPost", post_id(posts[3]), by=world.alice)
    await pin(api, [posts[5]], by=world.alice)
    assert await pinned(api) == [f"post {number}" for number in (5, 4, 2, 1, 0)]


async def test_a_deleted_post_vanishes_and_frees_its_place(api: Api, world: World) -> None:
    posts = await written(world, world.alice, 7)
    await pin(api, posts[:5], by=world.alice)
    await world.delete(world.alice, posts[1])
    assert await pinned(api) == [f"post {number}" for number in (4, 3, 2, 0)]
    await pin(api, [posts[5]], by=world.alice)
    assert refusals(await act(api, "pinPost", post_id(posts[6]), by=world.alice)) == [("NotAllowedError", ["postId"])]
    assert await pinned(api) == [f"post {number}" for number in (5, 4, 3, 2, 0)]


async def test_a_restored_post_is_pinned_again_if_its_place_was_not_taken(api: Api, world: World) -> None:
    posts = await written(world, world.alice, 6)
    await pin(api, posts[:4], by=world.alice)
    await world.delete(world.alice, posts[1])
    await pin(api, [posts[4]], by=world.alice)
    await restore(world, world.alice, posts[1])
    assert await pinned(api) == [f"post {number}" for number in (4, 3, 2, 1, 0)]
    await world.delete(world.alice, posts[1])
    await pin(api, [posts[5]], by=world.alice)
    await restore(world, world.alice, posts[1])
    assert await pinned(api) == [f"post {number}" for number in (5, 4, 3, 2, 0)]


@pytest.mark.parametrize("name", ACTS)
async def test_whoever_did_not_write_it_can_neither_pin_nor_unpin_it(api: Api, world: World, name: str) -> None:
    post = await world.post(world.alice)
    await pin(api, [post], by=world.alice)
    await world.repost(world.bob, post)
    payload = await act(api, name, post_id(post), by=world.bob)
    assert payload["post"] is None
    assert refusals(payload) == [("NotAllowedError", ["postId"])]
    assert (await pinned(api), await pinned(api, "bob")) == (["hello"], [])


@pytest.mark.parametrize("name", ACTS)
async def test_a_deleted_post_and_a_repost_are_not_found(api: Api, world: World, name: str) -> None:
    deleted = await world.post(world.alice)
    await world.delete(world.alice, deleted)
    await world.repost(world.alice, await world.post(world.bob))
    async with api.services.db._connection() as connection:
        repost = await connection.fetchval("SELECT id FROM post WHERE repost_of_id IS NOT NULL")
    for post in (deleted, repost):
        payload = await act(api, name, post_id(post), by=world.alice)
        assert refusals(payload) == [("NotFoundError", ["postId"])]
    assert await pinned(api) == []


@pytest.mark.parametrize("name", ACTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    post = await world.post(world.alice)
    await pin(api, [post], by=world.alice)
    assert (await api.run(act_document(name), input={"postId": post_id(post)})).codes == ["UNAUTHENTICATED"]
    assert await pinned(api) == ["hello"]


async def test_a_hundred_at_once_leave_five_however_many_posts_they_pin(api: Api, world: World) -> None:
    posts = await written(world, world.alice, 10)
    payloads = await asyncio.gather(
        *(act(api, "pinPost", post_id(posts[number % 10]), by=world.alice) for number in range(100))
    )
    shown = await pinned(api)
    assert len(shown) == len(set(shown)) == 5
    done = {payload["post"]["id"] for payload in payloads if not payload["errors"]}
    assert done == {post_id(posts[int(body.removeprefix("post "))]) for body in shown}
    assert all(refusals(payload) in ([], [("NotAllowedError", ["postId"])]) for payload in payloads)
    async with api.services.db._connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pin") == 5


async def test_two_who_pin_the_last_free_place_with_another_post_deleted_meanwhile_never_make_six(
    api: Api, world: World
) -> None:
    posts = await written(world, world.alice, 8)
    await pin(api, posts[:5], by=world.alice)
    await asyncio.gather(
        world.delete(world.alice, posts[0]),
        *(act(api, "pinPost", post_id(post), by=world.alice) for post in posts[5:] * 5),
    )
    shown = await pinned(api)
    assert "post 0" not in shown
    assert 4 <= len(shown) <= 5


async def test_the_pins_of_all_users_of_a_page_cost_one_statement(api: Api, world: World) -> None:
    for person in (world.alice, world.bob, world.carol):
        await pin(api, await written(world, person, 3), by=person)
    asked = "{ publicFeed { edges { node { author { handle pinnedPosts { body likeCount author { handle } } } } } } }"
    with api.budget(sql=2):
        edges = (await api.data(asked, by=world.eve))["publicFeed"]["edges"]
    assert len(edges) == 9
    for edge in edges:
        author: Any = edge["node"]["author"]
        assert [post["body"] for post in author["pinnedPosts"]] == ["post 2", "post 1", "post 0"]
        assert {post["author"]["handle"] for post in author["pinnedPosts"]} == {author["handle"]}


async def test_a_pin_costs_five_statements(api: Api, world: World) -> None:
    post = post_id(await world.post(world.alice))
    with api.budget(sql=5, redis=1):
        await act(api, "pinPost", post, by=world.alice)
    with api.budget(sql=4, redis=1):
        await act(api, "pinPost", post, by=world.alice)


def test_pins_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, PINNED, handle="alice") == []
    assert fallbacks_of(api, act_document("pinPost"), input={"postId": post_id(1)}) == []
