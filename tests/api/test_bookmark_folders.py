"""Folders of bookmarks: few, of different names, and nobody else's business."""

import asyncio
from typing import Any

import pytest

from core import ids
from tests.api.bookmarks import (
    BOOKMARKS,
    FOLDER,
    FOLDERS,
    bookmark,
    bookmarks_of,
    folders_of,
    keep,
    keep_document,
    new_folder,
)
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ABSENT = ids.encode(ids.Kind.BOOKMARK_FOLDER, 1)
INPUTS = {
    "createBookmarkFolder": {"name": "New"},
    "renameBookmarkFolder": {"folderId": ABSENT, "name": "New"},
    "deleteBookmarkFolder": {"folderId": ABSENT},
}


async def folder(api: Api, folder_id: str, *, by: Person | None) -> Any:
    return (await api.data(FOLDER, by=by, id=folder_id))["node"]


async def test_folders_are_listed_newest_first_with_what_is_in_them(api: Api, world: World) -> None:
    birds, trees = [await new_folder(api, name, by=world.alice) for name in ("Birds", "Trees")]
    for number in range(6):
        post = post_id(await world.post(world.bob, f"post {number}"))
        await bookmark(api, post, by=world.alice, folderId=(birds, trees, None)[number % 3])
    assert await folders_of(api, world.alice) == {"Trees": ["post 4", "post 1"], "Birds": ["post 3", "post 0"]}
    assert list(await folders_of(api, world.alice)) == ["Trees", "Birds"]
    assert [body for body, *_ in await bookmarks_of(api, world.alice, folder=birds)] == ["post 3", "post 0"]
    assert len(await bookmarks_of(api, world.alice)) == 6
    assert await folders_of(api, world.bob) == {}


async def test_a_folder_is_a_node_for_whose_it_is_alone(api: Api, world: World) -> None:
    birds = await new_folder(api, "Birds", by=world.alice)
    await bookmark(api, post_id(await world.post(world.bob)), by=world.alice, folderId=birds, note="a note")
    found = await folder(api, birds, by=world.alice)
    assert (found["__typename"], found["id"], found["name"]) == ("BookmarkFolder", birds, "Birds")
    [edge] = found["bookmarks"]["edges"]
    assert (edge["note"], edge["folder"], edge["node"]["body"]) == ("a note", {"name": "Birds"}, "hello")
    for other in (world.bob, world.eve, None):
        assert await folder(api, birds, by=other) is None
    assert await folder(api, ABSENT, by=world.alice) is None


async def test_a_folder_can_be_renamed(api: Api, world: World) -> None:
    birds = await new_folder(api, "Birds", by=world.alice)
    for name in ("Owls", "OWLS", "  Owls\r\n"):
        payload = await keep(api, "renameBookmarkFolder", by=world.alice, folderId=birds, name=name)
        assert payload == {"folder": {"id": birds, "name": name.strip()}, "errors": []}
        assert list(await folders_of(api, world.alice)) == [name.strip()]


async def test_a_name_is_taken_whatever_its_case_but_only_by_oneself(api: Api, world: World) -> None:
    await new_folder(api, "Été", by=world.alice)
    trees = await new_folder(api, "Trees", by=world.alice)
    for name in ("Été", "ÉTÉ", " été ", "E\u0301te\u0301"):
        created = await keep(api, "createBookmarkFolder", by=world.alice, name=name)
        renamed = await keep(api, "renameBookmarkFolder", by=world.alice, folderId=trees, name=name)
        for payload in (created, renamed):
            assert payload["folder"] is None
            assert refusals(payload) == [("ValidationError", ["name"])]
            assert payload["errors"][0]["code"] == "TAKEN"
    await new_folder(api, "Été", by=world.bob)
    assert list(await folders_of(api, world.alice)) == ["Trees", "Été"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "BLANK"),
        (" \n\u200b", "BLANK"),
        ("x" * 65, "TOO_LONG"),
        ("👩‍👩‍👧‍👦" * 64, "TOO_LONG"),
        ("a\x00b", "UNSTORABLE"),
        ("\x1b[31m", "UNSTORABLE"),
    ],
)
async def test_a_name_that_cannot_be_shown_is_refused(api: Api, world: World, name: str, code: str) -> None:
    birds = await new_folder(api, "Birds", by=world.alice)
    created = await keep(api, "createBookmarkFolder", by=world.alice, name=name)
    renamed = await keep(api, "renameBookmarkFolder", by=world.alice, folderId=birds, name=name)
    for payload in (created, renamed):
        assert refusals(payload) == [("ValidationError", ["name"])]
        assert payload["errors"][0]["code"] == code
    assert await folders_of(api, world.alice) == {"Birds": []}


@pytest.mark.parametrize("name", ["'; DROP TABLE bookmark_folder; --", "%", "\\", "$1", "<script>", "💀", "_"])
async def test_any_other_name_comes_back_as_it_was(api: Api, world: World, name: str) -> None:
    await new_folder(api, name, by=world.alice)
    assert await folders_of(api, world.alice) == {name: []}


async def test_the_longest_name_is_sixty_four_characters_as_people_count(api: Api, world: World) -> None:
    await new_folder(api, "💀" * 64, by=world.alice)


async def test_the_bookmarks_of_a_deleted_folder_stay(api: Api, world: World) -> None:
    birds, trees = [await new_folder(api, name, by=world.alice) for name in ("Birds", "Trees")]
    for number, into in enumerate((birds, birds, trees)):
        post = post_id(await world.post(world.bob, f"post {number}"))
        await bookmark(api, post, by=world.alice, folderId=into, note=f"note {number}")
    payload = await keep(api, "deleteBookmarkFolder", by=world.alice, folderId=birds)
    assert payload == {"deletedFolderId": birds, "errors": []}
    assert await bookmarks_of(api, world.alice) == [
        ("post 2", "note 2", "Trees"),
        ("post 1", "note 1", None),
        ("post 0", "note 0", None),
    ]
    assert await bookmarks_of(api, world.alice, folder=birds) == []
    assert await folder(api, birds, by=world.alice) is None
    again = await keep(api, "deleteBookmarkFolder", by=world.alice, folderId=birds)
    assert refusals(again) == [("NotFoundError", ["folderId"])]
    await new_folder(api, "Birds", by=world.alice)


@pytest.mark.parametrize("name", ["renameBookmarkFolder", "deleteBookmarkFolder"])
async def test_somebody_elses_folder_and_none_at_all_are_not_found_alike(api: Api, world: World, name: str) -> None:
    theirs = await new_folder(api, "Theirs", by=world.bob)
    await new_folder(api, "Mine", by=world.alice)
    answers = []
    for wrong in (theirs, ABSENT, world.bob.id, "", "zzz", "\x00", "x" * 10_000):
        payload = await keep(api, name, by=world.alice, **INPUTS[name] | {"folderId": wrong})
        assert refusals(payload) == [("NotFoundError", ["folderId"])]
        answers.append(payload)
    assert all(answer == answers[0] for answer in answers)
    assert await folders_of(api, world.bob) == {"Theirs": []}


@pytest.mark.parametrize("name", INPUTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    birds = await new_folder(api, "Birds", by=world.alice)
    given = {key: birds if key == "folderId" else value for key, value in INPUTS[name].items()}
    assert (await api.run(keep_document(name), input=given)).codes == ["UNAUTHENTICATED"]
    assert await folders_of(api, world.alice) == {"Birds": []}


async def test_the_hundred_and_first_folder_is_refused_however_many_are_made_at_once(api: Api, world: World) -> None:
    for number in range(95):
        await new_folder(api, f"folder {number}", by=world.alice)
    payloads = await asyncio.gather(
        *(keep(api, "createBookmarkFolder", by=world.alice, name=f"another {number}") for number in range(20))
    )
    refused = [payload for payload in payloads if payload["errors"]]
    assert len(refused) == 15
    for payload in refused:
        assert refusals(payload) == [("NotAllowedError", None)]
        assert payload["errors"][0]["message"] == "You can have at most 100 folders. Delete one first."
    assert len(await folders_of(api, world.alice)) == 100
    await new_folder(api, "Birds", by=world.bob)


async def test_one_name_at_once_makes_one_folder(api: Api, world: World) -> None:
    names = ("Birds", "BIRDS", "birds") * 10
    payloads = await asyncio.gather(*(keep(api, "createBookmarkFolder", by=world.alice, name=name) for name in names))
    assert sum(not payload["errors"] for payload in payloads) == 1
    assert all(refusals(payload) in ([], [("ValidationError", ["name"])]) for payload in payloads)
    assert len(await folders_of(api, world.alice)) == 1


async def test_what_is_put_into_a_folder_while_it_is_deleted_is_kept_or_refused_but_never_lost(
    api: Api, world: World
) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(8)]
    for round_ in range(5):
        birds = await new_folder(api, f"round {round_}", by=world.alice)
        for post in posts[:4]:
            await bookmark(api, post_id(post), by=world.alice, folderId=birds)
        deleted, *kept = await asyncio.gather(
            keep(api, "deleteBookmarkFolder", by=world.alice, folderId=birds),
            *(keep(api, "bookmarkPost", by=world.alice, postId=post_id(post), folderId=birds) for post in posts),
        )
        assert deleted["errors"] == []
        assert all(refusals(payload) in ([], [("NotFoundError", ["folderId"])]) for payload in kept)
        done = {payload["post"]["id"] for payload in kept if not payload["errors"]}
        edges = (await api.data(BOOKMARKS, by=world.alice))["viewer"]["bookmarks"]["edges"]
        found = {edge["node"]["id"] for edge in edges}
        assert found >= done | {post_id(post) for post in posts[:4]}
        assert {edge["folder"] and edge["folder"]["name"] for edge in edges} == {None}


async def test_folders_page_without_gap_or_repeat(api: Api, world: World) -> None:
    for number in range(7):
        await new_folder(api, f"folder {number}", by=world.alice)

    async def fetch(after: str | None) -> Any:
        return (await api.data(FOLDERS, by=world.alice, first=3, after=after))["viewer"]["bookmarkFolders"]

    pages = await walk(fetch)
    assert [len(page["edges"]) for page in pages] == [3, 3, 1]
    assert nodes(pages, "name") == [f"folder {number}" for number in range(6, -1, -1)]


async def test_what_is_in_all_folders_costs_two_statements_more(api: Api, world: World) -> None:
    for number in range(6):
        into = await new_folder(api, f"folder {number}", by=world.alice)
        for _ in range(number):
            await bookmark(api, post_id(await world.post(world.bob)), by=world.alice, folderId=into)
    with api.budget(sql=3):
        found = await folders_of(api, world.alice)
    assert [len(bodies) for bodies in found.values()] == [5, 4, 3, 2, 1, 0]


def test_folders_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, FOLDERS, first=3) == []
    assert fallbacks_of(api, FOLDER, id=ABSENT) == []
    assert fallbacks_of(api, keep_document("renameBookmarkFolder"), input=INPUTS["renameBookmarkFolder"]) == []
