"""Muted threads and the home feed: gone from one's own, filled up behind, and at no cost for who mutes nothing."""

from typing import Any

import pytest

from app.worker import Worker
from tests.api.paging import walk
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

HOME = """
query ($first: Int!, $after: Cursor) {
  homeFeed(first: $first, after: $after) {
    edges { node { body author { handle } replies(first: 3) { edges { node { body } } } } repostedBy { handle } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def home(api: Api, reader: Person, *, first: int = 100) -> list[str]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(HOME, by=reader, first=first, after=after))["homeFeed"]

    return [edge["node"]["body"] for page in await walk(fetch) for edge in page["edges"]]


@pytest.mark.parametrize("timeline", ["cold", "warm"])
async def test_a_muted_thread_is_gone_from_ones_own_home_feed_only(
    api: Api, world: World, worker: Worker, timeline: str
) -> None:
    await world.post(world.bob, "other")
    root = await world.post(world.bob, "root")
    reply = await world.post(world.carol, "reply", reply_to=root)
    await world.post(world.alice, "mine", reply_to=reply)
    await world.repost(world.carol, root)
    await world.repost(world.bob, reply)
    await worker.settle()
    if timeline == "warm":
        await home(api, world.alice)
        await api.services.resources.home.rebuilt()
    assert await home(api, world.alice) == ["reply", "root", "mine", "other"]
    dans = await home(api, world.dan)
    await world.mute_thread(world.alice, reply)
    for _ in range(2):
        # What one says oneself stays.
        assert await home(api, world.alice) == ["mine", "other"]
        await api.services.resources.home.rebuilt()
    assert await home(api, world.dan) == dans
    late = await world.post(world.bob, "late", reply_to=reply)
    await worker.settle()
    assert await home(api, world.alice) == ["mine", "other"]
    await world.unmute_thread(world.alice, late)
    assert await home(api, world.alice) == ["late", "reply", "root", "mine", "other"]


async def test_a_muted_thread_is_there_for_who_looks_for_it(api: Api, world: World) -> None:
    chain = await world.thread([world.bob, world.carol], 3)
    await world.mute_thread(world.alice, chain[0])
    document = """
    query ($id: ID!) {
      post(id: $id) { body ancestors { edges { node { ... on Post { body } } } } }
      user(handle: "bob") { posts { edges { node { body replies { edges { node { body } } } } } } }
      publicFeed { edges { node { body } } }
    }
    """
    assert await api.data(document, by=world.alice, id=post_id(chain[2])) == await api.data(
        document, by=world.eve, id=post_id(chain[2])
    )


@pytest.mark.parametrize("first", [1, 2, 5])
async def test_pages_are_filled_up_behind_a_busy_muted_thread(
    api: Api, world: World, worker: Worker, first: int
) -> None:
    expected = []
    root = await world.post(world.bob, "muted root")
    for number in range(12):
        await world.post((world.bob, world.carol)[number % 2], f"muted {number}", reply_to=root)
        if number % 4 == 3:
            await world.post(world.carol, f"heard {number}")
            expected.append(f"heard {number}")
    await world.mute_thread(world.alice, root)
    assert await home(api, world.alice, first=first) == expected[::-1]
    await worker.settle()
    await api.services.resources.home.rebuilt()
    assert await home(api, world.alice, first=first) == expected[::-1]
    data = await api.data(HOME, by=world.alice, first=first)
    assert len(data["homeFeed"]["edges"]) == min(first, 3)


@pytest.mark.parametrize("mutes", [0, 3])
async def test_a_home_feed_without_muted_entries_costs_no_more_than_before(
    api: Api, world: World, worker: Worker, mutes: int
) -> None:
    for number in range(20):
        await world.post((world.bob, world.carol)[number % 2], f"post {number}")
    for _ in range(mutes):
        await world.mute_thread(world.alice, await world.post(world.eve))
    await worker.settle()
    await api.data(HOME, by=world.alice, first=20)
    await api.services.resources.home.rebuilt()
    with api.budget(sql=1, redis=1):
        data = await api.data(HOME, by=world.alice, first=20)
    assert len(data["homeFeed"]["edges"]) == 20
