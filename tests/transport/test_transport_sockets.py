"""graphql-transport-ws against a real server: what is said, and what a socket is closed for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Message
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from app.transport.outgoing import OutgoingQueue
from tests.transport.conftest import ALLOWED_ORIGIN, ToyServer

PROTOCOL = Subprotocol("graphql-transport-ws")
DEADLINE_S = 10.0
INIT = {"type": "connection_init"}
ANN = {"type": "connection_init", "payload": {"Authorization": "Bearer ann"}}


def subscribe(query: str, *, key: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": key, "payload": {"query": query, **more}}


class Talk:
    """A socket with words for the protocol; every wait has a deadline."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, *messages: object) -> None:
        for message in messages:
            is_raw = isinstance(message, str | bytes)
            await self.connection.send(message if is_raw else json.dumps(message))  # type: ignore[arg-type]

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            message = json.loads(await self.connection.recv())
        assert isinstance(message, dict)
        return message

    async def init(self, message: object = INIT) -> None:
        await self.say(message)
        assert await self.hear() == {"type": "connection_ack"}

    async def answer(self, query: str, *, key: str = "1", **more: Any) -> list[dict[str, Any]]:
        """Every message about one operation, up to its last."""
        await self.say(subscribe(query, key=key, **more))
        heard = [await self.hear()]
        while heard[-1]["type"] == "next":
            heard.append(await self.hear())
        assert all(message["id"] == key for message in heard)
        return heard

    async def closing(self) -> tuple[int, str]:
        """Reads until the server closes; the code and the reason."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


@asynccontextmanager
async def talk(url: str, **options: Any) -> AsyncIterator[Talk]:
    options = {"subprotocols": [PROTOCOL], "compression": None, "ping_interval": None, "proxy": None, **options}
    async with connect(url, **options) as connection:
        yield Talk(connection)


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


def server_tasks() -> set[asyncio.Task[Any]]:
    """The tasks of this loop that belong to sockets: the server's and their operations'."""
    names = {"Connection", "SocketRegistry", "GuardedWebSocketProtocol", "WebSocketsSansIOProtocol"}
    return {task for task in asyncio.all_tasks() if task.get_coro().__qualname__.split(".")[0] in names}  # type: ignore[union-attr]


@pytest.fixture(autouse=True)
async def nothing_is_left(server: ToyServer) -> AsyncIterator[None]:
    """After every test: no socket, no task, no open context, no running generator."""
    yield
    await eventually(lambda: len(server.registry) == 0)
    await eventually(lambda: not server_tasks())
    assert (server.services.contexts_open, server.services.streams_open) == (0, 0)


async def test_query_mutation_and_subscription_over_one_socket(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        variables = {"name": "Ann"}
        heard = await it.answer("query A($name: String!) { hello(name: $name) }", variables=variables)
        assert heard == [
            {"id": "1", "type": "next", "payload": {"data": {"hello": "Hello, Ann!"}}},
            {"id": "1", "type": "complete"},
        ]
        bumps = server.services.bumps
        heard = await it.answer("mutation { bump }")
        assert heard[0]["payload"] == {"data": {"bump": bumps + 1}}
        heard = await it.answer("subscription { count(to: 3) }", operationName=None, extensions=None)
        assert [message.get("payload") for message in heard] == [{"data": {"count": n}} for n in range(3)] + [None]
        assert server.services.contexts_open == 0


@pytest.mark.parametrize("key", ["authorization", "Authorization", "AUTHORIZATION"])
async def test_token_of_the_init_payload_makes_the_viewer(server: ToyServer, key: str) -> None:
    async with talk(server.url) as it:
        await it.init({"type": "connection_init", "payload": {key: "Bearer ann", "other": 1}})
        assert (await it.answer("{ viewer }"))[0]["payload"] == {"data": {"viewer": "1"}}


async def test_token_of_the_handshake_is_used_without_one_in_the_payload(server: ToyServer) -> None:
    async with talk(server.url, additional_headers={"Authorization": "Bearer ann"}) as it:
        await it.init({"type": "connection_init", "payload": None})
        assert (await it.answer("{ viewer clientIp }"))[0]["payload"]["data"] == {
            "viewer": "1",
            "clientIp": "127.0.0.1",
        }


async def test_operations_have_request_ids_below_the_handshakes(server: ToyServer) -> None:
    async with talk(server.url, additional_headers={"X-Request-Id": "hand-1"}) as it:
        assert it.connection.response is not None
        assert it.connection.response.headers["x-request-id"] == "hand-1"
        await it.init()
        for number in (1, 2):
            [heard, _] = await it.answer("{ requestId }")
            assert heard["payload"]["data"] == {"requestId": f"hand-1.{number}"}


@pytest.mark.parametrize("payload", [{}, {"payload": None}, {"payload": {"a": 1}}])
async def test_ping_is_answered_before_and_after_init(server: ToyServer, payload: dict[str, Any]) -> None:
    async with talk(server.url) as it:
        for _ in range(2):
            await it.say({"type": "ping", **payload}, {"type": "pong", **payload})
            assert await it.hear() == {"type": "pong"}
            await it.say({"type": "complete", "id": "never begun"})
        await it.init({"type": "connection_init", **payload})
        await it.say({"type": "ping", **payload})
        assert await it.hear() == {"type": "pong"}


async def test_burst_of_pings_is_answered_in_full(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.say(*[{"type": "ping"}] * 1_000)
        for _ in range(1_000):
            assert await it.hear() == {"type": "pong"}


INVALID_MESSAGES: dict[str, object] = {
    "binary": b'{"type": "ping"}',
    "not json": "{",
    "empty": "",
    "null": "null",
    "number": "7",
    "list": "[]",
    "string": '"ping"',
    "lone surrogate": '{"type": "ping", "x": "\\ud800"}',
    "deep": "[" * 30_000,
    "no type": {},
    "null type": {"type": None},
    "list type": {"type": ["ping"]},
    "unknown type": {"type": "start"},
    "server's word": {"type": "next", "id": "1", "payload": {}},
    "ping payload": {"type": "ping", "payload": 1},
    "init payload": {"type": "connection_init", "payload": "Bearer ann"},
    "no id": {"type": "subscribe", "payload": {"query": "{ hello }"}},
    "number as id": {"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}},
    "empty id": {"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}},
    "long id": {"type": "subscribe", "id": "x" * 257, "payload": {"query": "{ hello }"}},
    "complete without id": {"type": "complete"},
    "no payload": {"type": "subscribe", "id": "1"},
    "null payload": {"type": "subscribe", "id": "1", "payload": None},
    "list payload": {"type": "subscribe", "id": "1", "payload": [{"query": "{ hello }"}]},
    "no query": {"type": "subscribe", "id": "1", "payload": {}},
    "list as variables": subscribe("{ hello }", variables=[1]),
    "number as operation name": subscribe("{ hello }", operationName=1),
}


@pytest.mark.parametrize("is_acknowledged", [False, True])
@pytest.mark.parametrize("name", INVALID_MESSAGES)
async def test_invalid_message_closes_with_4400(server: ToyServer, name: str, *, is_acknowledged: bool) -> None:
    with capture_logs() as logs:
        async with talk(server.url) as it:
            if is_acknowledged:
                await it.init()
            await it.say(INVALID_MESSAGES[name])
            code, reason = await it.closing()
    assert code == 4400
    assert reason.startswith("Message ")
    assert logs == []


FOREVER = subscribe("subscription { forever }")
CLOSING_TALKS: dict[str, tuple[list[object], int, str]] = {
    "subscribe before init": ([subscribe("{ hello }")], 4401, "Unauthorized"),
    "bad token": ([{"type": "connection_init", "payload": {"authorization": "nonsense"}}], 4403, "Forbidden"),
    "token of a wrong type": ([{"type": "connection_init", "payload": {"authorization": 7}}], 4403, "Forbidden"),
    "empty token": ([{"type": "connection_init", "payload": {"authorization": ""}}], 4403, "Forbidden"),
    "second init": ([INIT, INIT], 4429, "Too many initialisation requests"),
    "duplicate id": ([INIT, FOREVER, FOREVER], 4409, "Subscriber for 1 already exists"),
    "unavailable": (
        [{"type": "connection_init", "payload": {"authorization": "Bearer unavailable"}}],
        1013,
        "Try again later",
    ),
    "message over 64 KiB": (["x" * 65_537], 1009, ""),
}


@pytest.mark.parametrize("name", CLOSING_TALKS)
async def test_close_codes(server: ToyServer, name: str) -> None:
    messages, code, reason = CLOSING_TALKS[name]
    async with talk(server.url) as it:
        await it.say(*messages)
        closed_with = await it.closing()
    assert closed_with[0] == code
    assert closed_with[1].startswith(reason)


async def test_bug_closes_with_4500_and_is_logged(server: ToyServer) -> None:
    with capture_logs() as logs:
        async with talk(server.url) as it:
            await it.say({"type": "connection_init", "payload": {"authorization": "Bearer bug"}})
            assert await it.closing() == (4500, "Internal server error")
    assert [entry["event"] for entry in logs] == ["socket failed"]


async def test_long_id_is_cut_in_the_close_reason(server: ToyServer) -> None:
    again = subscribe("subscription { forever }", key="ü" * 200)
    async with talk(server.url) as it:
        await it.say(INIT, again, again)
        code, reason = await it.closing()
    assert code == 4409
    assert 120 <= len(reason.encode()) <= 123


@pytest.mark.parametrize("protocols", [None, [Subprotocol("graphql-ws")]])
async def test_other_protocols_close_with_4406(server: ToyServer, protocols: list[Subprotocol] | None) -> None:
    async with talk(server.url, subprotocols=protocols) as it:
        assert await it.closing() == (4406, "Subprotocol not acceptable")


async def test_silence_before_init_closes_with_4408(server: ToyServer) -> None:
    async with talk(server.quick_url) as it:
        assert await it.closing() == (4408, "Connection initialisation timeout")


async def test_expired_token_closes_with_4401(server: ToyServer) -> None:
    server.services.token_ttl_s = 0.1
    async with talk(server.url) as it:
        await it.init(ANN)
        await it.say(FOREVER)
        assert await it.closing() == (4401, "Token has expired")


async def test_revoked_session_closes_with_4403_and_others_stay(server: ToyServer) -> None:
    async with talk(server.url) as anonymous, talk(server.url) as it:
        await anonymous.init()
        await it.init(ANN)
        await it.say(FOREVER)
        await it.hear()
        server.services.revoked_sessions.add(11)
        assert await it.closing() == (4403, "Session was revoked")
        assert (await anonymous.answer("{ hello }"))[-1]["type"] == "complete"


async def test_revoked_session_starts_nothing_before_the_sweep(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.registry, "_tick_s", 1.0)
    bumps = server.services.bumps
    async with talk(server.url) as it:
        await it.init(ANN)
        server.services.revoked_sessions.add(11)
        await it.say(subscribe("mutation { bump }"))
        assert await it.closing() == (4403, "Session was revoked")
    assert server.services.bumps == bumps


async def test_server_pings_and_a_pong_keeps_the_socket_open(server: ToyServer) -> None:
    async with talk(server.quick_url) as it:
        await it.init()
        for _ in range(5):
            assert await it.hear() == {"type": "ping"}
            await it.say({"type": "pong"})
        assert (await it.answer("{ hello }"))[0]["payload"]["data"] == {"hello": "Hello, world!"}


async def test_missing_pong_closes_the_socket(server: ToyServer) -> None:
    async with talk(server.quick_url) as it:
        await it.init()
        assert await it.closing() == (4504, "Pong timeout")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "BAD_INPUT"),
        ("{ nothing }", "BAD_INPUT"),
        ("subscription { count }", "BAD_INPUT"),
        ('subscription { count(to: "x") }', "BAD_INPUT"),
        ("fragment F on Query { hello }", "BAD_INPUT"),
        ("{ hello } # limited", "RATE_LIMITED"),
        ("subscription { count(to: 1) } # limited", "RATE_LIMITED"),
        ("{" + " hello" * 2_000 + "}", "BAD_INPUT"),
        ("{ a" * 600, "BAD_INPUT"),
    ],
)
async def test_request_error_ends_its_operation_and_not_the_socket(server: ToyServer, query: str, code: str) -> None:
    with capture_logs() as logs:
        async with talk(server.url) as it:
            await it.init()
            [heard] = await it.answer(query)
            assert heard["type"] == "error"
            assert heard["payload"][0]["extensions"]["code"] == code
            assert (await it.answer("{ hello }"))[-1]["type"] == "complete"
    assert logs == []


async def test_variable_error_of_a_subscription_is_a_request_error(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        document = "subscription S($to: Int!) { count(to: $to) }"
        [heard] = await it.answer(document, variables={"to": "many"})
        assert (heard["type"], heard["payload"][0]["extensions"]) == ("error", {"code": "BAD_INPUT"})


async def test_errors_inside_operations_are_masked_as_over_http(server: ToyServer) -> None:
    with capture_logs() as logs:
        async with talk(server.url) as it:
            await it.init()
            [heard, _] = await it.answer('{ hello fail(kind: "bug") }')
            assert heard["payload"]["data"] == {"hello": "Hello, world!", "fail": None}
            assert heard["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
            *events, broken = await it.answer("subscription { breakAfter(events: 2) }")
            assert [event["payload"]["data"]["breakAfter"] for event in events[:2]] == [0, 1]
            assert "secret" not in json.dumps([*events, broken])
            assert "INTERNAL" in json.dumps([*events, broken])
            [heard] = await it.answer("{ hugeInteger }")
            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
    assert len(logs) == 3


async def test_operation_is_stopped_at_its_deadline_and_a_subscription_is_not(server: ToyServer) -> None:
    server.services.operation_deadline_s = 0.1
    async with talk(server.url) as it:
        await it.init()
        await it.say(FOREVER)
        await it.hear()
        [heard] = await it.answer("{ slow }", key="2")
        assert heard["payload"][0]["extensions"]["code"] == "TIMEOUT"
        assert server.services.streams_open == 1


async def test_complete_ends_the_generator_and_frees_the_id(server: ToyServer) -> None:
    async with talk(server.url) as it:
        await it.init()
        for _ in range(3):
            await it.say(FOREVER)
            assert (await it.hear())["payload"]["data"]["forever"] >= 1
            await it.say({"type": "complete", "id": "1"})
        await eventually(lambda: server.services.streams_open == 0)
        await eventually(lambda: server.services.contexts_open == 0)
        assert (await it.answer("{ hello }"))[-1]["type"] == "complete"


async def test_operations_in_flight_are_bounded(server: ToyServer) -> None:
    async with talk(server.quick_url) as it:
        await it.init()
        for key in ("a", "b", "c"):
            await it.say(subscribe("subscription { forever }", key=key))
            assert (await it.hear())["type"] == "next"
        [heard] = await it.answer("{ hello }", key="d")
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")
        await it.say({"type": "complete", "id": "a"})
        await eventually(lambda: server.services.streams_open == 2)
        assert (await it.answer("{ hello }", key="d"))[-1]["type"] == "complete"


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
