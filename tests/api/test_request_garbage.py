"""A request leaves nothing for the garbage collector: what it made is gone when it ends, without a search."""

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Scope

from app.main import application_over
from app.services import ProcessServices
from app.settings import CHECKOUT
from tests.worlds import Person, World, post_id

DOCUMENTS = CHECKOUT / "benchmarks" / "documents"
WARM_UPS = 6
REQUESTS = 5


def document(name: str) -> str:
    return Path(DOCUMENTS / f"{name}.graphql").read_text()


async def request(app: ASGIApp, services: ProcessServices, content: Mapping[str, Any], *, by: Person | None) -> Any:
    """One request, without a client that would leave garbage of its own; gives the answer's body."""
    body = json.dumps(content).encode()
    sent: list[Message] = []
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if by is not None:
        headers.append((b"authorization", f"Bearer {by.token}".encode()))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {"services": services},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return json.loads(sent[1]["body"])


async def garbage_of(
    app: ASGIApp, services: ProcessServices, content: Mapping[str, Any], *, by: Person | None
) -> list[str]:
    """What the collector finds after some requests that came often before, as types and beginnings of texts."""
    for _ in range(WARM_UPS):
        answer = await request(app, services, content, by=by)
        assert "errors" not in answer, answer
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(REQUESTS):
            await request(app, services, content, by=by)
        gc.collect()
        return [f"{type(found).__module__}.{type(found).__qualname__}: {_shown(found)}" for found in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _shown(found: object) -> str:
    if isinstance(found, FrameType):
        return f"{found.f_code.co_filename}:{found.f_lineno}"
    return f"{found!r:.150}"


@pytest.fixture
async def app(services: ProcessServices) -> ASGIApp:
    return application_over(services)


@pytest.fixture
async def posts(world: World) -> list[int]:
    """A root, its replies, and posts of those whom Alice follows."""
    root = await world.post(world.bob, "a post")
    replies = [await world.post(author, "a reply", reply_to=root) for author in (world.carol, world.dan, world.eve)]
    await world.like(world.alice, root)
    await world.repost(world.carol, root)
    return [root, *replies]


async def test_home_feed_leaves_no_garbage(
    app: ASGIApp, services: ProcessServices, world: World, posts: list[int]
) -> None:
    await services.resources.home.rebuild(world.alice.account_id)
    content = {"query": document("HomeFeed"), "variables": {"first": 20}}

    assert await garbage_of(app, services, content, by=world.alice) == []


async def test_thread_leaves_no_garbage(
    app: ASGIApp, services: ProcessServices, world: World, posts: list[int]
) -> None:
    content = {"query": document("PostThread"), "variables": {"id": post_id(posts[0])}}

    assert await garbage_of(app, services, content, by=world.alice) == []


async def test_profile_leaves_no_garbage(
    app: ASGIApp, services: ProcessServices, world: World, posts: list[int]
) -> None:
    content = {"query": document("Profile"), "variables": {"handle": "bob"}}

    assert await garbage_of(app, services, content, by=world.alice) == []


async def test_floor_leaves_no_garbage(app: ASGIApp, services: ProcessServices) -> None:
    assert await garbage_of(app, services, {"query": document("Floor")}, by=None) == []


async def test_new_post_leaves_no_garbage(app: ASGIApp, services: ProcessServices, world: World) -> None:
    content = {"query": document("CreatePost"), "variables": {"body": "hello"}}

    assert await garbage_of(app, services, content, by=world.alice) == []


async def test_garbage_would_be_found(app: ASGIApp, services: ProcessServices) -> None:
    async def leaving(scope: Scope, receive: Any, send: Any) -> None:
        circle: list[Any] = []
        circle.append(circle)
        await app(scope, receive, send)

    found = await garbage_of(leaving, services, {"query": document("Floor")}, by=None)

    assert found == ["builtins.list: [[...]]"] * REQUESTS
