"""Muting threads and following them: who sees it where, and what it costs."""

import asyncio
import itertools
from typing import Any

import pytest

from compiler import CompiledExecutor
from tests.api.paging import walk
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ACTS = ["muteThread", "unmuteThread", "followThread", "unfollowThread"]
TAKING = {"muteThread": (True, False), "followThread": (False, True)}
STANCE = "query ($id: ID!) { post(id: $id) { viewerHasMutedThread viewerFollowsThread } }"
LISTS = """
query ($first: Int!, $after: Cursor) {
  viewer { %s(first: $first, after: $after) {
    edges { cursor node { __typename ... on Post { id body } ... on Unavailable { id } } }
    pageInfo { hasNextPage endCursor }
  } }
}
"""


def act_document(name: str) -> str:
    return f"""
    mutation ($id: ID!) {{
      {name}(input: {{ postId: $id }}) {{
        post {{ id viewerHasMutedThread viewerFollowsThread }}
        errors {{ __typename message code path }}
      }}
    }}
    """


async def act(api: Api, name: str, post: str, *, by: Person) -> Any:
    return (await api.data(act_document(name), by=by, id=post))[name]


async def stance(api: Api, post: int, *, by: Person | None) -> tuple[bool, bool]:
    """Whether the thread is muted and whether it is followed, as the person sees it at a post."""
    found = (await api.data(STANCE, by=by, id=post_id(post)))["post"]
    return found["viewerHasMutedThread"], found["viewerFollowsThread"]


async def listed(api: Api, name: str, *, by: Person, first: int = 100) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(LISTS % name, by=by, first=first, after=after))["viewer"][name]

    return [edge["node"] for page in await walk(fetch) for edge in page["edges"]]


@pytest.mark.parametrize("name", list(TAKING))
@pytest.mark.parametrize("named", [0, 1, 3])
async def test_any_post_of_a_thread_names_it_and_all_of_them_show_it(
    api: Api, world: World, name: str, named: int
) -> None:
    chain = await world.thread([world.bob, world.carol], 4)
    beside = await world.post(world.dan, reply_to=chain[0])
    payload = await act(api, name, post_id(chain[named]), by=world.alice)
    is_muted, is_followed = TAKING[name]
    assert payload == {
        "post": {"id": post_id(chain[named]), "viewerHasMutedThread": is_muted, "viewerFollowsThread": is_followed},
        "errors": [],
    }
    for post in (*chain, beside):
        assert await stance(api, post, by=world.alice) == TAKING[name]
        for other in (world.bob, world.eve, None):
            assert await stance(api, post, by=other) == (False, False)
    assert await stance(api, await world.post(world.bob), by=world.alice) == (False, False)


@pytest.mark.parametrize(("take", "leave"), [("muteThread", "unmuteThread"), ("followThread", "unfollowThread")])
async def test_twice_is_once_and_any_other_post_of_the_thread_takes_it_back(
    api: Api, world: World, take: str, leave: str
) -> None:
    chain = await world.thread([world.bob], 3)
    for post in (chain[2], chain[0]):
        assert (await act(api, take, post_id(post), by=world.alice))["errors"] == []
    name = {"muteThread": "mutedThreads", "followThread": "followedThreads"}[take]
    assert [node["id"] for node in await listed(api, name, by=world.alice)] == [post_id(chain[0])]
    for _ in range(2):
        payload = await act(api, leave, post_id(chain[1]), by=world.alice)
        assert (payload["errors"], payload["post"]["viewerHasMutedThread"]) == ([], False)
        assert payload["post"]["viewerFollowsThread"] is False
    assert await listed(api, name, by=world.alice) == []


async def test_muting_ends_following_and_following_ends_muting(api: Api, world: World) -> None:
    chain = await world.thread([world.bob], 2)
    for name in ("followThread", "muteThread", "followThread", "muteThread"):
        await act(api, name, post_id(chain[1]), by=world.alice)
        assert await stance(api, chain[0], by=world.alice) == TAKING[name]


async def test_letting_go_of_one_leaves_the_other(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    for take, leave in (("muteThread", "unfollowThread"), ("followThread", "unmuteThread")):
        await act(api, take, post_id(post), by=world.alice)
        await act(api, leave, post_id(post), by=world.alice)
        assert await stance(api, post, by=world.alice) == TAKING[take]


@pytest.mark.parametrize("name", ACTS)
async def test_what_is_deleted_or_never_was_is_not_found(api: Api, world: World, name: str) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    for post in (
        post_id(deleted),
        post_id(2**50),
        world.bob.id,
        "nonsense",
        "",
        "'; DROP TABLE post; --",
        "\x00",
        "💀",
    ):
        payload = await act(api, name, post, by=world.alice)
        assert payload["post"] is None
        assert refusals(payload) == [("NotFoundError", ["postId"])], post


@pytest.mark.parametrize("name", ACTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    answer = await api.run(act_document(name), id=post_id(await world.post(world.bob)))
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_a_hundred_at_once_leave_one_stance(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    names = list(TAKING) * 50
    payloads = await asyncio.gather(*(act(api, name, post_id(post), by=world.alice) for name in names))
    assert all(payload["errors"] == [] for payload in payloads)
    assert await stance(api, post, by=world.alice) in TAKING.values()
    lists = [await listed(api, name, by=world.alice) for name in ("mutedThreads", "followedThreads")]
    assert sorted(map(len, lists)) == [0, 1]


@pytest.mark.parametrize(("act_name", "name"), [("muteThread", "mutedThreads"), ("followThread", "followedThreads")])
async def test_lists_have_the_latest_first_and_a_place_for_what_is_not_shown(
    api: Api, world: World, act_name: str, name: str
) -> None:
    roots = [await world.post(world.bob, f"root {number}") for number in range(7)]
    for root in roots:
        await act(api, act_name, post_id(root), by=world.alice)
    await world.delete(world.bob, roots[2])
    for first in (1, 3, 7, 100):
        found = await listed(api, name, by=world.alice, first=first)
        assert [node["id"] for node in found] == [post_id(root) for root in roots[::-1]]
        assert [node["__typename"] for node in found] == ["Post"] * 4 + ["Unavailable"] + ["Post"] * 2
    assert await listed(api, name, by=world.bob) == []
    with api.budget(sql=2):
        await listed(api, name, by=world.alice)


@pytest.mark.parametrize(
    ("take", "leave", "name"),
    [("muteThread", "unmuteThread", "mutedThreads"), ("followThread", "unfollowThread", "followedThreads")],
)
async def test_a_thread_whose_root_is_gone_can_be_let_go_of_by_what_the_list_shows(
    api: Api, world: World, take: str, leave: str, name: str
) -> None:
    root = await world.post(world.bob)
    await act(api, take, post_id(root), by=world.alice)
    await world.delete(world.bob, root)
    [node] = await listed(api, name, by=world.alice)
    assert await act(api, leave, node["id"], by=world.alice) == {"post": None, "errors": []}
    assert await listed(api, name, by=world.alice) == []
    assert refusals(await act(api, leave, node["id"], by=world.alice)) == [("NotFoundError", ["postId"])]


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_costs_five_statements(api: Api, world: World, name: str) -> None:
    chain = await world.thread([world.bob], 2)
    for _ in range(2):
        with api.budget(sql=5, redis=1):
            await act(api, name, post_id(chain[1]), by=world.alice)


@pytest.mark.parametrize("count", [3, 60])
async def test_the_stance_to_every_thread_of_a_feed_is_one_statement_and_none_for_nobody(
    api: Api, world: World, count: int
) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(count)]
    for post, name in zip(posts, itertools.cycle(TAKING), strict=False):
        await act(api, name, post_id(post), by=world.eve)
    document = """
    query ($first: Int!) {
      publicFeed(first: $first) { edges { node { viewerHasMutedThread viewerFollowsThread } } }
    }
    """
    with api.budget(sql=2):
        data = await api.data(document, by=world.eve, first=count)
    found = [tuple(edge["node"].values()) for edge in data["publicFeed"]["edges"]]
    assert found == [TAKING[name] for name, _ in zip(itertools.cycle(TAKING), posts, strict=False)][::-1]
    with api.budget(sql=1):
        data = await api.data(document, first=count)
    assert {tuple(edge["node"].values()) for edge in data["publicFeed"]["edges"]} == {(False, False)}


async def test_documents_about_threads_run_compiled(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    await world.post(world.carol, reply_to=post)
    counters = CompiledExecutor.plans
    left_before = counters.fallback_count
    for name in ACTS:
        await act(api, name, post_id(post), by=world.alice)
    await stance(api, post, by=world.alice)
    for name in ("mutedThreads", "followedThreads"):
        await listed(api, name, by=world.alice)
    document = "query ($id: ID!) { post(id: $id) { replies(sort: %s) { edges { cursor node { body } } } } }"
    for sort in ("TOP", "AUTHOR_FIRST"):
        await api.data(document % sort, id=post_id(post))
    assert counters.fallback_count == left_before
