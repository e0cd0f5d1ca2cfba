"""Policies: who may reply to, quote and repost a post. What is told beforehand is what the act then says."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from core.database import Transaction, command
from models.accounts import account
from models.blocks import block
from models.posts import Visibility, post
from tests.api.compiled import fallbacks_of
from tests.api.policies import CAN, PATHS, UPDATE, answer, is_refused, reasons, update
from tests.api.posts import CREATE, act, delete, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

# Who may, of those that are somebody to Alice: Bob and Dan follow her, she follows Bob and Carol, Eve is mentioned in
# the post, Fay is nobody to her.
LETS = {
    "EVERYONE": {"alice", "bob", "carol", "dan", "eve", "fay"},
    "FOLLOWERS": {"alice", "bob", "dan"},
    "FOLLOWING": {"alice", "bob", "carol"},
    "MENTIONED": {"alice", "eve"},
    "NOBODY": {"alice"},
}
REASONS = {
    "FOLLOWERS": "ONLY_FOLLOWERS",
    "FOLLOWING": "ONLY_FOLLOWED",
    "MENTIONED": "ONLY_MENTIONED",
    "NOBODY": "NOBODY",
}
MESSAGES = {
    "FOLLOWERS": "Only people who follow its author can reply to it.",
    "FOLLOWING": "Only people whom its author follows can reply to it.",
    "MENTIONED": "Only people whom it mentions can reply to it.",
    "NOBODY": "Nobody but its author can reply to it.",
}
POLICIES = {name: f"{name}Policy" for name in PATHS}
OWN_ONLY = ("edit", "delete", "pin")
FEED = """
query ($withCan: Boolean!) {
  publicFeed(first: 20) {
    edges { node {
      id author { handle }
      viewerCan @include(if: $withCan) { reply { isAllowed } quote { isAllowed } repost { isAllowed reasons } }
    } }
  }
}
"""


async def write(world: World, clause: sa.ClauseElement) -> None:
    """Makes something so, whoever may."""

    async def act(tx: Transaction) -> None:
        await tx.run(command(clause))

    await world.services.db.transact(act)


async def change_post(world: World, number: int, **values: Any) -> None:
    await write(world, post.update().where(post.c.id == number).values(**values))


async def change_account(world: World, person: Person, **values: Any) -> None:
    await write(world, account.update().where(account.c.id == person.account_id).values(**values))


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("policy", LETS)
async def test_who_may_is_what_is_told_and_what_the_act_says(api: Api, world: World, policy: str, name: str) -> None:
    await world.join("fay")
    number = await world.post(world.alice, "for @eve")
    assert (await update(api, number, by=world.alice, **{POLICIES[name]: policy}))["errors"] == []
    for handle, person in world.people.items():
        told = await reasons(api, number, by=person)
        expected = [] if handle in LETS[policy] else [REASONS[policy]]
        # Of the other two acts nothing was said.
        assert {other: told[other] for other in PATHS} == {other: expected if other == name else [] for other in PATHS}
        assert await is_refused(api, name, number, by=person) is bool(expected)
    assert (await reasons(api, number))[name] == ["NOT_SIGNED_IN"]


async def test_a_refusal_says_who_may(api: Api, world: World) -> None:
    number = await world.post(world.alice, "for @dan")
    for policy, message in MESSAGES.items():
        await update(api, number, by=world.alice, replyPolicy=policy)
        payload = await answer(api, "reply", number, by=world.eve)
        assert (payload["post"], payload["errors"][0]["message"]) == (None, message)
    assert (await seen(api, number))["replyCount"] == 0


async def test_policies_change_afterwards_and_what_is_left_out_stays(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    await update(api, number, by=world.alice, replyPolicy="NOBODY", quotePolicy="FOLLOWERS")
    await update(api, number, by=world.alice, replyPolicy=None, repostPolicy="NOBODY")
    told = await reasons(api, number, by=world.eve)
    assert [told[name] for name in PATHS] == [["NOBODY"], ["ONLY_FOLLOWERS"], ["NOBODY"]]
    await world.follow(world.eve, world.alice)
    assert (await reasons(api, number, by=world.eve))["quote"] == []
    for _ in range(2):
        await update(api, number, by=world.alice, **dict.fromkeys(POLICIES.values(), "EVERYONE"))
    assert not any([await is_refused(api, name, number, by=world.eve) for name in PATHS])


async def test_what_was_done_before_a_change_stays(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    for name in PATHS:
        await answer(api, name, number, by=world.eve)
    await update(api, number, by=world.alice, **dict.fromkeys(POLICIES.values(), "NOBODY"))
    found = await seen(api, number, by=world.eve)
    assert (found["replyCount"], found["repostCount"], found["viewerHasReposted"]) == (1, 1, True)


async def test_a_reply_and_quote_in_one_is_refused_by_either(api: Api, world: World) -> None:
    parent, quoted = await world.post(world.alice), await world.post(world.carol)
    given = {"body": "both", "replyToId": post_id(parent), "quoteId": post_id(quoted)}
    await update(api, quoted, by=world.carol, quotePolicy="NOBODY")
    assert refusals((await api.data(CREATE, by=world.eve, input=given))["createPost"]) == [
        ("NotAllowedError", ["quoteId"])
    ]
    await update(api, parent, by=world.alice, replyPolicy="NOBODY")
    assert refusals((await api.data(CREATE, by=world.eve, input=given))["createPost"]) == [
        ("NotAllowedError", ["replyToId"])
    ]
    assert (await seen(api, parent))["replyCount"] == 0


@pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.MENTIONED])
async def test_what_is_not_open_to_everyone_is_shown_around_by_its_author_alone(
    api: Api, world: World, visibility: Visibility
) -> None:
    number = await world.post(world.alice, "for @bob")
    await change_post(world, number, visibility=int(visibility))
    await update(api, number, by=world.alice, quotePolicy="MENTIONED")
    is_open = visibility is Visibility.UNLISTED
    for name in ("quote", "repost"):
        expected = [] if is_open else ["NOT_OPEN"]
        assert (await reasons(api, number, by=world.bob))[name] == expected
        assert await is_refused(api, name, number, by=world.bob) is not is_open
        assert not await is_refused(api, name, number, by=world.alice)
    assert not await is_refused(api, "reply", number, by=world.bob)


async def test_posts_of_a_private_account_are_shown_around_by_their_author_alone(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    await update(api, number, by=world.alice, repostPolicy="FOLLOWING")
    await change_account(world, world.alice, is_private=True)
    told = await reasons(api, number, by=world.dan)
    assert (told["reply"], told["quote"], told["repost"]) == ([], ["NOT_OPEN"], ["NOT_OPEN", "ONLY_FOLLOWED"])
    for name in ("quote", "repost"):
        payload = await answer(api, name, number, by=world.dan)
        message = f"This post is not open to everyone: only its author can {name} it."
        assert payload["errors"][0]["message"] == message
        assert not await is_refused(api, name, number, by=world.alice)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("is_private", [False, True])
async def test_replies_below_what_is_not_open_are_shown_around_by_their_authors_alone(
    api: Api, world: World, depth: int, *, is_private: bool
) -> None:
    """Bob and Dan follow Alice. What is open is shown around by both."""
    for visibility, is_open in ((Visibility.UNLISTED, not is_private), (Visibility.FOLLOWERS, False)):
        reply = await world.post(world.alice, visibility=visibility)
        await change_account(world, world.alice, is_private=is_private)
        for _ in range(depth):
            reply = await world.post(world.bob, reply_to=reply)
        for name in ("quote", "repost"):
            assert (await reasons(api, reply, by=world.dan))[name] == ([] if is_open else ["NOT_OPEN"])
            assert await is_refused(api, name, reply, by=world.dan) is not is_open
            assert not await is_refused(api, name, reply, by=world.bob)
        assert not await is_refused(api, "reply", reply, by=world.dan)


async def test_what_only_moderators_see_is_shown_around_by_nobody(api: Api, world: World) -> None:
    down, suspended = await world.post(world.alice), await world.post(world.carol)
    await change_account(world, world.dan, role=1)
    await change_post(world, down, taken_down_at=sa.func.now())
    await change_account(world, world.carol, suspended_at=sa.func.now())
    for number in (down, suspended):
        told = await reasons(api, number, by=world.dan)
        assert (told["quote"], told["repost"]) == (["NOT_OPEN"], ["NOT_OPEN"])
        for name in ("quote", "repost"):
            assert await is_refused(api, name, number, by=world.dan)


async def test_a_policy_lets_nobody_in_who_does_not_see_the_post(api: Api, world: World) -> None:
    number = await world.post(world.alice, "for @eve and @carol")
    reply = await world.post(world.carol, reply_to=number, quote=number)
    await write(world, block.insert().values(blocker_id=world.alice.account_id, blocked_id=world.eve.account_id))
    await write(world, block.insert().values(blocker_id=world.carol.account_id, blocked_id=world.alice.account_id))
    for policy in LETS:
        await update(api, number, by=world.alice, **dict.fromkeys(POLICIES.values(), policy))
        for name, path in PATHS.items():
            for person in (world.eve, world.carol):
                assert refusals(await answer(api, name, number, by=person)) == [("NotFoundError", [path])]
    for name in ("hideReply", "unhideReply", "detachQuote"):
        assert refusals(await act(api, name, post_id(reply), by=world.alice)) == [("NotFoundError", ["postId"])]


async def test_only_its_author_edits_deletes_and_pins_a_post_and_changes_its_policies(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    for person in (world.alice, world.bob, None):
        told = await reasons(api, number, by=person)
        expected = [] if person is world.alice else ["NOT_SIGNED_IN" if person is None else "NOT_AUTHOR"]
        assert [told[name] for name in OWN_ONLY] == [expected] * 3
    payload = await update(api, number, by=world.bob, replyPolicy="NOBODY")
    assert refusals(payload) == [("NotAllowedError", ["postId"])]
    answered = await api.run(UPDATE, input={"postId": post_id(number), "replyPolicy": "NOBODY"})
    assert answered.codes == ["UNAUTHENTICATED"]
    assert not await is_refused(api, "reply", number, by=world.bob)


async def test_what_cannot_be_seen_has_no_policies(api: Api, world: World) -> None:
    gone = await world.post(world.alice)
    await delete(api, post_id(gone), by=world.alice)
    for number in (gone, 1):
        payload = await update(api, number, by=world.alice, replyPolicy="NOBODY")
        assert refusals(payload) == [("NotFoundError", ["postId"])]


async def test_changes_at_once_leave_one_of_them_for_each_policy(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    await asyncio.gather(
        *(update(api, number, by=world.alice, replyPolicy=policy) for policy in ("NOBODY", "FOLLOWERS") * 5),
        *(update(api, number, by=world.alice, quotePolicy="MENTIONED") for _ in range(5)),
    )
    told = await reasons(api, number, by=world.eve)
    assert told["reply"] in (["NOBODY"], ["ONLY_FOLLOWERS"])
    assert told["quote"] == ["ONLY_MENTIONED"]


@pytest.mark.parametrize("policy", ["everyone", "", "0", 1, "EVERYONE'; --"])
async def test_a_policy_that_there_is_not_is_refused_before_anything_runs(api: Api, world: World, policy: Any) -> None:
    number = await world.post(world.alice)
    with api.budget(sql=0):
        answered = await api.run(UPDATE, by=world.alice, input={"postId": post_id(number), "replyPolicy": policy})
    assert answered.codes == ["BAD_INPUT"]


@pytest.mark.parametrize("hostile", ["", "' OR 1=1 --", "%_", "\x00", "0" * 5_000])
async def test_ids_that_are_none_are_not_found(api: Api, world: World, hostile: str) -> None:
    answered = await api.run(UPDATE, by=world.alice, input={"postId": hostile, "replyPolicy": "NOBODY"})
    assert answered.errors == []
    assert refusals(answered.data["updatePostPolicies"]) == [("NotFoundError", ["postId"])]


async def test_permissions_of_a_whole_feed_cost_one_statement_more(api: Api, world: World) -> None:
    for number in range(20):
        author = (world.alice, world.bob)[number % 2]
        own = await world.post(author, f"post {number} for @dan", quote=None)
        await update(api, own, by=author, replyPolicy=("EVERYONE", "FOLLOWERS", "MENTIONED")[number % 3])
    with api.budget(sql=1):
        await api.data(FEED, by=world.dan, withCan=False)
    with api.budget(sql=2):
        edges = (await api.data(FEED, by=world.dan, withCan=True))["publicFeed"]["edges"]
    assert len(edges) == 20
    assert {edge["node"]["viewerCan"]["quote"]["isAllowed"] for edge in edges} == {True}
    with api.budget(sql=1):
        edges = (await api.data(FEED, withCan=True))["publicFeed"]["edges"]
    assert {*edges[0]["node"]["viewerCan"]["repost"]["reasons"]} == {"NOT_SIGNED_IN"}


async def test_a_reply_costs_no_statement_more_for_its_policy(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    await update(api, number, by=world.alice, replyPolicy="FOLLOWERS")
    # The post above, the reply itself; and then both as they are shown.
    with api.budget(sql=4, redis=1):
        assert (await answer(api, "reply", number, by=world.dan))["errors"] == []


async def test_permissions_are_asked_compiled(api: Api, world: World) -> None:
    number = await world.post(world.alice)
    assert fallbacks_of(api, CAN, id=post_id(number)) == []
    assert fallbacks_of(api, FEED, withCan=True) == []
