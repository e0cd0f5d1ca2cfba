"""GraphQL over HTTP: a request is read within its limits, checked, executed and answered; always in JSON."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.transport.api import (
    GraphQLRequest,
    OperationTypeRefusedError,
    Outcome,
    Services,
    execute,
    opened_context,
    refusal,
)
from app.transport.errors import shortened
from app.transport.headers import (
    PLAIN_JSON,
    RESPONSE_JSON,
    is_json_content_type,
    json_answer,
    negotiate,
    request_id_of,
    whole_seconds,
)
from app.transport.limits import HttpLimits
from core.errors import BadInputError

OK = 200
BAD_REQUEST = 400
METHOD_NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
REQUEST_TIMEOUT = 408
CONTENT_TOO_LARGE = 413
UNSUPPORTED_MEDIA_TYPE = 415
GATEWAY_TIMEOUT = 504


class _RefusedError(Exception):
    """The HTTP of a request is wrong; it is answered with `status` and no GraphQL is run."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class _ClientGoneError(Exception):
    """The client hung up before its request was complete; nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class HttpTransport:
    """The ASGI application behind POST and GET /graphql."""

    services_of: Callable[[Scope], Services]
    limits: HttpLimits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = request_id_of(headers)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                response = await self._answer(scope, receive, headers=headers, request_id=request_id)
            except _ClientGoneError:
                return
            if self.services_of(scope).is_draining:
                response.headers["connection"] = "close"  # The client's next request finds a process that stays.
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, *, headers: Headers, request_id: str) -> Response:
        media_type = negotiate(headers.get("accept"))
        if media_type is None:
            error = _RefusedError(NOT_ACCEPTABLE, f"This API answers in {RESPONSE_JSON} and {PLAIN_JSON}.")
            return _refused(error, media_type=PLAIN_JSON, request_id=request_id)
        try:
            request = await self._read(scope, receive, headers=headers)
            outcome = await self._run(scope, headers=headers, request=request, request_id=request_id)
        except _RefusedError as error:
            return _refused(error, media_type=media_type, request_id=request_id)
        return _answered(outcome, media_type=media_type, request_id=request_id)

    async def _read(self, scope: Scope, receive: Receive, *, headers: Headers) -> GraphQLRequest:
        try:
            match scope["method"]:
                case "POST":
                    _require_json(headers)
                    body = await _read_body(receive, headers=headers, limits=self.limits)
                    return GraphQLRequest.parse(_parsed_json(body, name="The body"))
                case "GET":
                    return GraphQLRequest.parse(_query_content(QueryParams(scope["query_string"])))
                case _:
                    raise _RefusedError(METHOD_NOT_ALLOWED, "Use POST or GET.", headers={"allow": "GET, POST"})
        except BadInputError as error:
            raise _RefusedError(BAD_REQUEST, str(error)) from error

    async def _run(self, scope: Scope, *, headers: Headers, request: GraphQLRequest, request_id: str) -> Outcome:
        services = self.services_of(scope)
        try:
            viewer = services.authenticate(headers.get("authorization"))
            async with opened_context(
                services, viewer, client_ip=client_ip_of(scope), request_id=request_id
            ) as context:
                return await execute(
                    services, context, request, request_id=request_id, is_read_only=scope["method"] == "GET"
                )
        except OperationTypeRefusedError as error:
            if error.operation_type == "mutation":
                message = "A mutation is sent by POST."
                raise _RefusedError(METHOD_NOT_ALLOWED, message, headers={"allow": "POST"}) from error
            return refusal(BadInputError("A subscription is sent over a WebSocket."), request_id=request_id)
        except Exception as error:  # noqa: BLE001 (the edge: refusal() logs what is unexpected and masks it)
            return refusal(error, request_id=request_id)


def client_ip_of(scope: Scope) -> str:
    """The address of the peer as the server knows it; empty on a Unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _require_json(headers: Headers) -> None:
    if not is_json_content_type(headers.get("content-type")):
        raise _RefusedError(UNSUPPORTED_MEDIA_TYPE, "Send the request as application/json in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise _RefusedError(UNSUPPORTED_MEDIA_TYPE, "Send the body without a content encoding.")


async def _read_body(receive: Receive, *, headers: Headers, limits: HttpLimits) -> bytes:
    declared = headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise _RefusedError(BAD_REQUEST, "Content-Length must be a number.")
    if len(declared) > len(str(limits.max_body_bytes)) or int(declared) > limits.max_body_bytes:
        raise _too_large(limits)
    chunks: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(limits.body_deadline_s):
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
        message_for_client = f"The body did not arrive within {limits.body_deadline_s:g} seconds."
        raise _RefusedError(REQUEST_TIMEOUT, message_for_client, headers={"connection": "close"}) from error


def _too_large(limits: HttpLimits) -> _RefusedError:
    # The rest of the body is never read, so the connection cannot be used again.
    message = f"The body is larger than {limits.max_body_bytes} bytes."
    return _RefusedError(CONTENT_TOO_LARGE, message, headers={"connection": "close"})


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


def _answered(outcome: Outcome, *, media_type: str, request_id: str) -> Response:
    headers: dict[str, str] = {}
    if outcome.retry_after_s is not None:
        headers["retry-after"] = whole_seconds(outcome.retry_after_s)
    status = outcome.http_status
    if media_type == PLAIN_JSON and status in {BAD_REQUEST, GATEWAY_TIMEOUT}:
        # Clients of the older media type take any other status for a failure below GraphQL.
        status = OK
    try:
        return json_answer(
            outcome.body, status=status, request_id=request_id, media_type=media_type, extra_headers=headers
        )
    except TypeError as error:
        masked = refusal(error, request_id=request_id)
        return json_answer(masked.body, status=masked.http_status, request_id=request_id, media_type=media_type)


def _refused(error: _RefusedError, *, media_type: str, request_id: str) -> Response:
    content = {"errors": [{"message": shortened(str(error)), "extensions": {"code": BadInputError.code}}]}
    return json_answer(
        content, status=error.status, request_id=request_id, media_type=media_type, extra_headers=error.headers
    )
