"""GraphiQL's routes without a browser: types, caching, security headers, and what happens before the first build."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.transport.graphiql import CACHE_FOREVER, CONTENT_SECURITY_POLICY, routes


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A place for a build, empty, with a file beside it that must not be served."""
    (tmp_path / "private.js").write_text("secret")
    return tmp_path / "dist"


@pytest.fixture
async def client(dist: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=routes(dist=dist)))
    async with httpx.AsyncClient(transport=transport, base_url="http://rookery.test") as client:
        yield client


def put_build(dist: Path) -> None:
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>GraphiQL</title>")
    (dist / "sources.sha256").write_text("stamp")
    for name in ("index-1a2b.js", "index-3c4d.css", "codicon-5e6f.ttf", "rook-7a8b.svg", "other.bin"):
        (dist / "assets" / name).write_bytes(b"content")


async def test_without_a_build_the_page_says_what_to_do(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphiql/")

    assert response.status_code == 503
    assert "make web" in response.text
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert (await client.get("/graphiql/assets/index-1a2b.js")).status_code == 404


async def test_build_that_appears_while_serving_is_served(client: httpx.AsyncClient, dist: Path) -> None:
    assert (await client.get("/graphiql/")).status_code == 503
    put_build(dist)

    response = await client.get("/graphiql", follow_redirects=True)

    assert response.status_code == 200
    assert response.url.path == "/graphiql/"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-1a2b.js", "text/javascript; charset=utf-8"),
        ("index-3c4d.css", "text/css; charset=utf-8"),
        ("codicon-5e6f.ttf", "font/ttf"),
        ("rook-7a8b.svg", "image/svg+xml"),
        ("other.bin", "application/octet-stream"),
    ],
)
async def test_asset_has_its_type_and_is_cached_forever(
    client: httpx.AsyncClient, dist: Path, name: str, media_type: str
) -> None:
    put_build(dist)

    response = await client.get(f"/graphiql/assets/{name}")

    assert response.content == b"content"
    assert response.headers["content-type"] == media_type
    assert response.headers["cache-control"] == CACHE_FOREVER


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/", "/graphiql/assets/index-1a2b.js", "/graphiql/assets/none"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, dist: Path, path: str) -> None:
    put_build(dist)

    headers = (await client.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"


@pytest.mark.parametrize(
    "path",
    [
        "/graphiql/sources.sha256",
        "/graphiql/index.html",
        "/graphiql/assets/",
        "/graphiql/assets/%2e%2e",
        "/graphiql/assets/%2e%2e%2findex.html",
        "/graphiql/assets/..%2f..%2fprivate.js",
        "/graphiql/assets/..%5cindex.html",
    ],
)
async def test_only_the_page_and_its_assets_are_served(client: httpx.AsyncClient, dist: Path, path: str) -> None:
    put_build(dist)

    assert (await client.get(path)).status_code == 404
