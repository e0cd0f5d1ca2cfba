"""Anything by its id: order, duplicates, and the same null for whatever is not there."""

import pytest

from core import ids
from tests.api.posts import seen
from tests.fixtures.api import Api
from tests.worlds import World, post_id

NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Post { body } ... on User { handle } } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Post { body } ... on User { handle } } }"
USER = "query ($handle: String!) { user(handle: $handle) { handle } }"
GARBAGE = ["", "zzz", "\x00", "💀", "A" * 12, "_" * 12, "x" * 10_000, "1", "null"]


async def test_a_node_knows_its_type(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    assert (await api.data(NODE, id=post))["node"] == {"__typename": "Post", "id": post, "body": "hello"}
    assert (await api.data(NODE, id=world.bob.id))["node"] == {
        "__typename": "User",
        "id": world.bob.id,
        "handle": "bob",
    }


async def test_what_is_not_there_is_null_whatever_the_reason(api: Api, world: World) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    absent = [post_id(1), post_id(2**63 - 1), ids.encode(ids.Kind.USER, 1), post_id(world.bob.account_id)]
    for wrong in (*GARBAGE, *absent, post_id(deleted), world.bob.id + "=", world.bob.id[:-1]):
        assert await api.data(NODE, id=wrong) == {"node": None}
        assert await api.data("query ($id: ID!) { post(id: $id) { id } }", id=wrong) == {"post": None}


async def test_nodes_come_in_the_order_of_their_ids_with_nulls_and_duplicates(api: Api, world: World) -> None:
    one, two = [post_id(await world.post(world.bob, body)) for body in ("one", "two")]
    wanted = [two, "zzz", world.eve.id, one, post_id(1), two, world.eve.id]
    with api.budget(sql=2):
        found = (await api.data(NODES, ids=wanted))["nodes"]
    assert [node and (node.get("body") or node["handle"]) for node in found] == [
        "two",
        None,
        "eve",
        "one",
        None,
        "two",
        "eve",
    ]


async def test_a_hundred_ids_are_answered_and_one_more_is_refused(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    assert len((await api.data(NODES, ids=[post] * 100))["nodes"]) == 100
    assert await api.data(NODES, ids=[]) == {"nodes": []}
    answer = await api.run(NODES, ids=[post] * 101)
    assert answer.codes == ["BAD_INPUT"]


@pytest.mark.parametrize("handle", ["bob", "BOB", "bOb"])
async def test_a_user_is_found_whatever_the_case(api: Api, world: World, handle: str) -> None:
    assert await api.data(USER, handle=handle) == {"user": {"handle": "bob"}}


@pytest.mark.parametrize(
    "handle", ["", "b", "@bob", " bob", "bob\n", "b\x00b", "b" * 10_000, "💀", "b%", "\u017f_", "bob'--"]
)
async def test_absurd_handles_are_nobodys_and_cost_nothing(api: Api, world: World, handle: str) -> None:
    with api.budget(sql=0):
        assert await api.data(USER, handle=handle) == {"user": None}


async def test_nobody_has_no_state(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    found = await seen(api, post)
    assert (found["viewerHasLiked"], found["viewerHasReposted"]) == (False, False)


MUTATIONS = [
    ("deletePost", "postId"),
    ("likePost", "postId"),
    ("unlikePost", "postId"),
    ("repost", "postId"),
    ("undoRepost", "postId"),
    ("bookmarkPost", "postId"),
    ("removeBookmark", "postId"),
    ("deleteBookmarkFolder", "folderId"),
    ("pinPost", "postId"),
    ("unpinPost", "postId"),
]


@pytest.mark.parametrize(("mutation", "field"), MUTATIONS)
async def test_a_wrong_id_is_not_found_and_blames_its_field(api: Api, world: World, mutation: str, field: str) -> None:
    document = f"mutation ($id: ID!) {{ {mutation}(input: {{{field}: $id}}) {{ errors {{ __typename path }} }} }}"
    for wrong in (*GARBAGE, world.bob.id, post_id(1), post_id(2**63 - 1), post_id(world.bob.account_id)):
        data = await api.data(document, by=world.alice, id=wrong)
        assert data[mutation]["errors"] == [{"__typename": "NotFoundError", "path": [field]}], wrong
