"""The lean way to Redis: replies in order, everybody bounded, and a lost connection that nobody waits on for ever."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import redis.exceptions

from core.cache import FAILURES_TO_OPEN, Cache, CacheUnavailableError
from core.wire import Wire, is_plain, open_wire
from tests.timelines.own_redis import OwnRedis

TIMEOUT_S = 0.25
# What a machine that is busy with other tests may add.
SLACK_S = 0.5


@pytest.fixture
async def wire(own_redis: OwnRedis) -> AsyncIterator[Wire]:
    wire = await open_wire(own_redis.url, timeout_s=TIMEOUT_S)
    yield wire
    wire.close()


@pytest.fixture
async def cache(own_redis: OwnRedis) -> AsyncIterator[Cache]:
    cache = Cache(own_redis.url, prefix="test:", timeout_s=TIMEOUT_S)
    yield cache
    with suppress(Exception):
        await cache.close()


async def run_of(cache: Cache) -> str:
    """The run of the server that a call is told of."""
    runs: list[str] = []

    def commands(run_id: str) -> list[tuple[str, ...]]:
        runs.append(run_id)
        return [("PING",)]

    assert await cache.exchange(commands) == [b"PONG"]
    return runs[0]


async def test_calls_of_many_get_their_own_replies(wire: Wire) -> None:
    answers = await asyncio.gather(
        *(wire.call(("SET", f"key {number}", number), ("GET", f"key {number}")) for number in range(500))
    )
    assert answers == [[b"OK", str(number).encode()] for number in range(500)]


async def test_bytes_go_and_come_as_they_are_and_absence_is_none(wire: Wire) -> None:
    everything = bytes(range(256)) * 100
    assert await wire.call(("SET", b"\x00\r\n", everything), ("GET", b"\x00\r\n"), ("GET", "absent")) == [
        b"OK",
        everything,
        None,
    ]


async def test_refused_command_fails_its_own_call_only(wire: Wire) -> None:
    refused = wire.call(("SET", "text", "x"), ("INCR", "text"), ("GET", "text"))
    beside = wire.call(("PING",))
    with pytest.raises(redis.exceptions.ResponseError):
        await refused
    assert await beside == [b"PONG"]
    assert not wire.is_lost


async def test_cancelled_call_does_not_shift_the_replies_of_others(wire: Wire) -> None:
    await wire.call(("SET", "key", "mine"))
    calls = [asyncio.ensure_future(wire.call(("ECHO", str(number)))) for number in range(20)]
    for call in calls[::2]:
        call.cancel()
    assert [await call for call in calls[1::2]] == [[str(number).encode()] for number in range(1, 20, 2)]
    assert await wire.call(("GET", "key")) == [b"mine"]


async def test_frozen_server_fails_all_within_the_deadline(own_redis: OwnRedis, wire: Wire) -> None:
    own_redis.freeze()
    began_s = time.monotonic()
    results = await asyncio.gather(*(wire.call(("PING",)) for _ in range(100)), return_exceptions=True)
    assert time.monotonic() - began_s < TIMEOUT_S + SLACK_S
    assert {type(result) for result in results} == {TimeoutError}
    assert wire.is_lost
    with pytest.raises(ConnectionError):
        await wire.call(("PING",))


async def test_killed_server_fails_those_who_wait(own_redis: OwnRedis, wire: Wire) -> None:
    waiting = wire.call(("BLPOP", "nothing", 0))
    await asyncio.sleep(0.01)
    own_redis.kill()
    with pytest.raises(OSError, match="closed"):
        await waiting
    assert wire.is_lost


async def test_closing_fails_those_who_wait(wire: Wire) -> None:
    waiting = wire.call(("BLPOP", "nothing", 0))
    wire.close()
    with pytest.raises(ConnectionError):
        await waiting


async def test_something_else_than_redis_is_found_out(unused_tcp_port: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", unused_tcp_port):
        wire = await open_wire(f"redis://127.0.0.1:{unused_tcp_port}", timeout_s=TIMEOUT_S)
        with pytest.raises(redis.exceptions.RedisError):
            await wire.call(("PING",))


async def test_password_and_database_of_the_url_count(own_redis: OwnRedis) -> None:
    client = own_redis.client()
    client.config_set("requirepass", "let me in")
    client.close()
    stranger = await open_wire(own_redis.url, timeout_s=TIMEOUT_S)
    with pytest.raises(redis.exceptions.ResponseError, match="NOAUTH"):
        await stranger.call(("PING",))
    stranger.close()
    url = f"unix://:let%20me%20in@{urlsplit(own_redis.url).path}?db=3"
    wire = await open_wire(url, timeout_s=TIMEOUT_S)
    try:
        [described] = await wire.call(("CLIENT", "INFO"))
        assert dict(part.split(b"=", 1) for part in described.split())[b"db"] == b"3"
    finally:
        wire.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6379/1", True),
        ("redis://user:secret@localhost", True),
        ("unix:///run/redis.sock?db=2", True),
        ("rediss://localhost", False),
        ("redis://localhost?socket_timeout=3", False),
    ],
)
def test_only_plain_urls_go_the_lean_way(url: str, expected: bool) -> None:  # noqa: FBT001 (an expectation)
    assert is_plain(url) is expected


async def test_what_is_not_plain_is_asked_by_the_client(own_redis: OwnRedis) -> None:
    separator = "&" if "?" in own_redis.url else "?"
    cache = Cache(f"{own_redis.url}{separator}health_check_interval=0", prefix="test:", timeout_s=TIMEOUT_S)
    replies = await cache.exchange(lambda epoch: [("SET", epoch, "here"), ("GET", epoch)])
    assert replies[1] == b"here"
    await cache.close()


@pytest.mark.parametrize("break_it", [OwnRedis.kill, OwnRedis.freeze], ids=["killed", "frozen"])
async def test_exchange_shares_the_breaker_and_comes_back(
    own_redis: OwnRedis, cache: Cache, break_it: Callable[[OwnRedis], None]
) -> None:
    before = await run_of(cache)
    break_it(own_redis)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(CacheUnavailableError):
            await run_of(cache)
    began_s = time.monotonic()
    for _ in range(50):
        with pytest.raises(CacheUnavailableError):
            await cache.run(lambda client, _: client.ping())
    assert time.monotonic() - began_s < TIMEOUT_S
    if break_it is OwnRedis.freeze:
        own_redis.thaw()
    else:
        own_redis.start()
    async with asyncio.timeout(5):
        while True:
            with suppress(CacheUnavailableError):
                after = await run_of(cache)
                break
            await asyncio.sleep(0.05)
    assert (after == before) is (break_it is OwnRedis.freeze)


async def test_many_first_calls_open_one_connection(own_redis: OwnRedis, cache: Cache) -> None:
    await asyncio.gather(*(run_of(cache) for _ in range(50)))
    client = own_redis.client()
    clients = client.client_list()
    client.close()
    assert len(clients) == 2  # that one, and the one that asks
