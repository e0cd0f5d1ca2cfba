"""Entities of posts: mentions, hashtags and links, their ranges in both units, and whom a mention is bound to."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.posts import create
from tests.fixtures.api import Api
from tests.worlds import World, post_id

ENTITIES = """
entities {
  __typename range { start end } utf16Range { start end }
  ... on MentionEntity { user { id handle } }
  ... on HashtagEntity { name hashtag { name postCount } }
  ... on LinkEntity { url }
}
"""
POST = f"query ($id: ID!) {{ post(id: $id) {{ body {ENTITIES} }} }}"
FEED = f"{{ publicFeed(first: 20) {{ edges {{ node {{ body {ENTITIES} }} }} }} }}"
KINDS = {"MentionEntity": "@\uff20", "HashtagEntity": "#\uff03"}


async def seen(api: Api, number: int) -> Any:
    """The post with its entities."""
    return (await api.data(POST, id=post_id(number)))["post"]


def texts(post: Any) -> list[str]:
    """What of the body each entity is, by code points; asserts that UTF-16 units say the same."""
    body, found = post["body"], []
    in_utf16 = body.encode("utf-16-le")
    for entity in post["entities"]:
        start, end = entity["range"]["start"], entity["range"]["end"]
        assert 0 <= start < end <= len(body)
        text = body[start:end]
        first, last = entity["utf16Range"]["start"], entity["utf16Range"]["end"]
        assert in_utf16[2 * first : 2 * last].decode("utf-16-le") == text
        found.append(text)
    return found


async def test_mentions_hashtags_and_links_are_told_apart(api: Api, world: World) -> None:
    body = "🦉 @Bob, see #Café and example.com or https://example.org/a?b=c — @nobody_here"
    post = await seen(api, await world.post(world.alice, body))
    assert texts(post) == ["@Bob", "#Café", "example.com", "https://example.org/a?b=c"]
    mention, hashtag, bare, whole = post["entities"]
    assert mention["user"] == {"id": world.bob.id, "handle": "bob"}
    assert (hashtag["name"], hashtag["hashtag"]) == ("Café", {"name": "Café", "postCount": 1})
    (other,) = (await seen(api, await world.post(world.bob, "#CAFE")))["entities"]
    assert (other["name"], other["hashtag"]) == ("CAFE", {"name": "Café", "postCount": 2})
    assert bare["url"] == "https://example.com"
    assert whole["url"] == "https://example.org/a?b=c"
    assert (mention["range"], mention["utf16Range"]) == ({"start": 2, "end": 6}, {"start": 3, "end": 7})


async def test_a_plain_post_has_none(api: Api, world: World) -> None:
    assert (await seen(api, await world.post(world.alice, "plain")))["entities"] == []


async def test_one_may_mention_oneself_and_many_and_twice(api: Api, world: World) -> None:
    post = await seen(api, await world.post(world.alice, "@alice @bob @carol @BOB"))
    assert [entity["user"]["handle"] for entity in post["entities"]] == ["alice", "bob", "carol", "bob"]


async def test_a_feed_of_entities_costs_what_a_feed_costs(api: Api, world: World) -> None:
    for number in range(20):
        await world.post(world.alice, f"@bob @carol #tag{number} #all example.com/{number}")
    with api.budget(sql=3):
        edges: Any = (await api.data(FEED))["publicFeed"]["edges"]
    assert len(edges) == 20
    assert all(len(edge["node"]["entities"]) == 5 for edge in edges)


async def test_posting_with_mentions_and_hashtags_costs_one_statement_more(api: Api, world: World) -> None:
    with api.budget(sql=2, redis=1):
        assert (await create(api, "plain", by=world.alice))["errors"] == []
    with api.budget(sql=3, redis=1):
        assert (await create(api, "@bob @carol #one #two", by=world.alice))["errors"] == []


@pytest.mark.parametrize("body", ["@" * 400, "#" * 400, "@bob" * 100, "#a" * 200, "http://" * 60, "a.com" * 90])
async def test_hostile_bodies_are_posted_as_they_are(api: Api, world: World, body: str) -> None:
    assert (await create(api, body, by=world.alice))["errors"] == []
    edges: Any = (await api.data(FEED))["publicFeed"]["edges"]
    assert edges[0]["node"]["body"] == body
    texts(edges[0]["node"])


# What people type, and what breaks parsers.
_PIECES = st.sampled_from(
    [
        "@bob",
        "@alice",
        "@nobody",
        "＠carol",
        "#tag",
        "#Ünï",
        "＃全角",
        "#１",
        "example.com",
        "https://a.example/b?c#d",
        "www.",
        "🦉",
        "👩\u200d👩\u200d👧",
        "é",
        "\u200b",
        "\u202e",
        ".",
        ",",
        "😀#x",
    ]
)
_BODIES = st.lists(_PIECES | st.sampled_from(" \n") | st.text(max_size=8), min_size=1, max_size=25).map("".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES)
async def test_whatever_is_posted_comes_back_and_ranges_fit(api: Api, world: World, body: str) -> None:
    payload = await create(api, body, by=world.alice)
    if payload["errors"]:
        assert {error["path"][0] for error in payload["errors"]} == {"body"}
        return
    (edge,) = (await api.data(FEED.replace("20", "1")))["publicFeed"]["edges"]
    assert edge["node"]["body"] == body
    for text, entity in zip(texts(edge["node"]), edge["node"]["entities"], strict=True):
        match entity["__typename"]:
            case "LinkEntity":
                assert entity["url"].endswith(text)
            case kind:
                assert text[0] in KINDS[kind]
                assert text[1:].lower() == (entity.get("name") or entity["user"]["handle"]).lower()
