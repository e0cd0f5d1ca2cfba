"""Muting people: with options, until a time, and known to the muter alone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.worker import Worker
from core import ids
from core.clock import utc_now
from tests.api.compiled import fallbacks_of
from tests.api.mutes import MUTE, MUTES, UNMUTE, count_of, mute, run_out, unmute
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World

STANCES = "query ($first: Int!) { publicFeed(first: $first) { edges { node { author { handle viewerIsMuting } } } } }"


async def mutes_of(api: Api, person: Person, *, first: int = 100) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(MUTES, by=person, first=first, after=after))["viewer"]["mutes"]

    return await walk(fetch)


async def test_muting_tells_how_and_muting_again_changes_it(api: Api, world: World, database_url: str) -> None:
    payload = await mute(api, world.bob, by=world.alice)
    assert payload["errors"] == []
    first = payload["user"]["viewerMute"]
    assert payload["user"]["viewerIsMuting"] is True
    assert (first["until"], first["hidesNotifications"], first["onlyReposts"]) == (None, True, False)
    until = (utc_now() + timedelta(hours=1)).isoformat()
    options = {"until": until, "hidesNotifications": False, "onlyReposts": True}
    again = (await mute(api, world.bob, by=world.alice, **options))["user"]["viewerMute"]
    assert again == {**options, "mutedAt": first["mutedAt"]}
    assert (await mute(api, world.bob, by=world.alice))["user"]["viewerMute"] == first
    assert await count_of(database_url, "mute") == 1


async def test_unmuting_takes_it_back_and_twice_is_once(api: Api, world: World) -> None:
    await mute(api, world.bob, by=world.alice)
    for _ in range(2):
        payload = await unmute(api, world.bob, by=world.alice)
        assert payload == {"user": {"handle": "bob", "viewerIsMuting": False, "viewerMute": None}, "errors": []}
    assert nodes(await mutes_of(api, world.alice), "handle") == []


async def test_a_time_without_an_offset_is_taken_as_utc(api: Api, world: World) -> None:
    payload = await mute(api, world.bob, by=world.alice, until="2100-01-02T03:04:05")
    assert payload["user"]["viewerMute"]["until"] == "2100-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2020-01-01T00:00:00Z", "PAST"),
        ("0001-01-01T00:00:00+14:00", "PAST"),
        ("2020-01-01T00:00:00", "PAST"),
        ("9999-12-31T23:59:59-14:00", "TOO_LATE"),
    ],
)
async def test_a_mute_ends_later_than_now_and_within_a_lifetime(api: Api, world: World, until: str, code: str) -> None:
    payload = await mute(api, world.bob, by=world.alice, until=until)
    assert payload["user"] is None
    [error] = payload["errors"]
    assert (error["__typename"], error["code"], error["path"]) == ("ValidationError", code, ["until"])
    assert nodes(await mutes_of(api, world.alice), "handle") == []


@pytest.mark.parametrize(("document", "act"), [(MUTE, "muteUser"), (UNMUTE, "unmuteUser")])
async def test_who_is_not_there_is_not_muted_and_nobody_mutes_without_signing_in(
    api: Api, world: World, document: str, act: str
) -> None:
    await world.block(world.dan, world.alice)
    absent = ids.encode(ids.Kind.USER, 1)
    answers = []
    for target in (world.dan.id, absent, ids.encode(ids.Kind.POST, 1), "'; --"):
        payload = (await api.data(document, by=world.alice, input={"userId": target}))[act]
        assert payload["user"] is None
        assert refusals(payload) == [("NotFoundError", ["userId"])]
        answers.append(payload)
    assert answers == answers[:1] * len(answers), "hidden is as absent"
    answer = await api.run(document, input={"userId": world.bob.id})
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_nobody_mutes_themselves_or_whom_they_block(api: Api, world: World) -> None:
    await world.block(world.alice, world.eve)
    for target in (world.alice, world.eve):
        assert refusals(await mute(api, target, by=world.alice)) == [("NotAllowedError", ["userId"])]
        assert refusals(await unmute(api, target, by=world.alice)) == []


async def test_whoever_has_become_hidden_since_can_be_unmuted(api: Api, world: World, database_url: str) -> None:
    await mute(api, world.bob, by=world.alice)
    await world.block(world.bob, world.alice)
    assert await unmute(api, world.bob, by=world.alice) == {"user": None, "errors": []}
    assert await count_of(database_url, "mute") == 0
    assert refusals(await unmute(api, world.bob, by=world.alice)) == [("NotFoundError", ["userId"])]


async def test_many_at_once_are_one(api: Api, world: World, database_url: str) -> None:
    payloads = await asyncio.gather(*(mute(api, world.bob, by=world.alice) for _ in range(5)))
    assert [payload["errors"] for payload in payloads] == [[]] * 5
    assert await count_of(database_url, "mute") == 1
    await asyncio.gather(*(unmute(api, world.bob, by=world.alice) for _ in range(5)))
    assert await count_of(database_url, "mute") == 0


async def test_the_muted_and_others_are_not_told(api: Api, world: World) -> None:
    await mute(api, world.bob, by=world.alice)
    document = 'query { user(handle: "bob") { viewerIsMuting viewerMute { until } followerCount } }'
    for other in (world.bob, world.eve, None):
        data = await api.data(document, by=other)
        assert data["user"] == {"viewerIsMuting": False, "viewerMute": None, "followerCount": 1}
        if other is not None:
            assert nodes(await mutes_of(api, other), "handle") == []


async def test_mutes_are_listed_latest_first_in_pages_without_who_is_hidden(api: Api, world: World) -> None:
    people = [await world.join(f"person{number}") for number in range(6)]
    for person in people:
        await mute(api, person, by=world.alice, onlyReposts=person is people[0])
    await world.block(people[4], world.alice)
    await world.block(people[3], world.alice)
    pages = await mutes_of(api, world.alice, first=2)
    assert nodes(pages, "handle") == ["person5", "person2", "person1", "person0"]
    assert [len(page["edges"]) for page in pages] == [2, 2]
    assert [edge["mute"]["onlyReposts"] for page in pages for edge in page["edges"]] == [False, False, False, True]


async def test_a_page_of_mutes_is_two_statements_and_stances_to_many_are_one(api: Api, world: World) -> None:
    for person in (world.bob, world.carol, world.eve):
        await mute(api, person, by=world.alice)
        await world.post(person)
    with api.budget(sql=2):
        data = await api.data(MUTES, by=world.alice, first=20)
    assert len(data["viewer"]["mutes"]["edges"]) == 3
    document = 'query { bob: user(handle: "bob") { viewerIsMuting } dan: user(handle: "dan") { viewerIsMuting } }'
    with api.budget(sql=2):
        data = await api.data(document, by=world.alice)
    assert data == {"bob": {"viewerIsMuting": True}, "dan": {"viewerIsMuting": False}}
    with api.budget(sql=1):
        await api.data(document)


async def test_a_mute_that_has_ended_is_none_and_is_swept(
    api: Api, world: World, worker: Worker, database_url: str
) -> None:
    until = (utc_now() + timedelta(hours=1)).isoformat()
    await mute(api, world.bob, by=world.alice, until=until)
    await run_out(database_url, "mute")
    await mute(api, world.carol, by=world.alice)
    await mute(api, world.dan, by=world.alice, until=until)
    assert nodes(await mutes_of(api, world.alice), "handle") == ["dan", "carol"]
    document = 'query { user(handle: "bob") { viewerIsMuting viewerMute { until } } }'
    assert (await api.data(document, by=world.alice))["user"] == {"viewerIsMuting": False, "viewerMute": None}
    assert await count_of(database_url, "mute") == 3
    await worker._sweep()
    assert await count_of(database_url, "mute") == 2
    await run_out(database_url, "mute")
    assert (await mute(api, world.carol, by=world.alice))["user"]["viewerIsMuting"] is True
    assert nodes(await mutes_of(api, world.alice), "handle") == ["carol"]
    assert (await mute(api, world.dan, by=world.alice))["user"]["viewerIsMuting"] is True
    assert nodes(await mutes_of(api, world.alice), "handle") == ["dan", "carol"], "the latest of both has begun anew"


async def test_everything_about_mutes_runs_compiled(api: Api) -> None:
    assert fallbacks_of(api, MUTES, first=20) == []
    assert fallbacks_of(api, MUTE, input={"userId": "AQAAAAAAAAAB"}) == []
    assert fallbacks_of(api, STANCES, first=20) == []
