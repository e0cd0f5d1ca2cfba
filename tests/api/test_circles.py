"""Circles: sets of people to post to, of which nobody but their owner ever learns."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from core import ids
from core.database import command
from models.posts import Visibility, post
from tests.api.compiled import fallbacks_of
from tests.api.lists import MEMBERS, OWN, change, group_document, groups_of, members_of, new_circle
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.api.relations import block_, suspend
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ABSENT = ids.encode(ids.Kind.CIRCLE, 1)
INPUTS: dict[str, dict[str, Any]] = {
    "createCircle": {"name": "New"},
    "updateCircle": {"circleId": ABSENT, "name": "New"},
    "deleteCircle": {"circleId": ABSENT},
    "addToCircle": {"circleId": ABSENT, "userIds": []},
    "removeFromCircle": {"circleId": ABSENT, "userIds": []},
}
CIRCLE = "query ($id: ID!) { node(id: $id) { __typename ... on Circle { id name createdAt } } }"
POST = "query ($id: ID!) { post(id: $id) { body circle { name members { edges { node { handle } } } } } }"
FEED = "{ homeFeed { edges { node { body circle { name } } } } }"

_FOR_CIRCLE = command(
    sa.update(post)
    .where(post.c.id == sa.bindparam("post_id", type_=sa.BigInteger))
    .values(visibility=Visibility.CIRCLE, circle_id=sa.bindparam("of", type_=sa.BigInteger))
)


async def post_to(world: World, author: Person, circle_id: str, body: str = "hello") -> int:
    """A post for a circle."""
    number = await world.post(author, body)
    of = ids.number_of(ids.Kind.CIRCLE, circle_id)
    await world.services.db.transact(lambda tx: tx.run(_FOR_CIRCLE, post_id=number, of=of))
    return number


async def body_of(api: Api, number: int, *, by: Person | None) -> str | None:
    """What a post says to somebody; None if they do not see it."""
    found = (await api.data(POST, by=by, id=post_id(number)))["post"]
    return None if found is None else found["body"]


async def test_circles_are_listed_newest_first_with_who_is_in_them(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", world.bob, world.eve, by=world.alice)
    await new_circle(api, "Work", world.alice, by=world.alice)
    assert await groups_of(api, "circle", world.alice) == {"Work": ["alice"], "Family": ["eve", "bob"]}
    assert list(await groups_of(api, "circle", world.alice)) == ["Work", "Family"]
    found = (await api.data(CIRCLE, by=world.alice, id=family))["node"]
    assert (found["__typename"], found["id"], found["name"]) == ("Circle", family, "Family")


async def test_nobody_else_sees_a_circle_by_any_way_not_even_who_is_in_it(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", world.bob, by=world.alice)
    number = await post_to(world, world.alice, family, "for the family")
    for other in (world.bob, world.eve, None):
        assert await api.data(CIRCLE, by=other, id=family) == await api.data(CIRCLE, by=other, id=ABSENT)
        assert await members_of(api, family, by=other) is None
    for other in (world.bob, world.eve):
        assert await groups_of(api, "circle", other) == {}
    found = (await api.data(POST, by=world.bob, id=post_id(number)))["post"]
    assert found == {"body": "for the family", "circle": None}


async def test_an_author_is_told_for_which_circle_a_post_is(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", world.bob, by=world.alice)
    number = await post_to(world, world.alice, family, "for the family")
    public = await world.post(world.alice, "for everyone")
    found = (await api.data(POST, by=world.alice, id=post_id(number)))["post"]
    members = {"edges": [{"node": {"handle": "bob"}}]}
    assert found == {"body": "for the family", "circle": {"name": "Family", "members": members}}
    assert (await api.data(POST, by=world.alice, id=post_id(public)))["post"]["circle"] is None


async def test_the_circles_of_a_whole_feed_cost_one_statement(api: Api, world: World) -> None:
    circles = [await new_circle(api, f"circle {number}", world.bob, by=world.alice) for number in range(3)]
    for number in range(6):
        await post_to(world, world.alice, circles[number % 3], f"post {number}")
    await api.data(FEED.replace("circle { name }", ""), by=world.alice)
    await api.services.resources.home.rebuilt()
    with api.budget(sql=2, redis=1):
        edges = (await api.data(FEED, by=world.alice))["homeFeed"]["edges"]
    names = [edge["node"]["circle"]["name"] for edge in edges]
    assert names == [f"circle {number % 3}" for number in range(5, -1, -1)]
    edges = (await api.data(FEED, by=world.bob))["homeFeed"]["edges"]
    assert [(edge["node"]["body"], edge["node"]["circle"]) for edge in edges] == [
        (f"post {number}", None) for number in range(5, -1, -1)
    ]


async def test_who_is_put_in_or_taken_out_sees_posts_accordingly(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", by=world.alice)
    number = await post_to(world, world.alice, family)
    assert await body_of(api, number, by=world.dan) is None
    for act, seen in (("addToCircle", "hello"), ("removeFromCircle", None)):
        for _ in range(2):
            payload = await change(api, act, by=world.alice, circleId=family, userIds=[world.dan.id])
            assert payload["errors"] == []
            assert await body_of(api, number, by=world.dan) == seen
            assert await body_of(api, number, by=world.alice) == "hello"


async def test_posts_to_a_deleted_circle_are_their_authors_alone(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", world.dan, by=world.alice)
    number = await post_to(world, world.alice, family)
    assert await body_of(api, number, by=world.dan) == "hello"
    payload = await change(api, "deleteCircle", by=world.alice, circleId=family)
    assert payload == {"deletedCircleId": family, "errors": []}
    for other in (world.bob, world.dan, world.eve, None):
        assert await body_of(api, number, by=other) is None
    assert (await api.data(POST, by=world.alice, id=post_id(number)))["post"] == {"body": "hello", "circle": None}
    again = await change(api, "deleteCircle", by=world.alice, circleId=family)
    assert refusals(again) == [("NotFoundError", ["circleId"])]
    await new_circle(api, "Family", by=world.alice)


async def test_one_who_cannot_be_added_keeps_everybody_out(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", by=world.alice)
    await block_(world, world.eve, world.alice)
    await block_(world, world.alice, world.carol)
    await suspend(world, world.dan)
    for wrong, kind in (
        (world.eve.id, "NotFoundError"),
        (world.dan.id, "NotFoundError"),
        ("zzz", "NotFoundError"),
        (world.carol.id, "NotAllowedError"),
    ):
        people = [world.bob.id, wrong]
        payload = await change(api, "addToCircle", by=world.alice, circleId=family, userIds=people)
        assert (payload["circle"], refusals(payload)) == (None, [(kind, ["userIds", "1"])])
        assert await members_of(api, family, by=world.alice) == []


async def test_a_circle_can_be_renamed_to_a_name_that_is_free(api: Api, world: World) -> None:
    family = await new_circle(api, "Family", by=world.alice)
    await new_circle(api, "Work", by=world.alice)
    await new_circle(api, "Friends", by=world.bob)
    payload = await change(api, "updateCircle", by=world.alice, circleId=family, name=" Friends\n")
    assert payload == {"circle": {"id": family, "name": "Friends"}, "errors": []}
    for name, code in (("WORK", "TAKEN"), ("", "BLANK"), ("x" * 65, "TOO_LONG"), ("a\x00b", "UNSTORABLE")):
        created = await change(api, "createCircle", by=world.alice, name=name)
        renamed = await change(api, "updateCircle", by=world.alice, circleId=family, name=name)
        for payload in (created, renamed):
            assert refusals(payload) == [("ValidationError", ["name"])]
            assert payload["errors"][0]["code"] == code
    assert list(await groups_of(api, "circle", world.alice)) == ["Work", "Friends"]


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - {"createCircle"}))
async def test_somebody_elses_circle_and_none_at_all_are_not_found_alike(api: Api, world: World, name: str) -> None:
    theirs = await new_circle(api, "Theirs", world.alice, by=world.bob)
    answers = []
    for wrong in (theirs, ABSENT, world.bob.id, "", "zzz", "\x00", "x" * 10_000):
        payload = await change(api, name, by=world.alice, **INPUTS[name] | {"circleId": wrong})
        assert refusals(payload) == [("NotFoundError", ["circleId"])]
        answers.append(payload)
    assert all(answer == answers[0] for answer in answers)
    assert await groups_of(api, "circle", world.bob) == {"Theirs": ["alice"]}


async def test_deleting_somebody_elses_circle_takes_the_statements_that_deleting_none_takes(
    api: Api, world: World
) -> None:
    theirs = await new_circle(api, "Theirs", world.alice, by=world.bob)
    for wrong in (ABSENT, theirs):
        with api.budget(sql=2, redis=1):
            await change(api, "deleteCircle", by=world.alice, circleId=wrong)


@pytest.mark.parametrize("name", INPUTS)
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    family = await new_circle(api, "Family", by=world.alice)
    given = {key: family if key == "circleId" else value for key, value in INPUTS[name].items()}
    assert (await api.run(group_document(name), input=given)).codes == ["UNAUTHENTICATED"]
    assert await groups_of(api, "circle", world.alice) == {"Family": []}


async def test_one_name_at_once_makes_one_circle(api: Api, world: World) -> None:
    names = ("Family", "FAMILY", "family") * 5
    payloads = await asyncio.gather(*(change(api, "createCircle", by=world.alice, name=name) for name in names))
    assert sum(not payload["errors"] for payload in payloads) == 1
    assert len(await groups_of(api, "circle", world.alice)) == 1


async def test_who_is_added_while_a_circle_is_deleted_is_added_or_refused(api: Api, world: World) -> None:
    for _ in range(5):
        family = await new_circle(api, "Family", by=world.alice)
        deleted, *added = await asyncio.gather(
            change(api, "deleteCircle", by=world.alice, circleId=family),
            *(
                change(api, "addToCircle", by=world.alice, circleId=family, userIds=[person.id])
                for person in (world.bob, world.carol, world.dan)
            ),
        )
        assert deleted["errors"] == []
        assert all(refusals(payload) in ([], [("NotFoundError", ["circleId"])]) for payload in added)
        assert await members_of(api, family, by=world.alice) is None


async def test_circles_and_members_page_without_gap_or_repeat(api: Api, world: World) -> None:
    people = [await world.join(f"person{number}") for number in range(7)]
    family = await new_circle(api, "Family", *people, by=world.alice)
    for number in range(6):
        await new_circle(api, f"circle {number}", by=world.alice)

    async def fetch_own(after: str | None) -> Any:
        return (await api.data(OWN % "circles", by=world.alice, first=3, after=after))["viewer"]["circles"]

    async def fetch_members(after: str | None) -> Any:
        return (await api.data(MEMBERS, by=world.alice, id=family, first=3, after=after))["node"]["members"]

    pages = await walk(fetch_own)
    assert [len(page["edges"]) for page in pages] == [3, 3, 1]
    assert nodes(pages, "name") == [f"circle {number}" for number in range(5, -1, -1)] + ["Family"]
    assert nodes(await walk(fetch_members), "handle") == [f"person{number}" for number in range(6, -1, -1)]


async def test_all_circles_with_who_is_in_them_cost_two_statements(api: Api, world: World) -> None:
    for number in range(4):
        await new_circle(api, f"circle {number}", *(world.bob, world.carol, world.dan)[:number], by=world.alice)
    with api.budget(sql=2):
        found = await groups_of(api, "circle", world.alice)
    assert [len(members) for members in found.values()] == [3, 2, 1, 0]


def test_circles_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, OWN % "circles", first=3) == []
    assert fallbacks_of(api, CIRCLE, id=ABSENT) == []
    assert fallbacks_of(api, FEED) == []
    assert fallbacks_of(api, group_document("updateCircle"), input=INPUTS["updateCircle"]) == []
