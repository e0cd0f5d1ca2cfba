"""Fan-out of posts with hashtags: several lists of followers are walked as one, and nobody is met twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from events.posts import EntryAdded, EntryRemoved
from tests.api.hashtags import follow
from tests.fixtures.api import Api
from tests.worlds import Person, World
from timelines import fanout
from timelines.fanout import FanOut
from timelines.pulled_authors import PulledAuthors, PullLimits
from timelines.store import TimelineStore

PER_BATCH = 3
EVENT_ID = 77


@dataclass(slots=True)
class Walk:
    """One event's handler: what it has delivered, and how far it has come."""

    fan_out: FanOut
    event: EntryAdded | EntryRemoved
    delivered: list[list[int]]
    checkpoint: int = 0

    @property
    def reached(self) -> list[int]:
        return [account_id for batch in self.delivered for account_id in batch]

    async def run(self, *, most_batches: int = 1_000) -> bool:
        """Goes on from the checkpoint; another worker takes over after so many batches. Whether it came to the end."""
        advances = 0

        async def advance(reached: int) -> bool:
            nonlocal advances
            advances += 1
            self.checkpoint = reached
            return advances < most_batches

        noted: dict[str, Any] = {"event_id": EVENT_ID, "checkpoint": self.checkpoint, "advance": advance}
        if isinstance(self.event, EntryAdded):
            await self.fan_out.on_entry_added(self.event, **noted)
        else:
            await self.fan_out.on_entry_removed(self.event, **noted)
        return advances < most_batches


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The accounts of each delivery, with batches so small that there are many."""
    batches: list[list[int]] = []
    really = TimelineStore.deliver

    async def deliver(self: TimelineStore, entry_id: int, account_ids: Sequence[int], **rest: Any) -> int:
        batches.append(list(account_ids))
        return await really(self, entry_id, account_ids, **rest)

    monkeypatch.setattr(TimelineStore, "deliver", deliver)
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", PER_BATCH)
    return batches


@dataclass(slots=True)
class Crowd:
    """Bob's followers, those of two hashtags, and those of several; bob follows one of the hashtags himself."""

    people: list[Person]

    @property
    def account_ids(self) -> list[int]:
        return sorted(person.account_id for person in self.people)


@pytest.fixture
async def crowd(api: Api, world: World) -> Crowd:
    people = [await world.join(f"person{number}") for number in range(14)]
    for number, person in enumerate(people):
        if number % 7 == 0:
            await follow(api, "milk", by=person)
        if number % 2 == 0:
            await world.follow(person, world.bob)
        if number % 2 or number % 3 == 0:
            await follow(api, "tea", by=person)
        if number % 4 == 0:
            await follow(api, "milk", by=person)
    for person in (world.alice, world.eve, *people):
        await api.services.resources.home.rebuild(person.account_id)
    await follow(api, "tea", by=world.bob)
    await follow(api, "sugar", by=world.dan)
    return Crowd([world.alice, world.bob, *people])


async def walk_of(api: Api, event: EntryAdded | EntryRemoved, delivered: list[list[int]]) -> Walk:
    services = api.services
    pulled_authors = PulledAuthors(services.db, PullLimits(readers=1_000, posts_per_day=1_000, active_days=1))
    store, prefix = services.resources.home._store, services.cache.prefix
    fan_out = FanOut(services.db, store, pulled_authors, key_prefix=prefix, active_days=1)
    return Walk(fan_out, event, delivered)


async def timelines(api: Api, people: Sequence[Person]) -> set[tuple[int, ...]]:
    """What the timelines of these people have, each different one."""
    home = api.services.resources.home
    cuts = [await home._store.read(person.account_id, before=2**62, limit=50) for person in people]
    return {tuple(cut.ids) for cut in cuts if cut is not None}


async def test_everybody_who_follows_author_or_hashtags_is_met_once(
    api: Api, world: World, crowd: Crowd, delivered: list[list[int]]
) -> None:
    post = await world.post(world.bob, "#tea #milk")
    walk = await walk_of(api, EntryAdded(post, world.bob.account_id), delivered)
    await walk.run()
    assert sorted(walk.reached) == crowd.account_ids
    assert all(len(batch) <= PER_BATCH + 1 for batch in delivered)
    assert await timelines(api, crowd.people[2:]) == {(post,)}
    await walk.run()
    assert await timelines(api, crowd.people[2:]) == {(post,)}

    await world.delete(world.bob, post)
    delivered.clear()
    gone = await walk_of(api, EntryRemoved(post, world.bob.account_id, post), delivered)
    await gone.run()
    assert sorted(gone.reached) == crowd.account_ids
    assert await timelines(api, crowd.people[2:]) == {()}


@pytest.mark.parametrize("most_batches", [1, 2, 3, 5])
async def test_who_takes_over_goes_on_behind_the_checkpoint(
    api: Api, world: World, crowd: Crowd, delivered: list[list[int]], most_batches: int
) -> None:
    post = await world.post(world.bob, "#tea #milk")
    walk = await walk_of(api, EntryAdded(post, world.bob.account_id), delivered)
    takeovers = 0
    while not await walk.run(most_batches=most_batches):
        takeovers += 1
    assert takeovers > 0
    assert sorted(walk.reached) == crowd.account_ids
    assert await timelines(api, crowd.people[2:]) == {(post,)}


async def test_who_follows_during_the_walk_is_met_at_its_end(
    api: Api, world: World, crowd: Crowd, delivered: list[list[int]]
) -> None:
    post = await world.post(world.bob, "#tea")
    walk = await walk_of(api, EntryAdded(post, world.bob.account_id), delivered)
    await walk.run(most_batches=1)
    await follow(api, "tea", by=world.eve)
    assert world.eve.account_id not in walk.reached
    await walk.run()
    assert walk.reached.count(world.eve.account_id) == 1


async def test_a_reply_is_brought_by_its_author_alone(
    api: Api, world: World, crowd: Crowd, delivered: list[list[int]]
) -> None:
    post = await world.post(world.eve, "#tea")
    reply = await world.post(world.bob, "#tea", reply_to=post)
    walk = await walk_of(api, EntryAdded(reply, world.bob.account_id), delivered)
    await walk.run()
    followers = [world.alice, world.bob, *crowd.people[2::2]]
    assert sorted(walk.reached) == sorted(person.account_id for person in followers)
