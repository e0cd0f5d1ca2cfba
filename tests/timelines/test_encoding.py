"""Whether timelines are compact depends on a setting of the server's, which is looked at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from core.cache import Cache
from tests.timelines.own_redis import OwnRedis
from timelines import encoding
from timelines.encoding import NEEDED_ENTRIES, SETTING, fetch_compact_entries, keep_asking, warn_unless_compact

WARNING = "timelines may be ten times as large"


@pytest.fixture
async def cache(own_redis: OwnRedis) -> AsyncIterator[Cache]:
    cache = Cache(own_redis.url, prefix="test:", timeout_s=2.0)
    yield cache
    with suppress(Exception):
        await cache.close()


async def test_embedded_server_keeps_timelines_compact(cache: Cache) -> None:
    entries = await fetch_compact_entries(cache)
    assert entries is not None
    assert entries >= NEEDED_ENTRIES
    with capture_logs() as lines:
        assert await warn_unless_compact(cache)
    assert lines == []


@pytest.mark.parametrize(("entries", "warns"), [(NEEDED_ENTRIES, False), (NEEDED_ENTRIES - 1, True), (128, True)])
async def test_another_server_is_warned_of(own_redis: OwnRedis, cache: Cache, entries: int, *, warns: bool) -> None:
    own_redis.client().config_set(SETTING, entries)
    with capture_logs() as lines:
        assert await warn_unless_compact(cache)
    assert [(line["event"], line["is_set_to"]) for line in lines] == ([(WARNING, entries)] if warns else [])


async def test_server_that_does_not_tell_is_warned_of(own_redis: OwnRedis, cache: Cache) -> None:
    own_redis.client().acl_setuser(
        "default", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-config"]
    )
    assert await fetch_compact_entries(cache) is None
    with capture_logs() as lines:
        assert await warn_unless_compact(cache)
    assert [(line["event"], line["is_set_to"]) for line in lines] == [(WARNING, None)]


async def test_server_that_is_away_is_asked_when_it_is_back(
    own_redis: OwnRedis, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "ASKED_AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(encoding, "NEEDED_ENTRIES", 10_000)
    own_redis.kill()
    with capture_logs() as lines:
        assert not await warn_unless_compact(cache)
        asking = asyncio.create_task(keep_asking(cache))
        await asyncio.sleep(0.2)
        assert not asking.done()
        own_redis.start()
        await asyncio.wait_for(asking, 10)
    assert [line["event"] for line in lines] == [WARNING]
