"""Notes on people: for their writer alone, with bounds, and asked for only where a document wants them."""

import asyncio
from typing import Any

import pytest

from actions.inputs import LONGEST_NOTE_GRAPHEMES
from core import ids
from schema.root import build_schema
from tests.api.posts import refusals
from tests.api.test_no_fallback import fallbacks_of
from tests.fixtures.api import Api
from tests.worlds import Person, World

NOTE = "query ($handle: String!) { user(handle: $handle) { bio viewerNote } }"
SET = """
mutation ($input: SetUserNoteInput!) {
  setUserNote(input: $input) { user { handle viewerNote } errors { __typename code path } }
}
"""
FEED = "{ publicFeed(first: 20) { edges { node { body author { viewerNote } } } } }"


async def noted(api: Api, user_id: str, note: str | None, *, by: Person) -> Any:
    """The payload of setUserNote."""
    return (await api.data(SET, by=by, input={"userId": user_id, "note": note}))["setUserNote"]


async def seen(api: Api, handle: str, *, by: Person | None = None) -> str | None:
    found: str | None = (await api.data(NOTE, by=by, handle=handle))["user"]["viewerNote"]
    return found


async def test_a_note_is_read_by_its_writer_alone_and_replaced_by_the_next(api: Api, world: World) -> None:
    for note in ("met at a concert", "met at a concert", "plays the 🎸"):
        payload = await noted(api, world.bob.id, note, by=world.alice)
        assert payload == {"user": {"handle": "bob", "viewerNote": note}, "errors": []}
    await noted(api, world.bob.id, "another one", by=world.carol)
    assert await seen(api, "bob", by=world.alice) == "plays the 🎸"
    assert await seen(api, "bob", by=world.carol) == "another one"
    for other in (world.bob, world.dan, None):
        assert await seen(api, "bob", by=other) is None
    assert await seen(api, "carol", by=world.alice) is None


@pytest.mark.parametrize("nothing", [None, "", " \n\t "])
async def test_a_note_that_says_nothing_removes_it(api: Api, world: World, nothing: str | None) -> None:
    for note in ("something", nothing, nothing):
        payload = await noted(api, world.bob.id, note, by=world.alice)
        assert payload == {"user": {"handle": "bob", "viewerNote": (note or "").strip() or None}, "errors": []}
    assert await seen(api, "bob", by=world.alice) is None


async def test_a_note_has_a_longest_length(api: Api, world: World) -> None:
    longest = "é" * LONGEST_NOTE_GRAPHEMES
    assert (await noted(api, world.bob.id, longest, by=world.alice))["user"]["viewerNote"] == longest
    payload = await noted(api, world.bob.id, longest + "é", by=world.alice)
    assert (payload["user"], refusals(payload)) == (None, [("ValidationError", ["note"])])
    assert await seen(api, "bob", by=world.alice) == longest


async def test_one_notes_something_on_whom_one_blocks_but_not_on_who_blocks(api: Api, world: World) -> None:
    await noted(api, world.alice.id, "before", by=world.bob)
    await world.block(world.alice, world.bob)
    payload = await noted(api, world.bob.id, "why", by=world.alice)
    assert payload["user"]["viewerNote"] == "why"
    hidden = await noted(api, world.alice.id, "why not", by=world.bob)
    assert (hidden["user"], refusals(hidden)) == (None, [("NotFoundError", ["userId"])])
    for absent in (ids.encode(ids.Kind.USER, 1), "nonsense", "'; DROP TABLE user_note; --", "\x00"):
        assert await noted(api, absent, "nobody", by=world.bob) == hidden
    await world.unblock(world.alice, world.bob)
    assert await seen(api, "alice", by=world.bob) == "before"


async def test_nobody_notes_anything_without_signing_in(api: Api, world: World) -> None:
    answer = await api.run(SET, input={"userId": world.bob.id, "note": "anonymous"})
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_notes_at_once_leave_one_of_them(api: Api, world: World) -> None:
    notes = [f"note {number}" for number in range(5)]
    payloads = await asyncio.gather(*(noted(api, world.bob.id, note, by=world.alice) for note in notes))
    assert [payload["errors"] for payload in payloads] == [[]] * 5
    assert await seen(api, "bob", by=world.alice) in notes


async def test_notes_of_a_page_cost_one_statement_and_only_where_they_are_asked_for(api: Api, world: World) -> None:
    for person in (world.bob, world.carol, world.dan):
        await world.post(person, person.handle)
        await noted(api, person.id, f"on {person.handle}", by=world.alice)
    with api.budget(sql=2):
        page = await api.data(FEED, by=world.alice)
    found = [(edge["node"]["body"], edge["node"]["author"]["viewerNote"]) for edge in page["publicFeed"]["edges"]]
    assert found == [("dan", "on dan"), ("carol", "on carol"), ("bob", "on bob")]
    with api.budget(sql=1):
        await api.data(FEED)
    with api.budget(sql=1):
        await api.data(FEED.replace("viewerNote", "handle"), by=world.alice)
    assert fallbacks_of(build_schema(suggests_fields=True), FEED) == []
