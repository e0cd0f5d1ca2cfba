"""A timeline in Redis: what it holds, how it is read, and when it must not answer."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from core.cache import Cache
from loaders.pages import GREATEST_ID
from tests.timelines.own_redis import OwnRedis
from timelines import keys
from timelines.store import COMPLETE, FILLED, MARKERS, OPEN, OVER, Act, Cut, TimelineStore, entries_of, member_of

READER = 7
CHANNELS = "test:ev:"


class Timeline:
    """One reader's timeline, with the few words that these tests need."""

    def __init__(self, store: TimelineStore, cache: Cache) -> None:
        self.store = store
        self.cache = cache

    async def build(self, entry_ids: Iterable[int], *, is_complete: bool = True) -> None:
        token = await self.store.begin_rebuild(READER)
        assert token is not None
        assert await self.store.end_rebuild(READER, entry_ids, token=token, is_complete=is_complete)

    async def push(self, entry_id: int) -> int:
        return await self.store.deliver(entry_id, [READER], act=Act.ADD, channel_prefix=CHANNELS, message=b"a message")

    async def take_away(self, entry_id: int) -> int:
        return await self.store.deliver(
            entry_id, [READER], act=Act.REMOVE, channel_prefix=CHANNELS, message=b"a message"
        )

    async def read(self, *, before: int = GREATEST_ID, limit: int = 2_000) -> Cut | None:
        return await self.store.read(READER, before=before, limit=limit)

    async def members(self) -> list[bytes]:
        async def call(client: Redis, epoch: str) -> list[bytes]:
            found: list[bytes] = await client.zrange(keys.home(self.cache.prefix, epoch, READER), 0, -1)  # type: ignore[assignment]  # nothing is decoded
            return found

        return await self.cache.run(call)

    async def entries(self) -> list[int]:
        return entries_of([member for member in await self.members() if member not in MARKERS])


@pytest.fixture
async def timeline(own_redis: OwnRedis) -> AsyncIterator[Timeline]:
    cache = Cache(own_redis.url, prefix="test:", timeout_s=2.0)
    yield Timeline(TimelineStore(cache, ttl_s=60), cache)
    with suppress(Exception):
        await cache.close()


def test_members_sort_newest_first_and_behind_them_the_markers() -> None:
    ids = [3, 4, 255, 256, 2**53, 2**53 + 1, 2**62, GREATEST_ID]
    members = [member_of(entry_id) for entry_id in ids]
    assert sorted([*members, *MARKERS]) == [*reversed(members), COMPLETE, FILLED, OPEN]
    assert entries_of(members) == ids


async def test_gives_entries_below_a_cursor_exactly_even_where_a_float_could_not(timeline: Timeline) -> None:
    ids = [2**62 + offset for offset in range(10)]
    await timeline.build(ids)
    for place, before in enumerate(ids):
        assert await timeline.read(before=before) == Cut(ids[:place][::-1], is_end=True)
    assert await timeline.read(before=ids[5], limit=2) == Cut([ids[4], ids[3]], is_end=False)


async def test_adding_twice_is_adding_once(timeline: Timeline) -> None:
    await timeline.build([11, 12])
    assert [await timeline.push(13), await timeline.push(13), await timeline.push(12)] == [1, 1, 1]
    assert await timeline.read() == Cut([13, 12, 11], is_end=True)
    assert [await timeline.take_away(12), await timeline.take_away(12)] == [1, 0]
    assert await timeline.read() == Cut([13, 11], is_end=True)


async def test_nothing_is_pushed_to_a_reader_without_a_timeline(timeline: Timeline) -> None:
    assert await timeline.push(11) == 0
    assert await timeline.members() == []


async def test_is_not_read_while_it_is_built(timeline: Timeline) -> None:
    assert await timeline.read() is None
    token = await timeline.store.begin_rebuild(READER)
    assert token is not None
    await timeline.push(5)
    assert await timeline.read() is None
    assert await timeline.store.end_rebuild(READER, [4, 3], token=token, is_complete=True)
    assert await timeline.read() == Cut([5, 4, 3], is_end=True)


async def test_end_of_an_incomplete_timeline_is_not_the_end_of_the_feed(timeline: Timeline) -> None:
    await timeline.build([5, 4, 3], is_complete=False)
    assert await timeline.read(limit=3) == Cut([5, 4, 3], is_end=False)
    assert await timeline.read(limit=4) is None
    assert await timeline.read(before=4, limit=1) == Cut([3], is_end=False)
    assert await timeline.read(before=3, limit=1) is None


async def test_push_older_than_an_incomplete_timeline_stays_out(timeline: Timeline) -> None:
    """Between it and the oldest entry others may be, which the timeline would seem to lack."""
    await timeline.build([15, 13, 11], is_complete=False)
    assert [await timeline.push(12), await timeline.push(9), await timeline.push(11)] == [1, 0, 1]
    assert await timeline.entries() == [15, 13, 12, 11]
    for entry_id in (15, 13, 12, 11):
        await timeline.take_away(entry_id)
    assert await timeline.push(14) == 0
    await timeline.build([15, 13, 11], is_complete=True)
    assert await timeline.push(9) == 1
    assert await timeline.read() == Cut([15, 13, 11, 9], is_end=True)


@pytest.mark.parametrize(("is_complete", "expected"), [(True, [15, 14, 13, 11, 9]), (False, [15, 14, 13, 11])])
async def test_what_was_pushed_during_a_rebuild_stays_if_it_does_not_reach_behind_it(
    timeline: Timeline, *, is_complete: bool, expected: list[int]
) -> None:
    token = await timeline.store.begin_rebuild(READER)
    assert token is not None
    for entry_id in (9, 14, 13):
        await timeline.push(entry_id)
    assert await timeline.store.end_rebuild(READER, [15, 13, 11], token=token, is_complete=is_complete)
    assert await timeline.entries() == expected


@pytest.mark.parametrize("is_complete", [True, False])
async def test_keeps_the_newest_eight_hundred_without_a_hole(timeline: Timeline, *, is_complete: bool) -> None:
    older = range(10, 410)
    await timeline.build(older, is_complete=is_complete)
    pushed = range(1_000, 1_450)
    newest_first = [*reversed(pushed), *reversed(older)]
    for entry_id in pushed:
        await timeline.push(entry_id)
    kept = await timeline.entries()
    assert keys.LARGEST_TIMELINE <= len(kept) <= keys.LARGEST_TIMELINE + 3
    assert kept == newest_first[: len(kept)]
    assert (await timeline.members())[len(kept) :] == [FILLED, OPEN]
    assert await timeline.read(limit=len(kept) + 1) is None, "what was trimmed off exists, so SQL must go on"


async def test_late_push_sorts_into_its_place_and_one_older_than_a_full_timeline_is_trimmed(
    timeline: Timeline,
) -> None:
    await timeline.build([29, 25, 21])
    await timeline.push(27)
    assert await timeline.read() == Cut([29, 27, 25, 21], is_end=True)
    for entry_id in range(100, 1_000):
        await timeline.push(entry_id)
    for entry_id in (22, 23, 24, 26, 28):
        await timeline.push(entry_id)
    kept = await timeline.entries()
    cut = await timeline.read(limit=keys.LARGEST_TIMELINE)
    assert cut == Cut([*range(999, 999 - keys.LARGEST_TIMELINE, -1)], is_end=False)
    assert len(kept) <= keys.LARGEST_TIMELINE + 3


@pytest.mark.parametrize("pushed", [799, 800, 801, 802, 803, 804, 805, 810])
async def test_flood_of_pushes_during_a_rebuild_leaves_no_hole_and_no_false_end(
    timeline: Timeline, pushed: int
) -> None:
    token = await timeline.store.begin_rebuild(READER)
    assert token is not None
    for entry_id in range(100, 100 + pushed):
        await timeline.push(entry_id)
    assert await timeline.store.end_rebuild(READER, [9, 8], token=token, is_complete=True)
    truth = [*range(99 + pushed, 99, -1), 9, 8]
    kept = await timeline.entries()
    assert kept == truth[: len(kept)]
    if len(kept) < len(truth):
        assert COMPLETE not in await timeline.members()


async def test_rebuild_that_was_forgotten_meanwhile_fills_nothing(timeline: Timeline) -> None:
    token = await timeline.store.begin_rebuild(READER)
    assert token is not None
    await timeline.store.forget(READER)
    assert not await timeline.store.end_rebuild(READER, [11], token=token, is_complete=True)
    assert await timeline.members() == []


async def test_forgotten_rebuild_does_not_fill_the_one_that_came_after(timeline: Timeline) -> None:
    stale = await timeline.store.begin_rebuild(READER)
    assert stale is not None
    await timeline.store.forget(READER)
    fresh = await timeline.store.begin_rebuild(READER)
    assert fresh is not None
    assert not await timeline.store.end_rebuild(READER, [666], token=stale, is_complete=True)
    assert await timeline.read() is None
    assert await timeline.store.end_rebuild(READER, [12], token=fresh, is_complete=True)
    assert await timeline.read() == Cut([12], is_end=True)


async def test_of_two_rebuilds_at_once_one_runs(timeline: Timeline) -> None:
    tokens = await asyncio.gather(*(timeline.store.begin_rebuild(READER) for _ in range(10)))
    [token] = [token for token in tokens if token is not None]
    await timeline.push(13)
    assert await timeline.store.begin_rebuild(READER) is None
    assert await timeline.store.end_rebuild(READER, [12], token=token, is_complete=True)
    assert await timeline.read() == Cut([13, 12], is_end=True)
    assert await timeline.store.begin_rebuild(READER) is not None


def _interleavings() -> list[tuple[str, ...]]:
    """Every order of a rebuild's three steps and a post's two."""
    rebuild, post = ("begin", "select", "end"), ("commit", "push")
    orders = []
    for places in itertools.combinations(range(5), 2):
        steps, acts = iter(rebuild), iter(post)
        orders.append(tuple(next(acts) if place in places else next(steps) for place in range(5)))
    return orders


@pytest.mark.parametrize("order", _interleavings(), ids=" ".join)
async def test_rebuild_beside_a_post_loses_nothing(timeline: Timeline, order: tuple[str, ...]) -> None:
    table, snapshot, token = [11], list[int](), None
    for step in order:
        match step:
            case "begin":
                token = await timeline.store.begin_rebuild(READER)
            case "select":
                snapshot = list(table)
            case "end":
                assert token is not None
                assert await timeline.store.end_rebuild(READER, snapshot, token=token, is_complete=True)
            case "commit":
                table.append(12)
            case "push":
                await timeline.push(12)
    assert await timeline.read() == Cut([12, 11], is_end=True)


async def test_every_key_expires_and_a_read_says_when_it_has_to_be_kept_alive(timeline: Timeline) -> None:
    await timeline.build([11])
    cache = timeline.cache

    async def seconds_left() -> int:
        return await cache.run(lambda client, epoch: client.ttl(keys.home(cache.prefix, epoch, READER)))

    assert 0 < await seconds_left() <= 60
    await cache.run(lambda client, epoch: client.expire(keys.home(cache.prefix, epoch, READER), 5))
    await timeline.push(12)
    assert await seconds_left() <= 5, "a push alone keeps no timeline alive"
    cut = await timeline.read()
    assert cut is not None
    assert cut.is_due
    assert await seconds_left() <= 5, "nor does a read: its reader has to be noted first"
    await timeline.store.keep(READER)
    assert await seconds_left() > 50
    cut = await timeline.read()
    assert cut is not None
    assert not cut.is_due
    assert await timeline.store.begin_rebuild(READER) is not None

    async def all_seconds_left(client: Redis, _epoch: str) -> list[int]:
        return [await client.ttl(key) for key in await client.keys("*") if key != keys.binding("test:").encode()]

    left = await cache.run(all_seconds_left)
    assert len(left) == 2
    assert min(left) > 0


async def test_timeline_of_one_who_follows_too_much_takes_nothing_until_it_is_forgotten(timeline: Timeline) -> None:
    await timeline.build([11])
    token = await timeline.store.begin_rebuild(READER)
    assert token is not None
    assert await timeline.store.mark_over(READER, token=token)
    assert [await timeline.push(12), await timeline.take_away(11)] == [0, 0]
    assert await timeline.members() == [OVER]
    for before in (GREATEST_ID, 12):
        cut = await timeline.read(before=before)
        assert cut is not None
        assert cut.is_over
    cache = timeline.cache
    left_s = await cache.run(lambda client, epoch: client.ttl(keys.home(cache.prefix, epoch, READER)))
    assert 0 < left_s <= keys.OVER_S
    await timeline.store.forget(READER)
    assert await timeline.read() is None
    await timeline.build([12, 11])
    assert await timeline.read() == Cut([12, 11], is_end=True)


async def test_mark_of_a_forgotten_rebuild_is_not_made(timeline: Timeline) -> None:
    stale = await timeline.store.begin_rebuild(READER)
    assert stale is not None
    await timeline.store.forget(READER)
    await timeline.build([11])
    assert not await timeline.store.mark_over(READER, token=stale)
    assert await timeline.read() == Cut([11], is_end=True)


async def test_only_who_listens_is_told(timeline: Timeline) -> None:
    cache, listening = timeline.cache, (READER, READER + 2)
    async with Redis.from_url(cache.url) as client, client.pubsub() as heard:
        await heard.subscribe(*(f"{CHANNELS}{account_id}" for account_id in listening))
        await timeline.build([11])
        for act in Act:
            await timeline.store.deliver(
                12, [READER, READER + 1, READER + 2], act=act, channel_prefix=CHANNELS, message=act.encode()
            )
        told = list[tuple[str, str]]()
        while (message := await heard.get_message(timeout=0.2)) is not None:
            if message["type"] == "message":
                told.append((message["channel"].decode(), message["data"].decode()))
        assert told == [(f"{CHANNELS}{account_id}", act) for act in Act for account_id in listening]


async def test_full_timeline_takes_at_most_twelve_kilobytes(timeline: Timeline) -> None:
    entry_ids = [1_764_000_000_000 * 2**22 // 2 + 97 * number for number in range(keys.LARGEST_TIMELINE)]
    await timeline.build(entry_ids, is_complete=False)
    cache = timeline.cache
    size = await cache.run(lambda client, epoch: client.memory_usage(keys.home(cache.prefix, epoch, READER), samples=0))
    assert size is not None
    assert 8 * keys.LARGEST_TIMELINE < size <= 12 * 1024
