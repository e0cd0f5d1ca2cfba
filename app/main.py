"""The ASGI application of a server process: routes, and a lifespan that owns the process's resources."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan, Scope

from app.backlogs import BacklogWatch, queues
from app.collector import spare_what_lives_on
from app.logging import configure_logging
from app.services import ProcessServices
from app.settings import Settings
from app.settings import settings as process_settings
from app.transport import Application, graphiql
from app.transport.api import Services
from app.web_assets import DIST


class State(TypedDict):
    """What a request finds in its scope."""

    services: ProcessServices


def create_app(settings: Settings | None = None) -> Application:
    """An application. It opens nothing before its lifespan begins, and closes everything at its end."""
    services = ProcessServices(settings or process_settings())

    @asynccontextmanager
    async def lifespan(_app: Application) -> AsyncIterator[State]:
        await services.start()
        try:
            yield {"services": services}
        finally:
            await services.stop()

    return application_over(services, lifespan=lifespan)


def application_over(services: ProcessServices, *, lifespan: Lifespan[Application] | None = None) -> Application:
    """The application; whoever made `services` starts and stops them, if no lifespan does."""
    return Application(services_of, lifespan=lifespan, routes=_routes(services.settings), registry=services.sockets)


def create_production_app() -> Application:
    """What `rookery serve` runs in each process."""
    configure_logging(process_settings())
    app = create_app()
    spare_what_lives_on()
    return app


def services_of(scope: Scope) -> Services:
    """The services of the process that received this request."""
    return cast("State", scope["state"])["services"]


def _routes(settings: Settings) -> list[BaseRoute]:
    """What there is beside the API."""
    health: list[BaseRoute] = [Route("/health/queues", queues(_backlogs_of))]
    return health if settings.is_production else [*health, *graphiql.routes(dist=DIST), Route("/", _to_graphiql)]


def _backlogs_of(request: Request) -> BacklogWatch:
    return cast("State", request.scope["state"])["services"].backlogs


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphiql/")
