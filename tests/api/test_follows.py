"""Following: twice is once, nobody follows themselves, and both lists and counts say so."""

import asyncio
from typing import Any

import pytest

from app.worker import Worker
from core import ids
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

USER = """
query ($handle: String!) {
  user(handle: $handle) {
    followerCount followingCount viewerFollow followsViewer
    followers(first: 100) { edges { node { handle } } }
    following(first: 100) { edges { node { handle } } }
  }
}
"""
PAGE = """
query ($handle: String!, $first: Int!, $followers: Cursor, $following: Cursor) {
  user(handle: $handle) {
    followers(first: $first, after: $followers) { edges { cursor node { handle } } pageInfo { hasNextPage endCursor } }
    following(first: $first, after: $following) { edges { cursor node { handle } } pageInfo { hasNextPage endCursor } }
  }
}
"""


def document(act: str) -> str:
    """The document of followUser or unfollowUser."""
    kind = f"{act[0].upper()}{act[1:]}Input"
    return f"""
    mutation ($input: {kind}!) {{
      {act}(input: $input) {{
        user {{ id handle followerCount viewerFollow }} errors {{ __typename code path }}
      }}
    }}
    """


async def act(api: Api, name: str, user_id: str, *, by: Person) -> Any:
    return (await api.data(document(name), by=by, input={"userId": user_id}))[name]


def handles(connection: Any) -> list[str]:
    return [edge["node"]["handle"] for edge in connection["edges"]]


async def test_following_twice_is_once_and_unfollowing_twice_is_once(api: Api, world: World, worker: Worker) -> None:
    for _ in range(2):
        payload = await act(api, "followUser", world.eve.id, by=world.alice)
        assert payload["errors"] == []
        assert payload["user"] == {
            "id": world.eve.id,
            "handle": "eve",
            "followerCount": 1,
            "viewerFollow": "FOLLOWING",
        }
    await worker.settle()
    alice, eve = [(await api.data(USER, by=world.alice, handle=name))["user"] for name in ("alice", "eve")]
    assert (alice["followingCount"], handles(alice["following"])) == (3, ["eve", "carol", "bob"])
    assert (eve["followerCount"], handles(eve["followers"])) == (1, ["alice"])
    for _ in range(2):
        payload = await act(api, "unfollowUser", world.eve.id, by=world.alice)
        assert (payload["errors"], payload["user"]["followerCount"]) == ([], 0)
        assert payload["user"]["viewerFollow"] == "NONE"
    await worker.settle()
    alice = (await api.data(USER, handle="alice"))["user"]
    assert (alice["followingCount"], handles(alice["following"])) == (2, ["carol", "bob"])


async def test_unfollowing_whom_one_does_not_follow_changes_nothing(api: Api, world: World) -> None:
    payload = await act(api, "unfollowUser", world.eve.id, by=world.alice)
    assert (payload["errors"], payload["user"]["followerCount"]) == ([], 0)


@pytest.mark.parametrize("name", ["followUser", "unfollowUser"])
async def test_nobody_follows_themselves(api: Api, world: World, name: str) -> None:
    payload = await act(api, name, world.alice.id, by=world.alice)
    assert payload["user"] is None
    assert refusals(payload) == [("NotAllowedError", ["userId"])]


@pytest.mark.parametrize("name", ["followUser", "unfollowUser"])
async def test_whom_there_is_not_nobody_follows(api: Api, world: World, name: str) -> None:
    post = await world.post(world.bob)
    wrong = ["", "zzz", "\x00", "💀", "x" * 10_000, post_id(post), ids.encode(ids.Kind.USER, 1)]
    wrong += [ids.encode(ids.Kind.USER, 2**63 - 1), world.bob.id + "=", ids.encode(ids.Kind.USER, post)]
    for user_id in wrong:
        payload = await act(api, name, user_id, by=world.alice)
        assert payload["user"] is None
        assert refusals(payload) == [("NotFoundError", ["userId"])], user_id
    assert (await api.data(USER, handle="alice"))["user"]["followingCount"] == 2


@pytest.mark.parametrize("name", ["followUser", "unfollowUser"])
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    assert (await api.run(document(name), input={"userId": world.bob.id})).codes == ["UNAUTHENTICATED"]


async def test_a_hundred_at_once_follow_once(api: Api, world: World, worker: Worker) -> None:
    payloads = await asyncio.gather(*(act(api, "followUser", world.eve.id, by=world.alice) for _ in range(100)))
    assert all(payload["errors"] == [] for payload in payloads)
    for _ in range(2):
        assert (await api.data(USER, handle="eve"))["user"]["followerCount"] == 1
        await worker.settle()


async def test_following_each_other_at_once_counts_both(api: Api, world: World) -> None:
    await asyncio.gather(
        act(api, "followUser", world.eve.id, by=world.carol), act(api, "followUser", world.carol.id, by=world.eve)
    )
    carol, eve = [(await api.data(USER, handle=name))["user"] for name in ("carol", "eve")]
    assert (carol["followerCount"], carol["followingCount"]) == (2, 1)
    assert (eve["followerCount"], eve["followingCount"]) == (1, 1)


@pytest.mark.parametrize(
    ("viewer", "handle", "expected"),
    [
        ("alice", "bob", ("FOLLOWING", True)),
        ("alice", "carol", ("FOLLOWING", False)),
        ("alice", "dan", ("NONE", True)),
        ("alice", "eve", ("NONE", False)),
        ("alice", "alice", ("NONE", False)),
        (None, "alice", ("NONE", False)),
    ],
)
async def test_a_user_says_how_the_viewer_stands_to_them(
    api: Api, world: World, viewer: str | None, handle: str, expected: tuple[str, bool]
) -> None:
    user = (await api.data(USER, by=world.people[viewer] if viewer else None, handle=handle))["user"]
    assert (user["viewerFollow"], user["followsViewer"]) == expected


async def test_both_lists_page_without_gap_or_repeat_newest_follow_first(api: Api, world: World) -> None:
    names = [f"fan{number}" for number in range(11)]
    for name in names:
        person = await world.join(name)
        await world.follow(person, world.eve)
        await world.follow(world.eve, person)
    followers: list[str] = []
    following: list[str] = []
    cursors: dict[str, Any] = {}
    pages = 0
    while True:
        user = (await api.data(PAGE, handle="eve", first=4, **cursors))["user"]
        pages += 1
        followers += handles(user["followers"])
        following += handles(user["following"])
        assert user["followers"]["pageInfo"]["endCursor"] == user["followers"]["edges"][-1]["cursor"]
        if not user["followers"]["pageInfo"]["hasNextPage"]:
            break
        cursors = {name: user[name]["pageInfo"]["endCursor"] for name in ("followers", "following")}
    assert pages == 3
    assert followers == following == names[::-1]


async def test_a_page_of_followers_costs_the_same_for_any_number(api: Api, world: World) -> None:
    for number in range(12):
        await world.follow(await world.join(f"fan{number}"), world.eve)
    for first in (3, 12):
        with api.budget(sql=4):
            await api.data(PAGE, handle="eve", first=first)
