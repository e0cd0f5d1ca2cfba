"""Unread entries: those above the position that the viewer would see, and no hint of any other."""

from typing import Any

import pytest

from app.worker import Worker
from core.paging import TOP_UP_ROUNDS, Listing, PageRequest
from tests.api.compiled import fallbacks_of
from tests.api.filters import new_filter
from tests.api.hashtags import seen
from tests.api.lists import new_list
from tests.api.read_positions import hashtag_feed, move, move_to, place, state_of
from tests.fixtures.api import Api
from tests.worlds import Person, World

UNREAD = """
query ($first: Int!, $after: Cursor, $until: Cursor) {
  homeFeed(first: $first, after: $after, until: $until) { unreadCount edges { node { body } } }
}
"""
PAGE = """
query ($first: Int!) { homeFeed(first: $first) { edges { node { body } } pageInfo { hasNextPage } } }
"""


async def unread(api: Api, person: Person, *, first: int = 20, **places: str | None) -> Any:
    return (await api.data(UNREAD, by=person, first=first, **places))["homeFeed"]["unreadCount"]


async def caught_up(api: Api, worker: Worker, person: Person) -> None:
    """Gives the person a timeline of what there is now."""
    await worker.settle()
    await api.services.resources.home.rebuild(person.account_id)


@pytest.mark.parametrize("first", [1, 5, 100])
async def test_it_is_the_same_whatever_part_of_the_feed_is_asked_for(api: Api, world: World, first: int) -> None:
    posts = [await world.post(world.bob, f"post {number}") for number in range(9)]
    await move_to(api, posts[3], by=world.alice)
    assert await unread(api, world.alice, first=first) == 5
    for after, until in ((posts[7], None), (posts[1], None), (None, posts[6]), (None, posts[2])):
        given = {"after": after, "until": until}
        places = {name: place(entry) for name, entry in given.items() if entry is not None}
        assert await unread(api, world.alice, first=first, **places) == 5


async def test_it_is_the_same_from_sql_and_from_a_timeline(api: Api, world: World, worker: Worker) -> None:
    posts = [await world.post(world.bob) for _ in range(6)]
    await move_to(api, posts[1], by=world.alice)
    assert await unread(api, world.alice, first=1) == 4
    await caught_up(api, worker, world.alice)
    assert await unread(api, world.alice, first=1) == 4
    await api.services.resources.home.forget(world.alice.account_id)
    assert await unread(api, world.alice, first=1) == 4


async def test_nothing_that_is_hidden_is_counted(api: Api, world: World) -> None:
    read = await world.post(world.bob, "read")
    await move_to(api, read, by=world.alice)
    await world.post(world.carol, "by somebody who blocks the reader")
    await world.post(world.bob, "a secret word")
    muted = await world.post(world.bob, "of a muted thread")
    await world.mute_thread(world.alice, muted)
    gone = await world.post(world.bob, "deleted")
    await world.delete(world.bob, gone)
    await world.post(world.bob, "seen")
    await world.post(world.eve, "a stranger")
    await new_filter(api, "secret", by=world.alice)
    await world.block(world.carol, world.alice)
    for first in (1, 20):
        assert await unread(api, world.alice, first=first) == 1


async def test_it_goes_up_to_a_hundred(api: Api, world: World) -> None:
    posts = [await world.post(world.bob, "some #tea") for _ in range(102)]
    tea = hashtag_feed((await seen(api, "tea"))["id"])
    for read, expected in ((None, 100), (posts[0], 100), (posts[1], 100), (posts[2], 99), (posts[100], 1)):
        if read is not None:
            await move_to(api, read, by=world.alice)
            await move(api, place(read, Listing.HASHTAG_POSTS), by=world.alice, feed=tea)
        assert await state_of(api, "home", by=world.alice) == (read, expected)
        assert await state_of(api, "hashtag", by=world.alice) == (read, expected)
        assert await unread(api, world.alice, first=100) == expected


async def test_looking_behind_very_many_hidden_entries_ends(api: Api, world: World, worker: Worker) -> None:
    await world.post(world.bob, "seen, and far down")
    thread = await world.post(world.bob, "muted")
    for _ in range(sum(PageRequest(1).rounds) + sum(PageRequest(100).rounds)):
        await world.post(world.bob, "muted", reply_to=thread)
    await world.mute_thread(world.alice, thread)
    await caught_up(api, worker, world.alice)
    with api.budget(sql=1 + 2 * TOP_UP_ROUNDS, redis=2 * TOP_UP_ROUNDS):
        assert await unread(api, world.alice, first=1) == 0


async def test_it_costs_nothing_where_the_page_tells_it_and_a_statement_where_not(
    api: Api, world: World, worker: Worker
) -> None:
    posts = [await world.post(world.bob) for _ in range(30)]
    await move_to(api, posts[20], by=world.alice)
    await caught_up(api, worker, world.alice)
    with api.budget(sql=1, redis=1):
        await api.data(PAGE, by=world.alice, first=20)
    with api.budget(sql=2, redis=1):
        assert await unread(api, world.alice, first=20) == 9
    with api.budget(sql=3, redis=2):
        assert await unread(api, world.alice, first=2) == 9
    document = "{ homeFeed(first: 2) { a: unreadCount b: unreadCount readPosition } }"
    with api.budget(sql=3, redis=2):
        data = await api.data(document, by=world.alice)
    assert data["homeFeed"] == {"a": 9, "b": 9, "readPosition": place(posts[20])}


async def test_people_on_an_exclusive_list_are_not_counted(api: Api, world: World) -> None:
    await world.post(world.bob)
    await world.post(world.carol)
    assert await unread(api, world.alice, first=1) == 2
    await new_list(api, "Birds", world.carol, by=world.alice, isExclusive=True)
    assert await unread(api, world.alice, first=1) == 1


async def test_its_documents_run_compiled(api: Api) -> None:
    assert fallbacks_of(api, UNREAD, first=1) == []
