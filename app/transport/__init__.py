"""How requests come in: GraphQL over HTTP and over WebSockets, and the health checks."""

from collections.abc import Callable

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Scope

from app.transport.api import Services
from app.transport.health import live, ready
from app.transport.http import HttpTransport
from app.transport.limits import HttpLimits, SocketLimits
from app.transport.registry import SocketRegistry
from app.transport.sockets import SocketTransport

__all__ = ["HttpLimits", "SocketLimits", "SocketRegistry", "routes"]


def routes(
    services_of: Callable[[Scope], Services],
    *,
    http_limits: HttpLimits | None = None,
    socket_limits: SocketLimits | None = None,
    registry: SocketRegistry | None = None,
    allowed_origins: frozenset[str] = frozenset(),
) -> list[BaseRoute]:
    """The routes of the API; `services_of` finds the process's services in an ASGI scope.

    `registry` is for a caller who wants to know how many sockets are open, for example while draining.
    `allowed_origins` are origins of other hosts (`https://app.example.com`) whose pages may open sockets.
    """
    sockets = SocketTransport(
        services_of,
        limits=socket_limits or SocketLimits(),
        registry=registry if registry is not None else SocketRegistry(),
        allowed_origins=allowed_origins,
    )
    return [
        Route("/graphql", HttpTransport(services_of, limits=http_limits or HttpLimits())),
        WebSocketRoute("/graphql", sockets),
        Route("/health/live", live),
        Route("/health/ready", ready(services_of)),
    ]
