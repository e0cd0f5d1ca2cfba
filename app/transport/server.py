"""What we ask of uvicorn: its protocols with the deadlines and bounds that an ASGI application cannot set itself."""

import asyncio
from functools import partial
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from app.transport.limits import SocketLimits
from core.errors import BadInputError

CUT_OFF_EXTENSION = "rookery.cut_off"
"""Key in an ASGI scope's `extensions`: a function that ends the connection without waiting for the client."""

WHOLE_ANSWER_EXTENSION = "rookery.whole_answer"
"""Key in an ASGI scope's `extensions`: a function that sends an answer in one piece (`send_whole`)."""

SWITCHING_PROTOCOLS = 101


def uvicorn_options(limits: SocketLimits | None = None) -> dict[str, Any]:
    """Keyword arguments for `uvicorn.Config`."""
    return {
        "http": GuardedHttpProtocol,
        "ws": GuardedWebSocketProtocol,
        "ws_max_size": (limits or SocketLimits()).max_message_bytes,
        # Pings of graphql-transport-ws take their place: they also find a client whose program hangs.
        "ws_ping_interval": None,
        # Compression holds a window per socket; ten thousand idle ones would pay for it.
        "ws_per_message_deflate": False,
        "server_header": False,
    }


class GuardedHttpProtocol(HttpToolsProtocol):
    """Ends a connection whose request headers are late or too large, and refuses in JSON."""

    header_deadline_s = 10.0
    max_header_bytes = 65_536

    _header_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _are_headers_open = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_header_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._are_headers_open:
            # Most requests come in one piece, and need no timer.
            if self._header_timer is None:
                self._await_headers()
            self._header_bytes += len(data)
            if self._header_bytes > self.max_header_bytes:
                self._stop_header_timer()
                self._refuse(b"431 Request Header Fields Too Large", "The headers are too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._are_headers_open = True

    def on_headers_complete(self) -> None:
        self._are_headers_open = False
        if self._header_timer is not None:
            self._stop_header_timer()
        super().on_headers_complete()
        cycle: RequestResponseCycle | None = self.cycle  # as below
        if cycle is not None and cycle.scope is self.scope:
            # The application starts in the next turn of the loop, so it finds this in its scope.
            extensions: dict[str, Any] = {WHOLE_ANSWER_EXTENSION: partial(send_whole, cycle)}
            cycle.scope["extensions"] = extensions

    def send_400_response(self, msg: str) -> None:
        self._stop_header_timer()
        self._refuse(b"400 Bad Request", msg)

    def _await_headers(self) -> None:
        self._header_bytes = 0
        self._header_timer = self.loop.call_later(self.header_deadline_s, self._on_late_headers)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _on_late_headers(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn declares it without the None that it starts with.
        if cycle is not None and not cycle.response_complete:
            # A pipelined request is late, the answer to the one before is on its way.
            self._header_timer = self.loop.call_later(self.header_deadline_s, self._on_late_headers)
            return
        self._header_timer = None
        if not self._header_bytes:
            self.transport.close()  # Nothing was asked, so nothing is answered: browsers connect ahead of need.
            return
        self._refuse(b"408 Request Timeout", "The headers did not arrive in time.")

    def _refuse(self, status: bytes, message: str) -> None:
        self._are_headers_open = False
        if self.transport.is_closing():
            return
        body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": BadInputError.code}}]})
        head = (
            b"HTTP/1.1 " + status,
            b"content-type: application/json; charset=utf-8",
            b"content-length: " + str(len(body)).encode(),
            b"cache-control: no-store",
            b"x-content-type-options: nosniff",
            b"connection: close",
        )
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        self.transport.close()


def send_whole(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
    """Sends a whole answer by one write; `head` are its header lines, checked and complete, each with its line end.

    What uvicorn does in two steps, header by header. False, and nothing is sent, where the client is slow or gone or
    an answer has begun: then it is for the ordinary way to wait or to refuse.
    """
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    defaults = b"".join([b"%b: %b\r\n" % header for header in cycle.default_headers])
    end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
    cycle.transport.write(b"".join((STATUS_LINE[status], defaults, head, end, body)))
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class GuardedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application cut off a client that does not read; uvicorn alone would wait for it for ever."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == SWITCHING_PROTOCOLS:
            # The application starts in the next turn of the loop, so it finds this in its scope.
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[CUT_OFF_EXTENSION] = self.transport.abort
