"""Editing posts: what changes and what does not, earlier versions, conflicts, who may."""

import asyncio
from typing import Any

import pytest

from app.worker import Worker
from models.posts import Visibility
from tests.api.posts import create, refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

EDIT = """
mutation ($input: EditPostInput!) {
  editPost(input: $input) {
    post { id body version editedAt likeCount contentWarning isSensitive language }
    errors { __typename code path message ... on ConflictError { currentVersion } }
  }
}
"""
POST = """
query ($id: ID!, $after: Cursor) {
  post(id: $id) {
    body version editedAt likeCount replyCount contentWarning isSensitive language
    entities { __typename ... on MentionEntity { user { id } } ... on HashtagEntity { name } }
    edits(first: 2, after: $after) {
      edges { node { version body changed contentWarning isSensitive language replacedAt entities { __typename } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

EDITS = "query ($id: ID!) { post(id: $id) { edits(first: 5) { edges { node { body } } } } }"


async def edit(api: Api, number: int, *, by: Person, **changed: Any) -> Any:
    """The payload of editPost."""
    return (await api.data(EDIT, by=by, input={"postId": post_id(number), **changed}))["editPost"]


async def seen(api: Api, number: int, *, by: Person | None = None, after: str | None = None) -> Any:
    """The post with its earlier versions."""
    return (await api.data(POST, by=by, id=post_id(number), after=after))["post"]


def versions(post: Any) -> list[Any]:
    """The earlier versions on the page."""
    return [edge["node"] for edge in post["edits"]["edges"]]


async def test_an_edit_changes_the_text_and_keeps_the_old_one_and_the_counts(
    api: Api, world: World, worker: Worker
) -> None:
    post = await world.post(world.alice, "one #first")
    await world.like(world.bob, post)
    await world.post(world.carol, "reply", reply_to=post)
    payload = await edit(api, post, by=world.alice, body="two @bob")
    assert payload["errors"] == []
    assert (payload["post"]["body"], payload["post"]["version"], payload["post"]["likeCount"]) == ("two @bob", 2, 1)
    for _ in range(2):
        found = await seen(api, post)
        assert (found["body"], found["version"], found["likeCount"], found["replyCount"]) == ("two @bob", 2, 1, 1)
        assert found["editedAt"] is not None
        assert found["entities"] == [{"__typename": "MentionEntity", "user": {"id": world.bob.id}}]
        (before,) = versions(found)
        assert (before["version"], before["body"], before["changed"]) == (1, "one #first", ["BODY"])
        assert before["entities"] == [{"__typename": "HashtagEntity"}]
        await worker.settle()


async def test_each_edit_says_what_it_changed(api: Api, world: World) -> None:
    post = await world.post(world.alice, "text")
    assert (await seen(api, post))["version"] == 1
    await edit(api, post, by=world.alice, contentWarning="careful", isSensitive=True)
    await edit(api, post, by=world.alice, language="PT-br", body="texto")
    await edit(api, post, by=world.alice, contentWarning=None)
    found = await seen(api, post)
    assert (found["contentWarning"], found["isSensitive"], found["language"]) == (None, True, "pt-BR")
    assert (found["body"], found["version"]) == ("texto", 4)
    third, second = versions(found)
    assert (third["version"], third["changed"], third["contentWarning"]) == (3, ["CONTENT_WARNING"], "careful")
    assert (second["version"], second["changed"], second["body"]) == (2, ["BODY", "LANGUAGE"], "text")
    assert found["edits"]["pageInfo"]["hasNextPage"]
    (first,) = versions(await seen(api, post, after=found["edits"]["pageInfo"]["endCursor"]))
    assert (first["version"], first["changed"]) == (1, ["CONTENT_WARNING", "SENSITIVE"])


@pytest.mark.parametrize(
    "changed", [{}, {"body": "same"}, {"body": None, "isSensitive": None}, {"contentWarning": " "}]
)
async def test_an_edit_of_nothing_makes_no_version(api: Api, world: World, changed: dict[str, Any]) -> None:
    post = await world.post(world.alice, "same")
    assert (await edit(api, post, by=world.alice, **changed))["post"]["version"] == 1
    found = await seen(api, post)
    assert (found["editedAt"], versions(found)) == (None, [])


async def test_an_edit_of_an_old_version_is_a_conflict(api: Api, world: World) -> None:
    post = await world.post(world.alice, "one")
    assert (await edit(api, post, by=world.alice, body="two", expectedVersion=1))["errors"] == []
    payload = await edit(api, post, by=world.alice, body="three", expectedVersion=1)
    assert payload["post"] is None
    (error,) = payload["errors"]
    assert (error["__typename"], error["path"], error["currentVersion"]) == ("ConflictError", ["expectedVersion"], 2)
    assert (await seen(api, post))["body"] == "two"


async def test_of_two_edits_of_one_version_at_once_one_wins(api: Api, world: World) -> None:
    post = await world.post(world.alice, "one")
    payloads = await asyncio.gather(
        *(edit(api, post, by=world.alice, body=f"by {number}", expectedVersion=1) for number in range(8))
    )
    won = [payload for payload in payloads if payload["post"]]
    assert len(won) == 1
    found = await seen(api, post)
    assert (found["body"], found["version"], len(versions(found))) == (won[0]["post"]["body"], 2, 1)


async def test_edits_at_once_are_versions_one_after_the_other(api: Api, world: World) -> None:
    post = await world.post(world.alice, "zero")
    await asyncio.gather(*(edit(api, post, by=world.alice, body=f"by {number}") for number in range(6)))
    assert (await seen(api, post))["version"] == 7


async def test_a_mention_stays_with_its_account_through_an_edit(api: Api, world: World) -> None:
    post, mentioned = await world.post(world.alice, "hello @bob"), world.bob
    async with api.services.db._connection() as connection:
        await connection.execute("UPDATE account SET handle = 'robert', email = NULL WHERE handle = 'bob'")
    namesake = await world.join("bob")
    await edit(api, post, by=world.alice, body="again, hello @bob")
    assert (await seen(api, post))["entities"][0]["user"]["id"] == mentioned.id
    new = await world.post(world.alice, "hello @bob")
    assert (await seen(api, new))["entities"][0]["user"]["id"] == namesake.id


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"body": ""}, "body"),
        ({"body": "x" * 501}, "body"),
        ({"contentWarning": "x" * 201}, "contentWarning"),
        ({"language": "not a language"}, "language"),
    ],
)
async def test_what_could_not_be_posted_is_refused_and_nothing_changes(
    api: Api, world: World, changed: dict[str, Any], path: str
) -> None:
    post = await world.post(world.alice, "fine")
    assert refusals(await edit(api, post, by=world.alice, **changed)) == [("ValidationError", [path])]
    found = await seen(api, post)
    assert (found["body"], found["version"]) == ("fine", 1)


async def test_only_the_author_edits(api: Api, world: World) -> None:
    post = await world.post(world.alice, "mine")
    assert refusals(await edit(api, post, by=world.bob, body="yours")) == [("NotAllowedError", ["postId"])]
    assert (await api.run(EDIT, input={"postId": post_id(post), "body": "nobody's"})).codes == ["UNAUTHENTICATED"]
    await world.delete(world.alice, post)
    for person in (world.alice, world.bob):
        assert refusals(await edit(api, post, by=person, body="late")) == [("NotFoundError", ["postId"])]


async def test_a_post_says_what_it_was_made_with(api: Api, world: World) -> None:
    document = """
    mutation ($input: CreatePostInput!) {
      createPost(input: $input) { post { contentWarning isSensitive language version } errors { path code } }
    }
    """
    given = {"body": "hm", "contentWarning": " careful ", "isSensitive": True, "language": "ZH-hant"}
    payload = (await api.data(document, by=world.alice, input=given))["createPost"]
    assert payload["post"] == {"contentWarning": "careful", "isSensitive": True, "language": "zh-Hant", "version": 1}
    wrong = {"body": "", "contentWarning": "x" * 201, "language": "e"}
    payload = (await api.data(document, by=world.alice, input=wrong))["createPost"]
    assert [error["path"] for error in payload["errors"]] == [["body"], ["contentWarning"], ["language"]]


async def test_editing_costs_a_fixed_number_of_statements(api: Api, world: World) -> None:
    post = (await create(api, "one", by=world.alice))["post"]["id"]
    with api.budget(sql=7, redis=1):
        await api.data(EDIT, by=world.alice, input={"postId": post, "body": "@bob @carol #one #two"})


async def told(api: Api, number: int, *, by: Person | None) -> list[str] | None:
    """What the post said before, as somebody is told; None if they do not see it."""
    found, bodies = await seen(api, number, by=by), []
    while found is not None:
        bodies += [version["body"] for version in versions(found)]
        page = found["edits"]["pageInfo"]
        if not page["hasNextPage"]:
            return bodies
        found = await seen(api, number, by=by, after=page["endCursor"])
    return None


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.FOLLOWERS, Visibility.MENTIONED])
async def test_whom_an_edit_newly_mentions_is_not_told_what_was_said_to_others(
    api: Api, world: World, visibility: Visibility, *, is_private: bool
) -> None:
    """Dan follows Alice, Eve and Carol do not."""
    await world.make_private(world.alice, is_private=is_private)
    texts = ["@carol one", "@carol two", "@carol @eve @dan three", "@carol four", "@carol @eve @dan five"]
    post = await world.post(world.alice, texts[0], visibility=visibility)
    for text in texts[1:]:
        await world.edit(world.alice, post, text)
    before, mentioning = texts[-2::-1], [texts[2]]
    is_open = visibility is Visibility.PUBLIC and not is_private
    assert await told(api, post, by=world.alice) == before
    assert await told(api, post, by=world.carol) == before
    assert await told(api, post, by=world.eve) == (before if is_open else mentioning)
    assert await told(api, post, by=world.dan) == (mentioning if visibility is Visibility.MENTIONED else before)
    assert await told(api, post, by=None) == (before if is_open else None)


async def test_earlier_versions_cost_a_statement_whoever_is_told_which(api: Api, world: World) -> None:
    post = await world.post(world.alice, "one", visibility=Visibility.MENTIONED)
    await world.edit(world.alice, post, "two @eve")
    for person, expected in ((world.alice, ["one"]), (world.eve, [])):
        with api.budget(sql=2):
            found = await api.data(EDITS, by=person, id=post_id(post))
        assert [version["body"] for version in versions(found["post"])] == expected
