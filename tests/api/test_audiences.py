"""Whom posts are for: who sees them, what they may be quoted in, and where nobody finds them."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.services import ProcessServices
from compiler import CompiledExecutor
from core import ids
from models.posts import Visibility
from tests.api import hashtags
from tests.api.hashtags import follow
from tests.api.posts import act, delete, refusals
from tests.api.posts import seen as seen_post
from tests.api.test_hostile_strings import HOSTILE
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

_AUDIENCE = "visibility replyPolicy quotePolicy repostPolicy"
CREATE = f"""
mutation ($input: CreatePostInput!) {{
  createPost(input: $input) {{
    post {{ id body {_AUDIENCE} replyTo {{ ... on Post {{ replyCount }} }} }}
    errors {{ __typename message code path }}
  }}
}}
"""
_ENTITIES = "entities { ... on HashtagEntity { hashtag { name } } }"
READ = f"query ($id: ID!) {{ post(id: $id) {{ body {_AUDIENCE} {_ENTITIES} }} }}"
DELETE = f"mutation ($id: ID!) {{ deletePost(input: {{postId: $id}}) {{ source {{ body {_AUDIENCE} }} }} }}"
PUBLIC_FEED = "{ publicFeed(first: 50) { edges { node { body } } } }"
PAGE = "query ($name: String!) { hashtag(name: $name) { postCount posts { edges { node { body } } } } }"
SEARCH = (
    "query ($query: String!) { search(query: $query, kind: HASHTAGS) { edges { node { ... on Hashtag { name } } } } }"
)
IS_WAITED_FOR = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
STORABLE = [text for text in HOSTILE if text.isprintable()]
OPEN = (Visibility.PUBLIC, Visibility.UNLISTED)


async def create(api: Api, body: str = "hello", *, by: Person | None, **given: Any) -> Any:
    """The payload of createPost."""
    return (await api.data(CREATE, by=by, input={"body": body, **given}))["createPost"]


async def make_circle(services: ProcessServices, owner: Person, *members: Person) -> int:
    async with services.db._connection() as connection:
        circle_id: int = await connection.fetchval(
            "INSERT INTO circle (account_id, name) VALUES ($1, 'friends') RETURNING id", owner.account_id
        )
        await connection.executemany(
            "INSERT INTO circle_member (circle_id, account_id) VALUES ($1, $2)",
            [(circle_id, member.account_id) for member in members],
        )
    return circle_id


async def posted(api: Api, author: Person, visibility: Visibility, body: str, *members: Person) -> int:
    """A post; one for a circle is for one with these members."""
    given: dict[str, Any] = {"visibility": visibility.name}
    if visibility is Visibility.CIRCLE:
        given["circleId"] = ids.encode(ids.Kind.CIRCLE, await make_circle(api.services, author, *members))
    payload = await create(api, body, by=author, **given)
    assert payload["errors"] == []
    assert payload["post"]["visibility"] == visibility.name
    return ids.number_of(ids.Kind.POST, payload["post"]["id"])


async def number_of_posts(services: ProcessServices) -> int:
    async with services.db._connection() as connection:
        number: int = await connection.fetchval("SELECT count(*) FROM post")
    return number


async def test_a_post_is_public_and_open_to_all_answers_unless_it_says_otherwise(api: Api, world: World) -> None:
    payload = await create(api, by=world.alice)
    said = {name: payload["post"][name] for name in _AUDIENCE.split()}
    assert said == {
        "visibility": "PUBLIC",
        "replyPolicy": "EVERYONE",
        "quotePolicy": "EVERYONE",
        "repostPolicy": "EVERYONE",
    }


# alice follows bob and he follows her; dan follows alice, eve and carol follow nobody.
SEEN_BY: dict[Visibility, set[str | None]] = {
    Visibility.PUBLIC: {"alice", "bob", "carol", "dan", "eve", None},
    Visibility.UNLISTED: {"alice", "bob", "carol", "dan", "eve", None},
    Visibility.FOLLOWERS: {"alice", "bob", "dan", "eve"},
    Visibility.MUTUALS: {"alice", "bob", "eve"},
    Visibility.CIRCLE: {"alice", "carol", "eve"},
    Visibility.MENTIONED: {"alice", "eve"},
}


@pytest.mark.parametrize("visibility", Visibility, ids=lambda visibility: visibility.name)
async def test_those_whom_a_post_is_for_see_it_and_nobody_else(api: Api, world: World, visibility: Visibility) -> None:
    post = await posted(api, world.alice, visibility, "for some and @eve", world.carol)
    viewers = [(name, person) for name, person in world.people.items()]
    for name, viewer in [*viewers, (None, None)]:
        found = (await api.data(READ, by=viewer, id=post_id(post)))["post"]
        assert (found is not None) == (name in SEEN_BY[visibility]), name
        assert found is None or found["visibility"] == visibility.name


async def test_policies_are_kept_and_told(api: Api, world: World) -> None:
    given = {"replyPolicy": "FOLLOWING", "quotePolicy": "NOBODY", "repostPolicy": "MENTIONED"}
    payload = await create(api, by=world.alice, visibility="UNLISTED", **given)
    expected = {"body": "hello", "visibility": "UNLISTED", **given}
    assert expected.items() <= payload["post"].items()
    found = (await api.data(READ, by=world.bob, id=payload["post"]["id"]))["post"]
    assert expected.items() <= found.items()
    deleted = (await api.data(DELETE, by=world.alice, id=payload["post"]["id"]))["deletePost"]
    assert deleted["source"] == expected


@pytest.mark.parametrize("visibility", [each for each in Visibility if each is not Visibility.PUBLIC])
async def test_what_is_not_public_is_in_no_public_list_even_for_its_author(
    api: Api, world: World, visibility: Visibility
) -> None:
    await world.post(world.bob, "public #rooks")
    await follow(api, "rooks", by=world.eve)
    post = await posted(api, world.alice, visibility, "narrow #rooks #jackdaws", world.eve)
    for viewer in (world.alice, world.eve, None):
        feed = (await api.data(PUBLIC_FEED, by=viewer))["publicFeed"]["edges"]
        assert [edge["node"]["body"] for edge in feed] == ["public #rooks"]
        page = (await api.data(PAGE, by=viewer, name="rooks"))["hashtag"]
        assert [edge["node"]["body"] for edge in page["posts"]["edges"]] == ["public #rooks"]
        assert page["postCount"] == 1
        assert (await api.data(PAGE, by=viewer, name="jackdaws"))["hashtag"] is None
        assert (await api.data(SEARCH, by=viewer, query="jack"))["search"]["edges"] == []
    home = (await api.data(hashtags.HOME, by=world.eve, first=10))["homeFeed"]["edges"]
    assert [edge["node"]["body"] for edge in home] == ["public #rooks"]
    entities = (await api.data(READ, by=world.alice, id=post_id(post)))["post"]["entities"]
    assert entities == [{"hashtag": {"name": "rooks"}}, {"hashtag": None}]


async def test_an_edit_of_what_is_not_public_makes_no_hashtag(api: Api, world: World) -> None:
    post = await posted(api, world.alice, Visibility.UNLISTED, "nothing yet")
    await world.edit(world.alice, post, "now #rooks")
    assert (await api.data(PAGE, name="rooks"))["hashtag"] is None


async def test_a_hashtag_that_only_hidden_posts_have_is_as_one_that_nobody_used(api: Api, world: World) -> None:
    post = await world.post(world.alice, "#rooks")
    found = await hashtags.seen(api, "rooks")
    assert found["postCount"] == 1
    await delete(api, post_id(post), by=world.alice)
    assert await hashtags.seen(api, "rooks") is None
    assert (await api.data(SEARCH, query="rook"))["search"]["edges"] == []
    assert (await api.data("query ($id: ID!) { node(id: $id) { id } }", id=found["id"]))["node"] is None
    payload = await hashtags.act(api, "followHashtag", "rooks", by=world.bob)
    assert payload["hashtag"]["id"] == found["id"]
    assert (await hashtags.seen(api, "rooks"))["followerCount"] == 1


@pytest.mark.parametrize("visibility", Visibility, ids=lambda visibility: visibility.name)
async def test_only_open_posts_are_quoted_and_reposted_by_others(
    api: Api, world: World, visibility: Visibility
) -> None:
    post = await posted(api, world.alice, visibility, "@bob", world.bob)
    for person, is_allowed in ((world.bob, visibility in OPEN), (world.alice, True)):
        quote = await create(api, "quote", by=person, quoteId=post_id(post))
        repost = await act(api, "repost", post_id(post), by=person)
        assert refusals(quote) == ([] if is_allowed else [("NotAllowedError", ["quoteId"])])
        assert refusals(repost) == ([] if is_allowed else [("NotAllowedError", ["postId"])])
    found = await seen_post(api, post, by=world.alice)
    assert found["repostCount"] == 1 + (visibility in OPEN)


async def test_what_a_private_account_says_is_quoted_and_reposted_by_itself_only(api: Api, world: World) -> None:
    post = await world.post(world.alice, "public, but its author is private")
    async with api.services.db._connection() as connection:
        await connection.execute("UPDATE account SET is_private = true WHERE id = $1", world.alice.account_id)
    assert refusals(await create(api, "quote", by=world.bob, quoteId=post_id(post))) == [
        ("NotAllowedError", ["quoteId"])
    ]
    assert refusals(await act(api, "repost", post_id(post), by=world.bob)) == [("NotAllowedError", ["postId"])]
    assert refusals(await create(api, "quote", by=world.eve, quoteId=post_id(post))) == [("NotFoundError", ["quoteId"])]
    assert refusals(await act(api, "repost", post_id(post), by=world.eve)) == [("NotFoundError", ["postId"])]
    assert (await create(api, "quote", by=world.alice, quoteId=post_id(post)))["errors"] == []


async def test_what_one_cannot_see_cannot_be_answered_quoted_or_reposted(api: Api, world: World) -> None:
    post = await posted(api, world.alice, Visibility.FOLLOWERS, "for followers")
    for given, path in (({"replyToId": post_id(post)}, "replyToId"), ({"quoteId": post_id(post)}, "quoteId")):
        assert refusals(await create(api, by=world.eve, **given)) == [("NotFoundError", [path])]
    assert refusals(await act(api, "repost", post_id(post), by=world.eve)) == [("NotFoundError", ["postId"])]


@pytest.mark.parametrize("visibility", [each.name for each in Visibility if each is not Visibility.CIRCLE])
async def test_a_circle_goes_with_its_visibility_and_no_other(api: Api, world: World, visibility: str) -> None:
    circle_id = ids.encode(ids.Kind.CIRCLE, await make_circle(api.services, world.alice))
    for given, code in (
        ({"visibility": visibility, "circleId": circle_id}, "CIRCLE_UNEXPECTED"),
        ({"visibility": "CIRCLE"}, "CIRCLE_NEEDED"),
        ({"visibility": "CIRCLE", "circleId": None}, "CIRCLE_NEEDED"),
    ):
        payload = await create(api, by=world.alice, **given)
        [error] = payload["errors"]
        assert (error["__typename"], error["code"], error["path"]) == ("ValidationError", code, ["circleId"])
        assert payload["post"] is None
    payload = await create(api, " ", by=world.alice, visibility="CIRCLE")
    assert [error["code"] for error in payload["errors"]] == ["BLANK", "CIRCLE_NEEDED"]
    assert await number_of_posts(api.services) == 0


async def test_a_circle_of_somebody_else_is_as_one_that_is_not_there(api: Api, world: World) -> None:
    theirs = await make_circle(api.services, world.bob, world.alice)
    absent = ids.encode(ids.Kind.CIRCLE, theirs + 1)
    for circle_id in (ids.encode(ids.Kind.CIRCLE, theirs), absent, world.alice.id, *STORABLE):
        payload = await create(api, by=world.alice, visibility="CIRCLE", circleId=circle_id)
        assert refusals(payload) == [("NotFoundError", ["circleId"])]
    assert await number_of_posts(api.services) == 0


async def test_a_circle_that_goes_meanwhile_takes_no_post(api: Api, world: World, database_url: str) -> None:
    number = await make_circle(api.services, world.alice)
    circle_id = ids.encode(ids.Kind.CIRCLE, number)
    deleting = await asyncpg.connect(database_url)
    async with deleting.transaction():
        await deleting.execute("DELETE FROM circle WHERE id = $1", number)
        creating = asyncio.create_task(create(api, by=world.alice, visibility="CIRCLE", circleId=circle_id))
        async with asyncio.timeout(10):
            while not await deleting.fetchval(IS_WAITED_FOR):  # noqa: ASYNC110 (a lock has no event)
                await asyncio.sleep(0.02)
    await deleting.close()
    assert refusals(await creating) == [("NotFoundError", ["circleId"])]
    assert await number_of_posts(api.services) == 0


@pytest.mark.parametrize("field", ["visibility", "replyPolicy", "quotePolicy", "repostPolicy"])
@pytest.mark.parametrize("value", ["SOMEBODY", "", "public", 0, None, ["PUBLIC"]])
async def test_what_is_no_audience_is_refused_before_anything_happens(
    api: Api, world: World, field: str, value: object
) -> None:
    answer = await api.run(CREATE, by=world.alice, input={"body": "hello", field: value})
    assert answer.codes == ["BAD_INPUT"]
    assert await number_of_posts(api.services) == 0


async def test_a_narrow_post_needs_a_viewer(api: Api, world: World) -> None:
    answer = await api.run(CREATE, input={"body": "hello", "visibility": "FOLLOWERS"})
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_many_narrow_replies_at_once_leave_the_count_of_what_they_answer(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    given = {"replyToId": post_id(post)}
    payloads = await asyncio.gather(
        *(create(api, by=world.dan, visibility="FOLLOWERS", **given) for _ in range(8)),
        *(create(api, by=world.bob, visibility="UNLISTED", **given) for _ in range(8)),
    )
    assert all(payload["errors"] == [] for payload in payloads)
    assert (await seen_post(api, post))["replyCount"] == 8


async def test_an_audience_costs_nothing_to_write_or_read(api: Api, world: World) -> None:
    bare = "mutation ($input: CreatePostInput!) { createPost(input: $input) { errors { code } } }"
    post = await world.post(world.bob)
    circle_id = ids.encode(ids.Kind.CIRCLE, await make_circle(api.services, world.alice))
    for given, statements in (
        ({}, 2),
        ({"visibility": "FOLLOWERS"}, 2),
        ({"replyToId": post_id(post)}, 3),
        ({"quoteId": post_id(post)}, 3),
        ({"visibility": "CIRCLE", "circleId": circle_id}, 3),
    ):
        with api.budget(sql=statements, redis=1):  # the bell
            await api.data(bare, by=world.alice, input={"body": "#rooks", **given})
    left_before = CompiledExecutor.plans.fallback_count
    with api.budget(sql=1, redis=0):
        await api.data(f"query ($id: ID!) {{ post(id: $id) {{ {_AUDIENCE} }} }}", id=post_id(post))
    with api.budget(sql=1, redis=1):
        await api.data(f"{{ publicFeed {{ edges {{ node {{ {_AUDIENCE} }} }} }} }}")
    assert CompiledExecutor.plans.fallback_count == left_before
