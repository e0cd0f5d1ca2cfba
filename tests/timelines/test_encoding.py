"""Whether timelines are compact depends on a setting of the server's, which is looked at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

import pytest
from structlog.testing import capture_logs

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core.cache import Cache
from tests.timelines.own_redis import OwnRedis
from timelines import encoding
from timelines.encoding import NEEDED_ENTRIES, SETTING, fetch_compact_entries, keep_asking, warn_unless_compact

WARNING = "timelines may be ten times as large"
WARNED_WITHIN_S = 10.0


class Process(Protocol):
    """A server or a worker as it starts, and ends again."""

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[None]: ...


@asynccontextmanager
async def server(settings: Settings) -> AsyncIterator[None]:
    services = ProcessServices(settings)
    await services.start()
    try:
        yield
    finally:
        await services.stop()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[None]:
    worker = Worker(settings)
    await worker.open()
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running
        await worker.close()


def warnings_among(lines: Sequence[Any]) -> list[int]:
    return [line["is_set_to"] for line in lines if line["event"] == WARNING]


async def until_warned(lines: Sequence[Any]) -> None:
    async with asyncio.timeout(WARNED_WITHIN_S):
        while not warnings_among(lines):  # noqa: ASYNC110 (a log tells nobody)
            await asyncio.sleep(0.01)


@pytest.fixture
def settings(settings: Settings, own_redis: OwnRedis) -> Settings:
    """With a Redis that this test may set."""
    return settings.model_copy(update={"redis_url": own_redis.url})


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


@pytest.mark.parametrize("process", [server, worker])
@pytest.mark.parametrize("is_away_at_first", [False, True])
async def test_processes_ask_when_they_start_or_as_soon_as_it_is_there(
    own_redis: OwnRedis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    process: Process,
    *,
    is_away_at_first: bool,
) -> None:
    monkeypatch.setattr(encoding, "ASKED_AGAIN_AFTER_S", 0.05)
    if is_away_at_first:
        monkeypatch.setattr(encoding, "NEEDED_ENTRIES", 10_000)  # coming back it would forget what was set
        own_redis.kill()
    else:
        own_redis.client().config_set(SETTING, 128)
    with capture_logs() as lines:
        async with process(settings):
            if is_away_at_first:
                assert warnings_among(lines) == []
                own_redis.start()
            await until_warned(lines)
    assert len(warnings_among(lines)) == 1
