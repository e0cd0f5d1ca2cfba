"""What moderators do about users and posts: who may, what is told to whom, and what stays of it."""

import asyncio
from typing import Any

import pytest

from app.worker import Worker
from core import ids
from core.clock import utc_now
from models.posts import Visibility
from tests.api.compiled import fallbacks_of
from tests.api.moderation import (
    LOG,
    NODE,
    OF_USER,
    TAKE,
    WARNINGS,
    acts,
    kinds_written,
    make_moderator,
    report,
    report_id,
    standing,
    suspend,
    take,
)
from tests.api.paging import nodes, walk
from tests.api.posts import act, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

KINDS = ("WARN", "HIDE_POST", "SHOW_POST", "SUSPEND", "LIFT_SUSPENSION")


@pytest.fixture
async def moderator(world: World) -> Person:
    """Carol moderates."""
    await make_moderator(world, world.carol)
    return world.carol


async def home(api: Api, person: Person) -> list[str]:
    found = await api.data("{ homeFeed { edges { node { body } } } }", by=person)
    return [edge["node"]["body"] for edge in found["homeFeed"]["edges"]]


async def test_a_warning_is_told_to_the_warned_without_a_name(api: Api, world: World, moderator: Person) -> None:
    post = await world.post(world.bob, "rude")
    payload = await take(api, "WARN", by=moderator, postId=post_id(post), note=" Be kind. ")
    assert payload["errors"] == []
    assert payload["action"] | {"id": "", "createdAt": ""} == {
        "id": "",
        "kind": "WARN",
        "moderator": {"handle": "carol"},
        "user": {"handle": "bob"},
        "post": {"id": post_id(post)},
        "report": None,
        "note": "Be kind.",
        "createdAt": "",
    }
    told = (await standing(api, world.bob.token))["warnings"]["edges"]
    assert [(edge["node"]["kind"], edge["node"]["note"], edge["node"]["post"]) for edge in told] == [
        ("WARN", "Be kind.", {"id": post_id(post)})
    ]
    for person in (world.alice, moderator):
        assert (await standing(api, person.token))["warnings"]["edges"] == []


async def test_every_warning_leaves_a_row_and_the_same_suspension_only_one(
    api: Api, world: World, moderator: Person
) -> None:
    for _ in range(2):
        await take(api, "WARN", by=moderator, userId=world.bob.id)
    first = await take(api, "SUSPEND", by=moderator, userId=world.bob.id)
    again = await take(api, "SUSPEND", by=moderator, userId=world.bob.id)
    assert (again["errors"], again["action"]) == ([], first["action"])
    assert await kinds_written(world) == ["WARN", "WARN", "SUSPEND"]


async def test_a_hidden_post_is_there_for_its_author_and_moderators_until_it_is_shown(
    api: Api, world: World, moderator: Person
) -> None:
    post = await world.post(world.bob, "hidden")
    for _ in range(2):
        assert (await take(api, "HIDE_POST", by=moderator, postId=post_id(post)))["errors"] == []
        for person in (world.alice, world.eve, None):
            assert await seen(api, post, by=person) is None
        for person in (world.bob, moderator):
            assert (await seen(api, post, by=person))["body"] == "hidden"
        assert await home(api, world.alice) == []
        assert refusals(await act(api, "likePost", post_id(post), by=world.alice)) == [("NotFoundError", ["postId"])]
    for _ in range(2):
        assert (await take(api, "SHOW_POST", by=moderator, postId=post_id(post)))["errors"] == []
        assert (await seen(api, post, by=world.eve))["body"] == "hidden"
        assert await home(api, world.alice) == ["hidden"]
    assert await kinds_written(world) == ["HIDE_POST", "SHOW_POST"]
    told = (await standing(api, world.bob.token))["warnings"]["edges"]
    assert [edge["node"]["kind"] for edge in told] == ["HIDE_POST"]


async def test_a_moderator_has_a_hidden_post_at_home_as_before_with_a_timeline_and_without(
    api: Api, world: World, moderator: Person, worker: Worker
) -> None:
    await world.follow(moderator, world.bob)
    post = await world.post(world.bob, "hidden")
    await worker.settle()
    for person in (moderator, world.alice):
        await api.services.resources.home.rebuild(person.account_id)
    for kind, seen_by_others in (("HIDE_POST", []), ("SHOW_POST", ["hidden"])):
        await take(api, kind, by=moderator, postId=post_id(post))
        await worker.settle()
        assert (await home(api, moderator), await home(api, world.alice)) == (["hidden"], seen_by_others)
    await take(api, "HIDE_POST", by=moderator, postId=post_id(post))
    await worker.settle()
    await api.services.resources.home.forget(moderator.account_id)
    assert await home(api, moderator) == ["hidden"]


async def test_a_hidden_reply_counts_no_more_until_it_is_shown(api: Api, world: World, moderator: Person) -> None:
    post = await world.post(world.alice)
    reply = post_id(await world.post(world.bob, reply_to=post))
    for kind, count in (("HIDE_POST", 0), ("HIDE_POST", 0), ("SHOW_POST", 1), ("SHOW_POST", 1)):
        await take(api, kind, by=moderator, postId=reply)
        assert (await seen(api, post))["replyCount"] == count


async def test_a_report_says_whom_it_is_about_even_to_a_moderator_who_is_blocked(
    api: Api, world: World, moderator: Person
) -> None:
    post = await world.post(world.bob, "rude")
    made = (await report(api, by=world.eve, postId=post_id(post)))["report"]["id"]
    async with world.services.db._connection() as connection:
        block = "INSERT INTO block (blocker_id, blocked_id) VALUES ($1, $2)"
        await connection.execute(block, world.bob.account_id, moderator.account_id)
    payload = await take(api, "HIDE_POST", by=moderator, reportId=made)
    assert payload["errors"] == []
    assert (payload["action"]["report"], payload["action"]["user"]) == ({"id": made, "state": "OPEN"}, None)
    assert await seen(api, post, by=world.alice) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_moderator_does_not_see_is_reached_by_a_report_only(
    api: Api, world: World, moderator: Person, kind: str
) -> None:
    narrow = await world.post(world.alice, "for followers", visibility=Visibility.FOLLOWERS)
    blockers = await world.post(world.bob, "rude")
    reports = [await report(api, by=world.dan, postId=post_id(post)) for post in (narrow, blockers)]
    await world.block(world.bob, moderator)
    for about, absent in (
        ({"postId": post_id(narrow)}, {"postId": post_id(7)}),
        ({"postId": post_id(blockers)}, {"postId": post_id(7)}),
        ({"userId": world.bob.id}, {"userId": ids.encode(ids.Kind.USER, 7)}),
    ):
        refused = await take(api, kind, by=moderator, **about)
        assert refused == await take(api, kind, by=moderator, **absent)
        assert refusals(refused) == [("NotFoundError", [*about])]
    assert await kinds_written(world) == []
    for post, made in zip((narrow, blockers), reports, strict=True):
        payload = await take(api, "WARN", by=moderator, postId=post_id(post), reportId=made["report"]["id"])
        assert (payload["errors"], payload["action"]["post"]) == ([], None)
    made = reports[1]["report"]["id"]
    assert (await take(api, "WARN", by=moderator, userId=world.bob.id, reportId=made))["errors"] == []
    payload = await take(api, "WARN", by=moderator, postId=post_id(narrow), reportId=made)
    assert refusals(payload) == [("NotFoundError", ["postId"])]


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_but_moderators_acts(api: Api, world: World, kind: str) -> None:
    post = post_id(await world.post(world.bob))
    for person in (world.alice, world.bob):
        payload = await take(api, kind, by=person, userId=world.bob.id, postId=post)
        assert payload["action"] is None
        assert refusals(payload) == [("NotAllowedError", None)]
        payload = await take(api, kind, by=person, reportId=report_id(7))
        assert refusals(payload) == [("NotAllowedError", None)]
    answer = await api.run(TAKE, input={"kind": kind, "userId": world.bob.id})
    assert answer.codes == ["UNAUTHENTICATED"]
    assert await kinds_written(world) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_moderators_leave_one_another_and_themselves_alone(
    api: Api, world: World, moderator: Person, kind: str
) -> None:
    await make_moderator(world, world.dan)
    for person, by in ((world.dan, moderator), (moderator, moderator)):
        post = post_id(await world.post(person))
        payload = await take(api, kind, by=by, postId=post)
        assert refusals(payload) == [("NotAllowedError", ["postId"])]
        payload = await take(api, kind, by=by, userId=person.id)
        assert refusals(payload) == [("NotAllowedError", ["userId"])]
    assert await kinds_written(world) == []


async def test_what_makes_no_sense_is_refused(api: Api, world: World, moderator: Person) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    post = post_id(await world.post(world.bob))
    made = (await report(api, by=world.eve, userId=world.alice.id))["report"]["id"]
    bob = world.bob.id
    for kind, about, refusal in (
        ("WARN", {}, ("ValidationError", ["userId"])),
        ("HIDE_POST", {"userId": bob}, ("ValidationError", ["postId"])),
        ("HIDE_POST", {"reportId": made}, ("ValidationError", ["postId"])),
        ("WARN", {"userId": bob, "reportId": made}, ("ValidationError", ["reportId"])),
        ("WARN", {"userId": bob, "note": "x" * 1_001}, ("ValidationError", ["note"])),
        ("WARN", {"userId": post}, ("NotFoundError", ["userId"])),
        ("WARN", {"userId": "no id"}, ("NotFoundError", ["userId"])),
        ("WARN", {"postId": post, "userId": world.alice.id}, ("NotFoundError", ["postId"])),
        ("HIDE_POST", {"postId": post_id(7)}, ("NotFoundError", ["postId"])),
        ("HIDE_POST", {"postId": post_id(deleted)}, ("NotFoundError", ["postId"])),
        ("WARN", {"reportId": report_id(7)}, ("NotFoundError", ["reportId"])),
        ("SHOW_POST", {"postId": post}, ("NotAllowedError", None)),
        ("LIFT_SUSPENSION", {"userId": bob}, ("NotAllowedError", None)),
    ):
        payload = await take(api, kind, by=moderator, **about)
        assert refusals(payload) == [refusal], (kind, about)
    assert await kinds_written(world) == []


async def test_only_moderators_read_what_was_done_and_not_about_themselves(
    api: Api, world: World, moderator: Person
) -> None:
    done = await take(api, "WARN", by=moderator, userId=world.bob.id, note="Be kind.")
    await take(api, "WARN", by=moderator, userId=world.alice.id)
    assert [(each["kind"], each["user"]["handle"]) for each in await acts(api, by=moderator)] == [
        ("WARN", "alice"),
        ("WARN", "bob"),
    ]
    for found in (
        await acts(api, by=moderator, about=world.bob),
        [
            edge["node"]
            for edge in (await api.data(OF_USER, by=moderator, handle="bob"))["user"]["moderationActions"]["edges"]
        ],
    ):
        assert [each["note"] for each in found] == ["Be kind."]
    action_id = done["action"]["id"]
    assert (await api.data(NODE, by=moderator, id=action_id))["node"]["note"] == "Be kind."
    await make_moderator(world, world.bob)
    assert [each["user"]["handle"] for each in await acts(api, by=world.bob)] == ["alice"]
    await make_moderator(world, moderator, is_one=False)
    for person in (world.bob, world.alice, moderator, None):
        assert await acts(api, by=person, about=world.bob) == []
        assert (await api.data(OF_USER, by=person, handle="bob"))["user"]["moderationActions"]["edges"] == []
        assert (await api.data(NODE, by=person, id=action_id))["node"] is None
    for person in (world.alice, moderator, None):
        assert await acts(api, by=person) == []


async def test_a_suspended_moderator_reads_nothing_of_it(api: Api, world: World, moderator: Person) -> None:
    await take(api, "WARN", by=moderator, userId=world.bob.id)
    await suspend(world, moderator)
    tokens, viewer = api.services.resources.tokens, moderator.viewer
    token, _ = tokens.access_token(account_id=viewer.account_id, session_id=0, now=utc_now())
    answer = await api.run(LOG, token=token)
    assert answer.data == {"moderationActions": {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    assert (await standing(api, token))["isModerator"] is False


async def test_twenty_who_suspend_at_once_leave_one_row(api: Api, world: World, moderator: Person) -> None:
    await make_moderator(world, world.dan)
    payloads = await asyncio.gather(
        *(take(api, "SUSPEND", by=by, userId=world.bob.id) for by in (moderator, world.dan) * 10)
    )
    assert all(payload["errors"] == [] for payload in payloads)
    assert len({payload["action"]["id"] for payload in payloads}) == 1
    assert await kinds_written(world) == ["SUSPEND"]


async def test_hiding_and_deleting_at_once_take_a_count_once(api: Api, world: World, moderator: Person) -> None:
    post = await world.post(world.alice)
    for _ in range(5):
        reply = await world.post(world.bob, reply_to=post)
        await asyncio.gather(
            take(api, "HIDE_POST", by=moderator, postId=post_id(reply)), world.delete(world.bob, reply)
        )
        assert (await seen(api, post))["replyCount"] == 0


async def test_the_log_and_warnings_page(api: Api, world: World, moderator: Person) -> None:
    notes = [f"note {number}" for number in range(7)]
    for note in notes:
        await take(api, "WARN", by=moderator, userId=world.bob.id, note=note)

    async def log(after: str | None) -> Any:
        return (await api.data(LOG, by=moderator, first=3, after=after))["moderationActions"]

    async def of_bob(after: str | None) -> Any:
        return (await api.data(LOG, by=moderator, user=world.bob.id, first=3, after=after))["moderationActions"]

    async def warnings(after: str | None) -> Any:
        return (await api.data(WARNINGS, by=world.bob, first=3, after=after))["viewer"]["warnings"]

    for fetch in (log, of_bob, warnings):
        assert nodes(await walk(fetch), "note") == notes[::-1]


async def test_a_page_costs_as_many_statements_however_many_acts_it_has(
    api: Api, world: World, moderator: Person
) -> None:
    made = (await report(api, by=world.eve, userId=world.bob.id))["report"]["id"]
    for _ in range(10):
        await take(api, "WARN", by=moderator, reportId=made, postId=post_id(await world.post(world.bob)))
    for first in (2, 10):
        with api.budget(sql=4):
            assert len((await api.data(LOG, by=moderator, first=first))["moderationActions"]["edges"]) == first
        with api.budget(sql=3):
            assert len((await api.data(WARNINGS, by=world.bob, first=first))["viewer"]["warnings"]["edges"]) == first


def test_moderation_runs_compiled(api: Api) -> None:
    for document in (LOG, WARNINGS):
        assert fallbacks_of(api, document) == []
    assert fallbacks_of(api, OF_USER, handle="bob") == []
    assert fallbacks_of(api, TAKE, input={"kind": "WARN"}) == []
