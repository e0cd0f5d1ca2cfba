"""Liveness and readiness, for load balancers and supervisors."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.transport.api import Services
from app.transport.errors import log
from app.transport.headers import json_answer, request_id_of


async def live(request: Request) -> Response:
    """200 for as long as the event loop turns: whatever else fails, a restart would not help."""
    request_id = request_id_of(request.headers.get("x-request-id", ""))
    return json_answer({"status": "live"}, status=200, request_id=request_id)


def ready(services_of: Callable[[Scope], Services]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that says 503 while the process drains or cannot reach what it needs."""

    async def endpoint(request: Request) -> Response:
        services = services_of(request.scope)
        request_id = request_id_of(request.headers.get("x-request-id", ""))
        if services.is_draining:
            status = "draining"
        elif await _is_ready(services, request_id=request_id):
            status = "ready"
        else:
            status = "unavailable"
        return json_answer({"status": status}, status=200 if status == "ready" else 503, request_id=request_id)

    return endpoint


async def _is_ready(services: Services, *, request_id: str) -> bool:
    try:
        return await services.is_ready()
    except Exception:  # noqa: BLE001 (whatever it is, the log gets it)
        log.exception("readiness check failed", request_id=request_id)
        return False
