"""Reports: who makes them, who sees them, and what becomes of them."""

import asyncio
from typing import Any

import pytest

from core import ids
from tests.api.compiled import fallbacks_of
from tests.api.moderation import (
    NODE,
    OWN,
    QUEUE,
    REPORT,
    RESOLVE,
    kinds_written,
    make_moderator,
    own_reports,
    report,
    report_id,
    reported,
    resolve,
)
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

UNKNOWN_USER, UNKNOWN_POST = ids.encode(ids.Kind.USER, 7), post_id(7)


@pytest.fixture
async def moderator(world: World) -> Person:
    """Carol moderates."""
    await make_moderator(world, world.carol)
    return world.carol


async def count(world: World) -> int:
    async with world.services.db._connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM report"))


async def test_a_post_is_reported_with_what_it_said(api: Api, world: World, moderator: Person) -> None:
    post = await world.post(world.bob, "buy my tea")
    payload = await report(api, by=world.eve, postId=post_id(post), comment="  the third time today ")
    assert payload["errors"] == []
    await world.edit(world.bob, post, "I like tea")
    for found in (await own_reports(api, by=world.eve), await reported(api, by=moderator)):
        (seen,) = found
        assert (seen["reporter"]["handle"], seen["user"]["handle"], seen["post"]["body"]) == (
            "eve",
            "bob",
            "I like tea",
        )
        assert (seen["said"], seen["reason"], seen["comment"]) == ("buy my tea", "SPAM", "the third time today")
        assert (seen["state"], seen["answer"], seen["resolvedAt"]) == ("OPEN", None, None)
    await world.delete(world.bob, post)
    (seen,) = await reported(api, by=moderator)
    assert (seen["post"], seen["said"]) == (None, "buy my tea")


async def test_a_user_is_reported(api: Api, world: World, moderator: Person) -> None:
    payload = await report(api, by=world.eve, userId=world.bob.id, reason="IMPERSONATION")
    assert payload["errors"] == []
    (seen,) = await reported(api, by=moderator)
    assert (seen["user"]["handle"], seen["post"], seen["said"]) == ("bob", None, None)
    assert (seen["reason"], seen["comment"]) == ("IMPERSONATION", None)


async def test_reporting_again_while_it_is_open_is_reporting_once(api: Api, world: World, moderator: Person) -> None:
    one, other = post_id(await world.post(world.bob)), post_id(await world.post(world.bob))
    first = (await report(api, by=world.eve, postId=one))["report"]["id"]
    assert (await report(api, by=world.eve, postId=one, reason="HATE"))["report"]["id"] == first
    different = [
        await report(api, by=world.eve, postId=other),
        await report(api, by=world.eve, userId=world.bob.id),
        await report(api, by=world.alice, postId=one),
    ]
    await resolve(api, first, by=moderator)
    different.append(await report(api, by=world.eve, postId=one))
    assert len({first, *(payload["report"]["id"] for payload in different)}) == 5


async def test_fifty_at_once_by_one_person_make_one_report(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    payloads = await asyncio.gather(*(report(api, by=world.eve, postId=post) for _ in range(50)))
    assert len({payload["report"]["id"] for payload in payloads}) == 1
    assert await count(world) == 1


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({}, ("ValidationError", ["userId"])),
        ({"userId": "BOB", "postId": "POST"}, ("ValidationError", ["userId"])),
        ({"userId": "EVE"}, ("NotAllowedError", ["userId"])),
        ({"postId": "OWN"}, ("NotAllowedError", ["postId"])),
        ({"userId": UNKNOWN_USER}, ("NotFoundError", ["userId"])),
        ({"userId": "no id"}, ("NotFoundError", ["userId"])),
        ({"postId": UNKNOWN_POST}, ("NotFoundError", ["postId"])),
        ({"postId": "DELETED"}, ("NotFoundError", ["postId"])),
        ({"userId": "BOB", "comment": "x" * 1_001}, ("ValidationError", ["comment"])),
        ({"userId": "BOB", "comment": "\x00"}, ("ValidationError", ["comment"])),
    ],
)
async def test_what_cannot_be_reported_is_refused(
    api: Api, world: World, wanted: dict[str, str], refusal: tuple[str, list[str]]
) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    real = {
        "BOB": world.bob.id,
        "EVE": world.eve.id,
        "POST": post_id(await world.post(world.bob)),
        "OWN": post_id(await world.post(world.eve)),
        "DELETED": post_id(deleted),
    }
    payload = await report(api, by=world.eve, **{name: real.get(value, value) for name, value in wanted.items()})
    assert payload["report"] is None
    assert refusals(payload) == [refusal]
    assert await count(world) == 0


async def test_what_one_does_not_see_one_cannot_report(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    async with world.services.db._connection() as connection:
        await connection.execute(
            "INSERT INTO block (blocker_id, blocked_id) VALUES ($1, $2), ($3, $4)",
            world.bob.account_id,
            world.eve.account_id,
            world.dan.account_id,
            world.bob.account_id,
        )
    assert refusals(await report(api, by=world.eve, postId=post_id(post))) == [("NotFoundError", ["postId"])]
    assert refusals(await report(api, by=world.eve, userId=world.bob.id)) == [("NotFoundError", ["userId"])]
    # Whom one blocks oneself one can still report.
    assert refusals(await report(api, by=world.dan, postId=post_id(post))) == [("NotFoundError", ["postId"])]
    assert (await report(api, by=world.dan, userId=world.bob.id))["errors"] == []


async def test_only_the_reporter_and_moderators_see_a_report(api: Api, world: World, moderator: Person) -> None:
    made = (await report(api, by=world.eve, userId=world.bob.id))["report"]["id"]
    for person in (world.eve, moderator):
        assert (await api.data(NODE, by=person, id=made))["node"]["id"] == made
    for stranger in (world.bob, world.alice, None):
        assert (await api.data(NODE, by=stranger, id=made))["node"] is None
        assert await reported(api, by=stranger) == []
    for person in (world.bob, moderator):
        assert await own_reports(api, by=person) == []


async def test_a_reported_moderator_sees_nothing_of_it_and_cannot_answer_it(
    api: Api, world: World, moderator: Person
) -> None:
    await make_moderator(world, world.dan)
    made = (await report(api, by=world.eve, userId=moderator.id))["report"]["id"]
    assert await reported(api, by=moderator) == []
    assert (await api.data(NODE, by=moderator, id=made))["node"] is None
    assert refusals(await resolve(api, made, by=moderator)) == [("NotFoundError", ["reportId"])]
    assert [seen["id"] for seen in await reported(api, by=world.dan)] == [made]
    assert (await resolve(api, made, by=world.dan))["errors"] == []


async def test_the_reporter_reads_the_outcome(api: Api, world: World, moderator: Person) -> None:
    made = (await report(api, by=world.eve, userId=world.bob.id))["report"]["id"]
    payload = await resolve(api, made, "DISMISSED", by=moderator, answer="This is allowed here.")
    assert payload["errors"] == []
    (seen,) = await own_reports(api, by=world.eve)
    assert (seen["state"], seen["answer"]) == ("DISMISSED", "This is allowed here.")
    assert seen["resolvedAt"] >= seen["createdAt"]
    assert await reported(api, by=moderator) == []
    assert [each["id"] for each in await reported(api, by=moderator, state="DISMISSED")] == [made]
    assert await reported(api, by=moderator, state="ACTED_UPON") == []


async def test_a_report_is_answered_once_and_leaves_one_row(api: Api, world: World, moderator: Person) -> None:
    await make_moderator(world, world.dan)
    made = (await report(api, by=world.eve, userId=world.bob.id))["report"]["id"]
    payloads = await asyncio.gather(
        *(
            resolve(api, made, state, by=by)
            for state in ("DISMISSED", "ACTED_UPON")
            for by in (moderator, world.dan) * 5
        )
    )
    done = [payload["report"]["state"] for payload in payloads if not payload["errors"]]
    assert len(done) == 10
    assert len(set(done)) == 1
    refused = [refusals(payload) for payload in payloads if payload["errors"]]
    assert refused == [[("NotAllowedError", ["reportId"])]] * 10
    assert await kinds_written(world) == ["RESOLVE_REPORT"]


async def test_nobody_else_answers_a_report(api: Api, world: World, moderator: Person) -> None:
    made = (await report(api, by=world.eve, userId=world.bob.id))["report"]["id"]
    for person in (world.eve, world.bob, world.alice):
        for wanted in (made, report_id(7), "no id"):
            payload = await resolve(api, wanted, by=person)
            assert refusals(payload) == [("NotAllowedError", None)]
    assert refusals(await resolve(api, report_id(7), by=moderator)) == [("NotFoundError", ["reportId"])]
    assert refusals(await resolve(api, made, by=moderator, answer="x" * 1_001)) == [("ValidationError", ["answer"])]
    await make_moderator(world, moderator, is_one=False)
    assert refusals(await resolve(api, made, by=moderator)) == [("NotAllowedError", None)]
    assert [seen["state"] for seen in await own_reports(api, by=world.eve)] == ["OPEN"]


async def test_needs_a_viewer(api: Api, world: World) -> None:
    wanted: Any = {"reason": "SPAM", "userId": world.bob.id}
    assert (await api.run(REPORT, input=wanted)).codes == ["UNAUTHENTICATED"]
    assert (await api.run(RESOLVE, input={"reportId": report_id(7), "state": "DISMISSED"})).codes == ["UNAUTHENTICATED"]
    assert await count(world) == 0


async def test_the_queue_pages_oldest_first_and_ones_own_newest_first(
    api: Api, world: World, moderator: Person
) -> None:
    bodies = [f"post {number}" for number in range(7)]
    for body in bodies:
        await report(api, by=world.eve, postId=post_id(await world.post(world.bob, body)))

    async def of_queue(after: str | None) -> Any:
        return (await api.data(QUEUE, by=moderator, first=3, after=after))["reports"]

    async def own(after: str | None) -> Any:
        return (await api.data(OWN, by=world.eve, first=3, after=after))["viewer"]["reports"]

    assert nodes(await walk(of_queue), "said") == bodies
    assert nodes(await walk(own), "said") == bodies[::-1]
    cursor = (await own(None))["pageInfo"]["endCursor"]
    assert (await api.run(QUEUE, by=moderator, after=cursor)).codes == ["BAD_CURSOR"]


async def test_a_page_costs_as_many_statements_however_many_reports_it_has(
    api: Api, world: World, moderator: Person
) -> None:
    for number in range(12):
        await report(api, by=world.eve, postId=post_id(await world.post(world.bob, f"post {number}")))
    for first in (2, 12):
        with api.budget(sql=3):
            assert len((await api.data(QUEUE, by=moderator, first=first))["reports"]["edges"]) == first
        with api.budget(sql=3):
            assert len((await api.data(OWN, by=world.eve, first=first))["viewer"]["reports"]["edges"]) == first


def test_reports_run_compiled(api: Api) -> None:
    for document in (OWN, QUEUE):
        assert fallbacks_of(api, document) == []
    assert fallbacks_of(api, REPORT, input={"reason": "SPAM"}) == []
    assert fallbacks_of(api, RESOLVE, input={"reportId": "", "state": "DISMISSED"}) == []
