"""Following a private account: one asks, and it answers; whatever happens at once, one thing of it has happened."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from actions.follow_requests import ADMITTED_AT_ONCE
from app.worker import Worker
from core import ids
from core.database import command
from models.accounts import account
from models.blocks import block
from models.follows import follow_request
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ANSWERS = ("acceptFollowRequest", "rejectFollowRequest", "removeFollower")
LISTS = ("followRequests", "sentFollowRequests")
USER = "query ($handle: String!) { user(handle: $handle) { viewerFollow followerCount followingCount } }"
WAITING = "{ viewer { followRequests { edges { node { handle } } } sentFollowRequests { edges { node { handle } } } } }"
OPEN = "mutation { updateSettings(input: {isPrivate: false}) { errors { code } } }"
HOME = "{ homeFeed { edges { node { body } } } }"

_MANY_ASK = command(
    sa.insert(follow_request).from_select(
        ["follower_id", "followee_id"],
        sa.select(
            sa.insert(account)
            .from_select(
                ["handle", "display_name"],
                sa.select(sa.literal_column("'many' || n"), sa.literal_column("'Many'")).select_from(
                    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer)).alias("n")
                ),
            )
            .returning(account.c.id)
            .cte("made")
            .c.id,
            sa.bindparam("asked", type_=sa.BigInteger),
        ),
    )
)
_BLOCK = command(
    sa.insert(block).values(
        blocker_id=sa.bindparam("blocker", type_=sa.BigInteger), blocked_id=sa.bindparam("blocked", type_=sa.BigInteger)
    )
)


def document(act: str) -> str:
    """The document of a mutation that takes `userId` and gives the user."""
    kind = f"{act[0].upper()}{act[1:]}Input"
    return f"""
    mutation ($input: {kind}!) {{
      {act}(input: $input) {{
        user {{ handle followerCount followingCount viewerFollow followsViewer }} errors {{ __typename code path }}
      }}
    }}
    """


async def act(api: Api, name: str, other: Person, *, by: Person) -> Any:
    return (await api.data(document(name), by=by, input={"userId": other.id}))[name]


async def stance(api: Api, other: Person, *, by: Person | None) -> tuple[str, int]:
    """How somebody follows another, and how many do."""
    user = (await api.data(USER, by=by, handle=other.handle))["user"]
    return user["viewerFollow"], user["followerCount"]


async def waiting(api: Api, *, by: Person) -> tuple[list[str], list[str]]:
    """Who asks somebody, and whom they ask."""
    viewer = (await api.data(WAITING, by=by))["viewer"]
    received, sent = (nodes([viewer[name]], "handle") for name in LISTS)
    return received, sent


@pytest.fixture
async def private(world: World) -> Person:
    """Bob, whom alice follows, and nobody else."""
    await world.make_private(world.bob)
    return world.bob


async def test_a_private_account_is_asked_and_asking_twice_is_asking_once(
    api: Api, world: World, private: Person
) -> None:
    for _ in range(2):
        payload = await act(api, "followUser", private, by=world.eve)
        assert payload["errors"] == []
        assert (payload["user"]["viewerFollow"], payload["user"]["followerCount"]) == ("REQUESTED", 1)
    await act(api, "followUser", private, by=world.dan)
    assert await waiting(api, by=private) == (["dan", "eve"], [])
    assert await waiting(api, by=world.eve) == ([], ["bob"])
    assert await waiting(api, by=world.alice) == ([], [])
    assert await stance(api, private, by=None) == ("NONE", 1)


async def test_who_follows_already_goes_on_and_does_not_ask(api: Api, world: World, private: Person) -> None:
    payload = await act(api, "followUser", private, by=world.alice)
    assert (payload["errors"], payload["user"]["viewerFollow"]) == ([], "FOLLOWING")
    assert await waiting(api, by=private) == ([], [])


async def test_unfollowing_takes_the_request_back(api: Api, world: World, private: Person) -> None:
    await act(api, "followUser", private, by=world.eve)
    for _ in range(2):
        payload = await act(api, "unfollowUser", private, by=world.eve)
        assert (payload["errors"], payload["user"]["viewerFollow"]) == ([], "NONE")
    assert await waiting(api, by=private) == ([], [])
    payload = await act(api, "acceptFollowRequest", world.eve, by=private)
    assert payload["user"] is None
    assert refusals(payload) == [("NotFoundError", ["userId"])]
    assert await stance(api, private, by=world.eve) == ("NONE", 1)


async def test_who_is_let_in_follows_and_sees(api: Api, world: World, private: Person, worker: Worker) -> None:
    post = await world.post(private, "for followers")
    await act(api, "followUser", private, by=world.eve)
    await worker.settle()
    await _read_from_timeline(api, world.eve)
    assert await seen(api, post, by=world.eve) is None
    for _ in range(2):
        payload = await act(api, "acceptFollowRequest", world.eve, by=private)
        assert payload["errors"] == []
        assert (payload["user"]["handle"], payload["user"]["followingCount"]) == ("eve", 1)
        assert payload["user"]["followsViewer"]
        assert await stance(api, private, by=world.eve) == ("FOLLOWING", 2)
        assert nodes([(await api.data(HOME, by=world.eve))["homeFeed"]]) == ["for followers"]
        await worker.settle()
    assert await waiting(api, by=private) == ([], [])


async def test_who_is_sent_away_may_ask_again(api: Api, world: World, private: Person) -> None:
    for _ in range(2):
        await act(api, "followUser", private, by=world.eve)
        for _ in range(2):
            payload = await act(api, "rejectFollowRequest", world.eve, by=private)
            assert (payload["errors"], payload["user"]["handle"]) == ([], "eve")
        assert await waiting(api, by=private) == ([], [])
        assert await stance(api, private, by=world.eve) == ("NONE", 1)


async def test_a_removed_follower_of_a_private_account_sees_nothing_any_more(
    api: Api, world: World, private: Person, worker: Worker
) -> None:
    await world.post(private, "for followers")
    await worker.settle()
    assert nodes([(await api.data(HOME, by=world.alice))["homeFeed"]]) == ["for followers"]
    for _ in range(2):
        payload = await act(api, "removeFollower", world.alice, by=private)
        assert (payload["errors"], payload["user"]["followsViewer"]) == ([], False)
        assert payload["user"]["followingCount"] == 1
        assert nodes([(await api.data(HOME, by=world.alice))["homeFeed"]]) == []
        assert await stance(api, private, by=world.alice) == ("NONE", 0)
        await worker.settle()


async def test_followers_of_a_public_account_can_be_removed_too(api: Api, world: World) -> None:
    await act(api, "removeFollower", world.alice, by=world.bob)
    assert await stance(api, world.bob, by=world.alice) == ("NONE", 0)
    await act(api, "followUser", world.bob, by=world.alice)
    assert await stance(api, world.bob, by=world.alice) == ("FOLLOWING", 1)


async def test_accepting_whom_one_was_not_asked_by_changes_nothing(api: Api, world: World, private: Person) -> None:
    payload = await act(api, "acceptFollowRequest", world.eve, by=private)
    assert refusals(payload) == [("NotFoundError", ["userId"])]
    # Their request to somebody else is no request to dan.
    await act(api, "followUser", private, by=world.eve)
    assert refusals(await act(api, "acceptFollowRequest", world.eve, by=world.dan)) == [("NotFoundError", ["userId"])]
    assert await stance(api, private, by=world.eve) == ("REQUESTED", 1)


@pytest.mark.parametrize("name", ANSWERS)
async def test_whom_there_is_not_nobody_answers(api: Api, world: World, private: Person, name: str) -> None:
    wrong = ["", "zzz", "\x00", "💀", "x" * 10_000, post_id(await world.post(private)), ids.encode(ids.Kind.USER, 1)]
    for user_id in [*wrong, ids.encode(ids.Kind.USER, 2**63 - 1)]:
        payload = (await api.data(document(name), by=private, input={"userId": user_id}))[name]
        assert payload["user"] is None
        assert refusals(payload) == [("NotFoundError", ["userId"])], user_id
    assert refusals(await act(api, name, private, by=private)) == [("NotAllowedError", ["userId"])]


@pytest.mark.parametrize("name", ANSWERS)
async def test_answers_need_a_viewer(api: Api, world: World, name: str) -> None:
    assert (await api.run(document(name), input={"userId": world.bob.id})).codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("name", ["followUser", "unfollowUser", *ANSWERS])
async def test_a_block_forbids_it_both_ways(api: Api, world: World, private: Person, name: str) -> None:
    await _stand_apart(world, blocker=private, blocked=world.eve)
    assert refusals(await act(api, name, private, by=world.eve)) == [("NotFoundError", ["userId"])]
    assert refusals(await act(api, name, world.eve, by=private)) == [("NotAllowedError", ["userId"])]
    assert await waiting(api, by=private) == ([], [])


async def _stand_apart(world: World, *, blocker: Person, blocked: Person) -> None:
    await world.services.db.transact(lambda tx: tx.run(_BLOCK, blocker=blocker.account_id, blocked=blocked.account_id))


async def test_asking_and_accepting_many_times_at_once_is_once(
    api: Api, world: World, private: Person, worker: Worker
) -> None:
    await asyncio.gather(*(act(api, "followUser", private, by=world.eve) for _ in range(30)))
    assert await waiting(api, by=private) == (["eve"], [])
    payloads = await asyncio.gather(*(act(api, "acceptFollowRequest", world.eve, by=private) for _ in range(30)))
    assert all(payload["errors"] == [] for payload in payloads)
    for _ in range(2):
        assert await stance(api, private, by=world.eve) == ("FOLLOWING", 2)
        await worker.settle()


async def test_accepting_while_they_ask_again_leaves_no_request_behind(api: Api, world: World, private: Person) -> None:
    await act(api, "followUser", private, by=world.eve)
    asking = [act(api, "followUser", private, by=world.eve) for _ in range(10)]
    accepting = [act(api, "acceptFollowRequest", world.eve, by=private) for _ in range(10)]
    await asyncio.gather(*(each for pair in zip(asking, accepting, strict=True) for each in pair))
    assert await stance(api, private, by=world.eve) == ("FOLLOWING", 2)
    assert await waiting(api, by=private) == ([], [])


async def test_accepting_while_they_withdraw_lets_nobody_in(api: Api, world: World, private: Person) -> None:
    for _ in range(10):
        await act(api, "followUser", private, by=world.eve)
        withdrawn, accepted = await asyncio.gather(
            act(api, "unfollowUser", private, by=world.eve), act(api, "acceptFollowRequest", world.eve, by=private)
        )
        assert withdrawn["errors"] == []
        assert refusals(accepted) in ([], [("NotFoundError", ["userId"])])
        assert await stance(api, private, by=world.eve) == ("NONE", 1)


async def test_whoever_waits_follows_when_the_account_opens(
    api: Api, world: World, private: Person, worker: Worker
) -> None:
    await world.post(private, "for followers")
    for person in (world.eve, world.dan):
        await act(api, "followUser", private, by=person)
    await worker.settle()
    await _read_from_timeline(api, world.eve)
    await act(api, "rejectFollowRequest", world.dan, by=private)
    assert (await api.data(OPEN, by=private))["updateSettings"]["errors"] == []
    assert await waiting(api, by=private) == ([], [])
    assert await stance(api, private, by=world.eve) == ("FOLLOWING", 2)
    assert await stance(api, private, by=world.dan) == ("NONE", 2)
    await worker.settle()
    assert nodes([(await api.data(HOME, by=world.eve))["homeFeed"]]) == ["for followers"]


async def _read_from_timeline(api: Api, person: Person) -> None:
    """An empty home feed, of a timeline that is in Redis from here on."""
    await api.services.resources.home.rebuild(person.account_id)
    assert await api.data(HOME, by=person) == {"homeFeed": {"edges": []}}


async def test_asking_while_the_account_opens_leaves_nobody_waiting(api: Api, world: World, private: Person) -> None:
    people = [await world.join(f"fan{number}") for number in range(12)]
    asking = [act(api, "followUser", private, by=person) for person in people]
    await asyncio.gather(*asking[:6], api.data(OPEN, by=private), *asking[6:])
    assert await waiting(api, by=private) == ([], [])
    assert (await stance(api, private, by=None))[1] == 1 + len(people)


async def test_more_than_are_let_in_at_once_are_let_in_by_and_by(
    api: Api, world: World, private: Person, worker: Worker
) -> None:
    count = 2 * ADMITTED_AT_ONCE + 1
    await world.services.db.transact(lambda tx: tx.run(_MANY_ASK, asked=private.account_id, count=count))
    await api.data(OPEN, by=private)
    assert await stance(api, private, by=None) == ("NONE", 1 + ADMITTED_AT_ONCE)
    await worker.settle()
    assert await stance(api, private, by=None) == ("NONE", 1 + count)
    assert await waiting(api, by=private) == ([], [])


async def test_who_still_waits_when_the_account_closes_again_goes_on_waiting(
    api: Api, world: World, private: Person, worker: Worker
) -> None:
    count = ADMITTED_AT_ONCE + 1
    await world.services.db.transact(lambda tx: tx.run(_MANY_ASK, asked=private.account_id, count=count))
    await api.data(OPEN, by=private)
    await world.make_private(private)
    await worker.settle()
    assert await stance(api, private, by=None) == ("NONE", 1 + ADMITTED_AT_ONCE)
    assert len((await waiting(api, by=private))[0]) == 1


@pytest.mark.parametrize("name", LISTS)
async def test_both_lists_page_full_without_those_whom_a_block_hides(api: Api, world: World, name: str) -> None:
    others = [await world.join(f"other{number}") for number in range(9)]
    for other in others:
        asking, asked = (other, world.eve) if name == "followRequests" else (world.eve, other)
        await world.make_private(asked)
        await world.follow(asking, asked)
    for other in others[3:6]:
        await _stand_apart(world, blocker=other, blocked=world.eve)
    page = f"""
    query ($after: Cursor) {{
      viewer {{
        {name}(first: 2, after: $after) {{ edges {{ node {{ handle }} }} pageInfo {{ hasNextPage endCursor }} }}
      }}
    }}
    """

    async def fetch(after: str | None) -> Any:
        return (await api.data(page, by=world.eve, after=after))["viewer"][name]

    pages = await walk(fetch)
    assert [len(each["edges"]) for each in pages] == [2, 2, 2]
    assert nodes(pages, "handle") == [f"other{number}" for number in (8, 7, 6, 2, 1, 0)]
    assert fallbacks_of(api, page) == []
    wrong = page.replace(name, next(each for each in LISTS if each != name))
    assert (await api.run(wrong, by=world.eve, after=pages[0]["pageInfo"]["endCursor"])).codes == ["BAD_CURSOR"]


async def test_lists_and_stances_cost_the_same_for_any_number(api: Api, world: World, private: Person) -> None:
    for number in range(5):
        await world.follow(await world.join(f"fan{number}"), private)
    asked = "{ viewer { followRequests { edges { node { handle viewerFollow followerCount } } } } }"
    with api.budget(sql=2):
        await api.data(asked, by=private)
    await world.follow(world.eve, private)
    with api.budget(sql=1):
        assert await stance(api, private, by=world.eve) == ("REQUESTED", 1)
