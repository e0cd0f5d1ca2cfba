"""One accepted WebSocket, from its first message to the end of its last operation."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import structlog
from starlette.types import Receive, Send

from access.viewer import Viewer
from app.transport.api import (
    Context,
    GraphQLRequest,
    OperationTypeRefusedError,
    Outcome,
    Services,
    execute,
    opened_context,
    refusal,
    subscribe,
)
from app.transport.errors import log
from app.transport.limits import SocketLimits
from app.transport.messages import (
    ClientMessage,
    CloseCode,
    Complete,
    Init,
    InvalidMessageError,
    Ping,
    Pong,
    Subscribe,
    fitting_reason,
    message,
    parse,
)
from app.transport.outgoing import OutgoingQueue
from core.errors import RateLimitedError, RequestError, UnauthenticatedError, UnavailableError


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as the handshake told."""

    client_ip: str
    request_id: str
    authorization: str | None


class Connection:
    """Speaks graphql-transport-ws with one client; the registry calls `sweep`."""

    __slots__ = (
        "_close_with",
        "_cut_off",
        "_finishing",
        "_has_ended",
        "_init_deadline_s",
        "_is_acknowledged",
        "_is_leaving",
        "_limits",
        "_operation_count",
        "_operations",
        "_outgoing",
        "_peer",
        "_ping_at_s",
        "_pong_deadline_s",
        "_receive",
        "_send",
        "_services",
        "_subscriptions",
        "_viewer",
    )

    def __init__(
        self,
        services: Services,
        peer: Peer,
        *,
        receive: Receive,
        send: Send,
        limits: SocketLimits,
        cut_off: Callable[[], None] | None = None,
    ) -> None:
        self._services = services
        self._peer = peer
        self._receive = receive
        self._send = send
        self._limits = limits
        self._cut_off = cut_off
        self._outgoing = OutgoingQueue(send, max_messages=limits.max_queued_messages, max_bytes=limits.max_queued_bytes)
        self._viewer: Viewer | None = None
        self._is_acknowledged = False
        self._is_leaving = False
        self._init_deadline_s = time.monotonic() + limits.init_deadline_s
        self._ping_at_s = 0.0
        self._pong_deadline_s: float | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._subscriptions: set[str] = set()
        self._finishing: set[asyncio.Task[None]] = set()
        self._operation_count = 0
        self._has_ended = asyncio.Event()
        self._close_with: tuple[CloseCode, str] | None = None

    @property
    def is_draining(self) -> bool:
        return self._services.is_draining

    async def serve(self) -> None:
        """Speaks until either side ends it; when this returns, no task of the socket is left."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        try:
            await self._has_ended.wait()
        finally:
            self._has_ended.set()
            for operation_id in list(self._operations):
                self._stop(operation_id)
            reader.cancel()
            writer.cancel()
            await asyncio.wait((reader, writer))
            await self._say_goodbye()
            await self._await_operations()

    def sweep(self, *, monotonic_now_s: float, unix_now_s: float) -> None:
        if not self._is_acknowledged:
            if monotonic_now_s >= self._init_deadline_s:
                self.close(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")
            return
        if not self._is_session_alive(unix_now_s):
            return
        if self._pong_deadline_s is not None:
            if monotonic_now_s >= self._pong_deadline_s:
                self.close(CloseCode.PONG_TIMEOUT, "Pong timeout")
        elif monotonic_now_s >= self._ping_at_s:
            self._pong_deadline_s = monotonic_now_s + self._limits.pong_deadline_s
            self._put(message("ping"))

    def leave(self) -> None:
        self._is_leaving = True
        if self._operations.keys() <= self._subscriptions and self._outgoing.is_empty:
            self.close(CloseCode.GOING_AWAY, "Server is going away")

    def close(self, code: CloseCode, reason: str) -> None:
        if not self._has_ended.is_set():
            self._close_with = (code, reason)
            self._has_ended.set()

    async def _read(self) -> None:
        try:
            while not self._has_ended.is_set():
                event = await self._receive()
                if event["type"] == "websocket.disconnect":
                    break
                text = event.get("text")
                if text is None:
                    raise InvalidMessageError("Message is binary")  # noqa: TRY301 (one place closes for all of them)
                self._handle(parse(text, limits=self._limits))
                # The server hands over messages that arrived together without a pause in which answers could leave.
                await asyncio.sleep(0)
        except InvalidMessageError as error:
            self.close(error.code, str(error))
        except Exception:  # noqa: BLE001 (the log gets it)
            log.exception("socket failed", request_id=self._peer.request_id)
            self.close(CloseCode.INTERNAL, "Internal server error")
        self._has_ended.set()

    async def _write(self) -> None:
        try:
            await self._outgoing.run()
        except (OSError, RuntimeError):
            pass  # The server's way of saying that the client has gone.
        finally:
            self._has_ended.set()

    def _handle(self, received: ClientMessage) -> None:
        match received:
            case Init():
                self._initialise(received)
            case Ping():
                self._put(message("pong"))
            case Pong():
                self._pong_deadline_s = None
                self._ping_at_s = time.monotonic() + self._limits.ping_interval_s
            case Subscribe():
                self._start(received)
            case Complete():
                # An id that we do not know belongs to an operation whose own `complete` crossed this one.
                self._stop(received.operation_id)

    def _initialise(self, received: Init) -> None:
        if self._is_acknowledged:
            self.close(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
            return
        given = {key.lower(): value for key, value in received.payload.items()}
        authorization = given.get("authorization")
        if authorization is None:
            authorization = self._peer.authorization
        elif not isinstance(authorization, str):
            self.close(CloseCode.FORBIDDEN, "Forbidden")
            return
        try:
            self._viewer = self._services.authenticate(authorization)
        except UnauthenticatedError:
            self.close(CloseCode.FORBIDDEN, "Forbidden")
        except UnavailableError:
            self.close(CloseCode.TRY_AGAIN_LATER, "Try again later")
        else:
            self._is_acknowledged = True
            self._ping_at_s = time.monotonic() + self._limits.ping_interval_s
            self._put(message("connection_ack"))

    def _start(self, received: Subscribe) -> None:
        operation_id = received.operation_id
        if not self._is_acknowledged:
            self.close(CloseCode.UNAUTHORIZED, "Unauthorized")
        elif operation_id in self._operations:
            self.close(CloseCode.DUPLICATE_ID, f"Subscriber for {operation_id} already exists")
        elif not self._is_session_alive(time.time()):
            pass
        elif self._is_leaving:
            self._refuse(operation_id, UnavailableError("This server is going away. Please connect again."))
        elif len(self._operations) + len(self._finishing) >= self._limits.max_operations:
            text = f"This socket has {self._limits.max_operations} operations in flight; complete one first."
            self._refuse(operation_id, RateLimitedError(text, retry_after_s=1.0))
        else:
            self._operation_count += 1
            request_id = f"{self._peer.request_id}.{self._operation_count}"
            self._operations[operation_id] = asyncio.create_task(
                self._operate(operation_id, received.request, request_id=request_id)
            )

    async def _operate(self, operation_id: str, request: GraphQLRequest, *, request_id: str) -> None:
        structlog.contextvars.bind_contextvars(request_id=request_id)
        last_words = message("complete", operation_id=operation_id)
        try:
            async with (
                opened_context(
                    self._services, self._viewer, client_ip=self._peer.client_ip, request_id=request_id
                ) as context,
                aclosing(self._outcomes(operation_id, request, context=context, request_id=request_id)) as outcomes,
            ):
                async for outcome in outcomes:
                    if outcome.is_request_error:
                        last_words = message("error", operation_id=operation_id, payload=outcome.errors)
                        break
                    self._put(message("next", operation_id=operation_id, payload=outcome.body))
        except Exception as error:  # noqa: BLE001 (the edge: refusal() logs what is unexpected and masks it)
            outcome = refusal(error, request_id=request_id)
            last_words = message("error", operation_id=operation_id, payload=outcome.errors)
        # The client may use the id again as soon as it reads the last words.
        if self._operations.get(operation_id) is asyncio.current_task():
            self._forget(operation_id)
            self._put(last_words)

    async def _outcomes(
        self, operation_id: str, request: GraphQLRequest, *, context: Context, request_id: str
    ) -> AsyncGenerator[Outcome, None]:
        """Runs any operation: one outcome for a query or a mutation, one per event for a subscription."""
        try:
            yield await execute(self._services, context, request, request_id=request_id)
        except OperationTypeRefusedError:
            # execute() says so after parsing, before anything is run.
            self._subscriptions.add(operation_id)
            async with aclosing(subscribe(self._services, context, request, request_id=request_id)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def _refuse(self, operation_id: str, error: RequestError) -> None:
        outcome = refusal(error, request_id=self._peer.request_id)
        self._put(message("error", operation_id=operation_id, payload=outcome.errors))

    def _stop(self, operation_id: str) -> None:
        """Cancels an operation; its id is free at once, its task is awaited at the end of the socket."""
        task = self._forget(operation_id)
        if task is not None:
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)
            task.cancel()

    def _forget(self, operation_id: str) -> asyncio.Task[None] | None:
        self._subscriptions.discard(operation_id)
        return self._operations.pop(operation_id, None)

    def _put(self, text: str) -> None:
        if not self._has_ended.is_set() and not self._outgoing.put(text):
            self.close(CloseCode.SLOW_READER, "Client reads too slowly")

    def _is_session_alive(self, unix_now_s: float) -> bool:
        """Closes the socket of a viewer whose token has expired or whose session was revoked."""
        viewer = self._viewer
        if viewer is None:
            return True
        if viewer.token_expires_at.timestamp() <= unix_now_s:
            self.close(CloseCode.UNAUTHORIZED, "Token has expired")
        elif self._services.is_revoked(viewer):
            self.close(CloseCode.FORBIDDEN, "Session was revoked")
        else:
            return True
        return False

    async def _say_goodbye(self) -> None:
        if self._close_with is None:
            return
        code, reason = self._close_with
        try:
            # Waits while the client does not read what was sent before.
            async with asyncio.timeout(self._limits.close_deadline_s):
                await self._send({"type": "websocket.close", "code": int(code), "reason": fitting_reason(reason)})
        except (TimeoutError, OSError, RuntimeError):
            if self._cut_off is not None:
                self._cut_off()

    async def _await_operations(self) -> None:
        if not self._finishing:
            return
        _, pending = await asyncio.wait(list(self._finishing), timeout=self._limits.cleanup_deadline_s)
        if pending:
            log.error("operations outlive their socket", request_id=self._peer.request_id, count=len(pending))
