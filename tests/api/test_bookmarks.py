"""Bookmarks: kept once, with a note, for oneself alone."""

import asyncio
from typing import Any

import pytest

from core import ids
from tests.api.bookmarks import BOOKMARKS, FOLDER, bookmark, bookmarks_of, keep, keep_document, new_folder
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.api.sessions import PASSWORD, REGISTER
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ACTS = ("bookmarkPost", "removeBookmark")
HAS = "query ($id: ID!) { post(id: $id) { viewerHasBookmarked } }"


def _leaves(data: Any) -> set[Any]:
    """Every scalar of an answer; an empty list has none."""
    if not isinstance(data, dict | list):
        return {data}
    return {leaf for value in (data.values() if isinstance(data, dict) else data) for leaf in _leaves(value)}


async def has_bookmarked(api: Api, post: int, *, by: Person | None) -> bool:
    has: bool = (await api.data(HAS, by=by, id=post_id(post)))["post"]["viewerHasBookmarked"]
    return has


async def test_a_bookmark_is_seen_by_whose_it_is_and_by_nobody_else(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    await bookmark(api, post_id(post), by=world.alice, note="for later")
    assert await bookmarks_of(api, world.alice) == [("hello", "for later", None)]
    assert await has_bookmarked(api, post, by=world.alice)
    for other in (world.bob, world.eve):
        assert await bookmarks_of(api, other) == []
        assert not await has_bookmarked(api, post, by=other)
    assert not await has_bookmarked(api, post, by=None)
    assert (await api.data(BOOKMARKS))["viewer"] is None


async def test_bookmarking_twice_is_once_and_so_is_removing(api: Api, world: World) -> None:
    one, two = [post_id(await world.post(world.bob, body)) for body in ("one", "two")]
    for post in (one, two, one):
        await bookmark(api, post, by=world.alice)
    assert await bookmarks_of(api, world.alice) == [("two", None, None), ("one", None, None)]
    for _ in range(2):
        payload = await keep(api, "removeBookmark", by=world.alice, postId=two)
        assert payload == {"post": {"id": two, "viewerHasBookmarked": False}, "errors": []}
        assert await bookmarks_of(api, world.alice) == [("one", None, None)]


async def test_what_is_left_out_stays_and_null_removes_it(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    birds, trees = [await new_folder(api, name, by=world.alice) for name in ("Birds", "Trees")]
    for given, note, folder in (
        ({"note": "first", "folderId": birds}, "first", "Birds"),
        ({}, "first", "Birds"),
        ({"note": "second"}, "second", "Birds"),
        ({"folderId": trees}, "second", "Trees"),
        ({"note": None}, None, "Trees"),
        ({"note": "third"}, "third", "Trees"),
        ({"folderId": None}, "third", None),
        ({"note": " \u200b ", "folderId": birds}, None, "Birds"),
        ({"note": None, "folderId": None}, None, None),
    ):
        await bookmark(api, post, by=world.alice, **given)
        assert await bookmarks_of(api, world.alice) == [("hello", note, folder)], given


async def test_what_is_left_out_stays_however_it_is_left_out(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    folder = await new_folder(api, "Birds", by=world.alice)
    document = """
    mutation ($post: ID!, $folder: ID, $note: String) {
      bookmarkPost(input: {postId: $post, folderId: $folder, note: $note}) { errors { code } }
    }
    """
    for variables, expected in (
        ({"folder": folder, "note": "kept"}, ("hello", "kept", "Birds")),
        ({}, ("hello", "kept", "Birds")),
        ({"note": None}, ("hello", None, "Birds")),
        ({"note": "new"}, ("hello", "new", "Birds")),
        ({"folder": None}, ("hello", "new", None)),
        ({}, ("hello", "new", None)),
    ):
        for _ in range(2):
            data = await api.data(document, by=world.alice, post=post, **variables)
            assert data == {"bookmarkPost": {"errors": []}}
            assert await bookmarks_of(api, world.alice) == [expected], variables


async def test_a_bookmark_stays_where_it_was_in_the_list_when_it_is_changed(api: Api, world: World) -> None:
    one, two = [post_id(await world.post(world.bob, body)) for body in ("one", "two")]
    for post in (one, two):
        await bookmark(api, post, by=world.alice)
    before = (await api.data(BOOKMARKS, by=world.alice))["viewer"]["bookmarks"]["edges"]
    await bookmark(api, one, by=world.alice, note="changed")
    after = (await api.data(BOOKMARKS, by=world.alice))["viewer"]["bookmarks"]["edges"]
    assert [edge["bookmarkedAt"] for edge in after] == [edge["bookmarkedAt"] for edge in before]
    assert [edge["cursor"] for edge in after] == [edge["cursor"] for edge in before]
    assert [edge["note"] for edge in after] == [None, "changed"]


@pytest.mark.parametrize("name", ACTS)
async def test_a_post_that_is_gone_is_not_found(api: Api, world: World, name: str) -> None:
    deleted = await world.post(world.bob)
    await bookmark(api, post_id(deleted), by=world.alice)
    await world.delete(world.bob, deleted)
    for post in (post_id(deleted), post_id(1), world.bob.id, "", "\x00", "x" * 10_000):
        payload = await keep(api, name, by=world.alice, postId=post)
        assert payload["post"] is None
        assert refusals(payload) == [("NotFoundError", ["postId"])]
    assert await bookmarks_of(api, world.alice) == []


@pytest.mark.parametrize("name", ACTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    post = post_id(await world.post(world.bob))
    await bookmark(api, post, by=world.alice)
    assert (await api.run(keep_document(name), input={"postId": post})).codes == ["UNAUTHENTICATED"]
    assert await bookmarks_of(api, world.alice) == [("hello", None, None)]


async def test_a_folder_that_is_not_ones_own_is_not_found_and_nothing_changes(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    theirs = await new_folder(api, "Theirs", by=world.bob)
    absent = [ids.encode(ids.Kind.BOOKMARK_FOLDER, number) for number in (1, 2**63 - 1)]
    for folder in (theirs, *absent, post, "", "zzz", "\x00", "x" * 10_000):
        payload = await keep(api, "bookmarkPost", by=world.alice, postId=post, folderId=folder, note="note")
        assert payload["post"] is None
        assert refusals(payload) == [("NotFoundError", ["folderId"])], folder
    assert await bookmarks_of(api, world.alice) == []


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("x" * 501, "TOO_LONG"),
        ("\u00e9\u0301" * 501, "TOO_LONG"),
        ("👩‍👩‍👧‍👦" * 400, "TOO_LONG"),
        ("a\x00b", "UNSTORABLE"),
        ("\x00", "UNSTORABLE"),
        ("\x1b[31m", "UNSTORABLE"),
    ],
)
async def test_a_note_that_cannot_be_kept_is_refused(api: Api, world: World, note: str, code: str) -> None:
    post = post_id(await world.post(world.bob))
    await bookmark(api, post, by=world.alice, note="before")
    payload = await keep(api, "bookmarkPost", by=world.alice, postId=post, note=note)
    assert refusals(payload) == [("ValidationError", ["note"])]
    assert payload["errors"][0]["code"] == code
    assert await bookmarks_of(api, world.alice) == [("hello", "before", None)]


@pytest.mark.parametrize(
    "note", ["'; DROP TABLE bookmark; --", "%s $1 \\", "<script>", "\u202ea", "a\nb", "{}", "é 💀"]
)
async def test_any_other_note_comes_back_as_it_was(api: Api, world: World, note: str) -> None:
    await bookmark(api, post_id(await world.post(world.bob)), by=world.alice, note=note)
    assert await bookmarks_of(api, world.alice) == [("hello", note, None)]


async def test_the_longest_note_is_five_hundred_characters_as_people_count(api: Api, world: World) -> None:
    await bookmark(api, post_id(await world.post(world.bob)), by=world.alice, note="💀" * 500)
    assert await bookmarks_of(api, world.alice) == [("hello", "💀" * 500, None)]


async def test_a_hundred_at_once_keep_one(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    notes = [f"note {number}" for number in range(50)]
    await asyncio.gather(
        *(bookmark(api, post, by=world.alice) for _ in range(50)),
        *(bookmark(api, post, by=world.alice, note=note) for note in notes),
    )
    [(body, note, folder)] = await bookmarks_of(api, world.alice)
    assert (body, folder) == ("hello", None)
    assert note in notes


async def test_hidden_posts_are_left_out_and_the_page_is_filled_up(api: Api, world: World) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(12)]
    for post in posts:
        await bookmark(api, post_id(post), by=world.alice)
    for post in posts[2:10]:
        await world.delete(world.bob, post)

    async def fetch(after: str | None) -> Any:
        return (await api.data(BOOKMARKS, by=world.alice, first=3, after=after))["viewer"]["bookmarks"]

    pages = await walk(fetch)
    assert [len(page["edges"]) for page in pages] == [3, 1]
    assert nodes(pages) == ["post 11", "post 10", "post 1", "post 0"]


@pytest.mark.parametrize("is_in_folder", [False, True])
async def test_bookmarks_page_without_gap_or_repeat(api: Api, world: World, *, is_in_folder: bool) -> None:
    folder = await new_folder(api, "Birds", by=world.alice)
    for number in range(11):
        given = {"folderId": folder} if is_in_folder else {}
        await bookmark(api, post_id(await world.post(world.bob, f"post {number}")), by=world.alice, **given)
    asked = folder if is_in_folder else None

    async def fetch(after: str | None) -> Any:
        found = await api.data(BOOKMARKS, by=world.alice, first=4, after=after, folder=asked)
        return found["viewer"]["bookmarks"]

    async def keep_another() -> None:
        await bookmark(api, post_id(await world.post(world.carol, "new")), by=world.alice)

    pages = await walk(fetch, between=keep_another)
    assert [len(page["edges"]) for page in pages] == [4, 4, 3]
    assert nodes(pages) == [f"post {number}" for number in range(10, -1, -1)]
    assert all(page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"] for page in pages)


async def test_no_path_leads_another_account_to_a_bookmark(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    folder = await new_folder(api, "Secret name", by=world.alice)
    await bookmark(api, post_id(post), by=world.alice, folderId=folder, note="Secret note")
    cursor = (await api.data(BOOKMARKS, by=world.alice))["viewer"]["bookmarks"]["edges"][0]["cursor"]
    for other in (world.bob, world.eve, None):
        for answer in (
            await api.run(BOOKMARKS, by=other),
            await api.run(BOOKMARKS, by=other, folder=folder),
            await api.run(BOOKMARKS, by=other, folder=folder, after=cursor),
            await api.run(FOLDER, by=other, id=folder),
            await api.run("query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", by=other, ids=[folder]),
            await api.run(HAS, by=other, id=post_id(post)),
        ):
            assert answer.errors == []
            assert _leaves(answer.data) <= {None, False}, answer.data
    for name, given in (
        ("renameBookmarkFolder", {"folderId": folder, "name": "Mine now"}),
        ("deleteBookmarkFolder", {"folderId": folder}),
        ("bookmarkPost", {"postId": post_id(post), "folderId": folder}),
    ):
        payload = await keep(api, name, by=world.bob, **given)
        assert refusals(payload) == [("NotFoundError", ["folderId"])]
    await keep(api, "removeBookmark", by=world.bob, postId=post_id(post))
    assert await bookmarks_of(api, world.alice) == [("hello", "Secret note", "Secret name")]


async def test_whoever_has_just_signed_in_sees_their_own(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    new = {"handle": "newcomer", "displayName": "N", "email": "n@rookery.example", "password": PASSWORD}
    token = (await api.data(REGISTER, input=new))["register"]["accessToken"]
    document = "mutation ($input: BookmarkPostInput!) { bookmarkPost(input: $input) { errors { code } } }"
    assert not (await api.run(document, token=token, input={"postId": post, "note": "mine"})).errors
    login = """
    mutation ($input: LoginInput!) {
      login(input: $input) { viewer { bookmarks { edges { note } } } errors { code } }
    }
    """
    found = await api.data(login, by=world.alice, input={"handle": "newcomer", "password": PASSWORD})
    assert found["login"] == {"viewer": {"bookmarks": {"edges": [{"note": "mine"}]}}, "errors": []}


async def test_a_page_costs_three_statements_and_an_act_three_or_four(api: Api, world: World) -> None:
    folder = await new_folder(api, "Birds", by=world.alice)
    posts = [post_id(await world.post(world.bob, f"post {number}")) for number in range(9)]
    for post in posts[:8]:
        await bookmark(api, post, by=world.alice, folderId=folder)
    for first in (3, 8):
        with api.budget(sql=3):
            assert len(await bookmarks_of(api, world.alice, first=first)) == first
    with api.budget(sql=3, redis=1):
        await bookmark(api, posts[8], by=world.alice, note="note")
    with api.budget(sql=4, redis=1):
        await bookmark(api, posts[8], by=world.alice, folderId=folder)
    with api.budget(sql=3, redis=1):
        await keep(api, "removeBookmark", by=world.alice, postId=posts[8])


async def test_whether_posts_are_bookmarked_costs_no_statement_of_its_own(api: Api, world: World) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(4)]
    await bookmark(api, post_id(posts[1]), by=world.alice)
    feed = "{ publicFeed { edges { node { body viewerHasBookmarked } } } }"
    with api.budget(sql=1):
        edges = (await api.data(feed, by=world.alice))["publicFeed"]["edges"]
    assert [edge["node"]["body"] for edge in edges if edge["node"]["viewerHasBookmarked"]] == ["post 1"]


def test_bookmarks_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, BOOKMARKS, first=3) == []
    assert fallbacks_of(api, keep_document("bookmarkPost"), input={"postId": post_id(1), "note": None}) == []
