"""A block binds every act that names a post or a user, and every mention: as if the other were not there.

The schema is walked, so an act that comes later is asked about, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_list_type,
    is_required_input_field,
)
from graphql.type.definition import get_nullable_type

from core import ids
from schema.documents import core_schema
from schema.root import build_schema
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

POSTS = {"postId", "replyToId", "quoteId"}
USERS = {"userId", "userIds"}
# Fields that name something of one's own, which no block concerns.
OWN = {"folderId", "circleId", "listId", "filterId", "reportId"}
# Fields within another that name something; who blocks whom is asked about in tests/contracts/test_matrix_acts.py.
NESTED = {"feed.id"}
# What an act needs beside.
BESIDE = {"body": "hello", "note": "a note", "reason": "SPAM"}
# What one does to oneself alone, or to undo or report: whom one blocks it may name.
OF_THE_BLOCKED = {"blockUser", "unblockUser", "setUserNote", "unmuteUser", "reportContent"}
# Acts that are asked about elsewhere: those on lists and circles need one first (test_lists, test_circles), a moderator
# goes past blocks (test_moderation), and what is suggested to somebody is never somebody whom a block separates.
ELSEWHERE = {
    "addToList",
    "removeFromList",
    "addToCircle",
    "removeFromCircle",
    "takeAction",
    "dismissSuggestion",
}
# The fields by which entities tell whom a text mentions.
MENTIONS = "entities { __typename ... on MentionEntity { user { handle } } }"


@dataclass(frozen=True, slots=True)
class Act:
    """A mutation, the field of its input that names a post or a user, and what else it needs."""

    name: str
    kind: str
    field: str
    is_list: bool
    beside: tuple[str, ...]

    @property
    def document(self) -> str:
        return f"""
        mutation ($input: {self.kind}!) {{
          {self.name}(input: $input) {{ __typename errors {{ __typename code message path }} }}
        }}
        """

    async def refusals(self, api: Api, target: str, *, by: Person) -> list[Any]:
        value = [target] if self.is_list else target
        given = {self.field: value} | {name: BESIDE[name] for name in self.beside}
        found: list[Any] = (await api.data(self.document, by=by, input=given))[self.name]["errors"]
        return found


def is_id(field: GraphQLInputField) -> bool:
    return get_named_type(field.type).name == "ID"


def acts(names: set[str]) -> Iterator[Act]:
    """Every mutation and the field that names something, among those with these names."""
    mutation = core_schema(build_schema(suggests_fields=True)).mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    for name, field in mutation.fields.items():
        if name in ELSEWHERE:
            continue
        for argument in field.args.values():
            kind = get_named_type(argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            needed = {each for each, given in kind.fields.items() if is_required_input_field(given)} - POSTS - USERS
            for each, given in kind.fields.items():
                of = get_named_type(given.type)
                if isinstance(of, GraphQLInputObjectType):
                    nested = {f"{each}.{inner}" for inner, field in of.fields.items() if is_id(field)}
                    assert nested <= NESTED, f"{name} names something by {nested}: say here what that is"
                if not is_id(given):
                    continue
                assert each in POSTS | USERS | OWN, f"{name} names something by {each}: say here what that is"
                if each in names:
                    yield Act(name, kind.name, each, is_list_type(get_nullable_type(given.type)), tuple(sorted(needed)))


ACTS_ON_POSTS = list(acts(POSTS))
ACTS_ON_USERS = list(acts(USERS))


def test_there_are_acts_to_ask_about() -> None:
    assert {act.name for act in ACTS_ON_POSTS} >= {"createPost", "likePost", "repost", "bookmarkPost", "muteThread"}
    assert {act.name for act in ACTS_ON_USERS} >= {"followUser", "blockUser", "unblockUser", "setUserNote"}


@pytest.mark.parametrize("act", ACTS_ON_POSTS, ids=lambda act: f"{act.name}-{act.field}")
async def test_posts_of_the_other_are_not_there_to_be_acted_on(api: Api, world: World, act: Act) -> None:
    of_alice, of_bob = await world.post(world.alice), await world.post(world.bob)
    await world.block(world.alice, world.bob)
    absent = await act.refusals(api, post_id(1), by=world.bob)
    assert [error["__typename"] for error in absent] == ["NotFoundError"]
    assert await act.refusals(api, post_id(of_alice), by=world.bob) == absent
    assert await act.refusals(api, post_id(of_bob), by=world.alice) == absent


@pytest.mark.parametrize("act", ACTS_ON_USERS, ids=lambda act: f"{act.name}-{act.field}")
async def test_the_other_is_not_there_to_be_acted_on(api: Api, world: World, act: Act) -> None:
    await world.block(world.alice, world.bob)
    absent = await act.refusals(api, ids.encode(ids.Kind.USER, 1), by=world.bob)
    assert [error["__typename"] for error in absent] == ["NotFoundError"]
    assert await act.refusals(api, world.alice.id, by=world.bob) == absent
    of_the_blocked = [error["__typename"] for error in await act.refusals(api, world.bob.id, by=world.alice)]
    assert of_the_blocked == ([] if act.name in OF_THE_BLOCKED else ["NotAllowedError"])


async def mentioned(api: Api, body: str, *, by: Person) -> list[str]:
    """The handles that a new post mentions, as its author sees them."""
    create = f"""
    mutation ($body: String!) {{
      createPost(input: {{body: $body}}) {{ post {{ id {MENTIONS} }} errors {{ code }} }}
    }}
    """
    payload = (await api.data(create, by=by, body=body))["createPost"]
    assert payload["errors"] == []
    return [entity["user"]["handle"] for entity in payload["post"]["entities"]]


async def noted(world: World) -> set[int]:
    """Whom posts mention, by number."""
    async with world.services.db._connection() as connection:
        return {row["account_id"] for row in await connection.fetch("SELECT account_id FROM post_mention")}


async def test_a_mention_of_the_other_is_plain_text(api: Api, world: World) -> None:
    body = "@alice @Bob @carol @nobody"
    await world.block(world.alice, world.bob)
    assert await mentioned(api, body, by=world.alice) == ["alice", "carol"]
    assert await mentioned(api, body, by=world.bob) == ["bob", "carol"]
    assert await mentioned(api, body, by=world.carol) == ["alice", "bob", "carol"]
    await world.unblock(world.alice, world.bob)
    assert await mentioned(api, body, by=world.alice) == ["alice", "bob", "carol"]


async def test_a_mention_costs_the_same_whether_a_block_forbids_it_or_not(api: Api, world: World) -> None:
    with api.budget(sql=4, redis=1):
        assert await mentioned(api, "@alice", by=world.bob) == ["alice"]
    await world.block(world.alice, world.bob)
    with api.budget(sql=4, redis=1):
        assert await mentioned(api, "@alice", by=world.bob) == []
    with api.budget(sql=4, redis=1):
        assert await mentioned(api, "@nobody", by=world.bob) == []


async def test_a_mention_of_somebody_suspended_or_by_a_former_handle_of_the_other_is_plain_text(
    api: Api, world: World
) -> None:
    rename = """mutation { changeHandle(input: {handle: "alicia"}) { errors { code } } }"""
    assert (await api.data(rename, by=world.alice))["changeHandle"]["errors"] == []
    assert await mentioned(api, "@alice and @alicia", by=world.bob) == ["alicia", "alicia"]
    await world.block(world.alice, world.bob)
    assert await mentioned(api, "@alice and @alicia", by=world.bob) == []
    async with world.services.db._connection() as connection:
        await connection.execute("UPDATE account SET suspended_at = now() WHERE id = $1", world.carol.account_id)
    assert await mentioned(api, "@carol and @dan", by=world.bob) == ["dan"]
    assert await noted(world) == {world.alice.account_id, world.dan.account_id}


async def test_bios_mention_nobody_from_whom_a_block_separates(api: Api, world: World) -> None:
    change = "mutation ($bio: String!) { updateProfile(input: {bio: $bio}) { user { bioEntities { __typename } } } }"

    async def entities_of(bio: str) -> int:
        return len((await api.data(change, by=world.bob, bio=bio))["updateProfile"]["user"]["bioEntities"])

    await world.block(world.alice, world.bob)
    assert await entities_of("@alice and @carol") == 1
    await world.unblock(world.alice, world.bob)
    assert await entities_of("@alice, @carol") == 2


async def test_an_edit_keeps_mentions_that_were_bound_before_a_block_and_binds_no_new_one(
    api: Api, world: World
) -> None:
    post = await world.post(world.bob, "with @alice")
    await world.block(world.alice, world.bob)
    await world.block(world.dan, world.bob)
    await world.edit(world.bob, post, "with @alice and @dan")
    found = (await api.data(f"query ($id: ID!) {{ post(id: $id) {{ {MENTIONS} }} }}", id=post_id(post)))["post"]
    assert [entity["user"]["handle"] for entity in found["entities"]] == ["alice"]
    assert await noted(world) == {world.alice.account_id}
