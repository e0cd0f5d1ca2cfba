"""Registering and changing a profile."""

import asyncio
from typing import Any

import pytest

from app.services import ProcessServices
from tests.api.sessions import PASSWORD, is_refused, register, signed_up, who_am_i
from tests.fixtures.api import Api
from tests.worlds import World

UPDATE = """
mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) { user { displayName bio } errors { __typename code path } }
}
"""
USER = "query ($handle: String!) { user(handle: $handle) { handle displayName } }"


def problems(payload: Any) -> list[tuple[str, str]]:
    """(field, code) of each error."""
    return [(".".join(error["path"]), error["code"]) for error in payload["errors"]]


async def test_registering_signs_in(api: Api) -> None:
    payload = await register(api, "frank", displayName="  Frank  ")
    assert payload["errors"] == []
    assert payload["viewer"] == {
        "email": "frank@rookery.example",
        "user": {"handle": "frank", "displayName": "Frank"},
    }
    answer = await who_am_i(api, payload["accessToken"])
    assert answer.data == {"viewer": {"user": {"handle": "frank"}}}


async def test_a_name_loses_what_is_not_seen_or_turns_others_around(api: Api) -> None:
    payload = await register(api, "frank", displayName="\u202eFr\u200bank\u2069 \u00ad")
    assert payload["viewer"]["user"]["displayName"] == "Frank"


async def test_every_problem_is_told_at_once(api: Api) -> None:
    payload = await register(api, "f!", displayName=" ", email="nobody", password="short")
    assert is_refused(payload)
    assert {error["__typename"] for error in payload["errors"]} == {"ValidationError"}
    assert problems(payload) == [
        ("handle", "MALFORMED"),
        ("displayName", "BLANK"),
        ("email", "MALFORMED"),
        ("password", "TOO_SHORT"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("handle", "", "MALFORMED"),
        ("handle", "f", "MALFORMED"),
        ("handle", "f" * 31, "MALFORMED"),
        ("handle", "frank\n", "MALFORMED"),
        ("handle", "fränk", "MALFORMED"),
        ("handle", "fr\x00nk", "MALFORMED"),
        ("handle", "frank٣", "MALFORMED"),
        ("handle", "fr\u0430nk", "MALFORMED"),
        ("handle", "frank\u200b", "MALFORMED"),
        ("displayName", "\u200b\u200d", "BLANK"),
        ("displayName", "\u202e\u3164", "BLANK"),
        ("displayName", "\u200b" * 9_000 + "a", "TOO_LONG"),
        ("displayName", "a\x00b", "UNSTORABLE"),
        ("displayName", "a" * 65, "TOO_LONG"),
        ("email", "frank@", "MALFORMED"),
        ("email", "a b@rookery.example", "MALFORMED"),
        ("email", "frank@rookery", "MALFORMED"),
        ("email", "frank@rookery.example\x00", "MALFORMED"),
        ("email", "f" * 255 + "@rookery.example", "MALFORMED"),
        ("password", "seven77", "TOO_SHORT"),
        ("password", "a" * 1025, "TOO_LONG"),
        ("password", "é" * 513, "TOO_LONG"),
        ("password", "long enough\x00", "TOO_LONG"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(api: Api, field: str, value: str, code: str) -> None:
    payload = await register(api, **{field: value})
    assert is_refused(payload)
    assert problems(payload) == [(field, code)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("handle", "f_"),
        ("handle", "F" * 30),
        ("displayName", "👩🏽‍🚀" * 30),
        ("password", "a" * 1024),
        ("password", "8chars!!"),
    ],
)
async def test_a_field_at_its_bound_is_taken(api: Api, field: str, value: str) -> None:
    assert (await register(api, **{field: value}))["errors"] == []


@pytest.mark.parametrize("handle", ["frank", "FRANK", "fRaNk"])
async def test_a_taken_handle_is_taken_whatever_its_case(api: Api, handle: str) -> None:
    await signed_up(api, "Frank")
    payload = await register(api, handle, email="another@rookery.example")
    assert is_refused(payload)
    assert problems(payload) == [("handle", "TAKEN")]


@pytest.mark.parametrize("email", ["frank@rookery.example", "Frank@Rookery.Example"])
async def test_a_taken_email_is_taken_whatever_its_case(api: Api, email: str) -> None:
    await signed_up(api, "frank")
    payload = await register(api, "another", email=email)
    assert is_refused(payload)
    assert problems(payload) == [("email", "TAKEN")]


async def test_of_those_who_register_the_same_handle_at_once_one_gets_it(api: Api) -> None:
    payloads = await asyncio.gather(
        *(
            register(api, handle, email=f"{handle}{n}@rookery.example")
            for n, handle in enumerate(("Frank", "frank") * 2)
        )
    )
    assert sorted(problems(payload) for payload in payloads) == [[]] + [[("handle", "TAKEN")]] * 3
    [winner] = [payload for payload in payloads if not payload["errors"]]
    found = await api.data(USER, handle="frank")
    assert found["user"]["handle"] == winner["viewer"]["user"]["handle"]


async def test_passwords_are_stored_as_hashes_only(api: Api, services: ProcessServices) -> None:
    await signed_up(api, "frank")
    async with services.db._connection() as connection:
        rows = await connection.fetch("SELECT account::text, session::text FROM account, session")
    stored = " ".join(str(column) for row in rows for column in row)
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"displayName": "Alice the Great"}, {"displayName": "Alice the Great", "bio": ""}),
        ({"bio": "one\r\ntwo"}, {"displayName": "Alice", "bio": "one\ntwo"}),
        ({"displayName": "A", "bio": ""}, {"displayName": "A", "bio": ""}),
        ({"displayName": "Al\u200bice\u202e 👩🏽‍🚀"}, {"displayName": "Alice 👩🏽‍🚀", "bio": ""}),
        ({"bio": "\u2066می‌خواهم\u2069"}, {"displayName": "Alice", "bio": "می‌خواهم"}),
        ({"displayName": None}, {"displayName": "Alice", "bio": ""}),
        ({}, {"displayName": "Alice", "bio": ""}),
    ],
)
async def test_a_profile_changes_where_it_is_told_to(
    api: Api, world: World, change: dict[str, str], expected: dict[str, str]
) -> None:
    data = await api.data(UPDATE, by=world.alice, input=change)
    assert data["updateProfile"] == {"user": expected, "errors": []}


async def test_a_profile_that_breaks_rules_stays_as_it_is(api: Api, world: World) -> None:
    change = {"displayName": "\u200b", "bio": "a" * 501}
    data = await api.data(UPDATE, by=world.alice, input=change)
    assert data["updateProfile"]["user"] is None
    assert problems(data["updateProfile"]) == [("displayName", "BLANK"), ("bio", "TOO_LONG")]
    assert (await api.data(USER, handle="alice"))["user"]["displayName"] == "Alice"


async def test_a_profile_needs_a_viewer(api: Api, world: World) -> None:
    assert (await api.run(UPDATE, input={"bio": "mine"})).codes == ["UNAUTHENTICATED"]
