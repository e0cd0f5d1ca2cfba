"""The home feed: what it lists, in which order, for whom, at what cost."""

import pytest

from app.worker import Worker
from tests.fixtures.api import Api
from tests.worlds import World, post_id

HOME = """
query Home($first: Int!, $after: Cursor) {
  homeFeed(first: $first, after: $after) {
    edges {
      cursor
      reason { kind user { handle } }
      repostedBy { handle }
      node {
        id body createdAt likeCount replyCount repostCount viewerHasLiked viewerHasReposted
        author { id handle displayName followerCount viewerFollow followsViewer }
        replies(first: 3, sort: OLDEST) { edges { node { id body author { handle displayName } } } }
      }
    }
    pageInfo { hasNextPage endCursor }
    eventCursor
  }
}
"""


async def bodies(api: Api, world: World, reader: str, first: int = 100) -> list[str]:
    data = await api.data(HOME, by=world.people[reader], first=first)
    return [edge["node"]["body"] for edge in data["homeFeed"]["edges"]]


async def test_lists_own_and_followees_posts_newest_first(api: Api, world: World) -> None:
    await world.post(world.bob, "from bob")
    await world.post(world.eve, "from a stranger")
    await world.post(world.alice, "from me")
    await world.post(world.carol, "from carol")
    assert await bodies(api, world, "alice") == ["from carol", "from me", "from bob"]


@pytest.mark.parametrize("count", [10, 100])
async def test_costs_the_same_for_ten_and_a_hundred_posts(api: Api, world: World, worker: Worker, count: int) -> None:
    for number in range(count):
        post = await world.post((world.bob, world.carol)[number % 2], f"post {number}")
        if number % 5 == 0:
            await world.post(world.dan, "a reply", reply_to=post)
            await world.like(world.alice, post)
    await worker.settle()
    await api.data(HOME, by=world.alice, first=count)
    await api.services.resources.home.rebuilt()
    with api.budget(sql=1, redis=1):
        data = await api.data(HOME, by=world.alice, first=count)
    assert len(data["homeFeed"]["edges"]) == count


async def test_own_post_is_there_in_the_very_next_request(api: Api, world: World) -> None:
    await bodies(api, world, "alice")
    await api.services.resources.home.rebuilt()
    for number in range(20):
        await world.post(world.alice, f"mine {number}")
        assert (await bodies(api, world, "alice", first=1)) == [f"mine {number}"]


async def test_reposts_show_the_original_and_who_reposted_it(api: Api, world: World) -> None:
    original = await world.post(world.eve, "from a stranger")
    await world.repost(world.bob, original)
    data = await api.data(HOME, by=world.alice, first=10)
    [edge] = data["homeFeed"]["edges"]
    assert edge["node"]["id"] == post_id(original)
    assert edge["node"]["repostCount"] == 1
    assert edge["reason"] == {"kind": "REPOSTED", "user": {"handle": "bob"}}
    assert edge["repostedBy"] == [{"handle": "bob"}]


async def test_repost_of_a_deleted_post_goes_with_it(api: Api, world: World) -> None:
    original = await world.post(world.eve, "from a stranger")
    await world.repost(world.bob, original)
    await world.delete(world.eve, original)
    assert await bodies(api, world, "alice") == []


async def test_needs_a_viewer(api: Api, world: World) -> None:
    answer = await api.run(HOME, first=10)
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_a_new_follow_and_an_unfollow_show_in_the_very_next_request(api: Api, world: World) -> None:
    await world.post(world.eve, "from eve")
    change = "mutation ($id: ID!) {{ {act}(input: {{userId: $id}}) {{ errors {{ code }} }} }}"
    for act, expected in (("followUser", ["from eve"]), ("unfollowUser", []), ("followUser", ["from eve"])):
        await api.data(change.format(act=act), by=world.alice, id=world.eve.id)
        assert await bodies(api, world, "alice") == expected
        await api.services.resources.home.rebuilt()
        assert await bodies(api, world, "alice") == expected


async def test_an_entry_without_a_timeline_is_there_all_the_same(api: Api, world: World, worker: Worker) -> None:
    await world.post(world.bob, "before")
    cold = await bodies(api, world, "alice")
    await api.services.resources.home.rebuilt()
    assert cold == await bodies(api, world, "alice") == ["before"]
    await world.post(world.bob, "after")
    await worker.settle()
    assert await bodies(api, world, "alice") == ["after", "before"]
