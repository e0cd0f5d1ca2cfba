"""Liking: twice is once, and counts are exact at every moment."""

import asyncio

import pytest

from app.worker import Worker
from tests.api.posts import act, act_document, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import World, post_id

ACTS = ["likePost", "unlikePost", "repost", "undoRepost"]


async def test_a_like_is_answered_with_the_new_count_and_stays(api: Api, world: World, worker: Worker) -> None:
    post = await world.post(world.bob)
    payload = await act(api, "likePost", post_id(post), by=world.alice)
    assert payload["errors"] == []
    assert (payload["post"]["likeCount"], payload["post"]["viewerHasLiked"]) == (1, True)
    for _ in range(2):
        for viewer, has_liked in ((world.alice, True), (world.bob, False), (None, False)):
            found = await seen(api, post, by=viewer)
            assert (found["likeCount"], found["viewerHasLiked"]) == (1, has_liked)
        await worker.settle()


async def test_liking_twice_is_liking_once_and_unliking_twice_is_unliking_once(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    await act(api, "likePost", post, by=world.carol)
    for _ in range(2):
        payload = await act(api, "likePost", post, by=world.alice)
        assert (payload["errors"], payload["post"]["likeCount"]) == ([], 2)
    for _ in range(2):
        payload = await act(api, "unlikePost", post, by=world.alice)
        assert (payload["errors"], payload["post"]["likeCount"]) == ([], 1)
        assert payload["post"]["viewerHasLiked"] is False


async def test_taking_back_a_like_that_never_was_changes_nothing(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    payload = await act(api, "unlikePost", post, by=world.alice)
    assert (payload["errors"], payload["post"]["likeCount"]) == ([], 0)


@pytest.mark.parametrize("name", ACTS)
async def test_a_deleted_post_is_not_found_and_keeps_its_counts(api: Api, world: World, name: str) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    await world.repost(world.alice, post)
    await world.delete(world.bob, post)
    payload = await act(api, name, post_id(post), by=world.alice)
    assert payload["post"] is None
    assert refusals(payload) == [("NotFoundError", ["postId"])]


@pytest.mark.parametrize("name", ACTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    post = await world.post(world.bob)
    answer = await api.run(act_document(name), input={"postId": post_id(post)})
    assert answer.codes == ["UNAUTHENTICATED"]
    found = await seen(api, post)
    assert (found["likeCount"], found["repostCount"]) == (0, 0)


@pytest.mark.parametrize("name", ["likePost", "repost"])
async def test_a_hundred_at_once_by_one_person_count_one(api: Api, world: World, worker: Worker, name: str) -> None:
    post = await world.post(world.bob)
    payloads = await asyncio.gather(*(act(api, name, post_id(post), by=world.alice) for _ in range(100)))
    assert all(payload["errors"] == [] for payload in payloads)
    for _ in range(2):
        found = await seen(api, post)
        assert found["likeCount"] + found["repostCount"] == 1
        await worker.settle()


async def test_likes_and_unlikes_at_once_count_what_is_left(api: Api, world: World, worker: Worker) -> None:
    post = await world.post(world.bob)
    names = ("likePost", "unlikePost") * 20
    await asyncio.gather(*(act(api, name, post_id(post), by=world.alice) for name in names))
    for _ in range(2):
        found = await seen(api, post, by=world.alice)
        assert found["likeCount"] == int(found["viewerHasLiked"])
        await worker.settle()


async def test_counts_are_exact_at_every_moment_while_a_hundred_like_and_deltas_are_folded(
    api: Api, world: World, worker: Worker
) -> None:
    people = [await world.join(f"fan{number}") for number in range(100)]
    post = await world.post(world.bob)
    begun = acknowledged = 0

    async def like(number: int) -> None:
        nonlocal begun, acknowledged
        await asyncio.sleep(0.005 * number)
        begun += 1
        payload = await act(api, "likePost", post_id(post), by=people[number])
        assert payload["errors"] == []
        acknowledged += 1

    async def fold() -> None:
        while acknowledged < len(people):
            await worker.settle()

    async def read() -> None:
        while acknowledged < len(people):
            at_least = acknowledged
            count = (await seen(api, post))["likeCount"]
            assert at_least <= count <= begun

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(len(people)):
            group.create_task(like(number))
        group.create_task(fold())
        group.create_task(fold())
        group.create_task(read())
    assert (await seen(api, post))["likeCount"] == len(people)
    await worker.settle()
    assert (await seen(api, post))["likeCount"] == len(people)
    async with api.services.db._connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM count_delta") == 0
        assert await connection.fetchval("SELECT like_count FROM post_count WHERE post_id = $1", post) == len(people)


@pytest.mark.parametrize("name", ["likePost", "unlikePost"])
async def test_a_like_costs_three_statements_of_which_one_writes(api: Api, world: World, name: str) -> None:
    post = post_id(await world.post(world.bob))
    for _ in range(2):
        with api.budget(sql=3, redis=1):
            await act(api, name, post, by=world.alice)
