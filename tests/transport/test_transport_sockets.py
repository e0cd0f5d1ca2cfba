"""graphql-transport-ws against a real server: what is said, and what a socket is closed for."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.typing import Subprotocol

from core.deadlines import Deadlines
from tests.transport.conftest import ToyServer
from tests.transport.talk import (
    ANN,
    FOREVER,
    INIT,
    eventually,
    subscribe,
    talk,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


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
    server.services.operation_deadlines = Deadlines(0.1)
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
