"""Paging of feeds, profiles and likes: nothing twice, nothing missing, whatever others do meanwhile."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.worker import Worker
from core.paging import PageRequest
from tests.api.paging import Fetch, nodes, walk
from tests.fixtures.api import Api
from tests.worlds import Person, World

PAGE = "edges { cursor node { id body } } pageInfo { hasNextPage endCursor }"
HOME = f"query ($first: Int!, $after: Cursor) {{ homeFeed(first: $first, after: $after) {{ {PAGE} }} }}"
PUBLIC = f"query ($first: Int!, $after: Cursor) {{ publicFeed(first: $first, after: $after) {{ {PAGE} }} }}"
LIKES = f"query ($first: Int!, $after: Cursor) {{ viewer {{ likes(first: $first, after: $after) {{ {PAGE} }} }} }}"
PROFILE = f"""
query ($handle: String!, $kind: UserPostsKind!, $first: Int!, $after: Cursor) {{
  user(handle: $handle) {{
    posts(kind: $kind, first: $first, after: $after) {{ {PAGE} }}
  }}
}}
"""
HOT_PROFILE = """
query ($first: Int!) {
  user(handle: "bob") {
    handle displayName bio postCount followerCount followingCount viewerFollow followsViewer
    posts(first: $first) {
      edges { node { body likeCount viewerHasLiked author { handle } } reason { kind user { handle } } }
    }
  }
}
"""


def feed(api: Api, document: str, name: str, *, first: int, by: Person | None = None) -> Fetch:
    async def fetch(after: str | None) -> Any:
        return (await api.data(document, by=by, first=first, after=after))[name]

    return fetch


def likes(api: Api, *, first: int, by: Person) -> Fetch:
    async def fetch(after: str | None) -> Any:
        return (await api.data(LIKES, by=by, first=first, after=after))["viewer"]["likes"]

    return fetch


@pytest.mark.parametrize(("document", "name"), [(HOME, "homeFeed"), (PUBLIC, "publicFeed")])
async def test_a_hundred_pages_while_others_post_show_each_post_once(
    api: Api, world: World, worker: Worker, document: str, name: str
) -> None:
    bodies = [f"post {number}" for number in range(200)]
    for number, body in enumerate(bodies):
        await world.post((world.bob, world.carol)[number % 2], body)
    fetch = feed(api, document, name, first=2, by=world.alice)
    await fetch(None)
    await api.services.resources.home.rebuilt()
    written = 0

    async def others_post() -> None:
        nonlocal written
        written += 1
        await world.post((world.bob, world.alice)[written % 2], f"meanwhile {written}")
        if written % 10 == 0:
            await worker.settle()

    pages = await walk(fetch, between=others_post)
    assert len(pages) == 100
    assert nodes(pages) == bodies[::-1]
    assert written == 99


@pytest.mark.parametrize(("document", "name"), [(HOME, "homeFeed"), (PUBLIC, "publicFeed")])
async def test_posts_of_the_same_millisecond_page_exactly_once(
    api: Api, world: World, document: str, name: str
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    bodies = [f"post {number}" for number in range(25)]
    for number, body in enumerate(bodies):
        await world.post((world.bob, world.carol)[number % 2], body, at=moment)
    pages = await walk(feed(api, document, name, first=3, by=world.alice))
    assert sorted(nodes(pages)) == sorted(bodies)


async def test_what_is_deleted_meanwhile_disappears_and_shifts_nothing(api: Api, world: World) -> None:
    posts = {f"post {number}": await world.post(world.bob, f"post {number}") for number in range(20)}
    gone = ["post 3", "post 8", "post 19"]

    async def delete_one() -> None:
        if gone:
            await world.delete(world.bob, posts[gone.pop(0)])

    for name, document in (("publicFeed", PUBLIC), ("homeFeed", HOME)):
        pages = await walk(feed(api, document, name, first=5, by=world.alice), between=delete_one)
        found = nodes(pages)
        assert len(found) == len(set(found))
        assert {f"post {number}" for number in range(20)} - set(found) <= {"post 3", "post 8", "post 19"}


async def test_the_public_feed_lists_everybodys_posts_without_replies_and_reposts(api: Api, world: World) -> None:
    one = await world.post(world.eve, "one")
    await world.post(world.bob, "a reply", reply_to=one)
    await world.repost(world.bob, one)
    await world.post(world.alice, "two")
    await world.delete(world.dan, await world.post(world.dan, "gone"))
    for by in (None, world.alice):
        pages = await walk(feed(api, PUBLIC, "publicFeed", first=10, by=by))
        assert nodes(pages) == ["two", "one"]


async def test_a_profile_has_posts_with_reposts_and_replies_apart(api: Api, world: World) -> None:
    strange = await world.post(world.eve, "from a stranger")
    await world.post(world.bob, "one")
    await world.repost(world.bob, strange)
    await world.post(world.bob, "a reply", reply_to=strange)
    await world.post(world.bob, "two")
    for kind, expected in (("POSTS", ["two", "from a stranger", "one"]), ("REPLIES", ["a reply"])):

        async def fetch(after: str | None, kind: str = kind) -> Any:
            data = await api.data(PROFILE, handle="bob", kind=kind, first=1, after=after)
            return data["user"]["posts"]

        assert nodes(await walk(fetch)) == expected


async def test_a_repost_of_a_deleted_post_leaves_no_trace_on_a_profile(api: Api, world: World) -> None:
    await world.post(world.bob, "oldest")
    for number in range(4):
        original = await world.post(world.eve, f"gone {number}")
        await world.repost(world.bob, original)
        await world.delete(world.eve, original)

    async def fetch(after: str | None) -> Any:
        return (await api.data(PROFILE, handle="bob", kind="POSTS", first=2, after=after))["user"]["posts"]

    assert nodes(await walk(fetch)) == ["oldest"]


@pytest.mark.parametrize("count", [10, 100])
async def test_a_profile_costs_the_same_for_ten_and_a_hundred_posts(api: Api, world: World, count: int) -> None:
    for number in range(count):
        await world.post(world.bob, f"post {number}")
    with api.budget(sql=1):
        data = await api.data(HOT_PROFILE, by=world.alice, first=count)
    assert len(data["user"]["posts"]["edges"]) == count


async def test_likes_are_listed_newest_like_first_to_oneself(api: Api, world: World) -> None:
    one, two = [await world.post(world.bob, body) for body in ("one", "two")]
    for post in (two, one):
        await world.like(world.alice, post)
    assert nodes(await walk(likes(api, first=1, by=world.alice))) == ["one", "two"]
    assert nodes(await walk(likes(api, first=1, by=world.bob))) == []


async def test_a_page_of_likes_is_filled_up_where_deletions_thinned_it_out(api: Api, world: World) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(20)]
    for post in posts:
        await world.like(world.alice, post)
    for number, post in enumerate(posts):
        if number % 3:
            await world.delete(world.bob, post)
    page = await likes(api, first=5, by=world.alice)(None)
    assert nodes([page]) == ["post 18", "post 15", "post 12", "post 9", "post 6"]
    assert page["pageInfo"]["hasNextPage"] is True
    assert nodes(await walk(likes(api, first=5, by=world.alice))) == [f"post {n}" for n in (18, 15, 12, 9, 6, 3, 0)]


async def test_a_page_of_many_deleted_likes_may_be_empty_but_says_where_to_go_on(api: Api, world: World) -> None:
    too_many = sum(PageRequest(2).rounds)
    posts = [await world.post(world.bob, f"post {number}") for number in range(too_many + 3)]
    for post in posts:
        await world.like(world.alice, post)
    for post in posts[3:]:
        await world.delete(world.bob, post)
    first = await likes(api, first=2, by=world.alice)(None)
    assert first["edges"] == []
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["pageInfo"]["endCursor"] is not None
    with api.budget(sql=10):
        await likes(api, first=2, by=world.alice)(None)
    assert nodes(await walk(likes(api, first=2, by=world.alice))) == ["post 2", "post 1", "post 0"]
