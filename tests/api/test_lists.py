"""Lists of people: public or private, of people whom one need not follow, and never of people behind a block."""

import asyncio
from typing import Any

import pytest

from actions import lists
from core import ids
from core.errors import ValidationError
from tests.api.compiled import fallbacks_of
from tests.api.lists import MEMBERS, OWN, change, group_document, groups_of, members_of, new_list
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.api.relations import block_, make_private, suspend
from tests.fixtures.api import Api
from tests.worlds import Person, World

ABSENT = ids.encode(ids.Kind.LIST, 1)
INPUTS: dict[str, dict[str, Any]] = {
    "createList": {"name": "New"},
    "updateList": {"listId": ABSENT, "name": "New"},
    "deleteList": {"listId": ABSENT},
    "addToList": {"listId": ABSENT, "userIds": []},
    "removeFromList": {"listId": ABSENT, "userIds": []},
}
LIST = """
query ($id: ID!) {
  list(id: $id) { id name isPrivate isExclusive replies createdAt owner { handle } }
  node(id: $id) { __typename ... on List { name } }
}
"""
LISTS_OF = """
query ($handle: String!, $first: Int! = 20, $after: Cursor) {
  user(handle: $handle) {
    lists(first: $first, after: $after) { edges { node { name } } pageInfo { hasNextPage endCursor } }
  }
}
"""


async def lists_of(api: Api, person: Person, *, by: Person | None) -> list[str] | None:
    """The names of a person's lists, as somebody sees them; None if they do not see the person."""
    user = (await api.data(LISTS_OF, by=by, handle=person.handle))["user"]
    return None if user is None else [edge["node"]["name"] for edge in user["lists"]["edges"]]


async def test_a_new_list_says_what_it_is_and_takes_changes_one_by_one(api: Api, world: World) -> None:
    created = await change(api, "createList", by=world.alice, name=" Birds \n")
    told = {"name": "Birds", "isPrivate": False, "isExclusive": False, "replies": "NONE", "owner": {"handle": "alice"}}
    list_id = created["list"].pop("id")
    assert created == {"list": told, "errors": []}
    for changed in ({"isPrivate": True}, {"isExclusive": True}, {"replies": "TO_FOLLOWED"}, {"name": "BIRDS"}):
        payload = await change(api, "updateList", by=world.alice, listId=list_id, **changed)
        told |= changed
        assert payload == {"list": {"id": list_id, **told}, "errors": []}
    found = await api.data(LIST, by=world.alice, id=list_id)
    assert found["list"].pop("createdAt")
    assert found == {"list": {"id": list_id, **told}, "node": {"__typename": "List", "name": "BIRDS"}}


async def test_lists_are_listed_newest_first_with_who_is_on_them(api: Api, world: World) -> None:
    await new_list(api, "Birds", world.bob, world.eve, by=world.alice)
    await new_list(api, "Trees", world.alice, by=world.alice, isPrivate=True)
    assert await groups_of(api, "list", world.alice) == {"Trees": ["alice"], "Birds": ["eve", "bob"]}
    assert list(await groups_of(api, "list", world.alice)) == ["Trees", "Birds"]
    assert await groups_of(api, "list", world.bob) == {}


async def test_a_private_list_is_its_owners_alone_by_every_way(api: Api, world: World) -> None:
    private = await new_list(api, "Private", world.bob, by=world.alice, isPrivate=True)
    await new_list(api, "Public", world.bob, by=world.alice)
    assert await lists_of(api, world.alice, by=world.alice) == ["Public", "Private"]
    for other in (world.bob, world.dan, world.eve, None):
        assert await api.data(LIST, by=other, id=private) == await api.data(LIST, by=other, id=ABSENT)
        assert await members_of(api, private, by=other) is None
        assert await lists_of(api, world.alice, by=other) == ["Public"]


async def test_others_see_a_public_list_but_not_what_it_does_to_its_owners_feed(api: Api, world: World) -> None:
    list_id = await new_list(api, "Public", world.bob, by=world.alice, isExclusive=True)
    assert (await api.data(LIST, by=world.alice, id=list_id))["list"]["isExclusive"] is True
    for other in (world.bob, world.eve, None):
        found = (await api.data(LIST, by=other, id=list_id))["list"]
        assert (found["name"], found["isExclusive"], found["owner"]) == ("Public", None, {"handle": "alice"})
        assert await members_of(api, list_id, by=other) == ["bob"]


async def test_a_list_is_hidden_where_its_owner_is(api: Api, world: World) -> None:
    list_id = await new_list(api, "Public", world.dan, by=world.alice)
    nothing = await api.data(LIST, id=ABSENT)
    await block_(world, world.alice, world.eve)
    await block_(world, world.carol, world.alice)
    await make_private(world, world.alice)
    for hidden_from in (world.eve, world.carol, None):
        assert await api.data(LIST, by=hidden_from, id=list_id) == nothing
        assert await members_of(api, list_id, by=hidden_from) is None
    assert await lists_of(api, world.alice, by=world.eve) is None
    # These two see a little of the owner, which has no lists.
    assert await lists_of(api, world.alice, by=world.carol) == []
    assert await lists_of(api, world.alice, by=None) == []
    for follower in (world.bob, world.dan):
        assert await lists_of(api, world.alice, by=follower) == ["Public"]
        assert await members_of(api, list_id, by=follower) == ["dan"]
    await suspend(world, world.alice)
    assert await api.data(LIST, by=world.dan, id=list_id) == nothing


async def test_members_who_are_hidden_from_whoever_looks_are_left_out(api: Api, world: World) -> None:
    list_id = await new_list(api, "Public", world.bob, world.dan, world.eve, world.carol, by=world.alice)
    await block_(world, world.eve, world.dan)
    await block_(world, world.carol, world.alice)
    await suspend(world, world.bob)
    assert await members_of(api, list_id, by=world.dan) == ["carol", "dan"]
    assert await members_of(api, list_id, by=world.alice) == ["eve", "dan"]
    assert await members_of(api, list_id, by=None) == ["carol", "eve", "dan"]


async def test_adding_and_removing_twice_is_once(api: Api, world: World) -> None:
    list_id = await new_list(api, "Birds", world.bob, by=world.alice)
    for _ in range(2):
        people = [world.eve.id, world.dan.id, world.eve.id, world.bob.id]
        payload = await change(api, "addToList", by=world.alice, listId=list_id, userIds=people)
        assert payload["errors"] == []
        assert sorted(await members_of(api, list_id, by=world.alice) or ()) == ["bob", "dan", "eve"]
    for _ in range(2):
        people = [world.eve.id, world.dan.id, world.carol.id, "zzz"]
        payload = await change(api, "removeFromList", by=world.alice, listId=list_id, userIds=people)
        assert payload["errors"] == []
        assert await members_of(api, list_id, by=world.alice) == ["bob"]


async def test_one_who_cannot_be_added_keeps_everybody_off(api: Api, world: World) -> None:
    list_id = await new_list(api, "Birds", by=world.alice)
    await block_(world, world.eve, world.alice)
    await block_(world, world.alice, world.carol)
    await suspend(world, world.dan)
    absent = ids.encode(ids.Kind.USER, 1)
    for wrong, kind in (
        (world.eve.id, "NotFoundError"),
        (world.dan.id, "NotFoundError"),
        (absent, "NotFoundError"),
        (list_id, "NotFoundError"),
        ("zzz", "NotFoundError"),
        (world.carol.id, "NotAllowedError"),
    ):
        people = [world.bob.id, wrong]
        payload = await change(api, "addToList", by=world.alice, listId=list_id, userIds=people)
        assert (payload["list"], refusals(payload)) == (None, [(kind, ["userIds", "1"])])
        assert await members_of(api, list_id, by=world.alice) == []


async def test_who_has_blocked_meanwhile_can_be_taken_off_and_is_not_told_apart(api: Api, world: World) -> None:
    list_id = await new_list(api, "Birds", world.bob, world.eve, by=world.alice)
    await block_(world, world.eve, world.alice)
    absent = ids.encode(ids.Kind.USER, 1)
    answers = [
        await change(api, "removeFromList", by=world.alice, listId=list_id, userIds=[person])
        for person in (world.eve.id, absent)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["errors"] == []
    assert await members_of(api, list_id, by=None) == ["bob"]


async def test_more_people_than_allowed_at_once_are_refused_before_anything_is_done(api: Api, world: World) -> None:
    list_id = await new_list(api, "Birds", by=world.alice)
    answer = await api.run(
        group_document("addToList"), by=world.alice, input={"listId": list_id, "userIds": [world.bob.id] * 1_001}
    )
    assert answer.codes == ["BAD_INPUT"]
    people = [world.bob.account_id] * 1_001
    for act in (lists.add_to_list, lists.remove_from_list):
        with pytest.raises(ValidationError) as refused:
            await api.services.db.transact(act, world.alice.viewer, ids.number_of(ids.Kind.LIST, list_id), people)
        [problem] = refused.value.problems
        assert (problem.path, problem.code) == (("userIds",), "TOO_MANY")
    assert await members_of(api, list_id, by=world.alice) == []


async def test_a_hundred_people_are_added_by_one_act(api: Api, world: World) -> None:
    list_id = await new_list(api, "Everybody", by=world.alice)
    people = [await world.join(f"person{number}") for number in range(100)]
    given = {"listId": list_id, "userIds": [person.id for person in people]}
    # The account, the list, the people, the count and the insert; then the list again with its owner.
    with api.budget(sql=7, redis=1):
        payload = await change(api, "addToList", by=world.alice, **given)
    assert payload["errors"] == []
    assert sorted(await members_of(api, list_id, by=world.alice) or ()) == sorted(person.handle for person in people)


async def test_a_list_takes_no_more_than_its_bound_however_many_are_added_at_once(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.groups.MOST_MEMBERS", 3)
    list_id = await new_list(api, "Few", world.bob, by=world.alice)
    payloads = await asyncio.gather(
        *(
            change(api, "addToList", by=world.alice, listId=list_id, userIds=[world.bob.id, person.id])
            for person in (world.alice, world.carol, world.dan, world.eve)
        )
    )
    refused = [payload for payload in payloads if payload["errors"]]
    assert [refusals(payload) for payload in refused] == [[("NotAllowedError", ["userIds"])]] * 2
    assert len(await members_of(api, list_id, by=world.alice) or ()) == 3


async def test_one_person_added_at_once_is_on_the_list_once(api: Api, world: World) -> None:
    list_id = await new_list(api, "Birds", by=world.alice)
    payloads = await asyncio.gather(
        *(change(api, "addToList", by=world.alice, listId=list_id, userIds=[world.bob.id]) for _ in range(20))
    )
    assert all(payload["errors"] == [] for payload in payloads)
    assert await members_of(api, list_id, by=world.alice) == ["bob"]


async def test_a_name_is_taken_whatever_its_case_but_only_by_oneself(api: Api, world: World) -> None:
    await new_list(api, "Été", by=world.alice)
    trees = await new_list(api, "Trees", by=world.alice)
    for name in ("Été", "ÉTÉ", " été ", "E\u0301te\u0301"):
        created = await change(api, "createList", by=world.alice, name=name)
        renamed = await change(api, "updateList", by=world.alice, listId=trees, name=name)
        for payload in (created, renamed):
            assert (payload["list"], refusals(payload)) == (None, [("ValidationError", ["name"])])
            assert payload["errors"][0]["code"] == "TAKEN"
    await new_list(api, "Été", by=world.bob)
    assert list(await groups_of(api, "list", world.alice)) == ["Trees", "Été"]


@pytest.mark.parametrize(
    ("name", "code"), [("", "BLANK"), (" \n\u200b", "BLANK"), ("x" * 65, "TOO_LONG"), ("a\x00b", "UNSTORABLE")]
)
async def test_a_name_that_cannot_be_shown_is_refused(api: Api, world: World, name: str, code: str) -> None:
    birds = await new_list(api, "Birds", by=world.alice)
    created = await change(api, "createList", by=world.alice, name=name)
    renamed = await change(api, "updateList", by=world.alice, listId=birds, name=name)
    for payload in (created, renamed):
        assert refusals(payload) == [("ValidationError", ["name"])]
        assert payload["errors"][0]["code"] == code
    assert await groups_of(api, "list", world.alice) == {"Birds": []}


@pytest.mark.parametrize("name", ["'; DROP TABLE list; --", "%", "\\", "$1", "<script>", "💀", "_"])
async def test_any_other_name_comes_back_as_it_was(api: Api, world: World, name: str) -> None:
    await new_list(api, name, by=world.alice)
    assert await groups_of(api, "list", world.alice) == {name: []}


async def test_a_deleted_list_is_gone_and_its_name_is_free(api: Api, world: World) -> None:
    birds = await new_list(api, "Birds", world.bob, by=world.alice)
    payload = await change(api, "deleteList", by=world.alice, listId=birds)
    assert payload == {"deletedListId": birds, "errors": []}
    assert await members_of(api, birds, by=world.alice) is None
    again = await change(api, "deleteList", by=world.alice, listId=birds)
    assert refusals(again) == [("NotFoundError", ["listId"])]
    await new_list(api, "Birds", by=world.alice)


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - {"createList"}))
async def test_somebody_elses_list_and_none_at_all_are_not_found_alike(api: Api, world: World, name: str) -> None:
    public = await new_list(api, "Public", world.carol, by=world.bob)
    private = await new_list(api, "Private", world.carol, by=world.bob, isPrivate=True)
    answers = []
    for wrong in (public, private, ABSENT, world.bob.id, "", "zzz", "\x00", "x" * 10_000):
        payload = await change(api, name, by=world.alice, **INPUTS[name] | {"listId": wrong})
        assert refusals(payload) == [("NotFoundError", ["listId"])]
        answers.append(payload)
    assert all(answer == answers[0] for answer in answers)
    assert await groups_of(api, "list", world.bob) == {"Private": ["carol"], "Public": ["carol"]}


@pytest.mark.parametrize("name", INPUTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    birds = await new_list(api, "Birds", by=world.alice)
    given = {key: birds if key == "listId" else value for key, value in INPUTS[name].items()}
    assert (await api.run(group_document(name), input=given)).codes == ["UNAUTHENTICATED"]
    assert await groups_of(api, "list", world.alice) == {"Birds": []}


async def test_the_hundred_and_first_list_is_refused_however_many_are_made_at_once(api: Api, world: World) -> None:
    for number in range(95):
        await new_list(api, f"list {number}", by=world.alice)
    payloads = await asyncio.gather(
        *(change(api, "createList", by=world.alice, name=f"another {number}") for number in range(20))
    )
    refused = [payload for payload in payloads if payload["errors"]]
    assert [refusals(payload) for payload in refused] == [[("NotAllowedError", None)]] * 15
    assert len(await groups_of(api, "list", world.alice)) == 100
    await new_list(api, "Birds", by=world.bob)


async def test_lists_and_members_page_without_gap_or_repeat(api: Api, world: World) -> None:
    people = [await world.join(f"person{number}") for number in range(7)]
    list_id = await new_list(api, "Everybody", *people, by=world.alice)
    for number in range(6):
        await new_list(api, f"list {number}", by=world.alice)

    async def fetch_own(after: str | None) -> Any:
        return (await api.data(OWN % "lists", by=world.alice, first=3, after=after))["viewer"]["lists"]

    async def fetch_public(after: str | None) -> Any:
        return (await api.data(LISTS_OF, handle="alice", first=3, after=after))["user"]["lists"]

    async def fetch_members(after: str | None) -> Any:
        return (await api.data(MEMBERS, id=list_id, first=3, after=after))["node"]["members"]

    names = [f"list {number}" for number in range(5, -1, -1)] + ["Everybody"]
    for fetch, field, expected in (
        (fetch_own, "name", names),
        (fetch_public, "name", names),
        (fetch_members, "handle", [f"person{number}" for number in range(6, -1, -1)]),
    ):
        pages = await walk(fetch)
        assert [len(page["edges"]) for page in pages] == [3, 3, 1]
        assert nodes(pages, field) == expected


async def test_all_lists_with_who_is_on_them_cost_two_statements(api: Api, world: World) -> None:
    for number in range(4):
        await new_list(api, f"list {number}", *(world.bob, world.carol, world.dan)[:number], by=world.alice)
    with api.budget(sql=2):
        found = await groups_of(api, "list", world.alice)
    assert [len(members) for members in found.values()] == [3, 2, 1, 0]


def test_lists_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, OWN % "lists", first=3) == []
    assert fallbacks_of(api, MEMBERS, id=ABSENT) == []
    assert fallbacks_of(api, LIST, id=ABSENT) == []
    assert fallbacks_of(api, LISTS_OF, handle="alice") == []
    assert fallbacks_of(api, group_document("addToList"), input=INPUTS["addToList"]) == []
