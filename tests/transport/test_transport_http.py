"""GraphQL over HTTP: what is accepted, what is refused, and how both are answered.

One module although it is long: every case is a few lines against the same client, and they are read side by side.
"""

import asyncio
import json
import random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message
from structlog.testing import capture_logs

from app.transport.headers import PLAIN_JSON, RESPONSE_JSON, negotiate
from core.deadlines import Deadlines
from tests.transport.toy import ToyServices

HELLO = {"query": "{ hello }"}
STRICT = {"accept": RESPONSE_JSON}
JSON_TYPE = {"content-type": PLAIN_JSON}


async def post(client: httpx.AsyncClient, query: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return await client.post("/graphql", json={"query": query, **more}, headers=headers)


def the_error(response: httpx.Response) -> dict[str, Any]:
    """The only error of an answer without data."""
    content = response.json()
    assert "data" not in content
    [error] = content["errors"]
    assert isinstance(error, dict)
    return error


async def test_query_by_post_and_by_get(client: httpx.AsyncClient) -> None:
    document = "query Greet($name: String!) { hello(name: $name) }"
    variables = {"name": "Ann 🏃"}
    by_post = await post(client, document, variables=variables, operationName="Greet", extensions={"a": 1})
    parameters = {"query": document, "variables": json.dumps(variables), "operationName": "", "extensions": "{}"}
    by_get = await client.get("/graphql", params=parameters)
    for response in (by_post, by_get):
        assert response.status_code == 200
        assert response.json() == {"data": {"hello": "Hello, Ann 🏃!"}}


async def test_every_answer_has_the_protecting_headers(client: httpx.AsyncClient) -> None:
    answers = [
        await post(client, "{ hello }"),
        await client.post("/graphql", content=b"{", headers=JSON_TYPE),
        await client.put("/graphql"),
        await client.get("/health/live"),
    ]
    for response in answers:
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert len(response.headers["x-request-id"]) == 16
    assert len({response.headers["x-request-id"] for response in answers}) == len(answers)


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("abc-1.2_X", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("", False), ("a\tb", False)],
)
async def test_request_id_of_the_caller_is_kept_when_harmless(
    client: httpx.AsyncClient, given: str, *, is_kept: bool
) -> None:
    response = await post(client, "{ requestId }", headers={"x-request-id": given})
    answered = response.headers["x-request-id"]
    assert (answered == given) is is_kept
    assert response.json()["data"]["requestId"] == answered


MALFORMED_BODIES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "number": b"7",
    "string": b'"{ hello }"',
    "true": b"true",
    "batch": b'[{"query": "{ hello }"}]',
    "open object": b'{"query": "{ hello }"',
    "trailing text": b'{"query": "{ hello }"} x',
    "byte order mark": b'\xef\xbb\xbf{"query": "{ hello }"}',
    "invalid utf-8": b'{"query": "{ hello }\xff"}',
    "utf-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "lone surrogate": rb'{"query": "{ hello(name: \"\ud800\") }"}',
    "deep nesting": b"[" * 15_000,
    "deep variables": b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    "10,000 digits": b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 10_000 + b"}}",
    "infinity": b'{"query": "{ hello }", "variables": {"n": Infinity}}',
    "nan": b'{"query": "{ hello }", "variables": {"n": NaN}}',
    "no query": b'{"id": "hello"}',
    "null query": b'{"query": null}',
    "empty query": b'{"query": ""}',
    "number as query": b'{"query": 7}',
    "list as query": b'{"query": ["{ hello }"]}',
    "list as variables": b'{"query": "{ hello }", "variables": []}',
    "string as variables": b'{"query": "{ hello }", "variables": "{}"}',
    "number as operation name": b'{"query": "{ hello }", "operationName": 1}',
    "list as extensions": b'{"query": "{ hello }", "extensions": [1]}',
}


@pytest.mark.parametrize("accept", [PLAIN_JSON, RESPONSE_JSON])
@pytest.mark.parametrize("name", MALFORMED_BODIES)
async def test_malformed_body_is_refused_in_graphql_json(client: httpx.AsyncClient, name: str, accept: str) -> None:
    with capture_logs() as logs:
        response = await client.post(
            "/graphql", content=MALFORMED_BODIES[name], headers={**JSON_TYPE, "accept": accept}
        )
    assert response.status_code == 400
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    error = the_error(response)
    assert error["extensions"] == {"code": "BAD_INPUT"}
    assert 0 < len(error["message"]) <= 300
    assert logs == []


async def test_batch_is_refused_with_a_clear_message(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=[HELLO, HELLO])
    assert the_error(response)["message"] == "Batching is off: send one operation per request."


@pytest.mark.parametrize(
    "parameters",
    [{}, {"query": ""}, {"query": "{ hello }", "variables": "{"}, {"query": "{ hello }", "extensions": "[]"}],
)
async def test_malformed_get_is_refused(client: httpx.AsyncClient, parameters: dict[str, str]) -> None:
    response = await client.get("/graphql", params=parameters)
    assert response.status_code == 400
    assert the_error(response)["extensions"] == {"code": "BAD_INPUT"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (PLAIN_JSON, 200),
        ("Application/JSON; charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/jsonx", 415),
        (None, 415),
    ],
)
async def test_only_json_bodies_are_read(client: httpx.AsyncClient, content_type: str | None, status: int) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = await client.post("/graphql", content=json.dumps(HELLO), headers=headers)
    assert response.status_code == status
    assert ("errors" in response.json()) is (status != 200)


async def test_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", content=b"x", headers={**JSON_TYPE, "content-encoding": "gzip"})
    assert response.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_other_methods_are_refused_in_json(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert the_error(response)["extensions"] == {"code": "BAD_INPUT"}


async def test_mutation_runs_by_post_only(client: httpx.AsyncClient, services: ToyServices) -> None:
    by_get = await client.get("/graphql", params={"query": "mutation { bump }"})
    assert by_get.status_code == 405
    assert by_get.headers["allow"] == "POST"
    assert services.bumps == 0
    by_post = await post(client, "mutation { bump }")
    assert by_post.json() == {"data": {"bump": 1}}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_subscription_is_sent_to_the_socket(client: httpx.AsyncClient, method: str) -> None:
    query = {"query": "subscription { count(to: 2) }"}
    arguments: dict[str, Any] = {"params": query} if method == "GET" else {"json": query}
    response = await client.request(method, "/graphql", headers=STRICT, **arguments)
    assert response.status_code == 400
    assert the_error(response)["message"] == "A subscription is sent over a WebSocket."


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, PLAIN_JSON),
        ("", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        (PLAIN_JSON, PLAIN_JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        ("application/graphql-response+json, application/json, */*", RESPONSE_JSON),
        ("application/json, application/graphql-response+json", RESPONSE_JSON),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", PLAIN_JSON),
        ("application/graphql-response+json; charset=utf-8, application/json; q=0.9", RESPONSE_JSON),
        ("application/graphql-response+json;q=0, */*", PLAIN_JSON),
        ("application/json;q=0, */*", RESPONSE_JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", PLAIN_JSON),
        ("application/json; charset=latin-1", None),
        ("application/json;q=0", None),
        ("application/json;q=nan", None),
        ("text/html", None),
        (",,;", None),
    ],
)
async def test_media_type_is_negotiated(client: httpx.AsyncClient, accept: str | None, answered: str | None) -> None:
    assert negotiate(None if accept is None else accept.encode()) == answered
    if accept is None:
        del client.headers["accept"]
    response = await post(client, "{ hello }", headers={} if accept is None else {"accept": accept})
    assert response.status_code == (406 if answered is None else 200)
    assert response.headers["content-type"] == f"{answered or PLAIN_JSON}; charset=utf-8"
    assert ("errors" in response.json()) is (answered is None)


REQUEST_ERRORS: dict[str, dict[str, Any]] = {
    "syntax": {"query": "{"},
    "unknown field": {"query": "{ nothing }"},
    "unknown operation": {"query": "query A { hello }", "operationName": "B"},
    "no operation": {"query": "fragment F on Query { hello }"},
    "bad variable": {"query": "query Q($n: Int!) { whole(n: $n) }", "variables": {"n": "seven"}},
    "missing variable": {"query": "query Q($n: Int!) { whole(n: $n) }"},
    "huge variable": {"query": "query Q($n: Int!) { whole(n: $n) }", "variables": {"n": 10**18}},
    "bad custom scalar": {"query": "query Q($at: Date!) { day(at: $at) }", "variables": {"at": "soon"}},
    "bad custom literal": {"query": '{ day(at: "soon") }'},
    "10,000 digits literal": {"query": "{ whole(n: " + "9" * 10_000 + ") }"},
    "too many tokens": {"query": "{" + " hello" * 2_000 + "}"},
    "deep document": {"query": "{ a" * 600},
    "deep value": {"query": "{ hello(name: " + "[" * 1_500 + "]" * 400 + ") }"},
    "lone surrogate escape": {"query": '{ hello(name: "\\uD800") }'},
    "control character": {"query": "{ hello \u0000 }"},
}


@pytest.mark.parametrize("name", REQUEST_ERRORS)
async def test_request_error_has_no_data_and_a_status_by_media_type(client: httpx.AsyncClient, name: str) -> None:
    with capture_logs() as logs:
        plain = await client.post("/graphql", json=REQUEST_ERRORS[name], headers={"accept": PLAIN_JSON})
        strict = await client.post("/graphql", json=REQUEST_ERRORS[name], headers=STRICT)
    assert (plain.status_code, strict.status_code) == (200, 400)
    assert plain.json() == strict.json()
    assert "data" not in strict.json()
    for error in strict.json()["errors"]:
        assert error["extensions"]["code"] == "BAD_INPUT"
        assert len(error["message"]) <= 300
    assert logs == []


@pytest.mark.parametrize("accept", [PLAIN_JSON, RESPONSE_JSON])
@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("Bearer nonsense", 401, "UNAUTHENTICATED"),
        ("Bearer unavailable", 503, "UNAVAILABLE"),
        ("Bearer bug", 500, "INTERNAL"),
    ],
)
async def test_failed_authentication_fails_the_request(
    client: httpx.AsyncClient, authorization: str, status: int, code: str, accept: str
) -> None:
    response = await post(client, "{ hello }", headers={"authorization": authorization, "accept": accept})
    assert response.status_code == status
    assert the_error(response)["extensions"]["code"] == code
    assert response.headers.get("retry-after") == ("1" if status == 503 else None)
    assert "secret" not in response.text


async def test_valid_token_makes_the_viewer(client: httpx.AsyncClient, services: ToyServices) -> None:
    response = await post(client, "{ viewer clientIp }", headers={"authorization": "Bearer ann"})
    assert response.json() == {"data": {"viewer": "1", "clientIp": "127.0.0.1"}}
    anonymous = await post(client, "{ viewer }")
    assert anonymous.json() == {"data": {"viewer": None}}
    assert services.contexts_open == 0


async def test_refusal_before_execution_carries_status_and_retry_after(client: httpx.AsyncClient) -> None:
    limited = await post(client, "{ hello } # limited")
    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "3"
    assert the_error(limited)["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 2.5}
    with capture_logs() as logs:
        broken = await post(client, "{ hello } # broken")
    assert broken.status_code == 500
    assert the_error(broken)["extensions"]["code"] == "INTERNAL"
    assert len(logs) == 1


async def test_field_error_keeps_the_data_and_the_status(client: httpx.AsyncClient) -> None:
    response = await post(client, '{ hello fail(kind: "cursor") }', headers=STRICT)
    assert response.status_code == 200
    [error] = response.json()["errors"]
    assert error["path"] == ["fail"]
    assert error["locations"] == [{"line": 1, "column": 9}]
    assert response.json()["data"] == {"hello": "Hello, world!", "fail": None}


async def test_nulled_data_is_not_a_request_error(client: httpx.AsyncClient) -> None:
    response = await post(client, '{ failHard(kind: "unavailable") }', headers=STRICT)
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1.0}


async def test_operation_is_stopped_at_its_deadline(client: httpx.AsyncClient, services: ToyServices) -> None:
    services.operation_deadlines = Deadlines(0.05)
    plain = await post(client, "{ slow }")
    strict = await post(client, "{ slow }", headers=STRICT)
    assert (plain.status_code, strict.status_code) == (200, 504)
    assert the_error(strict)["extensions"]["code"] == "TIMEOUT"
    assert services.contexts_open == 0


async def test_answer_that_json_cannot_hold_is_masked(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await post(client, "{ hugeInteger }")
    assert response.status_code == 500
    assert the_error(response)["extensions"]["code"] == "INTERNAL"
    assert len(logs) == 1


async def test_declared_size_is_refused_before_the_body_is_read(app: Starlette) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"20001")]
    status, content = await raw_request(app, headers=headers, incoming=[])
    assert status == 413
    assert content["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_undeclared_size_is_refused_while_the_body_is_read(app: Starlette) -> None:
    chunk: Message = {"type": "http.request", "body": b" " * 10_000, "more_body": True}
    incoming = [chunk] * 10
    status, _ = await raw_request(app, headers=[(b"content-type", b"application/json")], incoming=incoming)
    assert status == 413
    assert len(incoming) == 7


async def test_slow_body_is_refused_at_the_deadline(app: Starlette) -> None:
    chunk: Message = {"type": "http.request", "body": b"{", "more_body": True}
    status, _ = await raw_request(app, headers=[(b"content-type", b"application/json")], incoming=[chunk])
    assert status == 408


async def test_client_that_hangs_up_early_gets_no_answer(app: Starlette, services: ToyServices) -> None:
    gone: Message = {"type": "http.disconnect"}
    status, _ = await raw_request(app, headers=[(b"content-type", b"application/json")], incoming=[gone])
    assert status is None
    assert services.contexts_open == 0


async def raw_request(
    app: Starlette, *, headers: list[tuple[bytes, bytes]], incoming: list[Message]
) -> tuple[int | None, Any]:
    """Sends a POST whose body never ends by itself; takes the messages it reads from `incoming`."""
    sent: list[Message] = []

    async def receive() -> Message:
        if incoming:
            return incoming.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": headers,
        "query_string": b"",
        "http_version": "1.1",
    }
    async with asyncio.timeout(5):
        await app(scope, receive, send)
    if not sent:
        return None, None
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_mutated_bodies_never_fail_the_server(client: httpx.AsyncClient) -> None:
    chance = random.Random(20)
    original = json.dumps(
        {
            "query": 'query Q($n: Int!) { hello(name: "Ann") whole(n: $n) __typename }',
            "variables": {"n": 7},
            "operationName": "Q",
        }
    ).encode()
    with capture_logs() as logs:
        for _ in range(1_000):
            body = mutated(original, chance)
            response = await client.post("/graphql", content=body, headers=JSON_TYPE)
            assert response.status_code in {200, 400}, body
            assert response.json().keys() & {"data", "errors"}, body
    assert logs == []


def mutated(original: bytes, chance: random.Random) -> bytes:
    body = bytearray(original)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randint(1, 5)]
            case 2:
                body[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 3)))
            case _:
                body[at:at] = body[at : at + chance.randint(1, 20)]
        body = body or bytearray(b"{")
    return bytes(body)


async def test_draining_process_answers_and_sends_the_client_elsewhere(
    client: httpx.AsyncClient, services: ToyServices
) -> None:
    services.is_draining = True
    response = await post(client, "{ hello }")
    assert response.json() == {"data": {"hello": "Hello, world!"}}
    assert response.headers["connection"] == "close"


async def test_health_tells_liveness_and_readiness(client: httpx.AsyncClient, services: ToyServices) -> None:
    async def statuses() -> tuple[int, int, str]:
        live, ready = await client.get("/health/live"), await client.get("/health/ready")
        return live.status_code, ready.status_code, ready.json()["status"]

    assert await statuses() == (200, 200, "ready")
    services.is_database_up = False
    assert await statuses() == (200, 503, "unavailable")
    services.is_database_up, services.is_draining = True, True
    assert await statuses() == (200, 503, "draining")
