"""Suspended accounts: hidden from others, signed out, and back in only to read; and all of it undone by lifting it."""

import asyncio

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_required_input_field

from app.services import ProcessServices
from core.clock import utc_now
from tests.api.moderation import HANDLE, make_moderator, standing, suspend, take
from tests.api.posts import CREATE, act_document, seen
from tests.api.sessions import LOGOUT, login, refresh, signed_up, who_am_i
from tests.api.test_hostile_strings import SCHEMA, _acceptable
from tests.api.test_sessions import is_ended
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

SUSPENDED = [("NotAllowedError", None)]
HOME = "{ homeFeed { edges { node { body } } } }"
FOLLOWERS = """
query ($handle: String!) {
  user(handle: $handle) { followers { edges { node { handle } } } following { edges { node { handle } } } }
}
"""
LIKERS = "query ($id: ID!) { post(id: $id) { likedBy { edges { node { handle } } } } }"


async def person_of(api: Api, world: World) -> Person:
    """Frank, who has a password."""
    await signed_up(api)
    async with world.services.db._connection() as connection:
        account_id = await connection.fetchval("SELECT id FROM account WHERE handle = 'frank'")
    return Person("frank", world.alice.viewer._replace(account_id=account_id), "")


async def post_with(api: Api, token: str) -> list[str]:
    """The messages with which a post is refused."""
    answer = await api.run(CREATE, token=token, input={"body": "hello"})
    assert not answer.errors, answer.errors
    return [error["message"] for error in answer.data["createPost"]["errors"]]


async def test_the_suspended_are_hidden_from_everybody_but_moderators_and_themselves(api: Api, world: World) -> None:
    await make_moderator(world, world.eve)
    post = await world.post(world.bob, "by bob")
    reply = await world.post(world.alice, "to bob", reply_to=post)
    await suspend(world, world.bob)
    for person in (world.alice, world.dan, None):
        assert (await api.data(HANDLE, by=person, handle="bob"))["user"] is None
        assert await seen(api, post, by=person) is None
        assert (await seen(api, reply, by=person))["body"] == "to bob"
    assert (await api.data(HANDLE, by=world.eve, handle="bob"))["user"]["handle"] == "bob"
    assert (await seen(api, post, by=world.eve))["body"] == "by bob"
    assert await bodies_at_home(api, world.alice) == ["to bob"]
    await suspend(world, world.bob, lifts=True)
    assert (await seen(api, post, by=world.alice))["body"] == "by bob"
    assert await bodies_at_home(api, world.alice) == ["to bob", "by bob"]


async def bodies_at_home(api: Api, person: Person) -> list[str]:
    return [edge["node"]["body"] for edge in (await api.data(HOME, by=person))["homeFeed"]["edges"]]


async def test_their_likes_and_follows_are_not_listed_and_what_they_wrote_is_not_counted(
    api: Api, world: World
) -> None:
    post = await world.post(world.alice)
    await world.like(world.bob, post)
    await world.repost(world.bob, post)
    await world.post(world.bob, reply_to=post)
    await suspend(world, world.bob)
    assert (await api.data(LIKERS, id=post_id(post)))["post"]["likedBy"]["edges"] == []
    lists = (await api.data(FOLLOWERS, handle="alice"))["user"]
    assert [edge["node"]["handle"] for edge in lists["followers"]["edges"]] == ["dan"]
    assert [edge["node"]["handle"] for edge in lists["following"]["edges"]] == ["carol"]
    counts = await seen(api, post)
    assert (counts["replyCount"], counts["repostCount"]) == (0, 0)
    await suspend(world, world.bob, lifts=True)
    counts = await seen(api, post)
    assert (counts["replyCount"], counts["repostCount"]) == (1, 1)


@pytest.mark.parametrize("is_private", [False, True])
async def test_what_a_private_account_wrote_is_not_counted_twice_nor_given_back_too_early(
    api: Api, world: World, *, is_private: bool
) -> None:
    post = await world.post(world.alice)
    async with world.services.db._connection() as connection:
        await connection.execute("UPDATE account SET is_private = $1 WHERE id = $2", is_private, world.bob.account_id)
    await world.post(world.bob, reply_to=post)
    counted = (await seen(api, post))["replyCount"]
    assert counted == int(not is_private)
    await suspend(world, world.bob)
    assert (await seen(api, post))["replyCount"] == 0
    await suspend(world, world.bob, lifts=True)
    assert (await seen(api, post))["replyCount"] == counted


async def test_every_session_ends_and_nobody_elses(api: Api, world: World) -> None:
    frank = await person_of(api, world)
    sessions = [await login(api) for _ in range(3)]
    await suspend(world, frank)
    for session in sessions:
        assert await is_ended(api, session["accessToken"])
        assert (await refresh(api, session["refreshToken"]))["errors"] != []
    assert not (await who_am_i(api, world.alice.token)).codes


async def test_they_sign_in_again_and_read_and_do_nothing_until_it_is_lifted(api: Api, world: World) -> None:
    await make_moderator(world, world.carol)
    frank = await person_of(api, world)
    await take(api, "SUSPEND", by=world.carol, userId=frank.id, note="For a week.")
    payload = await login(api)
    assert payload["errors"] == []
    assert payload["viewer"]["user"]["handle"] == "frank"
    token = payload["accessToken"]
    found = await standing(api, token)
    assert (found["isModerator"], found["suspendedAt"] is not None) == (False, True)
    assert [edge["node"]["note"] for edge in found["warnings"]["edges"]] == ["For a week."]
    assert await post_with(api, token) == ["Your account is suspended."]

    payload = await refresh(api, payload["refreshToken"])
    assert await post_with(api, payload["accessToken"]) == ["Your account is suspended."]

    await take(api, "LIFT_SUSPENSION", by=world.carol, userId=frank.id)
    # At once, with the token of before; and with the next one, which is as any other.
    assert await post_with(api, payload["accessToken"]) == []
    payload = await refresh(api, payload["refreshToken"])
    assert await post_with(api, payload["accessToken"]) == []
    assert (await standing(api, payload["accessToken"]))["suspendedAt"] is None

    await take(api, "SUSPEND", by=world.carol, userId=frank.id)
    assert await is_ended(api, payload["accessToken"])


async def test_they_can_sign_out(api: Api, world: World) -> None:
    frank = await person_of(api, world)
    await suspend(world, frank)
    token = (await login(api))["accessToken"]
    answer = await api.run(LOGOUT, token=token)
    assert answer.data == {"logout": {"errors": []}}
    assert await is_ended(api, token)


def acts() -> dict[str, str]:
    """A document for each mutation, with what its input requires, that gives the messages of its errors."""
    assert SCHEMA.mutation_type is not None
    documents = {}
    for name, mutation in SCHEMA.mutation_type.fields.items():
        given = ""
        if "input" in mutation.args:
            kind = get_named_type(mutation.args["input"].type)
            assert isinstance(kind, GraphQLInputObjectType)
            required = {key: field for key, field in kind.fields.items() if is_required_input_field(field)}
            inside = ", ".join(f"{key}: {_acceptable(key, field)}" for key, field in required.items())
            given = f"(input: {{{inside}}})"
        documents[name] = f"mutation {{ {name}{given} {{ errors {{ message }} }} }}"
    return documents


async def test_no_act_is_open_to_them_but_signing_in_on_and_out(api: Api, world: World) -> None:
    frank = await person_of(api, world)
    await suspend(world, frank)
    tokens = api.services.resources.tokens
    # Of no session, so that logging out does not end it.
    token, _ = tokens.access_token(account_id=frank.account_id, session_id=0, now=utc_now(), was_suspended=True)
    refused = set()
    documents = acts()
    for name, document in documents.items():
        answer = await api.run(document, token=token)
        assert not answer.errors, (name, answer.errors)
        if answer.data[name]["errors"] == [{"message": "Your account is suspended."}]:
            refused.add(name)
    assert documents.keys() - refused == {"register", "login", "refreshSession", "logout"}


async def test_who_signs_in_while_they_are_suspended_is_signed_out_or_may_only_read(
    api: Api, world: World, services: ProcessServices
) -> None:
    frank = await person_of(api, world)
    for _ in range(5):
        payloads = await asyncio.gather(*(login(api) for _ in range(4)), suspend(world, frank))
        for payload in payloads[:4]:
            token = payload["accessToken"]
            claims = services.resources.tokens.access_claims(token, now=utc_now())
            assert claims.was_suspended or await is_ended(api, token)
        await suspend(world, frank, lifts=True)


async def test_an_act_of_everybody_else_costs_no_look_at_how_they_stand(api: Api, world: World) -> None:
    post = post_id(await world.post(world.bob))
    with api.budget(sql=3, redis=1):
        assert not (await api.run(act_document("likePost"), token=world.alice.token, input={"postId": post})).errors
