"""Threads: replies in both orders, ancestors of a deep reply, and what a whole thread costs."""

from typing import Any

import pytest

from tests.api.paging import nodes, walk
from tests.fixtures.api import Api
from tests.worlds import World, post_id

REPLIES = """
query ($id: ID!, $first: Int!, $after: Cursor, $sort: ReplySort!) {
  post(id: $id) {
    replies(first: $first, after: $after, sort: $sort) {
      edges { cursor node { body } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
ANCESTORS = """
query ($id: ID!, $first: Int!, $after: Cursor) {
  post(id: $id) {
    ancestors(first: $first, after: $after) {
      edges { cursor node { __typename ... on Post { body } ... on Unavailable { id } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
THREAD = """
query ($id: ID!, $first: Int!) {
  post(id: $id) {
    body likeCount author { handle viewerFollow }
    root { ... on Post { body author { handle } } }
    ancestors(first: 20) { edges { node { ... on Post { body author { handle } } } } }
    replies(first: $first) {
      edges { node { body likeCount author { handle } replies(first: 3) { edges { node { ...Line } } } } }
    }
  }
}
fragment Line on Post { body author { handle } }
"""


@pytest.mark.parametrize("sort", ["OLDEST", "NEWEST"])
@pytest.mark.parametrize("first", [1, 4, 11, 100])
async def test_replies_page_without_gap_or_repeat(api: Api, world: World, sort: str, first: int) -> None:
    post = await world.post(world.bob)
    bodies = [f"reply {number}" for number in range(11)]
    for body in bodies:
        await world.post(world.carol, body, reply_to=post)
    await world.delete(world.carol, await world.post(world.carol, "gone", reply_to=post))

    async def fetch(after: str | None) -> Any:
        data = await api.data(REPLIES, id=post_id(post), first=first, after=after, sort=sort)
        return data["post"]["replies"]

    pages = await walk(fetch)
    assert nodes(pages) == (bodies if sort == "OLDEST" else bodies[::-1])
    assert len(pages) == -(-len(bodies) // first)
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False] + [True] * (len(pages) - 1)
    for page in pages:
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])


async def test_ancestors_of_a_deep_reply_page_from_the_root_down(api: Api, world: World) -> None:
    chain = await world.thread([world.alice, world.bob], 26)
    await world.delete(world.bob, chain[11])

    async def fetch(after: str | None) -> Any:
        data = await api.data(ANCESTORS, id=post_id(chain[-1]), first=10, after=after)
        return data["post"]["ancestors"]

    pages = await walk(fetch)
    shown = [edge["node"] for page in pages for edge in page["edges"]]
    assert [len(page["edges"]) for page in pages] == [10, 10, 5]
    assert shown[11] == {"__typename": "Unavailable", "id": post_id(chain[11])}
    del shown[11]
    assert [node["body"] for node in shown] == [f"post {number}" for number in range(25) if number != 11]


async def test_a_root_has_neither_ancestors_nor_a_root(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    data = await api.data(ANCESTORS, id=post_id(root), first=10)
    assert data["post"]["ancestors"] == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


@pytest.mark.parametrize("count", [10, 60])
async def test_a_thread_costs_the_same_for_any_number_of_replies(api: Api, world: World, count: int) -> None:
    chain = await world.thread([world.alice, world.bob], 5)
    for number in range(count):
        reply = await world.post((world.carol, world.dan)[number % 2], f"reply {number}", reply_to=chain[-1])
        await world.post(world.eve, "deeper", reply_to=reply)
    with api.budget(sql=5):
        data = await api.data(THREAD, by=world.alice, id=post_id(chain[-1]), first=count)
    replies = data["post"]["replies"]["edges"]
    assert len(replies) == count
    assert all(len(edge["node"]["replies"]["edges"]) == 1 for edge in replies)


async def test_the_first_replies_of_twenty_posts_are_one_statement(api: Api, world: World) -> None:
    for number in range(20):
        post = await world.post(world.bob, f"post {number}")
        for reply in range(number % 5):
            await world.post(world.carol, f"{number}.{reply}", reply_to=post)
    document = "{ publicFeed { edges { node { body %s } } } }"
    with api.budget(sql=1):
        await api.data(document % "")
    with api.budget(sql=1):
        data = await api.data(document % "replies(first: 3) { edges { node { body author { handle } } } }")
    for place, edge in enumerate(data["publicFeed"]["edges"]):
        number = 19 - place
        expected = [f"{number}.{reply}" for reply in range(min(number % 5, 3))]
        assert [reply["node"]["body"] for reply in edge["node"]["replies"]["edges"]] == expected
