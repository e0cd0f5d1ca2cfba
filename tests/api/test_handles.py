"""Changing one's handle: the old one leads to its owner for 30 days, and is nobody else's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actions import archives, imports
from actions.imports import ArchivedAccount
from app.worker import Worker
from core.errors import ValidationError
from tests.api.sessions import login, register, signed_up
from tests.api.test_accounts import problems
from tests.fixtures.api import Api
from tests.worlds import Person, World

CHANGE = """
mutation ($input: ChangeHandleInput!) {
  changeHandle(input: $input) {
    user { id handle }
    errors { __typename message code path ... on ThrottledError { retryAt } }
  }
}
"""
USER = "query ($handle: String!) { user(handle: $handle) { id handle } }"
PROFILE = """
query ($handle: String!) {
  user(handle: $handle) { handle followerCount posts(first: 5) { edges { node { body author { handle } } } } }
}
"""
KEPT_FOR = timedelta(days=30)


async def change(api: Api, by: Person, handle: str) -> Any:
    """The payload of changeHandle."""
    return (await api.data(CHANGE, by=by, input={"handle": handle}))["changeHandle"]


async def changed(api: Api, by: Person, handle: str) -> None:
    """Changes a handle, which must work."""
    payload = await change(api, by, handle)
    assert payload == {"user": {"id": by.id, "handle": handle}, "errors": []}


async def found(api: Api, handle: str, *, by: Person | None = None) -> str | None:
    """The handle of whom a handle leads to."""
    user = (await api.data(USER, by=by, handle=handle))["user"]
    return None if user is None else str(user["handle"])


async def execute(api: Api, statement: str, *arguments: object) -> None:
    async with api.services.db._connection() as connection:
        await connection.execute(statement, *arguments)


async def run_out(api: Api, handle: str) -> None:
    """Lets a handle be kept no longer."""
    await execute(api, "UPDATE former_handle SET until = now() WHERE handle = $1", handle)


async def kept(api: Api) -> list[str]:
    """The handles that are in the table of former ones."""
    async with api.services.db._connection() as connection:
        return [row["handle"] for row in await connection.fetch("SELECT handle FROM former_handle ORDER BY handle")]


async def test_the_old_handle_leads_to_the_account_with_its_new_one(api: Api, world: World) -> None:
    await world.post(world.alice, "mine")
    await changed(api, world.alice, "Alice_2")
    for viewer in (world.alice, world.eve, None):
        for handle in ("alice", "ALICE", "alice_2"):
            assert await found(api, handle, by=viewer) == "Alice_2"
    user = (await api.data(PROFILE, handle="alice"))["user"]
    assert (user["handle"], user["followerCount"]) == ("Alice_2", 2)
    assert user["posts"]["edges"] == [{"node": {"body": "mine", "author": {"handle": "Alice_2"}}}]


async def test_several_old_handles_and_new_ones_in_a_document_are_two_statements(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    await changed(api, world.bob, "bob_2")
    with api.budget(sql=2):
        data = await api.data(
            '{ a: user(handle: "alice") { handle } b: user(handle: "BOB") { handle }'
            ' c: user(handle: "carol") { handle } n: user(handle: "nobody") { handle } }'
        )
    handles = {name: user and user["handle"] for name, user in data.items()}
    assert handles == {"a": "alice_2", "b": "bob_2", "c": "carol", "n": None}


async def test_a_handle_that_is_there_costs_one_statement_and_another_one_more(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    with api.budget(sql=1):
        await found(api, "alice_2")
    with api.budget(sql=1):
        await api.data(PROFILE, handle="alice_2")
    for handle in ("alice", "nobody"):
        with api.budget(sql=2):
            await found(api, handle)
    with api.budget(sql=2):
        await api.data(PROFILE, handle="nobody")


@pytest.mark.parametrize("handle", ["", "a", "a" * 31, "al ice", "älice", "alice\n", "a\x00b", "@alice"])
async def test_a_malformed_handle_is_refused(api: Api, world: World, handle: str) -> None:
    payload = await change(api, world.alice, handle)
    assert payload["user"] is None
    assert problems(payload) == [("handle", "MALFORMED")]
    assert await found(api, "alice") == "alice"


@pytest.mark.parametrize("handle", ["bob", "BOB"])
async def test_a_taken_handle_is_refused_and_nothing_is_kept(api: Api, world: World, handle: str) -> None:
    payload = await change(api, world.alice, handle)
    assert payload["user"] is None
    assert problems(payload) == [("handle", "TAKEN")]
    assert (await found(api, "alice"), await found(api, "bob"), await kept(api)) == ("alice", "bob", [])


async def test_an_old_handle_is_nobody_elses_while_it_leads_to_its_owner(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    db = api.services.db
    assert problems(await change(api, world.bob, "Alice")) == [("handle", "TAKEN")]
    assert problems(await register(api, "ALICE", email="another@rookery.example")) == [("handle", "TAKEN")]
    with pytest.raises(ValidationError, match="handle already"):
        await db.transact(archives.create_account, handle="alice", display_name="Another")
    archived = [ArchivedAccount("1", "someone", "Someone"), ArchivedAccount("2", "Alice", "Another")]
    with pytest.raises(ValidationError, match="the handle alice"):
        await db.transact(imports.add_accounts, "a source", archived)
    assert (await found(api, "alice"), await found(api, "bob")) == ("alice_2", "bob")
    assert await found(api, "someone") is None


async def test_its_owner_gets_it_back(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    await changed(api, world.alice, "Alice")
    assert (await found(api, "alice"), await found(api, "alice_2")) == ("Alice", "Alice")
    assert await kept(api) == ["alice_2"]


async def test_a_change_of_case_keeps_nothing(api: Api, world: World) -> None:
    for handle in ("Alice", "ALICE", "ALICE"):
        await changed(api, world.alice, handle)
    assert (await found(api, "alice"), await kept(api)) == ("ALICE", [])


async def test_after_its_time_a_handle_leads_nowhere_and_is_anybodys(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    await run_out(api, "alice")
    assert await found(api, "alice") is None
    await changed(api, world.bob, "alice")
    assert (await found(api, "alice"), await found(api, "bob")) == ("alice", "alice")
    assert await kept(api) == ["bob"]


async def test_a_handle_that_ran_out_and_was_taken_is_kept_for_its_last_owner(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    await run_out(api, "alice")
    await changed(api, await world.join("frank"), "alice")
    await changed(api, world.people["frank"], "francis")
    assert await found(api, "alice") == "francis"
    assert problems(await change(api, world.alice, "alice")) == [("handle", "TAKEN")]


async def test_the_worker_sweeps_what_has_run_out(api: Api, world: World, worker: Worker) -> None:
    await changed(api, world.alice, "alice_2")
    await changed(api, world.bob, "bob_2")
    await run_out(api, "alice")
    await worker._sweep()
    assert await kept(api) == ["bob"]


async def test_a_fourth_handle_has_to_wait_and_a_way_back_has_not(api: Api, world: World) -> None:
    for number in (1, 2, 3):
        await changed(api, world.alice, f"alice_{number}")
    first_left = datetime.now(UTC) + timedelta(days=1)
    await execute(api, "UPDATE former_handle SET until = $1 WHERE handle = 'alice'", first_left)
    payload = await change(api, world.alice, "alice_4")
    assert payload["user"] is None
    [error] = payload["errors"]
    assert (error["__typename"], error["code"], error["path"]) == ("ThrottledError", "THROTTLED", ["handle"])
    assert datetime.fromisoformat(error["retryAt"]) == first_left
    assert await found(api, "alice_4") is None
    await changed(api, world.alice, "ALICE_3")
    await changed(api, world.alice, "alice_2")
    assert await kept(api) == ["alice", "alice_1", "alice_3"]
    await run_out(api, "alice")
    await changed(api, world.alice, "alice_4")


async def test_a_handle_is_kept_for_thirty_days(api: Api, world: World) -> None:
    await changed(api, world.alice, "alice_2")
    async with api.services.db._connection() as connection:
        left = await connection.fetchval("SELECT until - now() FROM former_handle")
    assert KEPT_FOR - timedelta(minutes=5) < left <= KEPT_FOR


async def test_changing_needs_a_viewer(api: Api, world: World) -> None:
    answer = await api.run(CHANGE, input={"handle": "somebody"})
    assert answer.codes == ["UNAUTHENTICATED"]
    assert await found(api, "somebody") is None


async def test_one_signs_in_by_the_new_handle_and_by_the_old_one(api: Api, world: World) -> None:
    frank = await signed_up(api, "frank")
    answer = await api.run(CHANGE, token=frank.access_token, input={"handle": "francis"})
    assert answer.data["changeHandle"]["errors"] == []
    for handle in ("francis", "frank", "FRANK"):
        payload = await login(api, handle)
        assert payload["viewer"]["user"]["handle"] == "francis"
    await run_out(api, "frank")
    assert (await login(api, "frank"))["viewer"] is None


async def test_of_those_who_want_a_handle_at_once_one_gets_it(api: Api, world: World) -> None:
    people = [world.alice, world.bob, world.carol, world.dan]
    payloads = await asyncio.gather(
        *(change(api, person, handle) for person, handle in zip(people, ("Owl", "owl") * 2, strict=True)),
        register(api, "OWL", email="owl@rookery.example"),
    )
    assert sorted(problems(payload) for payload in payloads) == [[]] + [[("handle", "TAKEN")]] * 4
    assert await found(api, "owl") in {"Owl", "owl", "OWL"}


@pytest.mark.parametrize("attempt", range(5))
async def test_a_handle_that_is_just_left_is_still_nobody_elses(api: Api, world: World, attempt: int) -> None:
    """Whoever comes first: she leaves and it is kept for her, or the other one is told that she has it."""
    outcomes = await asyncio.gather(
        change(api, world.alice, "alice_2"),
        *(change(api, person, "alice") for person in (world.bob, world.carol, world.dan)),
        register(api, "alice", email="another@rookery.example"),
    )
    assert problems(outcomes[0]) == []
    assert [problems(outcome) for outcome in outcomes[1:]] == [[("handle", "TAKEN")]] * 4
    assert await found(api, "alice") == "alice_2"


async def test_two_who_want_each_others_handle_both_stay(api: Api, world: World) -> None:
    payloads = await asyncio.gather(change(api, world.alice, "bob"), change(api, world.bob, "alice"))
    assert [problems(payload) for payload in payloads] == [[("handle", "TAKEN")]] * 2
    assert (await found(api, "alice"), await found(api, "bob"), await kept(api)) == ("alice", "bob", [])


async def test_changes_of_one_person_at_once_follow_each_other(api: Api, world: World) -> None:
    names = [f"alice_{number}" for number in range(3)]
    payloads = await asyncio.gather(*(change(api, world.alice, name) for name in names))
    assert all(payload["errors"] == [] for payload in payloads)
    current = await found(api, "alice")
    assert await kept(api) == sorted({"alice", *names} - {current})
    for name in names:
        assert await found(api, name) == current


async def test_a_change_costs_seven_statements(api: Api, world: World) -> None:
    with api.budget(sql=7, redis=1):
        await changed(api, world.alice, "alice_2")
    with api.budget(sql=3, redis=1):
        await changed(api, world.alice, "Alice_2")
