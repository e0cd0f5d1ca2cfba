"""Detached quotes: what is quoted is gone from them for everyone and for good; the words stay."""

import asyncio
from typing import Any

import pytest

from actions import recounts
from app.worker import Worker
from models.counts import Counter
from tests.api.policies import reasons
from tests.api.posts import CREATE, act, act_document, refusals
from tests.fixtures.api import Api
from tests.worlds import World, post_id

_QUOTE = "quote { __typename ... on Post { body } ... on Unavailable { id } }"
POST = f"query ($id: ID!) {{ post(id: $id) {{ body {_QUOTE} quoteCount quotes {{ edges {{ node {{ body }} }} }} }} }}"
FEED = f"{{ homeFeed(first: 20) {{ edges {{ node {{ body {_QUOTE} }} }} }} }}"
DELETE = f"""
mutation ($input: DeletePostInput!) {{
  deletePost(input: $input) {{ source {{ body {_QUOTE} }} errors {{ __typename }} }}
}}
"""
RESTORE = "mutation ($input: RestorePostInput!) { restorePost(input: $input) { post { id } errors { __typename } } }"


async def counted(api: Api, number: int) -> tuple[int, list[str]]:
    """How many quote a post, and what they say."""
    found = (await api.data(POST, id=post_id(number)))["post"]
    return found["quoteCount"], [edge["node"]["body"] for edge in found["quotes"]["edges"]]


async def drift(world: World) -> list[Any]:
    """What the counts of quotes say wrongly."""
    db = world.services.db
    stretch = await recounts.fetch_stretch(db, "post", after=0)
    return await recounts.fetch_drift(db, Counter.POST_QUOTES, stretch, after=0)


async def test_a_detached_quote_shows_nothing_of_what_it_quotes_to_anybody(
    api: Api, world: World, worker: Worker
) -> None:
    quoted = await world.post(world.alice, "quoted")
    kept = await world.post(world.carol, "kept", quote=quoted)
    quoting = await world.post(world.bob, "quoting", quote=quoted)
    for _ in range(2):
        payload = await act(api, "detachQuote", post_id(quoting), by=world.alice)
        assert (payload["errors"], payload["post"]["id"]) == ([], post_id(quoting))
    empty = {"__typename": "Unavailable", "id": post_id(quoted)}
    for viewer in (world.alice, world.bob, world.eve, None):
        found = (await api.data(POST, by=viewer, id=post_id(quoting)))["post"]
        assert (found["body"], found["quote"]) == ("quoting", empty)
        assert (await api.data(POST, by=viewer, id=post_id(kept)))["post"]["quote"]["body"] == "quoted"
    edges = (await api.data(FEED, by=world.alice))["homeFeed"]["edges"]
    assert [edge["node"]["quote"] for edge in edges if edge["node"]["body"] == "quoting"] == [empty]
    for _ in range(2):
        assert await counted(api, quoted) == (1, ["kept"])
        assert await drift(world) == []
        await worker.settle()


async def test_deleting_and_restoring_a_detached_quote_changes_no_count_and_tells_nothing(
    api: Api, world: World
) -> None:
    quoted = await world.post(world.alice, "quoted")
    quoting = await world.post(world.bob, "quoting", quote=quoted)
    await world.post(world.carol, "kept", quote=quoted)
    await act(api, "detachQuote", post_id(quoting), by=world.alice)
    deleted = (await api.data(DELETE, by=world.bob, input={"postId": post_id(quoting)}))["deletePost"]
    assert deleted["source"] == {"body": "quoting", "quote": {"__typename": "Unavailable", "id": post_id(quoted)}}
    assert await counted(api, quoted) == (1, ["kept"])
    await api.data(RESTORE, by=world.bob, input={"postId": post_id(quoting)})
    assert (await api.data(POST, id=post_id(quoting)))["post"]["quote"]["__typename"] == "Unavailable"
    assert await counted(api, quoted) == (1, ["kept"])
    assert await drift(world) == []


async def test_only_who_wrote_the_quoted_post_detaches_it(api: Api, world: World) -> None:
    quoted = await world.post(world.alice)
    quoting = await world.post(world.bob, "quoting", quote=quoted)
    for person in (world.bob, world.carol, world.eve):
        assert (await reasons(api, quoting, by=person))["detachQuote"] == ["NOT_QUOTED_AUTHOR"]
        payload = await act(api, "detachQuote", post_id(quoting), by=person)
        assert (payload["post"], refusals(payload)) == (None, [("NotAllowedError", ["postId"])])
    assert (await reasons(api, quoting))["detachQuote"] == ["NOT_SIGNED_IN"]
    assert await counted(api, quoted) == (1, ["quoting"])
    assert (await reasons(api, quoting, by=world.alice))["detachQuote"] == []
    assert (await act(api, "detachQuote", post_id(quoting), by=world.alice))["errors"] == []


async def test_what_quotes_nothing_has_nothing_to_detach(api: Api, world: World) -> None:
    plain = await world.post(world.alice)
    assert (await reasons(api, plain, by=world.alice))["detachQuote"] == ["NOT_A_QUOTE"]
    payload = await act(api, "detachQuote", post_id(plain), by=world.alice)
    assert refusals(payload) == [("NotAllowedError", ["postId"])]
    assert payload["errors"][0]["message"] == "This post quotes nothing."


async def test_a_deleted_quote_is_not_found_and_strangers_sign_in_first(api: Api, world: World) -> None:
    quoting = await world.post(world.bob, quote=await world.post(world.alice))
    answered = await api.run(act_document("detachQuote"), input={"postId": post_id(quoting)})
    assert answered.codes == ["UNAUTHENTICATED"]
    await world.delete(world.bob, quoting)
    for missing in (post_id(quoting), "", "' OR 1=1 --", "\x00"):
        payload = await act(api, "detachQuote", missing, by=world.alice)
        assert refusals(payload) == [("NotFoundError", ["postId"])]


@pytest.mark.parametrize("other", ["detachQuote", "deletePost"])
async def test_detaching_at_once_takes_one_from_the_count(api: Api, world: World, worker: Worker, other: str) -> None:
    quoted = await world.post(world.alice)
    quoting = await world.post(world.bob, "quoting", quote=quoted)
    await world.post(world.carol, "kept", quote=quoted)
    given = {"postId": post_id(quoting)}

    async def undo() -> None:
        if other == "deletePost":
            await api.data(DELETE, by=world.bob, input=given)
        else:
            await act(api, other, post_id(quoting), by=world.alice)

    await asyncio.gather(*(act(api, "detachQuote", post_id(quoting), by=world.alice) for _ in range(5)), undo())
    for _ in range(2):
        assert await counted(api, quoted) == (1, ["kept"])
        assert await drift(world) == []
        await worker.settle()


async def test_quoting_again_is_for_the_policy_to_let_or_not(api: Api, world: World) -> None:
    quoted = await world.post(world.alice, "quoted")
    quoting = await world.post(world.bob, quote=quoted)
    await act(api, "detachQuote", post_id(quoting), by=world.alice)
    given = {"body": "again", "quoteId": post_id(quoted)}
    assert (await api.data(CREATE, by=world.bob, input=given))["createPost"]["errors"] == []
    assert await counted(api, quoted) == (1, ["again"])
