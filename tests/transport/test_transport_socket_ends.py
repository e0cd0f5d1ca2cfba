"""graphql-transport-ws against a real server: slow readers, hang-ups, draining, strangers: how sockets end."""

import asyncio
import json

import pytest
from starlette.types import Message
from websockets.exceptions import InvalidStatus

from app.transport.outgoing import OutgoingQueue
from tests.transport.conftest import ALLOWED_ORIGIN, ToyServer
from tests.transport.talk import (
    ANN,
    DEADLINE_S,
    FOREVER,
    Talk,
    eventually,
    subscribe,
    talk,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


FLOOD = "subscription { flood(events: 400, chars: 60000) }"


async def test_slow_reader_is_closed_with_4413_and_its_neighbour_does_not_notice(server: ToyServer) -> None:
    async with talk(server.url) as neighbour, talk(server.url, max_queue=1) as it:
        await neighbour.init()
        await it.init()
        await it.say(subscribe(FLOOD))
        assert (await it.hear())["type"] == "next"
        await eventually(lambda: server.services.streams_open == 0)
        assert (await neighbour.answer("{ hello }"))[-1]["type"] == "complete"
        assert await it.closing() == (4413, "Client reads too slowly")


@pytest.mark.parametrize(("chars", "taken"), [(1, 256), (10_000, 100), (2_000_000, 1)])
async def test_queue_is_bounded_in_messages_and_in_bytes(chars: int, taken: int) -> None:
    async def send(_: Message) -> None:
        await asyncio.Event().wait()

    queue = OutgoingQueue(send, max_messages=256, max_bytes=1_000_000)
    writer = asyncio.create_task(queue.run())
    await asyncio.sleep(0)
    assert [queue.put("x" * chars) for _ in range(taken)] == [True] * taken
    await asyncio.sleep(0)  # The writer now waits with the first message, which counts until it has left.
    assert queue.put("x" * chars) is False
    writer.cancel()
    await asyncio.wait((writer,))


async def test_reader_that_never_wakes_up_is_cut_off(server: ToyServer) -> None:
    async with talk(server.quick_url, max_queue=1) as it:
        await it.init()
        await it.say(subscribe(FLOOD))
        assert (await it.hear())["type"] == "next"
        await eventually(lambda: len(server.registry) == 0)
        await eventually(lambda: not server.uvicorn.server_state.connections)
        assert (await it.closing())[0] == 1006


async def test_fast_reader_gets_everything(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        heard = await it.answer("subscription { flood(events: 100, chars: 50000) }")
        assert len(heard) == 101


async def test_single_answer_larger_than_the_queue_arrives(server: ToyServer) -> None:
    async with talk(server.url, max_size=None) as it:
        await it.init()
        heard = await it.answer("subscription { flood(events: 1, chars: 3000000) }")
        assert [message["type"] for message in heard] == ["next", "complete"]


async def test_abrupt_disconnects_leave_nothing_behind(server: ToyServer) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(10):
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(connect_and_vanish(server))
    await eventually(lambda: len(server.registry) == 0)
    await eventually(lambda: len(asyncio.all_tasks()) <= before)
    assert not server.uvicorn.server_state.connections


async def test_socket_counts_as_open_until_its_generators_have_ended(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        await it.say(subscribe("subscription { forever(goodbyeS: 0.3) }"))
        await it.hear()
    assert server.services.streams_open == 1
    await eventually(lambda: len(server.registry) == 0)
    assert (server.services.streams_open, server.services.contexts_open) == (0, 0)


async def connect_and_vanish(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init(ANN)
        await it.say(FOREVER, subscribe("{ slow }", key="2"))
        await it.hear()
        it.connection.transport.abort()


async def test_draining_closes_sockets_one_after_the_other_and_refuses_new_ones(server: ToyServer) -> None:
    loop = asyncio.get_running_loop()
    closed_at_s: list[float] = []

    async def until_closed(it: Talk) -> None:
        assert await it.closing() == (1001, "Server is going away")
        closed_at_s.append(loop.time())

    async with (
        talk(server.url) as first,
        talk(server.url) as second,
        talk(server.url) as third,
        asyncio.TaskGroup() as group,
    ):
        for it in (first, second, third):
            await it.init()
            group.create_task(until_closed(it))
        server.services.is_draining = True
    assert closed_at_s[-1] - closed_at_s[0] > 0.1
    with pytest.raises(InvalidStatus) as refused:
        async with talk(server.url):
            raise AssertionError
    assert refused.value.response.status_code == 503
    assert json.loads(refused.value.response.body)["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_draining_lets_queries_and_mutations_finish(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        await it.say(subscribe("{ slow(seconds: 0.6) }"), subscribe("subscription { forever }", key="2"))
        assert (await it.hear())["id"] == "2"
        server.services.is_draining = True
        await asyncio.sleep(0.2)
        [refused] = await it.answer("{ hello }", key="3")
        assert refused["payload"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert (await it.hear())["payload"]["data"] == {"slow": "at last"}
        assert await it.hear() == {"type": "complete", "id": "1"}
        assert await it.closing() == (1001, "Server is going away")


async def test_draining_lets_answers_arrive_that_wait_for_the_reader(server: ToyServer) -> None:
    async with talk(server.url, max_size=None) as it:
        await it.init()
        it.connection.transport.pause_reading()
        await it.say(subscribe("subscription { flood(events: 1, chars: 20000000) }"))
        await asyncio.sleep(0.2)
        server.services.is_draining = True
        await asyncio.sleep(0.2)
        it.connection.transport.resume_reading()
        assert [(await it.hear())["type"] for _ in range(2)] == ["next", "complete"]
        assert await it.closing() == (1001, "Server is going away")


async def test_pages_of_other_hosts_are_refused(server: ToyServer) -> None:
    own = f"http://127.0.0.1:{server.port}"
    for origin in (None, own, ALLOWED_ORIGIN):
        async with talk(server.url, origin=origin) as it:
            await it.init()
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "http://[", f"{ALLOWED_ORIGIN}.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with talk(server.url, origin=origin):
                raise AssertionError
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["errors"]
