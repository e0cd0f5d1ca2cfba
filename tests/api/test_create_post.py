"""Posting and replying: what is taken, what is refused, what it counts and costs."""

import json
from typing import Any

import pytest

from app.worker import Worker
from tests.api.posts import CREATE, create, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import World, post_id

FAMILY = "👨‍👩‍👧‍👦"
E_ACUTE = "e\u0301"  # one character of three bytes; composed it would be two
WIDE = "\U0001d306"  # four bytes
MARKED = "x" + "\u0359" * 7  # one grapheme of fifteen bytes that no form composes


async def post_count(api: Api, handle: str) -> int:
    data = await api.data("query ($handle: String!) { user(handle: $handle) { postCount } }", handle=handle)
    count: int = data["user"]["postCount"]
    return count


async def test_a_post_is_answered_whole(api: Api, world: World) -> None:
    payload = await create(api, "hello", by=world.alice)
    assert payload["errors"] == []
    assert payload["post"]["body"] == "hello"
    assert payload["post"]["author"] == {"handle": "alice", "postCount": 1}
    assert payload["post"]["replyTo"] is None
    assert payload["post"]["root"] is None


async def test_a_reply_knows_its_parent_and_its_root_and_is_counted(api: Api, world: World, worker: Worker) -> None:
    root = await world.post(world.alice)
    reply = (await create(api, "reply", by=world.bob, reply_to=post_id(root)))["post"]
    assert reply["replyTo"] == {"__typename": "Post", "id": post_id(root), "replyCount": 1}
    assert reply["root"] == {"__typename": "Post", "id": post_id(root)}
    deeper = (await create(api, "deeper", by=world.eve, reply_to=reply["id"]))["post"]
    assert deeper["replyTo"]["id"] == reply["id"]
    assert deeper["root"]["id"] == post_id(root)
    for _ in range(2):
        assert (await seen(api, root))["replyCount"] == 1
        assert [await post_count(api, name) for name in ("alice", "bob", "eve")] == [1, 1, 1]
        await worker.settle()


@pytest.mark.parametrize(
    "body",
    [
        "x" * 500,
        "é" * 500,
        WIDE * 500,
        FAMILY * 320,
        (MARKED * 500),
        "x" * 499 + "\u0359" * 3_750 + "x",
        ".",
        "\u202etfel ot thgir",
        "'; DROP TABLE post; --",
        "100 % \\ _ \" '",
        "one\r\ntwo\rthree",
        "  around  ",
        E_ACUTE * 500,
        "tab\there",
    ],
)
async def test_a_text_within_its_bounds_is_kept_as_it_is(api: Api, world: World, body: str) -> None:
    assert len(body.encode()) <= 8_000
    payload = await create(api, body, by=world.alice)
    assert payload["errors"] == []
    assert payload["post"]["body"] == body


async def test_five_hundred_families_are_too_many_bytes_and_are_told_so(api: Api, world: World) -> None:
    assert len((FAMILY * 320).encode()) == 8_000
    [error] = (await create(api, FAMILY * 500, by=world.alice))["errors"]
    assert (error["code"], error["message"]) == ("TOO_LONG", "The text has 12500 bytes; 8000 are allowed.")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("x" * 501, "TOO_LONG"),
        (E_ACUTE * 501, "TOO_LONG"),
        ("x" * 499 + "\u0359" * 3_750 + "xx", "TOO_LONG"),
        ("x" + "\u0359" * 4_000, "TOO_LONG"),
        ("", "BLANK"),
        (" \n\t ", "BLANK"),
        ("\u200b\u200d\ufeff", "BLANK"),
        ("\u00a0\u3000", "BLANK"),
        ("nul\x00", "UNSTORABLE"),
        ("bell\x07", "UNSTORABLE"),
        ("escape\x1b[31m", "UNSTORABLE"),
    ],
)
async def test_a_text_outside_its_bounds_is_refused_and_nothing_changes(
    api: Api, world: World, body: str, code: str
) -> None:
    payload = await create(api, body, by=world.alice)
    assert payload["post"] is None
    [error] = payload["errors"]
    assert (error["__typename"], error["code"], error["path"]) == ("ValidationError", code, ["body"])
    assert await post_count(api, "alice") == 0


def in_literal(text: str) -> str:
    """A mutation with the text in the document itself, escaped as JSON escapes it."""
    return f"mutation {{ createPost(input: {{body: {json.dumps(text)}}}) {{ post {{ body }} errors {{ code }} }} }}"


@pytest.mark.parametrize("body", ["lone \ud83d", "lone \udc80 trailing", "\udc80\ud83d"])
async def test_lone_surrogates_are_refused_wherever_they_stand(api: Api, world: World, body: str) -> None:
    for answer in (
        await api.run(CREATE, by=world.alice, input={"body": body}),
        await api.run(in_literal(body), by=world.alice),
    ):
        codes = answer.codes or [error["code"] for error in answer.data["createPost"]["errors"]]
        assert codes in (["BAD_INPUT"], ["UNSTORABLE"]), answer
    assert await post_count(api, "alice") == 0


async def test_what_variables_may_say_a_literal_may_say_too(api: Api, world: World) -> None:
    refused = await api.data(in_literal("nul \x00"), by=world.alice)
    assert refused["createPost"] == {"post": None, "errors": [{"code": "UNSTORABLE"}]}
    done = await api.data(in_literal(f"pair {FAMILY} \u202e"), by=world.alice)
    assert done["createPost"] == {"post": {"body": f"pair {FAMILY} \u202e"}, "errors": []}


async def test_a_reply_to_what_is_not_there_is_refused(api: Api, world: World) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    for wrong in ("", "zzz", world.bob.id, post_id(1), post_id(deleted), "\x00", "💀"):
        payload = await create(api, "reply", by=world.alice, reply_to=wrong)
        assert payload["post"] is None
        assert refusals(payload) == [("NotFoundError", ["replyToId"])]
    assert await post_count(api, "alice") == 0


async def test_three_posts_in_a_document_are_three_transactions(api: Api, world: World) -> None:
    document = """
    mutation {
      one: createPost(input: {body: "one"}) { ...Result }
      two: createPost(input: {body: ""}) { ...Result }
      three: createPost(input: {body: "three"}) { ...Result }
    }
    fragment Result on CreatePostPayload { post { body author { postCount } } errors { code } }
    """
    data: Any = await api.data(document, by=world.alice)
    assert data["one"]["post"] == {"body": "one", "author": {"postCount": 1}}
    assert data["two"] == {"post": None, "errors": [{"code": "BLANK"}]}
    assert data["three"]["post"] == {"body": "three", "author": {"postCount": 2}}


async def test_posting_needs_a_viewer(api: Api, world: World) -> None:
    answer = await api.run(CREATE, input={"body": "hello"})
    assert answer.codes == ["UNAUTHENTICATED"]
    assert (await api.data("{ publicFeed(first: 1) { edges { cursor } } }"))["publicFeed"]["edges"] == []


async def test_posting_costs_two_statements_and_replying_one_more(api: Api, world: World) -> None:
    document = "mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id body } errors { code } } }"
    parent = post_id(await world.post(world.bob))
    with api.budget(sql=2, redis=1):
        await api.data(document, by=world.alice, input={"body": "hello"})
    with api.budget(sql=3, redis=1):
        await api.data(document, by=world.alice, input={"body": "hello", "replyToId": parent})
