"""Blocking: twice is once, it ends what holds two people together, and neither of them is there for the other."""

import asyncio
from typing import Any

import pytest

from app.worker import Worker
from core import ids
from schema.root import build_schema
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.api.test_no_fallback import fallbacks_of
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

USER = """
query ($handle: String!) {
  user(handle: $handle) {
    handle displayName bio website followerCount followingCount viewerFollow followsViewer viewerIsBlocking
    posts(first: 5) { edges { node { body } } }
  }
}
"""
BLOCKS = """
query ($first: Int!, $after: Cursor) {
  viewer {
    blocks(first: $first, after: $after) {
      edges { node { handle bio viewerIsBlocking } } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
EVERYWHERE = """
query ($handle: String!, $user: ID!, $own: ID!) {
  homeFeed(first: 20) { edges { node { ...Said } } }
  publicFeed(first: 20) { edges { node { ...Said } } }
  user(handle: $handle) { id bio }
  node(id: $user) { id }
  search(query: $handle, kind: USERS, first: 5) { edges { node { ... on User { handle } } } }
  hashtag(name: "tea") { posts(first: 20) { edges { node { ...Said } } } }
  post(id: $own) {
    replies(first: 20) { edges { node { ...Said } } }
    quotes(first: 20) { edges { node { ...Said } } }
    likedBy(first: 20) { edges { node { handle } } }
    repostedBy(first: 20) { edges { node { handle } } }
  }
  viewer {
    likes(first: 20) { edges { node { ...Said } } }
    bookmarks(first: 20) { edges { node { ...Said } } }
    mutedThreads(first: 20) { edges { node { __typename ... on Post { ...Said } } } }
    followedThreads(first: 20) { edges { node { __typename ... on Post { ...Said } } } }
    user {
      followers(first: 20) { edges { node { handle } } }
      following(first: 20) { edges { node { handle } } }
    }
  }
}
fragment Said on Post { body author { handle } }
"""
BOOKMARK = "mutation ($input: BookmarkPostInput!) { bookmarkPost(input: $input) { errors { code } } }"


def document(act: str) -> str:
    """The document of blockUser or unblockUser."""
    kind = f"{act[0].upper()}{act[1:]}Input"
    return f"""
    mutation ($input: {kind}!) {{
      {act}(input: $input) {{
        user {{ handle bio followerCount viewerFollow viewerIsBlocking }} errors {{ __typename code path }}
      }}
    }}
    """


async def act(api: Api, name: str, user_id: str, *, by: Person) -> Any:
    return (await api.data(document(name), by=by, input={"userId": user_id}))[name]


async def seen(api: Api, handle: str, *, by: Person | None = None) -> Any:
    return (await api.data(USER, by=by, handle=handle))["user"]


async def rows(world: World, query: str, *arguments: object) -> Any:
    async with world.services.db._connection() as connection:
        return await connection.fetch(query, *arguments)


async def test_blocking_twice_is_once_and_unblocking_twice_is_once(api: Api, world: World) -> None:
    for _ in range(2):
        payload = await act(api, "blockUser", world.eve.id, by=world.alice)
        assert payload["errors"] == []
        assert payload["user"]["viewerIsBlocking"] is True
    assert len(await rows(world, "SELECT FROM block")) == 1
    for _ in range(2):
        payload = await act(api, "unblockUser", world.eve.id, by=world.alice)
        assert payload["errors"] == []
        assert payload["user"]["viewerIsBlocking"] is False
    assert await rows(world, "SELECT FROM block") == []


async def test_a_block_ends_follows_both_ways_and_taking_it_back_does_not_bring_them_back(
    api: Api, world: World, worker: Worker
) -> None:
    payload = await act(api, "blockUser", world.bob.id, by=world.alice)
    assert payload["user"] == {
        "handle": "bob",
        "bio": "",
        "followerCount": 0,
        "viewerFollow": "NONE",
        "viewerIsBlocking": True,
    }
    for is_settled in (False, True):
        if is_settled:
            await worker.settle()
        alice, bob = [await seen(api, name) for name in ("alice", "bob")]
        assert (alice["followerCount"], alice["followingCount"]) == (1, 1)
        assert (bob["followerCount"], bob["followingCount"]) == (0, 0)
    await act(api, "unblockUser", world.bob.id, by=world.alice)
    bob = await seen(api, "bob", by=world.alice)
    assert (bob["viewerFollow"], bob["followsViewer"], bob["viewerIsBlocking"]) == ("NONE", False, False)


async def test_a_block_ends_requests_and_places_on_lists_and_in_circles_both_ways(api: Api, world: World) -> None:
    pairs = [(world.alice, world.eve), (world.eve, world.alice), (world.alice, world.dan), (world.dan, world.eve)]
    for one, other in pairs:
        both = (one.account_id, other.account_id)
        await rows(world, "INSERT INTO follow_request (follower_id, followee_id) VALUES ($1, $2)", *both)
        for table in ("list", "circle"):
            made = await rows(
                world,
                f"INSERT INTO {table} (account_id, name) VALUES ($1, $2) RETURNING id",
                one.account_id,
                other.handle,
            )
            insert = f"INSERT INTO {table}_member ({table}_id, account_id) VALUES ($1, $2)"
            await rows(world, insert, made[0]["id"], other.account_id)
    assert (await act(api, "blockUser", world.eve.id, by=world.alice))["errors"] == []
    for query in (
        "SELECT follower_id AS one, followee_id AS other FROM follow_request",
        "SELECT g.account_id AS one, m.account_id AS other FROM list_member m JOIN list g ON g.id = list_id",
        "SELECT g.account_id AS one, m.account_id AS other FROM circle_member m JOIN circle g ON g.id = circle_id",
    ):
        left = {(row["one"], row["other"]) for row in await rows(world, query)}
        assert left == {(one.account_id, other.account_id) for one, other in pairs[2:]}


async def test_nobody_blocks_themselves_or_what_is_not_there_for_them(api: Api, world: World) -> None:
    await world.block(world.eve, world.alice)
    nobody = ids.encode(ids.Kind.USER, 1)
    for name in ("blockUser", "unblockUser"):
        payload = await act(api, name, world.alice.id, by=world.alice)
        assert (payload["user"], refusals(payload)) == (None, [("NotAllowedError", ["userId"])])
        hidden, *absent = [
            await act(api, name, user_id, by=world.alice)
            for user_id in (world.eve.id, nobody, "nonsense", post_id(1), "\x00", "'; DROP TABLE block; --")
        ]
        assert (hidden["user"], refusals(hidden)) == (None, [("NotFoundError", ["userId"])])
        assert all(payload == hidden for payload in absent)
        answer = await api.run(document(name), input={"userId": world.eve.id})
        assert answer.codes == ["UNAUTHENTICATED"]
    assert len(await rows(world, "SELECT FROM block")) == 1


async def test_who_is_suspended_can_be_unblocked_still(api: Api, world: World) -> None:
    await world.block(world.alice, world.eve)
    await rows(world, "UPDATE account SET suspended_at = now() WHERE id = $1", world.eve.account_id)
    payload = await act(api, "unblockUser", world.eve.id, by=world.alice)
    assert (payload["user"], payload["errors"]) == (None, [])
    assert await rows(world, "SELECT FROM block") == []
    assert refusals(await act(api, "unblockUser", world.eve.id, by=world.alice)) == [("NotFoundError", ["userId"])]


async def test_the_blocked_see_nobody_and_the_blocker_a_bare_profile(api: Api, world: World) -> None:
    change = (
        """mutation { updateProfile(input: {bio: "I am here", website: "https://a.example"}) { errors { code } } }"""
    )
    for person in (world.alice, world.bob):
        assert (await api.data(change, by=person))["updateProfile"]["errors"] == []
        await world.post(person)
    await world.block(world.alice, world.bob)
    assert await seen(api, "alice", by=world.bob) is None
    bare = await seen(api, "bob", by=world.alice)
    assert bare["viewerIsBlocking"] is True
    assert (bare["displayName"], bare["bio"], bare["website"], bare["posts"]["edges"]) == ("Bob", "", None, [])
    for other in (world.carol, None):
        profile = await seen(api, "alice", by=other)
        assert (profile["bio"], profile["viewerIsBlocking"]) == ("I am here", False)
        assert len(profile["posts"]["edges"]) == 1


async def test_a_former_handle_does_not_lead_to_who_blocks(api: Api, world: World) -> None:
    rename = """mutation { changeHandle(input: {handle: "alicia"}) { errors { code } } }"""
    assert (await api.data(rename, by=world.alice))["changeHandle"]["errors"] == []
    await world.block(world.alice, world.bob)
    for handle in ("alice", "alicia"):
        assert await seen(api, handle, by=world.bob) is None
        assert (await seen(api, handle, by=world.carol))["handle"] == "alicia"


@pytest.mark.parametrize("blocks", [True, False], ids=["by the blocker", "by the blocked"])
async def test_neither_meets_the_other_anywhere(api: Api, world: World, *, blocks: bool) -> None:
    viewer, other = world.alice, world.bob
    own = await world.post(viewer, "mine")
    theirs = await world.post(other, "theirs #tea")
    await world.post(other, "their reply", reply_to=own)
    await world.post(other, "their quote", quote=own)
    await world.repost(other, own)
    await world.repost(world.carol, theirs)
    await world.like(other, own)
    await world.like(viewer, theirs)
    await world.mute_thread(viewer, await world.post(other, "their muted thread"))
    await world.follow_thread(viewer, theirs)
    assert (await api.data(BOOKMARK, by=viewer, input={"postId": post_id(theirs)}))["bookmarkPost"]["errors"] == []
    asked = {"handle": "bob", "user": other.id, "own": post_id(own)}
    before = str(await api.data(EVERYWHERE, by=viewer, **asked))
    assert before.count("their") >= 9
    await (world.block(viewer, other) if blocks else world.block(other, viewer))
    after = await api.data(EVERYWHERE, by=viewer, **asked)
    assert "their" not in str(after)
    if blocks:
        # To find them among whom one blocks, by their handle alone.
        assert (after["user"], after["node"]) == ({"id": other.id, "bio": ""}, {"id": other.id})
    else:
        assert (after["user"], after["node"]) == (None, None)
        assert "bob" not in str(after)
    threads = after["viewer"]["mutedThreads"]["edges"] + after["viewer"]["followedThreads"]["edges"]
    assert [edge["node"]["__typename"] for edge in threads] == ["Unavailable", "Unavailable"]
    assert "mine" in str(await api.data(EVERYWHERE, by=world.carol, **asked)), "others see both"


async def test_the_list_of_blocks_is_newest_first_pages_and_leaves_out_who_is_gone(api: Api, world: World) -> None:
    people = [await world.join(f"person{number}") for number in range(7)]
    for person in people:
        await world.block(world.eve, person)
    for person in people[2:4]:
        await rows(world, "UPDATE account SET suspended_at = now() WHERE id = $1", person.account_id)

    async def fetch(after: str | None) -> Any:
        return (await api.data(BLOCKS, by=world.eve, first=2, after=after))["viewer"]["blocks"]

    pages = await walk(fetch)
    assert nodes(pages, "handle") == [f"person{number}" for number in (6, 5, 4, 1, 0)]
    assert [len(page["edges"]) for page in pages] == [2, 2, 1]
    assert {edge["node"]["viewerIsBlocking"] for page in pages for edge in page["edges"]} == {True}
    assert (await api.data(BLOCKS, by=world.dan, first=2))["viewer"]["blocks"]["edges"] == []
    cursor = pages[0]["pageInfo"]["endCursor"]
    other = "query ($after: Cursor) { viewer { likes(first: 2, after: $after) { edges { cursor } } } }"
    assert (await api.run(other, by=world.eve, after=cursor)).codes == ["BAD_CURSOR"]


async def test_blocks_cost_what_their_documents_say(api: Api, world: World) -> None:
    for person in (world.bob, world.carol, world.dan):
        await world.block(world.alice, person)
    with api.budget(sql=9, redis=3):  # BEGIN and COMMIT, an event for each; two timelines and the bell
        await act(api, "blockUser", world.eve.id, by=world.alice)
    with api.budget(sql=2):
        page = await api.data(BLOCKS, by=world.alice, first=20)
    assert len(page["viewer"]["blocks"]["edges"]) == 4
    feed = "{ publicFeed(first: 20) { edges { node { author { handle viewerIsBlocking } } } } }"
    for number in range(5):
        await world.post(await world.join(f"other{number}"), "hello")
    with api.budget(sql=1):
        await api.data(feed, by=world.alice)
    schema = build_schema(suggests_fields=True)
    assert fallbacks_of(schema, feed) == []


async def test_two_who_block_each_other_at_once_end_with_one_block(api: Api, world: World) -> None:
    payloads = await asyncio.gather(
        act(api, "blockUser", world.bob.id, by=world.alice), act(api, "blockUser", world.alice.id, by=world.bob)
    )
    assert sorted(refusals(payload) for payload in payloads) == [[], [("NotFoundError", ["userId"])]]
    await asyncio.gather(*(act(api, "blockUser", world.eve.id, by=world.carol) for _ in range(3)))
    assert len(await rows(world, "SELECT FROM block")) == 2


async def test_no_follow_outlives_a_block_that_was_made_at_once(api: Api, world: World) -> None:
    follow = "mutation ($input: FollowUserInput!) { followUser(input: $input) { errors { code } } }"
    for _ in range(10):
        await asyncio.gather(
            act(api, "blockUser", world.eve.id, by=world.carol),
            api.data(follow, by=world.eve, input={"userId": world.carol.id}),
            api.data(follow, by=world.carol, input={"userId": world.eve.id}),
        )
        between = "SELECT FROM follow WHERE $1 IN (follower_id, followee_id) AND $2 IN (follower_id, followee_id)"
        assert await rows(world, between, world.carol.account_id, world.eve.account_id) == []
        await act(api, "unblockUser", world.eve.id, by=world.carol)
    carol = await seen(api, "carol")
    assert (carol["followerCount"], carol["followingCount"]) == (1, 0)
