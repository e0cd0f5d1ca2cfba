"""What people say about themselves."""

import asyncio
from typing import Any

import pytest

from schema.root import Schema, build_schema
from tests.api.test_accounts import problems
from tests.api.test_hostile_strings import HOSTILE
from tests.api.test_no_fallback import fallbacks_of
from tests.fixtures.api import Api
from tests.worlds import Person, World

_DETAILS = "fields { name value } website location isBot avatarUrl headerUrl"
UPDATE = f"""
mutation ($input: UpdateProfileInput!) {{
  updateProfile(input: $input) {{
    user {{ displayName bio {_DETAILS} }}
    errors {{ __typename message code path }}
  }}
}}
"""
USER = f"query ($handle: String!) {{ user(handle: $handle) {{ handle {_DETAILS} }} }}"
AUTHORS = f"{{ publicFeed(first: 10) {{ edges {{ node {{ body author {{ handle {_DETAILS} }} }} }} }} }}"
NOTHING: dict[str, Any] = {
    "fields": [],
    "website": None,
    "location": None,
    "isBot": False,
    "avatarUrl": None,
    "headerUrl": None,
}
FULL: dict[str, Any] = {
    "fields": [{"name": "Pronouns", "value": "she/her"}, {"name": "Code", "value": "https://code.example/alice"}],
    "website": "https://alice.example",
    "location": "Reykjavík",
    "isBot": True,
    "avatarUrl": "https://pictures.example/alice.png",
    "headerUrl": "https://pictures.example/wide.png?size=2",
}


async def update(api: Api, by: Person, **change: Any) -> Any:
    """The payload of updateProfile."""
    return (await api.data(UPDATE, by=by, input=change))["updateProfile"]


async def profile(api: Api, handle: str = "alice", *, by: Person | None = None) -> Any:
    """The details as somebody sees them."""
    user = (await api.data(USER, by=by, handle=handle))["user"]
    del user["handle"]
    return user


async def test_a_new_profile_says_nothing_and_a_filled_one_says_it_to_everyone(api: Api, world: World) -> None:
    assert await profile(api) == NOTHING
    payload = await update(api, world.alice, **FULL)
    assert payload == {"user": {"displayName": "Alice", "bio": "", **FULL}, "errors": []}
    for viewer in (world.alice, world.eve, None):
        assert await profile(api, by=viewer) == FULL


@pytest.mark.parametrize("part", NOTHING)
async def test_what_is_left_out_stays_and_null_takes_away(api: Api, world: World, part: str) -> None:
    await update(api, world.alice, **FULL)
    assert (await update(api, world.alice, bio="else"))["errors"] == []
    assert await profile(api) == FULL
    assert (await update(api, world.alice, **{part: None}))["errors"] == []
    assert await profile(api) == {**FULL, part: NOTHING[part]}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"website": "  HTTPS://Alice.Example/ä  "}, {"website": "https://alice.example/%C3%A4"}),
        ({"location": " at\nsea  "}, {"location": "at sea"}),
        ({"location": " \u200b "}, {"location": None}),
        ({"fields": [{"name": " a\tb ", "value": "one\r\ntwo"}]}, {"fields": [{"name": "a b", "value": "one two"}]}),
        ({"fields": []}, {"fields": []}),
    ],
)
async def test_parts_are_stored_in_their_plain_form(
    api: Api, world: World, given: dict[str, Any], stored: dict[str, Any]
) -> None:
    assert (await update(api, world.alice, **given))["errors"] == []
    assert await profile(api) == {**NOTHING, **stored}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"website": "javascript:alert(1)"}, ("website", "MALFORMED")),
        ({"website": ""}, ("website", "MALFORMED")),
        ({"avatarUrl": "https://user:secret@pictures.example/"}, ("avatarUrl", "MALFORMED")),
        ({"headerUrl": "https://pictures.example/\u202egnp.exe"}, ("headerUrl", "MALFORMED")),
        ({"website": "https://alice.example/" + "a" * 1_979}, ("website", "TOO_LONG")),
        ({"website": "https://alice.example/" + "ä" * 400}, ("website", "TOO_LONG")),
        ({"location": "x" * 65}, ("location", "TOO_LONG")),
        ({"location": "a\x00b"}, ("location", "UNSTORABLE")),
        ({"fields": [{"name": "n", "value": "v"}] * 7}, ("fields", "TOO_MANY")),
        ({"fields": [{"name": "\u200b", "value": "v"}]}, ("fields.0.name", "BLANK")),
        ({"fields": [{"name": "n", "value": "v"}, {"name": "n", "value": " "}]}, ("fields.1.value", "BLANK")),
        ({"fields": [{"name": "n" * 65, "value": "v"}]}, ("fields.0.name", "TOO_LONG")),
        ({"fields": [{"name": "n", "value": "v" * 256}]}, ("fields.0.value", "TOO_LONG")),
        ({"fields": [{"name": "n", "value": "\x1b[31m"}]}, ("fields.0.value", "UNSTORABLE")),
    ],
)
async def test_a_part_that_breaks_a_rule_is_named_and_nothing_changes(
    api: Api, world: World, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    await update(api, world.alice, **FULL)
    payload = await update(api, world.alice, isBot=False, **change)
    assert payload["user"] is None
    assert problems(payload) == [expected]
    assert await profile(api) == FULL


async def test_every_problem_is_told_at_once(api: Api, world: World) -> None:
    payload = await update(
        api,
        world.alice,
        displayName=" ",
        fields=[{"name": "", "value": ""}],
        website="x",
        location="y" * 65,
        avatarUrl="x",
        headerUrl="x",
    )
    assert {error["__typename"] for error in payload["errors"]} == {"ValidationError"}
    assert [".".join(error["path"]) for error in payload["errors"]] == [
        "displayName",
        "fields.0.name",
        "fields.0.value",
        "website",
        "location",
        "avatarUrl",
        "headerUrl",
    ]


async def test_parts_at_their_bounds_are_taken(api: Api, world: World) -> None:
    payload = await update(
        api,
        world.alice,
        fields=[{"name": "n" * 64, "value": "👩🏽‍🚀" * 100}] * 6,
        website="https://alice.example/" + "a" * 1_978,
        location="l" * 64,
    )
    assert payload["errors"] == []
    assert len(payload["user"]["website"]) == 2_000
    assert len(payload["user"]["fields"]) == 6


@pytest.mark.parametrize("value", [5, True, ["https://alice.example"], {"a": "b"}])
async def test_an_address_is_a_text(api: Api, world: World, value: Any) -> None:
    answer = await api.run(UPDATE, by=world.alice, input={"website": value})
    assert answer.codes == ["BAD_INPUT"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_in_a_field_is_stored_as_it_is_or_refused(api: Api, world: World, text: str) -> None:
    answer = await api.run(UPDATE, by=world.alice, input={"fields": [{"name": text, "value": text}]})
    assert set(answer.codes) <= {"BAD_INPUT"}
    if answer.errors or answer.data["updateProfile"]["errors"]:
        assert await profile(api) == NOTHING
    else:
        assert (await profile(api))["fields"] == [{"name": text, "value": text}]


async def test_changes_of_different_parts_at_once_all_stay(api: Api, world: World) -> None:
    payloads = await asyncio.gather(*(update(api, world.alice, **{part: value}) for part, value in FULL.items()))
    assert all(payload["errors"] == [] for payload in payloads)
    assert await profile(api) == FULL


async def test_changing_a_profile_needs_a_viewer_and_costs_two_statements(api: Api, world: World) -> None:
    assert (await api.run(UPDATE, input=FULL)).codes == ["UNAUTHENTICATED"]
    assert await profile(api) == NOTHING
    with api.budget(sql=2, redis=1):
        await update(api, world.alice, **FULL)


async def test_details_come_with_their_users_statement(api: Api, world: World) -> None:
    await update(api, world.bob, **FULL)
    await world.post(world.bob)
    await world.post(world.carol)
    with api.budget(sql=1):
        assert await profile(api, "bob") == FULL
    with api.budget(sql=1):
        found = await api.data(AUTHORS)
    authors = [edge["node"]["author"] for edge in found["publicFeed"]["edges"]]
    assert authors == [{"handle": "carol", **NOTHING}, {"handle": "bob", **FULL}]


BIO = """
query ($handle: String!) {
  user(handle: $handle) {
    bio
    bioEntities {
      __typename range { start end } utf16Range { start end }
      ... on MentionEntity { user { handle } } ... on HashtagEntity { name } ... on LinkEntity { url }
    }
  }
}
"""


async def bio(api: Api, handle: str = "alice") -> Any:
    return (await api.data(BIO, handle=handle))["user"]


async def rename(api: Api, person: Person, handle: str) -> None:
    change = "mutation ($handle: String!) { changeHandle(input: {handle: $handle}) { errors { code } } }"
    assert (await api.data(change, by=person, handle=handle))["changeHandle"]["errors"] == []


async def test_mentions_hashtags_and_links_in_a_bio_are_told(api: Api, world: World) -> None:
    assert await bio(api) == {"bio": "", "bioEntities": []}
    text = "🐦 of @Bob, not @nobody: #Birds at example.com"
    with api.budget(sql=4, redis=1):
        await update(api, world.alice, bio=text)
    with api.budget(sql=2):
        found = await bio(api)
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("MentionEntity", "@Bob", {"user": {"handle": "bob"}}),
        ("HashtagEntity", "#Birds", {"name": "Birds"}),
        ("LinkEntity", "example.com", {"url": "https://example.com"}),
    ]
    assert found == {
        "bio": text,
        "bioEntities": [
            {
                "__typename": kind,
                "range": {"start": text.index(shown), "end": text.index(shown) + len(shown)},
                "utf16Range": {"start": text.index(shown) + 1, "end": text.index(shown) + len(shown) + 1},
                **facts,
            }
            for kind, shown, facts in told
        ],
    }
    await update(api, world.alice, displayName="Al", website=None)
    assert await bio(api) == found
    await update(api, world.alice, bio="")
    assert await bio(api) == {"bio": "", "bioEntities": []}


async def test_whom_a_bio_mentions_stays_who_they_were(api: Api, world: World) -> None:
    await update(api, world.alice, bio="with @bob")
    await rename(api, world.bob, "robert")
    async with api.services.db._connection() as connection:
        await connection.execute("UPDATE former_handle SET until = now()")
    await rename(api, world.carol, "bob")
    for text in ("with @bob", "with @bob and @dan"):
        await update(api, world.alice, bio=text)
        assert (await bio(api))["bioEntities"][0]["user"] == {"handle": "robert"}
    await update(api, world.eve, bio="with @bob")
    assert (await bio(api, "eve"))["bioEntities"][0]["user"] == {"handle": "bob"}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build_schema(suggests_fields=True)


def test_documents_about_profiles_have_no_fallback(schema: Schema) -> None:
    assert fallbacks_of(schema, AUTHORS) == []
    assert fallbacks_of(schema, USER) == []
    assert fallbacks_of(schema, BIO) == []
