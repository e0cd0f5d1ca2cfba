"""The words of graphql-transport-ws: what a client may say, what we say, and the codes a socket is closed with."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from app.transport.api import GraphQLRequest
from app.transport.limits import SocketLimits
from core.errors import BadInputError

SUBPROTOCOL = "graphql-transport-ws"
MAX_REASON_BYTES = 123  # A close frame holds 125 bytes, two of them the code (RFC 6455, 5.5).


class CloseCode(IntEnum):
    """Codes from 4400 to 4429 are the protocol's, except SLOW_READER; the others are ours or of RFC 6455."""

    GOING_AWAY = 1001
    TOO_LARGE = 1009
    TRY_AGAIN_LATER = 1013
    INVALID_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    SLOW_READER = 4413
    TOO_MANY_INITS = 4429
    INTERNAL = 4500
    PONG_TIMEOUT = 4504


class InvalidMessageError(Exception):
    """The client's words are not of the protocol; the socket is closed with `code`."""

    def __init__(self, reason: str, *, code: CloseCode = CloseCode.INVALID_MESSAGE) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Init:
    """`connection_init`: the first message; `payload` may carry an `authorization`."""

    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """`ping`: wants a pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """`pong`: the answer to our ping, or an unasked sign of life."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`subscribe`: run this operation, whatever its type; answers carry `operation_id`."""

    operation_id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """`complete`: the client has heard enough of this operation."""

    operation_id: str


ClientMessage = Init | Ping | Pong | Subscribe | Complete


def parse(text: str, *, limits: SocketLimits) -> ClientMessage:
    """Reads one message. Raises InvalidMessageError."""
    # Counting bytes costs a copy, so it is done only where characters leave it open.
    if len(text) > limits.max_message_bytes or (
        len(text) * 4 > limits.max_message_bytes and len(text.encode()) > limits.max_message_bytes
    ):
        raise InvalidMessageError("Message is too large", code=CloseCode.TOO_LARGE)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidMessageError("Message is not valid JSON") from error
    if not isinstance(content, dict):
        raise InvalidMessageError("Message is not a JSON object")
    match content.get("type"):
        case "connection_init":
            return Init(_payload_or_none(content) or {})
        case "ping":
            _payload_or_none(content)
            return Ping()
        case "pong":
            _payload_or_none(content)
            return Pong()
        case "subscribe":
            return Subscribe(_operation_id(content, limits=limits), _request(content))
        case "complete":
            return Complete(_operation_id(content, limits=limits))
        case _:
            raise InvalidMessageError("Message has an unknown type")


def message(kind: str, *, operation_id: str | None = None, payload: object = None) -> str:
    """The text of a message of ours. Raises TypeError when `payload` holds something that JSON cannot say."""
    content: dict[str, object] = {"type": kind}
    if operation_id is not None:
        content["id"] = operation_id
    if payload is not None:
        content["payload"] = payload
    return orjson.dumps(content).decode()


def fitting_reason(reason: str) -> str:
    """`reason` cut to the bytes that a close frame has room for, never inside a character."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


def _payload_or_none(content: dict[str, Any]) -> dict[str, Any] | None:
    payload = content.get("payload")
    if payload is None or isinstance(payload, dict):
        return payload
    raise InvalidMessageError("Message has a payload that is not a JSON object")


def _operation_id(content: dict[str, Any], *, limits: SocketLimits) -> str:
    operation_id = content.get("id")
    if isinstance(operation_id, str) and 0 < len(operation_id) <= limits.max_id_chars:
        return operation_id
    raise InvalidMessageError(f"Message needs an id: a string of 1 to {limits.max_id_chars} characters")


def _request(content: dict[str, Any]) -> GraphQLRequest:
    try:
        return GraphQLRequest.parse(content.get("payload"))
    except BadInputError as error:
        raise InvalidMessageError(f"Message has an invalid payload: {error}") from error
