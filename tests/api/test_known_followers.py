"""followersYouKnow: whom one follows among somebody's followers, of many users by one statement."""

from typing import Any

import pytest

from loaders import known_followers
from loaders.linked_users import select_linked_users
from models.follows import follow
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.relations import block_, make_private, suspend
from tests.fixtures.api import Api
from tests.worlds import Person, World

KNOWN = """
query ($handle: String!, $first: Int! = 20, $after: Cursor) {
  user(handle: $handle) {
    followersYouKnow(first: $first, after: $after) {
      edges { cursor node { handle } } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
OF_MANY = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on User { handle followersYouKnow(first: 2) { edges { node { handle } } } } }
}
"""


async def known(api: Api, person: Person, *, by: Person | None) -> list[str] | None:
    """The handles of the list; None if the user is hidden."""
    user = (await api.data(KNOWN, by=by, handle=person.handle))["user"]
    return None if user is None else [edge["node"]["handle"] for edge in user["followersYouKnow"]["edges"]]


@pytest.fixture
async def friends(world: World) -> list[Person]:
    """Five people whom Eve follows, the oldest follow first; all but the last follow Bob."""
    friends = [await world.join(f"friend{number}") for number in range(5)]
    for friend in friends:
        await world.follow(world.eve, friend)
    for friend in reversed(friends[:4]):
        await world.follow(friend, world.bob)
    return friends


async def test_those_whom_the_viewer_follows_come_by_the_viewers_newest_follow(
    api: Api, world: World, friends: list[Person]
) -> None:
    assert await known(api, world.bob, by=world.eve) == ["friend3", "friend2", "friend1", "friend0"]
    assert await known(api, friends[0], by=world.eve) == []
    assert await known(api, world.bob, by=world.dan) == ["alice"]
    assert await known(api, world.bob, by=None) == []
    await world.unfollow(world.eve, friends[2])
    await world.unfollow(friends[3], world.bob)
    assert await known(api, world.bob, by=world.eve) == ["friend1", "friend0"]


async def test_who_is_hidden_is_left_out_and_pages_are_full_all_the_same(
    api: Api, world: World, friends: list[Person]
) -> None:
    await suspend(world, friends[3])
    await block_(world, friends[1], world.eve)

    async def fetch(after: str | None) -> Any:
        return (await api.data(KNOWN, by=world.eve, handle="bob", first=1, after=after))["user"]["followersYouKnow"]

    pages = await walk(fetch)
    assert nodes(pages, "handle") == ["friend2", "friend0"]
    assert all(len(page["edges"]) == 1 for page in pages[:-1])


@pytest.mark.usefixtures("friends")
async def test_whose_lists_are_hidden_has_none(api: Api, world: World) -> None:
    await make_private(world, world.bob)
    assert await known(api, world.bob, by=world.eve) == []
    await world.follow(world.eve, world.bob)
    await world.accept(world.bob, world.eve)
    assert len(await known(api, world.bob, by=world.eve) or ()) == 4
    await block_(world, world.eve, world.bob)
    assert await known(api, world.bob, by=world.eve) == []
    await block_(world, world.bob, world.eve)
    assert await known(api, world.bob, by=world.eve) is None


async def test_a_page_of_users_costs_one_statement_more(api: Api, world: World, friends: list[Person]) -> None:
    for friend in friends[1:]:
        await world.follow(friend, world.carol)
    people = [world.bob, world.carol, world.dan, friends[0]]
    with api.budget(sql=2):
        found = (await api.data(OF_MANY, by=world.eve, ids=[person.id for person in people]))["nodes"]
    shown = {user["handle"]: nodes([user["followersYouKnow"]], "handle") for user in found}
    assert shown == {"bob": ["friend3", "friend2"], "carol": ["friend4", "friend3"], "dan": [], "friend0": []}
    with api.budget(sql=1):
        await api.data(OF_MANY, ids=[person.id for person in people])


async def test_only_the_viewers_newest_follows_are_looked_through(
    api: Api, world: World, friends: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_followers, "MOST_LOOKED_THROUGH", 3)
    bounded = select_linked_users(
        key=follow.c.id, target=follow.c.followee_id, of_parent=known_followers._is_known_follower()
    )
    monkeypatch.setattr(known_followers.KnownFollowersByUserLoader, "statement", bounded)
    # The newest of the three does not follow Bob.
    assert await known(api, world.bob, by=world.eve) == [friends[3].handle, friends[2].handle]


def test_known_followers_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, KNOWN, handle="bob") == []
    assert fallbacks_of(api, OF_MANY, ids=["zzz"]) == []
