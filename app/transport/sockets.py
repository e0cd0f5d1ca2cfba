"""GraphQL over WebSockets: the handshake; what is said afterwards is in connection.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from app.transport.api import Services
from app.transport.connection import Connection, Peer
from app.transport.headers import is_origin_allowed, json_answer, request_id_of
from app.transport.http import client_ip_of
from app.transport.limits import SocketLimits
from app.transport.messages import SUBPROTOCOL, CloseCode
from app.transport.registry import SocketRegistry
from app.transport.server import CUT_OFF_EXTENSION
from core.errors import BadInputError, UnavailableError


@dataclass(frozen=True, slots=True)
class SocketTransport:
    """The ASGI application behind WebSocket /graphql."""

    services_of: Callable[[Scope], Services]
    limits: SocketLimits
    registry: SocketRegistry
    allowed_origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = request_id_of(headers.get("x-request-id", ""))
        services = self.services_of(scope)
        if (await receive())["type"] != "websocket.connect":
            return
        if not is_origin_allowed(headers, self.allowed_origins):
            content = _error_content("Pages of this origin may not connect.", code=BadInputError.code)
            await _refuse(scope, receive, send, status=403, content=content, request_id=request_id)
            return
        if services.is_draining:
            content = _error_content("This server is going away.", code=UnavailableError.code)
            await _refuse(scope, receive, send, status=503, content=content, request_id=request_id)
            return
        is_understood = SUBPROTOCOL in scope.get("subprotocols", ())
        try:
            await send(
                {
                    "type": "websocket.accept",
                    "subprotocol": SUBPROTOCOL if is_understood else None,
                    "headers": [(b"x-request-id", request_id.encode())],
                }
            )
            if not is_understood:
                code = CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE
                reason = "Subprotocol not acceptable"
                await send({"type": "websocket.close", "code": int(code), "reason": reason})
                return
        except OSError:
            return  # The client left during the handshake.
        connection = Connection(
            services,
            Peer(client_ip_of(scope), request_id=request_id, authorization=headers.get("authorization")),
            receive=receive,
            send=send,
            limits=self.limits,
            cut_off=scope.get("extensions", {}).get(CUT_OFF_EXTENSION),
        )
        self.registry.add(connection)
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                await connection.serve()
        finally:
            self.registry.remove(connection)


def _error_content(message: str, *, code: str) -> Mapping[str, object]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


async def _refuse(
    scope: Scope, receive: Receive, send: Send, *, status: int, content: Mapping[str, object], request_id: str
) -> None:
    """Answers the handshake with HTTP; a server that cannot do so says 403 without a body."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await json_answer(content, status=status, request_id=request_id)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})
