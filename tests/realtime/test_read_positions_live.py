"""Whoever reads on one device has read on all of them: their open sessions are told, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from app.services import ProcessServices
from app.worker import Worker
from core.paging import Listing
from events import channels
from events.bus import HomeMessage
from tests.api.hashtags import seen
from tests.api.live import listening
from tests.api.read_positions import hashtag_feed, move, move_to, place
from tests.fixtures.api import Api
from tests.worlds import Person, World

WITHIN_S = 5.0
# How soon after its commit a position is told, with a worker that runs: the promise is a second.
TOLD_WITHIN_S = 1.0
LIVE = """
subscription {
  homeFeed {
    __typename
    ... on Started { cursor }
    ... on PostAdded { edge { cursor } }
    ... on ReadPositionMoved { cursor readPosition }
  }
}
"""


class Session:
    """An open subscription."""

    def __init__(self, bodies: AsyncIterator[Any]) -> None:
        self._bodies = bodies

    async def next(self, *, within_s: float = WITHIN_S) -> Any:
        body = await asyncio.wait_for(anext(self._bodies), within_s)
        return body["data"]["homeFeed"]


@asynccontextmanager
async def opened(services: ProcessServices, *people: Person) -> AsyncIterator[list[Session]]:
    """Sessions of people, all of which listen."""
    async with asyncio.timeout(WITHIN_S):
        while not services.resources.bus.is_connected:  # noqa: ASYNC110 (a flag without an event)
            await asyncio.sleep(0.01)
    async with AsyncExitStack() as stack:
        sessions = [Session(await stack.enter_async_context(listening(services, person, LIVE))) for person in people]
        for session in sessions:
            assert (await session.next())["__typename"] == "Started"
        yield sessions


async def publish(api: Api, channel: str, message: bytes) -> None:
    await api.services.cache.run(lambda client, _: client.publish(channel, message))


@pytest.fixture
async def running(worker: Worker) -> AsyncIterator[Worker]:
    """A worker that works by itself."""
    task = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    await task


async def test_all_sessions_of_the_account_are_told_within_a_second(api: Api, world: World, running: Worker) -> None:
    post = await world.post(world.eve)
    people = (world.alice, world.alice, world.bob)
    async with opened(api.services, *people) as (here, there, of_another):
        await move_to(api, post, by=world.alice)
        for session in (here, there):
            event = await session.next(within_s=TOLD_WITHIN_S)
            assert (event["__typename"], event["readPosition"]) == ("ReadPositionMoved", place(post))
        await world.post(world.bob, "next")
        assert (await of_another.next())["__typename"] == "PostAdded"


async def test_it_comes_behind_the_entry_that_was_read_and_never_goes_back(
    api: Api, world: World, worker: Worker
) -> None:
    async with opened(api.services, world.alice) as [session]:
        places = []
        for _ in range(3):
            post = await world.post(world.bob)
            await worker.settle()
            await move_to(api, post, by=world.alice)
            await worker.settle()
            places.append(place(post))
        told = [await session.next() for _ in range(6)]
        assert [event["__typename"] for event in told] == ["PostAdded", "ReadPositionMoved"] * 3
        assert [event["edge"]["cursor"] for event in told[::2]] == places
        assert [event["readPosition"] for event in told[1::2]] == places
        cursors = [event["cursor"] for event in told[1::2]]
        assert len(set(cursors)) == 3


async def test_moves_that_are_told_in_another_order_end_at_the_furthest(api: Api, world: World) -> None:
    channel = channels.home(api.services.resources.channel_prefix, world.alice.account_id)
    async with opened(api.services, world.alice) as [session]:
        for event_id, entry in ((2, 20), (1, 10), (2, 20), (3, 20), (4, 30)):
            await publish(api, channel, HomeMessage(event_id=event_id, read_entry_id=entry).to_bytes())
        told = [await session.next() for _ in range(2)]
        assert [event["readPosition"] for event in told] == [place(20), place(30)]


async def test_what_moves_nothing_and_other_feeds_tell_nothing(api: Api, world: World, worker: Worker) -> None:
    older, newer = [await world.post(world.bob, "some #tea") for _ in range(2)]
    tea = hashtag_feed((await seen(api, "tea"))["id"])
    await move_to(api, newer, by=world.alice)
    await worker.settle()
    async with opened(api.services, world.alice) as [session]:
        for entry in (older, newer):
            await move(api, place(entry), by=world.alice)
            await move(api, place(entry, Listing.HASHTAG_POSTS), by=world.alice, feed=tea)
        await worker.settle()
        await world.post(world.bob, "next")
        await worker.settle()
        assert (await session.next())["__typename"] == "PostAdded"
