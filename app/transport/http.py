"""GraphQL over HTTP: a request is read within its limits, checked, executed and answered; always in JSON.

A bare ASGI application, in front of Starlette's routes: a framework's request, response and middleware objects cost as
much as answering a small document.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import structlog
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from app.transport.api import (
    GraphQLRequest,
    OperationTypeRefusedError,
    Outcome,
    Services,
    close_context,
    execute,
    refusal,
)
from app.transport.errors import shortened
from app.transport.headers import (
    PLAIN_JSON,
    RESPONSE_JSON,
    answer_head,
    answer_headers,
    is_json_content_type,
    negotiate,
    request_id_of,
    whole_seconds,
)
from app.transport.limits import HttpLimits
from app.transport.server import WHOLE_ANSWER_EXTENSION
from core.deadlines import Deadlines
from core.errors import BadInputError

OK = 200
BAD_REQUEST = 400
METHOD_NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
REQUEST_TIMEOUT = 408
CONTENT_TOO_LARGE = 413
UNSUPPORTED_MEDIA_TYPE = 415
GATEWAY_TIMEOUT = 504

_READ = frozenset(
    {b"accept", b"authorization", b"content-encoding", b"content-length", b"content-type", b"x-request-id"}
)
_CONNECTION_ENDS = ((b"connection", b"close"),)
_NO_EXTENSIONS: Mapping[str, Any] = {}

Headers = Mapping[bytes, bytes]
ExtraHeaders = Sequence[tuple[bytes, bytes]]


class _RefusedError(Exception):
    """The HTTP of a request is wrong; it is answered with `status` and no GraphQL is run."""

    def __init__(self, status: int, message: str, *, headers: ExtraHeaders = ()) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class _ClientGoneError(Exception):
    """The client hung up before its request was complete; nobody waits for an answer."""


class _Answer(NamedTuple):
    """What goes back."""

    status: int
    media_type: str
    body: bytes
    extra_headers: ExtraHeaders = ()


class HttpTransport:
    """The ASGI application behind POST and GET /graphql."""

    __slots__ = ("_body_deadlines", "_limits", "_services_of")

    def __init__(self, services_of: Callable[[Scope], Services], *, limits: HttpLimits) -> None:
        self._services_of = services_of
        self._limits = limits
        self._body_deadlines = Deadlines(limits.body_deadline_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Of a header that comes twice, the first one counts.
        headers = {name: value for name, value in reversed(scope["headers"]) if name in _READ}
        request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
        # The server runs each request in a task, and so in a context of its own.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        services = self._services_of(scope)
        try:
            answer = await self._answer(scope, receive, services, headers=headers, request_id=request_id)
        except _ClientGoneError:
            return
        extra = answer.extra_headers
        if services.is_draining:
            extra = (*extra, *_CONNECTION_ENDS)  # The client's next request finds a process that stays.
        whole = scope.get("extensions", _NO_EXTENSIONS).get(WHOLE_ANSWER_EXTENSION)
        if whole is not None and not extra and scope["method"] != "HEAD":
            head = answer_head(answer.media_type, request_id=request_id, length_bytes=len(answer.body))
            if whole(answer.status, head, answer.body):
                return
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": answer_headers(
                    answer.media_type, request_id=request_id, length_bytes=len(answer.body), extra=extra
                ),
            }
        )
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, receive: Receive, services: Services, *, headers: Headers, request_id: str
    ) -> _Answer:
        media_type = negotiate(headers.get(b"accept"))
        if media_type is None:
            error = _RefusedError(NOT_ACCEPTABLE, f"This API answers in {RESPONSE_JSON} and {PLAIN_JSON}.")
            return _refused(error, media_type=PLAIN_JSON)
        try:
            request = await self._read(scope, receive, headers=headers)
            outcome = await self._run(scope, services, headers=headers, request=request, request_id=request_id)
        except _RefusedError as error:
            return _refused(error, media_type=media_type)
        return _answered(outcome, media_type=media_type, request_id=request_id)

    async def _read(self, scope: Scope, receive: Receive, *, headers: Headers) -> GraphQLRequest:
        try:
            match scope["method"]:
                case "POST":
                    _require_json(headers)
                    body = await _read_body(
                        receive, headers=headers, limits=self._limits, deadlines=self._body_deadlines
                    )
                    return GraphQLRequest.parse(_parsed_json(body, name="The body"))
                case "GET":
                    return GraphQLRequest.parse(_query_content(QueryParams(scope["query_string"])))
                case _:
                    raise _RefusedError(METHOD_NOT_ALLOWED, "Use POST or GET.", headers=((b"allow", b"GET, POST"),))
        except BadInputError as error:
            raise _RefusedError(BAD_REQUEST, str(error)) from error

    async def _run(
        self, scope: Scope, services: Services, *, headers: Headers, request: GraphQLRequest, request_id: str
    ) -> Outcome:
        try:
            authorization = headers.get(b"authorization")
            viewer = services.authenticate(None if authorization is None else authorization.decode("latin-1"))
            context = services.open_context(viewer, client_ip=client_ip_of(scope), request_id=request_id)
            try:
                return await execute(
                    services, context, request, request_id=request_id, is_read_only=scope["method"] == "GET"
                )
            finally:
                await close_context(context, request_id=request_id)
        except OperationTypeRefusedError as error:
            if error.operation_type == "mutation":
                message = "A mutation is sent by POST."
                raise _RefusedError(METHOD_NOT_ALLOWED, message, headers=((b"allow", b"POST"),)) from error
            return refusal(BadInputError("A subscription is sent over a WebSocket."), request_id=request_id)
        except Exception as error:  # noqa: BLE001 (the edge: refusal() logs what is unexpected and masks it)
            return refusal(error, request_id=request_id)


def client_ip_of(scope: Scope) -> str:
    """The address of the peer as the server knows it; empty on a Unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _require_json(headers: Headers) -> None:
    if not is_json_content_type(headers.get(b"content-type")):
        raise _RefusedError(UNSUPPORTED_MEDIA_TYPE, "Send the request as application/json in UTF-8.")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise _RefusedError(UNSUPPORTED_MEDIA_TYPE, "Send the body without a content encoding.")


async def _read_body(receive: Receive, *, headers: Headers, limits: HttpLimits, deadlines: Deadlines) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit():
        raise _RefusedError(BAD_REQUEST, "Content-Length must be a number.")
    if len(declared) > len(str(limits.max_body_bytes)) or int(declared) > limits.max_body_bytes:
        raise _too_large(limits)
    chunks: list[bytes] = []
    size_bytes = 0
    try:
        with deadlines.block():
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _ClientGoneError
                chunk = message.get("body", b"")
                size_bytes += len(chunk)
                if size_bytes > limits.max_body_bytes:
                    raise _too_large(limits)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError as error:
        message_for_client = f"The body did not arrive within {deadlines.length_s:g} seconds."
        raise _RefusedError(REQUEST_TIMEOUT, message_for_client, headers=_CONNECTION_ENDS) from error


def _too_large(limits: HttpLimits) -> _RefusedError:
    # The rest of the body is never read, so the connection cannot be used again.
    message = f"The body is larger than {limits.max_body_bytes} bytes."
    return _RefusedError(CONTENT_TOO_LARGE, message, headers=_CONNECTION_ENDS)


def _parsed_json(text: bytes | str, *, name: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"{name} is not valid JSON: {error}") from error


def _query_content(parameters: QueryParams) -> dict[str, Any]:
    """The parameters of a GET in the shape of a POST's body; `variables` and `extensions` travel as JSON."""
    content: dict[str, Any] = {name: parameters[name] for name in ("query", "operationName") if name in parameters}
    for name in ("variables", "extensions"):
        if parameters.get(name):
            content[name] = _parsed_json(parameters[name], name=f"`{name}`")
    return content


def _answered(outcome: Outcome, *, media_type: str, request_id: str) -> _Answer:
    extra: ExtraHeaders = ()
    if outcome.retry_after_s is not None:
        extra = ((b"retry-after", whole_seconds(outcome.retry_after_s).encode()),)
    status = outcome.http_status
    if media_type == PLAIN_JSON and status in {BAD_REQUEST, GATEWAY_TIMEOUT}:
        # Clients of the older media type take any other status for a failure below GraphQL.
        status = OK
    try:
        return _Answer(status, media_type, orjson.dumps(outcome.body), extra)
    except TypeError as error:
        masked = refusal(error, request_id=request_id)
        return _Answer(masked.http_status, media_type, orjson.dumps(masked.body))


def _refused(error: _RefusedError, *, media_type: str) -> _Answer:
    content = {"errors": [{"message": shortened(str(error)), "extensions": {"code": BadInputError.code}}]}
    return _Answer(error.status, media_type, orjson.dumps(content), error.headers)
