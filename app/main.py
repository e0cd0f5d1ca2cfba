"""The ASGI application of a server process: routes, and a lifespan that owns the process's resources."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from app import transport
from app.logging import configure_logging
from app.services import ProcessServices
from app.settings import Settings
from app.settings import settings as process_settings
from app.transport import graphiql
from app.transport.api import Services
from app.web_assets import DIST


class State(TypedDict):
    """What a request finds in its scope."""

    services: ProcessServices


def create_app(settings: Settings | None = None) -> Starlette:
    """An application. It opens nothing before its lifespan begins, and closes everything at its end."""
    settings = settings or process_settings()

    services = ProcessServices(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        await services.start()
        try:
            yield {"services": services}
        finally:
            await services.stop()

    return Starlette(routes=_routes(settings, services), lifespan=lifespan)


def create_production_app() -> Starlette:
    """What `rookery serve` runs in each process."""
    configure_logging(process_settings())
    return create_app()


def services_of(scope: Scope) -> Services:
    """The services of the process that received this request."""
    return cast("State", scope["state"])["services"]


def _routes(settings: Settings, services: ProcessServices) -> list[BaseRoute]:
    routes = transport.routes(services_of, registry=services.sockets)
    if not settings.is_production:
        routes += [*graphiql.routes(dist=DIST), Route("/", _to_graphiql)]
    return routes


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphiql/")
