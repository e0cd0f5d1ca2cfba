"""The toy API behind httpx, and behind a real uvicorn on a free port."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from starlette.routing import Mount
from starlette.types import Scope

from app.transport import Application, HttpLimits, SocketLimits, SocketRegistry
from app.transport.server import uvicorn_options
from core.deadlines import Deadlines
from tests.transport.talk import eventually, server_tasks
from tests.transport.toy import ToyServices

ALLOWED_ORIGIN = "https://app.example.com"
START_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class ToyServer:
    """A running server: `/graphql` has the usual limits, `/quick/graphql` has short ones."""

    port: int
    services: ToyServices
    registry: SocketRegistry
    uvicorn: uvicorn.Server

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    @property
    def quick_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/quick/graphql"


@pytest.fixture
def services() -> ToyServices:
    return ToyServices()


@pytest.fixture
def app(services: ToyServices) -> Application:
    return Application(lambda _: services, http_limits=HttpLimits(max_body_bytes=20_000, body_deadline_s=0.2))


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy.example") as client:
        yield client


@pytest.fixture(scope="session")
async def running_server() -> AsyncGenerator[ToyServer, None]:
    # Several servers in one process would build several schemas; the tests reset this one's state instead.
    services = ToyServices()
    registry = SocketRegistry(tick_s=0.02, drain_spread_s=0.3)
    quick = SocketLimits(
        init_deadline_s=0.2,
        ping_interval_s=0.1,
        pong_deadline_s=0.3,
        close_deadline_s=0.2,
        max_operations=3,
    )

    def services_of(_: Scope) -> ToyServices:
        return services

    origins = frozenset({ALLOWED_ORIGIN})
    app = Application(
        services_of,
        routes=[Mount("/quick", app=Application(services_of, socket_limits=quick, registry=registry))],
        registry=registry,
        allowed_origins=origins,
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    options = uvicorn_options()
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, **options))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(START_DEADLINE_S):
        while not server.started:  # noqa: ASYNC110 (uvicorn offers a flag, no event)
            await asyncio.sleep(0.01)
    yield ToyServer(port=listener.getsockname()[1], services=services, registry=registry, uvicorn=server)
    server.should_exit = True
    async with asyncio.timeout(START_DEADLINE_S):
        await task
    listener.close()


@pytest.fixture
def server(running_server: ToyServer) -> Iterator[ToyServer]:
    yield running_server
    services = running_server.services
    services.is_draining = False
    services.is_database_up = True
    services.token_ttl_s = 3600.0
    services.operation_deadlines = Deadlines(5.0)
    services.revoked_sessions.clear()


@pytest.fixture
async def nothing_is_left(server: ToyServer) -> AsyncIterator[None]:
    """After every test: no socket, no task, no open context, no running generator."""
    yield
    await eventually(lambda: len(server.registry) == 0)
    await eventually(lambda: not server_tasks())
    assert (server.services.contexts_open, server.services.streams_open) == (0, 0)
