"""What the server does before the application sees a request."""

import asyncio
import json

import httpx
import pytest

from app.transport.server import GuardedHttpProtocol
from tests.transport.conftest import ToyServer

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: toy\r\n"


async def talk_raw(server: ToyServer, *chunks: bytes) -> bytes:
    """Sends the chunks and reads until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(10):
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            return await reader.read()
        finally:
            writer.close()


def parsed(answer: bytes) -> tuple[bytes, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], json.loads(body)


@pytest.mark.parametrize("sent", [b"GET", REQUEST])
async def test_late_headers_end_the_connection(server: ToyServer, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(GuardedHttpProtocol, "header_deadline_s", 0.1)
    status, content = parsed(await talk_raw(server, sent))
    assert status == b"HTTP/1.1 408 Request Timeout"
    assert isinstance(content, dict)
    assert content["errors"][0]["extensions"] == {"code": "BAD_INPUT"}


async def test_connection_that_asks_nothing_is_closed_without_a_word(
    server: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GuardedHttpProtocol, "header_deadline_s", 0.1)
    assert await talk_raw(server) == b""


async def test_body_that_is_refused_unread_still_gets_its_answer(server: ToyServer) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"http://127.0.0.1:{server.port}/graphql",
            content=b" " * 3_000_000,
            headers={"content-type": "application/json"},
        )
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_INPUT"}


async def test_complete_headers_stop_the_clock(server: ToyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardedHttpProtocol, "header_deadline_s", 0.1)
    body = json.dumps({"query": "{ slow(seconds: 0.3) }"}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: toy\r\nContent-Type: application/json\r\nConnection: close\r\n"
    status, content = parsed(await talk_raw(server, head, b"Content-Length: %d\r\n\r\n" % len(body), body))
    assert status == b"HTTP/1.1 200 OK"
    assert content == {"data": {"slow": "at last"}}


async def test_large_headers_are_refused(server: ToyServer) -> None:
    status, _ = parsed(await talk_raw(server, REQUEST, b"X-Large: ", b"x" * 70_000))
    assert status == b"HTTP/1.1 431 Request Header Fields Too Large"


async def test_what_is_not_http_is_refused_in_json(server: ToyServer) -> None:
    status, content = parsed(await talk_raw(server, b"not http at all\r\n\r\n"))
    assert status == b"HTTP/1.1 400 Bad Request"
    assert isinstance(content, dict)
    assert content["errors"]
