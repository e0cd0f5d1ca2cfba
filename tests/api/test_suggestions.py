"""Suggestions: whom people one follows follow, then popular ones, and never anybody who is out of the question."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.worker import Worker
from core import ids
from core.database import rows_of
from loaders import suggestions
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.api.relations import block_, make_private, mute_, request, suspend
from tests.fixtures.api import Api
from tests.worlds import Person, World

SUGGESTIONS = """
query ($first: Int! = 100, $after: Cursor) {
  suggestions(first: $first, after: $after) {
    edges { cursor node { handle bio } reasons via { handle } viaCount }
    pageInfo { hasNextPage endCursor }
  }
}
"""
DISMISS = """
mutation ($input: DismissSuggestionInput!) {
  dismissSuggestion(input: $input) { user { handle } errors { __typename message code path } }
}
"""


async def suggested(api: Api, person: Person) -> list[Any]:
    """The edges of what is suggested to a person."""
    edges: list[Any] = (await api.data(SUGGESTIONS, by=person))["suggestions"]["edges"]
    return edges


async def handles(api: Api, person: Person) -> list[str]:
    """Who is suggested to a person, the best first."""
    return [edge["node"]["handle"] for edge in await suggested(api, person)]


async def dismiss(api: Api, user_id: str, *, by: Person) -> Any:
    """The payload of dismissSuggestion."""
    return (await api.data(DISMISS, by=by, input={"userId": user_id}))["dismissSuggestion"]


async def reach(world: World, viewer: Person, friends: Sequence[Person], candidates: Sequence[Person]) -> None:
    """The viewer follows each friend, and each of these each candidate."""
    for friend in friends:
        await world.follow(viewer, friend)
        for candidate in candidates:
            await world.follow(friend, candidate)


async def test_whom_most_of_ones_people_follow_comes_first_with_whom_it_comes_by(api: Api, world: World) -> None:
    friends = [await world.join(f"friend{number}") for number in range(5)]
    one, two = [await world.join(name) for name in ("one", "two")]
    await reach(world, world.eve, friends, [one])
    for friend in friends[:2]:
        await world.follow(friend, two)
    found = await suggested(api, world.eve)
    assert [edge["node"]["handle"] for edge in found[:2]] == ["one", "two"]
    assert [edge["reasons"] for edge in found[:2]] == [["FOLLOWED_BY_PEOPLE_YOU_FOLLOW"]] * 2
    assert [edge["viaCount"] for edge in found[:2]] == [5, 2]
    assert [user["handle"] for user in found[0]["via"]] == ["friend4", "friend3", "friend2"]
    assert [user["handle"] for user in found[1]["via"]] == ["friend1", "friend0"]


async def test_everybodys_favourite_weighs_less_than_somebody_few_know(api: Api, world: World, worker: Worker) -> None:
    friends = [await world.join(f"friend{number}") for number in range(3)]
    star, niche = [await world.join(name) for name in ("star", "niche")]
    await reach(world, world.eve, friends, [star])
    for friend in friends[:2]:
        await world.follow(friend, niche)
    assert (await handles(api, world.eve))[:2] == ["star", "niche"]
    for number in range(12):
        await world.follow(await world.join(f"fan{number}"), star)
    await worker.settle()
    # 3 / ln(2 + 15) is less than 2 / ln(2 + 2).
    assert (await handles(api, world.eve))[:2] == ["niche", "star"]


async def test_who_follows_nobody_gets_popular_people_and_they_come_after_those_who_are_reached(
    api: Api, world: World
) -> None:
    found = await suggested(api, world.eve)
    # Alice has two followers, Carol and Bob one.
    assert [edge["node"]["handle"] for edge in found] == ["alice", "carol", "bob"]
    assert [(edge["reasons"], edge["via"], edge["viaCount"]) for edge in found] == [(["POPULAR"], [], 0)] * 3
    few = await world.join("few")
    await reach(world, world.eve, [world.carol], [few])
    found = await suggested(api, world.eve)
    assert [(edge["node"]["handle"], edge["reasons"]) for edge in found] == [
        ("few", ["FOLLOWED_BY_PEOPLE_YOU_FOLLOW"]),
        ("alice", ["POPULAR"]),
        ("bob", ["POPULAR"]),
    ]


@pytest.mark.parametrize("is_reached", [True, False])
async def test_who_is_out_of_the_question_is_never_suggested(api: Api, world: World, *, is_reached: bool) -> None:
    names = ("followed", "requested", "blocked", "blocking", "muted", "suspended", "dismissed", "open")
    people = {name: await world.join(name) for name in names}
    if is_reached:
        await reach(world, world.eve, [world.carol, world.dan], list(people.values()))
    else:
        for person in people.values():
            await world.follow(world.dan, person)
    await world.follow(world.eve, people["followed"])
    await request(world, world.eve, people["requested"])
    await block_(world, world.eve, people["blocked"])
    await block_(world, people["blocking"], world.eve)
    await mute_(world, world.eve, people["muted"])
    await suspend(world, people["suspended"])
    await dismiss(api, people["dismissed"].id, by=world.eve)
    found = set(await handles(api, world.eve))
    assert found & set(names) == {"open"}
    assert "eve" not in found
    # What is known of others is not what keeps them away from anybody else.
    others = set(await handles(api, await world.join("newcomer")))
    assert set(names) - others == {"suspended"}


async def test_a_path_over_people_one_does_not_want_or_may_not_see_leads_nowhere(api: Api, world: World) -> None:
    names = ("blocked", "blocking", "muted", "suspended", "good")
    friends = {name: await world.join(name) for name in names}
    goal = await world.join("goal")
    await reach(world, world.eve, list(friends.values()), [goal])
    await block_(world, world.eve, friends["blocked"])
    await block_(world, friends["blocking"], world.eve)
    await mute_(world, world.eve, friends["muted"])
    await suspend(world, friends["suspended"])
    [edge] = [edge for edge in await suggested(api, world.eve) if edge["node"]["handle"] == "goal"]
    assert (edge["viaCount"], edge["via"]) == (1, [{"handle": "good"}])


async def test_a_private_account_may_be_suggested_and_a_private_friend_leads_on(api: Api, world: World) -> None:
    shy, friend = [await world.join(name) for name in ("shy", "friend")]
    await reach(world, world.eve, [friend], [shy])
    for person in (shy, friend):
        await make_private(world, person)
    [first, *_] = await suggested(api, world.eve)
    assert (first["node"]["handle"], first["via"]) == ("shy", [{"handle": "friend"}])


async def test_only_the_newest_follows_lead_on(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, *people = [await world.join(name) for name in ("old", "new", "early", "late", "later")]
    await reach(world, world.eve, [old, new], people)
    for bound, number in (("MOST_VIA", 1), ("MOST_OF_EACH", 2), ("MOST_RECENT", 0)):
        monkeypatch.setattr(suggestions, bound, number)
    bounded = rows_of(suggestions._select_suggestions(), suggestions.Suggestion)
    monkeypatch.setattr(suggestions, "_SUGGESTIONS", bounded)
    found = await suggested(api, world.eve)
    assert [edge["node"]["handle"] for edge in found] == ["later", "late"]
    assert [edge["via"] for edge in found] == [[{"handle": "new"}]] * 2


async def test_dismissing_twice_is_once_and_for_oneself_alone(api: Api, world: World) -> None:
    assert "bob" in await handles(api, world.dan)
    for _ in range(2):
        with api.budget(sql=3, redis=1):
            payload = await dismiss(api, world.bob.id, by=world.dan)
        assert payload == {"user": {"handle": "bob"}, "errors": []}
        assert "bob" not in await handles(api, world.dan)
    assert "bob" in await handles(api, world.eve)
    payloads = await asyncio.gather(*(dismiss(api, world.carol.id, by=world.dan) for _ in range(20)))
    assert all(payload["errors"] == [] for payload in payloads)
    assert await handles(api, world.dan) == []


async def test_who_is_hidden_cannot_be_dismissed_and_nobody_dismisses_themselves(api: Api, world: World) -> None:
    await block_(world, world.eve, world.alice)
    await suspend(world, world.dan)
    absent = ids.encode(ids.Kind.USER, 1)
    answers = [
        await dismiss(api, wrong, by=world.alice) for wrong in (world.eve.id, world.dan.id, absent, "zzz", "\x00")
    ]
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["user"], refusals(answers[0])) == (None, [("NotFoundError", ["userId"])])
    assert refusals(await dismiss(api, world.alice.id, by=world.alice)) == [("NotAllowedError", ["userId"])]


async def test_needs_a_viewer(api: Api, world: World) -> None:
    assert (await api.run(SUGGESTIONS)).codes == ["UNAUTHENTICATED"]
    assert (await api.run(DISMISS, input={"userId": world.bob.id})).codes == ["UNAUTHENTICATED"]


async def test_suggestions_page_without_gap_or_repeat_for_two_statements_a_page(api: Api, world: World) -> None:
    friends = [await world.join(f"friend{number}") for number in range(4)]
    people = [await world.join(f"person{number}") for number in range(9)]
    await reach(world, world.eve, friends, people[:5])
    for person in people[5:]:
        await world.follow(world.dan, person)
    expected = await handles(api, world.eve)
    assert set(expected) >= {person.handle for person in people}

    async def fetch(after: str | None) -> Any:
        with api.budget(sql=2):
            return (await api.data(SUGGESTIONS, by=world.eve, first=2, after=after))["suggestions"]

    assert nodes(await walk(fetch), "handle") == expected


def test_suggestions_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, SUGGESTIONS) == []
    assert fallbacks_of(api, DISMISS, input={"userId": "zzz"}) == []
