"""How far feeds are read: a position only moves ahead, is the same on all devices, and is nobody else's business."""

import asyncio
import random
from datetime import timedelta

import pytest

from actions.read_positions import MOST_POSITIONS
from app.worker import Worker
from core import ids
from core.clock import utc_now
from core.paging import Listing, encode_cursor
from models.feeds import FeedKind
from tests.api.compiled import fallbacks_of
from tests.api.hashtags import seen
from tests.api.lists import change, new_list
from tests.api.posts import refusals
from tests.api.read_positions import (
    HOME,
    MOVE,
    POSITIONS,
    READ,
    entry_at,
    hashtag_feed,
    list_feed,
    move,
    move_to,
    place,
    positions_of,
    state_of,
)
from tests.fixtures.api import Api
from tests.rows import insert
from tests.worlds import World

OTHER_LISTINGS = [listing for listing in Listing if listing is not Listing.HOME_FEED]
NO_CURSORS = ["", "x", "\0", "💥", "'; DROP TABLE read_position; --", "A" * 5_000]


async def test_a_position_is_there_in_the_next_request_on_every_device(api: Api, world: World) -> None:
    older, newer = [await world.post(world.bob) for _ in range(2)]
    assert await state_of(api, "home", by=world.alice) == (None, 2)
    payload = await move(api, place(older), by=world.alice)
    assert payload == {"readPosition": place(older), "hasMoved": True, "errors": []}
    assert await state_of(api, "home", by=world.alice) == (older, 1)
    await move_to(api, newer, by=world.alice)
    assert await state_of(api, "home", by=world.alice) == (newer, 0)
    assert await state_of(api, "home", by=world.dan) == (None, 0)


async def test_it_only_moves_ahead_and_twice_is_once(api: Api, world: World) -> None:
    older, newer = [await world.post(world.bob) for _ in range(2)]
    await move_to(api, newer, by=world.alice)
    for entry in (newer, older, 0):
        payload = await move(api, place(entry), by=world.alice)
        assert payload == {"readPosition": place(newer), "hasMoved": False, "errors": []}


async def test_devices_that_move_it_at_once_end_at_the_furthest(api: Api, world: World) -> None:
    posts = [await world.post(world.bob) for _ in range(20)]
    shuffled = random.Random(4).sample(posts * 2, 40)
    payloads = await asyncio.gather(*(move(api, place(entry), by=world.alice) for entry in shuffled))
    assert all(payload["errors"] == [] for payload in payloads)
    assert 1 <= sum(payload["hasMoved"] for payload in payloads) <= 20
    for payload, entry in zip(payloads, shuffled, strict=True):
        assert entry <= (entry_at(payload["readPosition"]) or 0) <= posts[-1]
    assert await state_of(api, "home", by=world.alice) == (posts[-1], 0)


async def test_nobody_reads_ahead_of_now(api: Api, world: World, worker: Worker) -> None:
    await world.post(world.bob)
    for entry in (2**63 - 1, ids.first_at(utc_now() + timedelta(days=1))):
        payload = await move(api, place(entry), by=world.alice)
        reached = entry_at(payload["readPosition"])
        assert reached is not None
        assert reached < ids.first_at(utc_now() + timedelta(seconds=5))
    assert (await state_of(api, "home", by=world.alice))[1] == 0
    later = await world.post(world.bob)
    await worker.settle()
    assert (await state_of(api, "home", by=world.alice))[1] == 1
    await move_to(api, later, by=world.alice)


async def test_hashtags_and_lists_have_positions_of_their_own(api: Api, world: World) -> None:
    older, newer = [await world.post(world.bob, "some #tea") for _ in range(2)]
    tea = (await seen(api, "tea"))["id"]
    birds = await new_list(api, "Birds", world.bob, by=world.alice)
    for feed, listing in ((hashtag_feed(tea), Listing.HASHTAG_POSTS), (list_feed(birds), Listing.LIST_FEED)):
        payload = await move(api, place(older, listing), by=world.alice, feed=feed)
        assert payload == {"readPosition": place(older, listing), "hasMoved": True, "errors": []}
    assert await state_of(api, "hashtag", by=world.alice) == (older, 1)
    assert await state_of(api, "hashtag", by=world.eve) == (None, 2)
    await move_to(api, newer, by=world.alice)
    kinds = [(each["kind"], each["list"], each["hashtag"]) for each in await positions_of(api, by=world.alice)]
    assert kinds == [
        ("HOME", None, None),
        ("HASHTAG", None, {"name": "tea"}),
        ("LIST", {"name": "Birds"}, None),
    ]
    places = [each["readPosition"] for each in await positions_of(api, by=world.alice, first=1)]
    assert places == [place(newer), place(older, Listing.HASHTAG_POSTS), place(older, Listing.LIST_FEED)]
    assert await positions_of(api, by=world.bob) == []


async def test_feeds_without_positions_have_none_and_refuse_one(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    for feed in ("public", "profile"):
        assert await state_of(api, feed, by=world.alice) == (None, None)
    for kind, listing in (("PUBLIC", Listing.PUBLIC_FEED), ("FOR_YOU", Listing.FOR_YOU_FEED)):
        payload = await move(api, place(post, listing), by=world.alice, feed={"kind": kind})
        assert (payload["readPosition"], payload["hasMoved"]) == (None, False)
        assert refusals(payload) == [("ValidationError", ["feed", "kind"])]


async def test_a_feed_that_one_does_not_see_is_not_found(api: Api, world: World) -> None:
    await world.post(world.bob, "some #tea")
    private = await new_list(api, "Birds", by=world.bob, isPrivate=True)
    of_a_blocker = await new_list(api, "Birds", by=world.eve)
    await world.block(world.eve, world.alice)
    of_lists = []
    for list_id in (private, of_a_blocker, ids.encode(ids.Kind.LIST, 1)):
        with api.budget(sql=1):
            of_lists.append(await move(api, place(1, Listing.LIST_FEED), by=world.alice, feed=list_feed(list_id)))
    absent = hashtag_feed(ids.encode(ids.Kind.HASHTAG, 1))
    of_hashtag = await move(api, place(1, Listing.HASHTAG_POSTS), by=world.alice, feed=absent)
    assert of_lists[0] == of_lists[1] == of_lists[2]
    for payload in (of_lists[0], of_hashtag):
        assert (payload["readPosition"], payload["hasMoved"]) == (None, False)
        assert refusals(payload) == [("NotFoundError", ["feed", "id"])]
    assert await positions_of(api, by=world.alice) == []


async def test_a_position_goes_with_the_sight_of_its_list(api: Api, world: World) -> None:
    birds = await new_list(api, "Birds", by=world.bob)
    await move(api, place(1, Listing.LIST_FEED), by=world.alice, feed=list_feed(birds))
    assert [each["list"] for each in await positions_of(api, by=world.alice)] == [{"name": "Birds"}]
    await change(api, "updateList", by=world.bob, listId=birds, isPrivate=True)
    assert await positions_of(api, by=world.alice) == []
    await change(api, "updateList", by=world.bob, listId=birds, isPrivate=False)
    assert len(await positions_of(api, by=world.alice)) == 1
    await change(api, "deleteList", by=world.bob, listId=birds)
    assert await positions_of(api, by=world.alice) == []


@pytest.mark.parametrize("text", [*NO_CURSORS, *(encode_cursor(listing, 7) for listing in OTHER_LISTINGS)])
async def test_a_cursor_of_another_list_is_refused(api: Api, world: World, text: str) -> None:
    answer = await api.run(MOVE, by=world.alice, input={"feed": HOME, "cursor": text})
    assert answer.codes == ["BAD_CURSOR"]
    assert await state_of(api, "home", by=world.alice) == (None, 0)


async def test_an_id_where_none_belongs_and_none_where_one_does_are_refused(api: Api, world: World) -> None:
    for feed in ({"kind": "HOME", "id": world.bob.id}, {"kind": "LIST"}, {"kind": "HASHTAG"}):
        payload = await move(api, place(1), by=world.alice, feed=feed)
        assert refusals(payload) == [("ValidationError", ["feed", "id"])]


async def test_needs_a_viewer(api: Api, world: World) -> None:
    await world.post(world.bob, "some #tea")
    answer = await api.run(MOVE, input={"feed": HOME, "cursor": place(1)})
    assert answer.codes == ["UNAUTHENTICATED"]
    for feed in ("public", "hashtag"):
        assert await state_of(api, feed, by=None) == (None, None)


async def test_of_very_many_feeds_the_one_not_read_for_longest_goes(api: Api, world: World) -> None:
    await world.post(world.bob, "some #tea")
    tea = (await seen(api, "tea"))["id"]
    account_id, start = world.alice.account_id, utc_now() - timedelta(days=1)
    rows = [
        {
            "account_id": account_id,
            "feed": int(FeedKind.HASHTAG),
            "target_id": number + 1,
            "entry_id": 1,
            "moved_at": start + timedelta(seconds=number),
        }
        for number in range(MOST_POSITIONS + 5)
    ]
    await move_to(api, 1, by=world.alice)
    await insert(api.services.db, "read_position", rows)
    assert (await move(api, place(2, Listing.HASHTAG_POSTS), by=world.alice, feed=hashtag_feed(tea)))["hasMoved"]
    async with api.services.db._connection() as connection:
        kept = await connection.fetch("SELECT target_id FROM read_position WHERE account_id = $1", account_id)
    hashtags = sorted(row["target_id"] for row in kept if row["target_id"] != ids.NOBODY)
    assert len(hashtags) == MOST_POSITIONS + 1
    assert hashtags[0] == 6
    assert (await state_of(api, "home", by=world.alice))[0] == 1
    assert await state_of(api, "hashtag", by=world.alice) == (2, 1)


async def test_moving_costs_two_statements_at_home_and_three_elsewhere(api: Api, world: World) -> None:
    older, newer = [await world.post(world.bob, "some #tea") for _ in range(2)]
    tea = hashtag_feed((await seen(api, "tea"))["id"])
    for entry in (older, older, newer):
        with api.budget(sql=2, redis=1):
            await move(api, place(entry), by=world.alice)
        with api.budget(sql=3, redis=1):
            await move(api, place(entry, Listing.HASHTAG_POSTS), by=world.alice, feed=tea)
    with api.budget(sql=3):
        await positions_of(api, by=world.alice)


@pytest.mark.parametrize("text", [*READ.values(), POSITIONS])
async def test_its_documents_run_compiled(api: Api, text: str) -> None:
    assert fallbacks_of(api, text) == []
