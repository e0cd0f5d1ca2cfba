"""Who likes a post and who has reposted it: lists that page, in batches for the posts of a page."""

import asyncio
from typing import Any

import pytest

from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import act
from tests.fixtures.api import Api
from tests.worlds import World, post_id

PAGE_INFO = "pageInfo { hasNextPage endCursor }"
LISTS = ("likedBy", "repostedBy")
ACTS = {"likedBy": ("likePost", "unlikePost"), "repostedBy": ("repost", "undoRepost")}


def document(field: str, selection: str = "handle") -> str:
    return f"""
    query ($id: ID!, $first: Int! = 20, $after: Cursor) {{
      post(id: $id) {{
        {field}(first: $first, after: $after) {{ edges {{ cursor node {{ {selection} }} }} {PAGE_INFO} }}
      }}
    }}
    """


async def handles(api: Api, field: str, post: int) -> list[str]:
    connection = (await api.data(document(field), id=post_id(post)))["post"][field]
    return [edge["node"]["handle"] for edge in connection["edges"]]


@pytest.mark.parametrize("field", LISTS)
async def test_everybody_sees_who_did_it_the_newest_first(api: Api, world: World, field: str) -> None:
    do, undo = ACTS[field]
    post = await world.post(world.bob)
    for person in (world.alice, world.eve, world.bob):
        await act(api, do, post_id(post), by=person)
    for viewer in (world.dan, world.bob, None):
        found = await api.data(document(field), by=viewer, id=post_id(post))
        assert nodes([found["post"][field]], "handle") == ["bob", "eve", "alice"]
    await act(api, undo, post_id(post), by=world.eve)
    assert await handles(api, field, post) == ["bob", "alice"]
    await act(api, do, post_id(post), by=world.eve)
    assert await handles(api, field, post) == ["eve", "bob", "alice"]


@pytest.mark.parametrize("field", LISTS)
async def test_nobody_is_an_empty_page(api: Api, world: World, field: str) -> None:
    post = post_id(await world.post(world.bob))
    connection = (await api.data(document(field), id=post))["post"][field]
    assert connection == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


async def test_likes_and_reposts_are_not_mixed_up_nor_are_posts(api: Api, world: World) -> None:
    one, two = [await world.post(world.bob, body) for body in ("one", "two")]
    await world.like(world.alice, one)
    await world.repost(world.carol, one)
    await world.like(world.dan, two)
    for post, field, expected in (
        (one, "likedBy", ["alice"]),
        (one, "repostedBy", ["carol"]),
        (two, "likedBy", ["dan"]),
        (two, "repostedBy", []),
    ):
        assert await handles(api, field, post) == expected


@pytest.mark.parametrize("field", LISTS)
async def test_a_list_pages_without_gap_or_repeat_while_others_join_it(api: Api, world: World, field: str) -> None:
    post = await world.post(world.bob)
    do, undo = ACTS[field]
    for number in range(11):
        await act(api, do, post_id(post), by=await world.join(f"fan{number}"))

    async def fetch(after: str | None) -> Any:
        return (await api.data(document(field), id=post_id(post), first=4, after=after))["post"][field]

    async def come_and_go() -> None:
        await act(api, do, post_id(post), by=world.eve)
        await act(api, undo, post_id(post), by=world.people["fan10"])

    pages = await walk(fetch, between=come_and_go)
    assert [len(page["edges"]) for page in pages] == [4, 4, 3]
    assert nodes(pages, "handle") == [f"fan{number}" for number in range(10, -1, -1)]
    assert all(page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"] for page in pages)


@pytest.mark.parametrize("field", LISTS)
async def test_a_deleted_post_has_no_list(api: Api, world: World, field: str) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    await world.repost(world.alice, post)
    await world.delete(world.bob, post)
    assert await api.data(document(field), by=world.alice, id=post_id(post)) == {"post": None}


@pytest.mark.parametrize("field", LISTS)
async def test_a_hundred_at_once_are_listed_once(api: Api, world: World, field: str) -> None:
    post = await world.post(world.bob)
    await asyncio.gather(*(act(api, ACTS[field][0], post_id(post), by=world.alice) for _ in range(100)))
    assert await handles(api, field, post) == ["alice"]


async def test_both_lists_of_all_posts_of_a_page_cost_one_statement_each(api: Api, world: World) -> None:
    for number in range(5):
        post = await world.post(world.bob, f"post {number}")
        for person in (world.alice, world.bob, world.carol, world.dan)[:number]:
            await world.like(person, post)
            await world.repost(person, post)
    lists = "likedBy(first: 3) { edges { node { handle } } } repostedBy(first: 3) { edges { node { handle } } }"
    feed = f"{{ publicFeed {{ edges {{ node {{ body {lists} }} }} }} }}"
    with api.budget(sql=3):
        edges = (await api.data(feed))["publicFeed"]["edges"]
    for field in LISTS:
        found = [[edge["node"]["handle"] for edge in each["node"][field]["edges"]] for each in edges]
        assert found == [["dan", "carol", "bob"], ["carol", "bob", "alice"], ["bob", "alice"], ["alice"], []]


@pytest.mark.parametrize("field", LISTS)
async def test_the_lists_run_compiled(api: Api, field: str) -> None:
    asked = document(field, "handle followerCount viewerFollow")
    assert fallbacks_of(api, asked, id=post_id(1), first=3) == []


async def test_what_is_asked_of_the_users_comes_by_one_statement_more(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    for person in world.people.values():
        await world.like(person, post)
    asked = document("likedBy", "handle followerCount viewerFollow followsViewer")
    with api.budget(sql=3):
        edges = (await api.data(asked, by=world.alice, id=post_id(post)))["post"]["likedBy"]["edges"]
    assert {edge["node"]["handle"]: edge["node"]["viewerFollow"] for edge in edges} == {
        "eve": "NONE",
        "dan": "NONE",
        "carol": "FOLLOWING",
        "bob": "FOLLOWING",
        "alice": "NONE",
    }
    assert [edge["node"]["followerCount"] for edge in edges] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("field", LISTS)
async def test_a_cursor_of_another_list_is_refused(api: Api, world: World, field: str) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    await world.repost(world.alice, post)
    other = next(name for name in LISTS if name != field)
    cursor = (await api.data(document(other), id=post_id(post)))["post"][other]["edges"][0]["cursor"]
    for after in (cursor, "nonsense", "\x00"):
        answer = await api.run(document(field), id=post_id(post), after=after)
        assert answer.codes == ["BAD_CURSOR"], after
    assert (await api.run(document(field), id=post_id(post), first=101)).codes == ["BAD_INPUT"]
