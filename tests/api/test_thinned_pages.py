"""Pages that the rules thin out are topped up: full while the list goes on, and short only behind many hidden ones."""

from typing import Any

import pytest

from core.paging import PageRequest
from models.posts import Visibility
from tests.api.paging import nodes, walk
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

PAGE = 2
LISTS = {
    "OLDEST": "replies(sort: OLDEST, first: 2, after: $after)",
    "NEWEST": "replies(sort: NEWEST, first: 2, after: $after)",
    "TOP": "replies(sort: TOP, first: 2, after: $after)",
    "AUTHOR_FIRST": "replies(sort: AUTHOR_FIRST, first: 2, after: $after)",
    "quotes": "quotes(first: 2, after: $after)",
}
PEOPLE = {"likedBy": "likedBy(first: 2, after: $after)", "repostedBy": "repostedBy(first: 2, after: $after)"}


async def pages_of(api: Api, number: int, part: str, field: str, *, by: Person) -> list[Any]:
    """Every page of a list below a post."""
    document = f"""
    query ($id: ID!, $after: Cursor) {{
      post(id: $id) {{ page: {part} {{ edges {{ node {{ {field} }} }} pageInfo {{ hasNextPage endCursor }} }} }}
    }}
    """

    async def fetch(after: str | None) -> Any:
        return (await api.data(document, by=by, id=post_id(number), after=after))["post"]["page"]

    return await walk(fetch)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("pattern", ["hhvvhv", "vhhhhv", "hhhhhh", "vvvhhh", "hvhvhvhvhv"])
async def test_pages_below_a_post_are_full_while_there_is_more(api: Api, world: World, name: str, pattern: str) -> None:
    root = await world.post(world.alice)
    for number, kind in enumerate(pattern):
        author = world.eve if kind == "h" else world.bob
        body = f"{kind}{number}"
        await (world.post(author, body, quote=root) if name == "quotes" else world.post(author, body, reply_to=root))
    await world.block(world.dan, world.eve)
    pages = await pages_of(api, root, LISTS[name], "body", by=world.dan)
    expected = [f"v{number}" for number, kind in enumerate(pattern) if kind == "v"]
    assert sorted(nodes(pages)) == sorted(expected)
    assert all(len(page["edges"]) == PAGE for page in pages[:-1])


@pytest.mark.parametrize("name", PEOPLE)
async def test_people_whom_a_block_hides_leave_full_pages_behind(api: Api, world: World, name: str) -> None:
    root = await world.post(world.alice)
    strangers = [await world.join(f"stranger{number}") for number in range(6)]
    for person in strangers:
        await (world.like(person, root) if name == "likedBy" else world.repost(person, root))
    for person in strangers[2:5]:
        await world.block(person, world.dan)
    pages = await pages_of(api, root, PEOPLE[name], "handle", by=world.dan)
    assert nodes(pages, "handle") == ["stranger5", "stranger1", "stranger0"]
    assert [len(page["edges"]) for page in pages] == [2, 1]


async def test_a_page_behind_too_many_hidden_ones_is_short_and_goes_on(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    for number in range(sum(PageRequest(PAGE).rounds) + 1):
        await world.post(world.eve, f"hidden {number}", reply_to=root)
    await world.post(world.bob, "seen", reply_to=root)
    await world.block(world.eve, world.dan)
    pages = await pages_of(api, root, LISTS["OLDEST"], "body", by=world.dan)
    assert [len(page["edges"]) for page in pages] == [0, 1]
    assert nodes(pages) == ["seen"]


HIDDEN_IN_A_ROW = 40


@pytest.mark.parametrize("first", [1, 2, 20])
async def test_neither_cursors_nor_statements_tell_of_many_posts_for_others_in_a_row(
    api: Api, world: World, first: int
) -> None:
    document = """
    query ($first: Int!, $root: ID!) {
      user(handle: "alice") {
        posts(first: $first) { edges { cursor node { body } } pageInfo { hasNextPage endCursor } }
      }
      post(id: $root) {
        replies(sort: NEWEST, first: $first) { edges { cursor node { body } } pageInfo { hasNextPage endCursor } }
      }
    }
    """
    root = await world.post(world.bob)
    for reply_to in (None, root):
        await world.post(world.alice, "open", reply_to=reply_to)
    with api.budget(sql=3):
        before = await api.data(document, first=first, root=post_id(root))
    for reply_to in (None, root):
        for _ in range(HIDDEN_IN_A_ROW):
            await world.post(world.alice, "hidden", visibility=Visibility.MENTIONED, reply_to=reply_to)
    with api.budget(sql=3):
        assert await api.data(document, first=first, root=post_id(root)) == before
    seen = await api.data(document, by=world.alice, first=first, root=post_id(root))
    assert seen["user"]["posts"]["edges"][0]["node"] == {"body": "hidden"}


async def test_topping_up_is_one_statement_for_all_parents(api: Api, world: World) -> None:
    posts = [await world.post(world.alice, f"post {number}") for number in range(3)]
    for post in posts:
        for number in range(4):
            await world.post(world.eve if number < 2 else world.bob, f"reply {number}", reply_to=post)
    await world.block(world.dan, world.eve)
    document = """
    query ($ids: [ID!]!) {
      nodes(ids: $ids) { ... on Post { replies(first: 2) { edges { node { body } } } } }
    }
    """
    with api.budget(sql=3):  # posts, replies, and the rest of the replies
        data = await api.data(document, by=world.dan, ids=[post_id(post) for post in posts])
    bodies = [[edge["node"]["body"] for edge in node["replies"]["edges"]] for node in data["nodes"]]
    assert bodies == [["reply 2", "reply 3"]] * 3
    assert sorted(await _bodies(api, posts[0], by=world.eve)) == [f"reply {number}" for number in range(4)]


async def _bodies(api: Api, number: int, *, by: Person) -> list[Any]:
    return nodes(await pages_of(api, number, LISTS["OLDEST"], "body", by=by))
