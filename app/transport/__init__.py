"""How requests come in: GraphQL over HTTP and over WebSockets, and the health checks."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from app.transport.api import Services
from app.transport.health import live, ready
from app.transport.http import HttpTransport
from app.transport.limits import HttpLimits, SocketLimits
from app.transport.registry import SocketRegistry
from app.transport.sockets import SocketTransport

__all__ = ["Application", "HttpLimits", "SocketLimits", "SocketRegistry"]

GRAPHQL_PATH = "/graphql"


class Application(Starlette):
    """The server's ASGI application: Starlette for everything but documents over HTTP, which go straight to theirs.

    `services_of` finds the process's services in an ASGI scope. `registry` is for a caller who wants to know how many
    sockets are open, for example while draining. `allowed_origins` are origins of other hosts
    (`https://app.example.com`) whose pages may open sockets. `routes` are those of whatever else there is.
    """

    def __init__(
        self,
        services_of: Callable[[Scope], Services],
        *,
        lifespan: Lifespan["Application"] | None = None,
        routes: list[BaseRoute] | None = None,
        http_limits: HttpLimits | None = None,
        socket_limits: SocketLimits | None = None,
        registry: SocketRegistry | None = None,
        allowed_origins: frozenset[str] = frozenset(),
    ) -> None:
        sockets = SocketTransport(
            services_of,
            limits=socket_limits or SocketLimits(),
            registry=registry if registry is not None else SocketRegistry(),
            allowed_origins=allowed_origins,
        )
        own_routes = [
            WebSocketRoute(GRAPHQL_PATH, sockets),
            Route("/health/live", live),
            Route("/health/ready", ready(services_of)),
        ]
        super().__init__(routes=[*own_routes, *(routes or [])], lifespan=lifespan)
        self._documents: ASGIApp = HttpTransport(services_of, limits=http_limits or HttpLimits())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self._documents(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
