"""Whole threads: a tree of replies costs a statement for each level, and a deep one is paged without an end."""

from typing import Any

import pytest
import sqlalchemy as sa

from core.database import command
from models.posts import post
from tests.api.paging import walk
from tests.fixtures.api import Api
from tests.worlds import World, post_id

TREE = """
query ($id: ID!, $sort: ReplySort!) {
  post(id: $id) {
    ...Line
    replies(first: 10, sort: $sort) {
      edges { node {
        ...Line
        replies(first: 10, sort: $sort) {
          edges { node {
            ...Line
            replies(first: 10, sort: $sort) { edges { node { ...Line } } }
          } }
        }
      } }
    }
  }
}
fragment Line on Post { body likeCount replyCount viewerHasLiked author { handle followerCount viewerFollow } }
"""
ANCESTORS = """
query ($id: ID!, $after: Cursor) {
  post(id: $id) {
    ancestors(first: 100, after: $after) {
      edges { node { ... on Post { id } } } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
DEEP = 1_000
_FIRST_ID = 2**40
# A chain as a client could write it in a thousand replies: each below the one before, all in the root's thread.
_CHAIN = command(
    sa.insert(post).from_select(
        ["id", "author_id", "body", "reply_to_id", "root_id"],
        sa.text(
            "SELECT :first_id + n, :author_id, 'post ' || n,"
            " CASE WHEN n > 0 THEN :first_id + n - 1 END, CASE WHEN n > 0 THEN :first_id END"
            " FROM generate_series(0, :depth) AS n"
        )
        .bindparams(sa.bindparam("first_id", type_=sa.BigInteger), sa.bindparam("author_id", type_=sa.BigInteger))
        .columns(post.c.id, post.c.author_id, post.c.body, post.c.reply_to_id, post.c.root_id),
    )
)


async def grow(world: World, root: int, widths: tuple[int, ...]) -> None:
    """Replies below a post, as many on each level as `widths` says."""
    if not widths:
        return
    for number in range(widths[0]):
        author = (world.alice, world.bob, world.carol)[number % 3]
        reply = await world.post(author, f"reply {number}", reply_to=root)
        await grow(world, reply, widths[1:])


def shape(node: Any) -> list[Any]:
    """How many replies there are, level below level."""
    return [shape(edge["node"]) for edge in node.get("replies", {"edges": []})["edges"]]


@pytest.mark.parametrize(("sort", "statements"), [("OLDEST", 3), ("NEWEST", 3), ("TOP", 4), ("AUTHOR_FIRST", 4)])
@pytest.mark.parametrize("widths", [(2, 1, 1), (10, 3, 2), (3, 10, 3)])
async def test_a_tree_three_levels_deep_costs_the_same_however_wide_it_is(
    api: Api, world: World, sort: str, statements: int, widths: tuple[int, int, int]
) -> None:
    root = await world.post(world.alice)
    await grow(world, root, widths)
    with api.budget(sql=statements):
        data = await api.data(TREE, by=world.dan, id=post_id(root), sort=sort)
    one, two, three = widths
    assert shape(data["post"]) == [[[[] for _ in range(three)] for _ in range(two)] for _ in range(one)]


@pytest.mark.parametrize("sort", ["OLDEST", "NEWEST", "TOP", "AUTHOR_FIRST"])
async def test_replies_page_on_every_level(api: Api, world: World, sort: str) -> None:
    root = await world.post(world.alice)
    below = await world.post(world.bob, reply_to=root)
    deepest = await world.post(world.carol, reply_to=below)
    bodies = [f"reply {number}" for number in range(5)]
    for body in bodies:
        await world.post(world.dan, body, reply_to=deepest)
    document = """
    query ($id: ID!, $sort: ReplySort!, $after: Cursor) {
      post(id: $id) { replies { edges { node { replies { edges { node {
        replies(first: 2, after: $after, sort: $sort) { edges { node { body } } pageInfo { hasNextPage endCursor } }
      } } } } } } }
    }
    """

    async def fetch(after: str | None) -> Any:
        data = await api.data(document, id=post_id(root), sort=sort, after=after)
        for _ in range(2):
            [edge] = data["post"]["replies"]["edges"]
            data = {"post": edge["node"]}
        return data["post"]["replies"]

    pages = await walk(fetch)
    assert [len(page["edges"]) for page in pages] == [2, 2, 1]
    shown = [edge["node"]["body"] for page in pages for edge in page["edges"]]
    assert shown == (bodies[::-1] if sort == "NEWEST" else bodies)


async def test_ancestors_of_a_post_a_thousand_levels_down_are_all_there(api: Api, world: World) -> None:
    await api.services.db.transact(
        lambda tx: tx.run(_CHAIN, first_id=_FIRST_ID, author_id=world.bob.account_id, depth=DEEP)
    )

    async def fetch(after: str | None) -> Any:
        with api.budget(sql=3):
            data = await api.data(ANCESTORS, id=post_id(_FIRST_ID + DEEP), after=after)
        return data["post"]["ancestors"]

    pages = await walk(fetch)
    shown = [edge["node"]["id"] for page in pages for edge in page["edges"]]
    assert shown == [post_id(_FIRST_ID + number) for number in range(DEEP)]
    assert len(pages) == DEEP // 100
