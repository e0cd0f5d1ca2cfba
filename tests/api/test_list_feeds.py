"""The feed of a list: what its people bring, exactly and in order, as far as whoever reads it may see."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from core import ids
from tests.api.compiled import fallbacks_of
from tests.api.filters import new_filter
from tests.api.lists import change, new_list
from tests.api.mutes import mute
from tests.api.paging import Fetch, nodes, walk
from tests.api.relations import block_, make_private, suspend
from tests.api.test_hostile_strings import HOSTILE
from tests.fixtures.api import Api
from tests.worlds import Person, World

FEED = """
query ($id: ID!, $first: Int! = 100, $after: Cursor) {
  list(id: $id) {
    posts(first: $first, after: $after) {
      edges {
        cursor
        node { body author { handle } }
        reason { kind user { handle } list { id name } hashtag { name } }
        repostedBy { handle }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
BARE = "query ($id: ID!, $first: Int!) { list(id: $id) { posts(first: $first) { edges { node { body } } } } }"
ALL = """
query ($first: Int!) {
  viewer { lists(first: 10) { edges { node { name posts(first: $first) { edges { node { body } } } } } } }
}
"""
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def feed(api: Api, list_id: str, *, by: Person | None, first: int = 100) -> Fetch:
    async def fetch(after: str | None) -> Any:
        data = await api.data(FEED, by=by, id=list_id, first=first, after=after)
        return data["list"]["posts"]

    return fetch


async def bodies(api: Api, list_id: str, *, by: Person | None, first: int = 100) -> list[str]:
    """What a list brings, to its end."""
    return nodes(await walk(feed(api, list_id, by=by, first=first)))


async def set_list(api: Api, list_id: str, *, by: Person, **changed: Any) -> None:
    payload = await change(api, "updateList", by=by, listId=list_id, **changed)
    assert payload["errors"] == []


async def test_a_list_brings_what_its_people_post_quote_and_repost_and_nothing_of_others(
    api: Api, world: World
) -> None:
    by_dan = await world.post(world.dan, "by dan")
    by_eve = await world.post(world.eve, "by eve")
    await world.post(world.alice, "by alice")
    await world.post(world.eve, "eve quotes dan", quote=by_dan)
    await world.post(world.eve, "eve replies", reply_to=by_eve)
    await world.repost(world.eve, by_dan)
    # A repost by somebody else is none of the list's.
    await world.repost(world.bob, by_eve)
    list_id = await new_list(api, "Birds", world.eve, by=world.alice)
    [page] = await walk(feed(api, list_id, by=world.alice))
    of_list = {"list": {"id": list_id, "name": "Birds"}, "user": {"handle": "eve"}, "hashtag": None}
    told = [(edge["node"]["body"], edge["reason"], edge["repostedBy"]) for edge in page["edges"]]
    assert told == [
        ("by dan", {"kind": "REPOSTED", **of_list}, [{"handle": "eve"}]),
        ("eve quotes dan", {"kind": "LIST", **of_list}, []),
        ("by eve", {"kind": "LIST", **of_list}, []),
    ]
    await change(api, "addToList", by=world.alice, listId=list_id, userIds=[world.alice.id])
    assert await bodies(api, list_id, by=world.alice) == ["by dan", "eve quotes dan", "by alice", "by eve"]
    await change(api, "removeFromList", by=world.alice, listId=list_id, userIds=[world.eve.id])
    assert await bodies(api, list_id, by=world.alice) == ["by alice"]


async def test_a_list_of_nobody_and_of_people_who_are_silent_is_empty(api: Api, world: World) -> None:
    await world.post(world.bob, "by bob")
    for members in ((), (world.carol, world.dan)):
        list_id = await new_list(api, f"{len(members)}", *members, by=world.alice)
        assert await bodies(api, list_id, by=world.alice) == []


async def test_replies_are_shown_as_the_list_says(api: Api, world: World) -> None:
    """Bob and carol are on the list; alice, whose list it is, follows both and dan, and eve reads it."""
    await world.follow(world.alice, world.dan)
    await change(api, "createList", by=world.alice, name="Other")
    roots = {person: await world.post(person, f"by {person.handle}") for person in world.people.values()}
    for person, root in roots.items():
        await world.post(world.bob, f"to {person.handle}", reply_to=root)
    list_id = await new_list(api, "Birds", world.bob, world.carol, by=world.alice)
    posts = {"by bob", "by carol"}
    expected = {
        "NONE": posts,
        # A thread of one's own goes on in replies to oneself.
        "TO_MEMBERS": posts | {"to bob", "to carol"},
        "TO_FOLLOWED": posts | {"to bob", "to carol", "to dan"},
    }
    for setting, shown in expected.items():
        await set_list(api, list_id, by=world.alice, replies=setting)
        for reader in (world.alice, world.eve, world.bob, None):
            found = await bodies(api, list_id, by=reader, first=2)
            assert (set(found), len(found)) == (shown, len(shown)), (setting, reader)
    # It is whom the owner follows that counts, and no more from when they do not.
    await world.follow(world.eve, world.alice)
    await world.unfollow(world.alice, world.dan)
    for reader in (world.alice, world.eve):
        assert set(await bodies(api, list_id, by=reader)) == posts | {"to bob", "to carol"}


@pytest.mark.parametrize("setting", ["TO_MEMBERS", "TO_FOLLOWED"])
async def test_a_reply_below_what_the_reader_may_not_see_is_absent(api: Api, world: World, setting: str) -> None:
    """The setting is the owner's, the sight the reader's."""
    for person in (world.alice, world.bob):
        await world.follow(person, world.dan)
    narrow = await world.post(world.dan, "narrow", visibility=2)
    await world.post(world.bob, "below narrow", reply_to=narrow)
    await world.post(world.bob, "by bob")
    list_id = await new_list(api, "Birds", world.bob, world.dan, by=world.alice, replies=setting)
    assert await bodies(api, list_id, by=world.alice) == ["by bob", "below narrow", "narrow"]
    for reader in (world.eve, None):
        assert await bodies(api, list_id, by=reader) == ["by bob"]


async def test_who_sees_a_public_list_reads_it_and_a_private_one_is_its_owners(api: Api, world: World) -> None:
    await world.post(world.bob, "by bob")
    list_id = await new_list(api, "Birds", world.bob, by=world.alice)
    readers = (world.alice, world.bob, world.eve, None)
    for reader in readers:
        assert await bodies(api, list_id, by=reader) == ["by bob"]
    await set_list(api, list_id, by=world.alice, isPrivate=True)
    for reader in readers[1:]:
        assert (await api.data(FEED, by=reader, id=list_id))["list"] is None
    assert await bodies(api, list_id, by=world.alice) == ["by bob"]
    await set_list(api, list_id, by=world.alice, isPrivate=False)
    await make_private(world, world.alice)
    await block_(world, world.alice, world.bob)
    for reader in readers[1:]:
        assert (await api.data(FEED, by=reader, id=list_id))["list"] is None
    assert (await api.data(FEED, by=world.dan, id=list_id))["list"] is not None
    assert (await api.data(FEED, by=world.alice, id=list_id))["list"]["posts"]["edges"] == []


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_who_is_hidden_from_the_reader_brings_nothing_and_pages_are_filled_up_behind_them(
    api: Api, world: World, first: int
) -> None:
    by_dan = await world.post(world.dan, "by dan")
    by_eve = await world.post(world.eve, "by eve")
    list_id = await new_list(api, "Birds", world.bob, world.carol, world.dan, world.eve, by=world.alice)
    for number in range(3):
        await world.post(world.bob, f"bob {number}")
        await world.post(world.carol, f"carol {number}")
    await world.repost(world.bob, by_dan)
    await world.repost(world.carol, by_eve)
    everything = await bodies(api, list_id, by=world.alice)
    assert len(everything) == 8
    await block_(world, world.bob, world.alice)
    without_bob = [body for body in everything if not body.startswith("bob") and body != "by dan"]
    assert await bodies(api, list_id, by=world.alice, first=first) == [*without_bob, "by dan"]
    await suspend(world, world.eve)
    carols = ["carol 2", "carol 1", "carol 0"]
    assert await bodies(api, list_id, by=world.alice, first=first) == [*carols, "by dan"]
    await make_private(world, world.carol)
    assert await bodies(api, list_id, by=world.alice, first=first) == [*carols, "by dan"]
    bobs = ["by dan", "bob 2", "bob 1", "bob 0"]
    assert await bodies(api, list_id, by=world.dan, first=first) == bobs
    assert await bodies(api, list_id, by=None, first=first) == bobs


async def test_a_strangers_repost_of_their_own_post_is_hidden_while_they_are_private(api: Api, world: World) -> None:
    """Whom it mentions sees the post, and not who has reposted it."""
    list_id = await new_list(api, "Birds", world.bob, by=world.eve)
    post = await world.post(world.bob, "to @eve")
    await world.post(world.bob, "to @eve, later")
    await world.repost(world.bob, post)
    assert await bodies(api, list_id, by=world.eve) == ["to @eve", "to @eve, later"]
    await make_private(world, world.bob)
    assert await bodies(api, list_id, by=world.eve) == ["to @eve, later", "to @eve"]
    assert await bodies(api, list_id, by=world.alice) == ["to @eve", "to @eve, later"]


async def test_mutes_and_filters_of_lists_are_the_readers(api: Api, world: World) -> None:
    by_bob = await world.post(world.bob, "by bob")
    by_carol = await world.post(world.carol, "by carol")
    await world.post(world.carol, "tea by carol")
    await world.repost(world.carol, by_bob)
    await world.repost(world.bob, by_carol)
    list_id = await new_list(api, "Birds", world.bob, world.carol, by=world.alice)
    everything = ["by carol", "by bob", "tea by carol"]
    await new_filter(api, "tea", by=world.eve, contexts=["HOME", "PUBLIC", "THREAD", "PROFILE"])
    assert await bodies(api, list_id, by=world.eve) == everything
    await new_filter(api, "tea", by=world.eve, contexts=["LIST"])
    assert await bodies(api, list_id, by=world.eve) == [body for body in everything if body != "tea by carol"]
    await mute(api, world.bob, by=world.eve)
    assert await bodies(api, list_id, by=world.eve, first=1) == ["by carol"]
    await world.mute_thread(world.eve, by_carol)
    assert await bodies(api, list_id, by=world.eve) == []
    for reader in (world.alice, world.bob, None):
        assert await bodies(api, list_id, by=reader) == everything


async def test_an_exclusive_list_brings_its_people(api: Api, world: World) -> None:
    await world.post(world.bob, "by bob")
    list_id = await new_list(api, "Birds", world.bob, by=world.alice, isExclusive=True)
    assert await bodies(api, list_id, by=world.alice) == ["by bob"]
    assert await bodies(api, list_id, by=world.dan) == ["by bob"]


@pytest.mark.parametrize("setting", ["NONE", "TO_MEMBERS", "TO_FOLLOWED"])
async def test_a_hundred_pages_while_others_post_show_each_entry_once(api: Api, world: World, setting: str) -> None:
    people = (world.bob, world.carol)
    written = [await world.post(people[number % 2], f"post {number}") for number in range(150)]
    by_eve = await world.post(world.eve, "by eve")
    for number in range(50):
        await world.repost(world.carol, written[2 * number])
        await world.post(world.bob, f"reply {number}", reply_to=written[number])
        await world.post(world.bob, f"to eve {number}", reply_to=by_eve)
    list_id = await new_list(api, "Birds", *people, by=world.alice, replies=setting)
    expected = await bodies(api, list_id, by=world.dan)
    assert len(expected) == (200 if setting == "NONE" else 250)
    count = 0

    async def others_post() -> None:
        nonlocal count
        count += 1
        await world.post(people[count % 2], f"meanwhile {count}")

    pages = await walk(feed(api, list_id, by=world.dan, first=2), between=others_post)
    assert len(pages) >= 100
    assert nodes(pages) == expected
    assert count == len(pages) - 1


@pytest.mark.parametrize("first", [1, 3])
async def test_entries_of_the_same_millisecond_page_exactly_once(api: Api, world: World, first: int) -> None:
    people = (world.bob, world.carol, world.dan)
    expected = [f"post {number}" for number in range(25)]
    for number, body in enumerate(expected):
        await world.post(people[number % 3], body, at=_MOMENT)
    list_id = await new_list(api, "Birds", *people, by=world.alice)
    assert sorted(await bodies(api, list_id, by=world.alice, first=first)) == sorted(expected)


async def test_somebody_silent_for_long_comes_after_somebody_loud(api: Api, world: World) -> None:
    """Every cursor is exact, whoever has a head there."""
    expected = []
    for number in range(3):
        expected += [f"carol {number}", *(f"bob {number} {again}" for again in range(7))]
        await world.post(world.carol, f"carol {number}")
        for again in range(7):
            await world.post(world.bob, f"bob {number} {again}")
    list_id = await new_list(api, "Birds", world.bob, world.carol, world.dan, by=world.alice)
    for first in (1, 2, 3, 5, 100):
        assert await bodies(api, list_id, by=world.alice, first=first) == expected[::-1]


async def test_what_is_taken_off_the_list_or_deleted_meanwhile_shifts_nothing(api: Api, world: World) -> None:
    numbers = [await world.post((world.bob, world.carol)[number % 2], f"post {number}") for number in range(12)]
    list_id = await new_list(api, "Birds", world.bob, world.carol, by=world.alice)
    fetch = feed(api, list_id, by=world.alice, first=4)
    page = await fetch(None)
    await asyncio.gather(
        world.delete(world.bob, numbers[6]),
        change(api, "removeFromList", by=world.alice, listId=list_id, userIds=[world.carol.id]),
    )
    rest = await walk(lambda after: fetch(after or page["pageInfo"]["endCursor"]))
    assert nodes([page]) == [f"post {number}" for number in (11, 10, 9, 8)]
    assert nodes(rest) == [f"post {number}" for number in (4, 2, 0)]


async def test_two_readers_and_an_owner_who_changes_it_at_once_get_whole_answers(api: Api, world: World) -> None:
    await world.post(world.bob, "by bob")
    await world.post(world.carol, "by carol")
    list_id = await new_list(api, "Birds", world.bob, by=world.alice)
    given = {"listId": list_id, "userIds": [world.carol.id]}
    for act, wanted in (("addToList", ["by carol", "by bob"]), ("removeFromList", ["by bob"])):
        *found, payload = await asyncio.gather(
            bodies(api, list_id, by=world.alice),
            bodies(api, list_id, by=world.dan),
            change(api, act, by=world.alice, **given),
        )
        assert payload["errors"] == []
        assert all(one in (["by carol", "by bob"], ["by bob"]) for one in found)
        assert await bodies(api, list_id, by=world.alice) == wanted


@pytest.mark.parametrize("size", [1, 20])
async def test_a_page_costs_one_statement_whatever_it_has_and_many_lists_cost_one_by_setting(
    api: Api, world: World, size: int
) -> None:
    for number in range(size):
        person = await world.join(f"member{number}")
        await world.post(person, f"post {number}")
        await world.post(world.bob, f"bob {number}")
    people = [person for handle, person in world.people.items() if handle.startswith("member")]
    for number in range(2):
        await new_list(api, f"List {number}", world.bob, *people, by=world.alice)
    list_id = await new_list(api, "List", world.bob, *people, by=world.alice)
    with api.budget(sql=2):
        data = await api.data(BARE, by=world.alice, id=list_id, first=100)
    assert len(data["list"]["posts"]["edges"]) == 2 * size
    with api.budget(sql=2):
        lists = (await api.data(ALL, by=world.alice, first=20))["viewer"]["lists"]["edges"]
    assert [len(edge["node"]["posts"]["edges"]) for edge in lists] == [min(2 * size, 20)] * 3
    await set_list(api, list_id, by=world.alice, replies="TO_MEMBERS")
    with api.budget(sql=3):
        again = (await api.data(ALL, by=world.alice, first=20))["viewer"]["lists"]["edges"]
    assert again == lists


async def test_nothing_of_it_is_left_to_graphql_core(api: Api) -> None:
    assert fallbacks_of(api, FEED, id=ids.encode(ids.Kind.LIST, 1)) == []
    assert fallbacks_of(api, ALL, first=20) == []


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_ids_and_cursors_bring_nothing(api: Api, world: World, text: str) -> None:
    answer = await api.run(FEED, by=world.alice, id=text)
    assert answer.data is None or answer.data == {"list": None}
    list_id = await new_list(api, "Birds", by=world.alice)
    refused = await api.run(FEED, by=world.alice, id=list_id, after=text)
    assert refused.data is None or refused.data["list"] is None
    assert refused.codes in (["BAD_CURSOR"], ["BAD_INPUT"], ["BAD_USER_INPUT"])


async def test_cursors_of_other_feeds_and_pages_that_are_too_large_are_refused(api: Api, world: World) -> None:
    await world.post(world.bob, "by bob")
    list_id = await new_list(api, "Birds", world.bob, by=world.alice)
    document = "{ publicFeed { edges { cursor } } }"
    foreign = (await api.data(document, by=world.alice))["publicFeed"]["edges"][0]["cursor"]
    for wrong in ({"after": foreign}, {"first": 101}, {"first": 0}):
        answer = await api.run(FEED, by=world.alice, id=list_id, **wrong)
        assert len(answer.codes) == 1, answer
