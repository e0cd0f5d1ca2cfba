"""What a client is told about an error, and what the log is told.

Knows graphql-core's error class and our error tree; nothing here knows a transport.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import asyncpg
import structlog
from graphql import FieldNode, GraphQLError

from core.errors import BadInputError, RateLimitedError, RequestError, UnavailableError

MAX_ERRORS = 101  # graphql-core stops validating after 100 and adds a line that says so.
MAX_MESSAGE_CHARS = 300
MAX_LOGGED_CAUSES = 10
MASKED_MESSAGE = "Something went wrong on our side."

_TEXT_THAT_CANNOT_BE_STORED = (
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    UnicodeEncodeError,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger("app.transport")


def format_errors(errors: Sequence[GraphQLError], *, request_id: str) -> list[dict[str, Any]]:
    """The `errors` of a response. Logs each unexpected cause once, with its traceback."""
    _log_unexpected(errors, request_id=request_id)
    return [_format(error, request_id=request_id) for error in errors[:MAX_ERRORS]]


def as_graphql_error(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def expected_cause(error: GraphQLError) -> RequestError | None:
    """The error of our tree behind `error`; None for graphql-core's own errors and for the unexpected."""
    cause = _cause_of(error)
    if isinstance(cause, RequestError):
        return cause
    if isinstance(cause, _TEXT_THAT_CANNOT_BE_STORED):
        return BadInputError("The text contains characters that cannot be stored.")
    if isinstance(cause, RecursionError) and not error.path:
        # Only parsing and validation recurse as deep as the document says; a field's recursion is our bug.
        return BadInputError("The document is nested too deeply.")
    return None


def is_unexpected(error: GraphQLError) -> bool:
    """Tells our bugs from the client's mistakes and from what we say on purpose."""
    if _cause_of(error) is None:
        return _is_wrong_result(error)
    if expected_cause(error) is not None:
        return False
    return not any(_is_coercion_error(link) for link in _chain(error))


def http_status_of(errors: Iterable[GraphQLError]) -> int:
    """The status of a request that these errors ended before any field was resolved; never below 400."""
    for error in errors:
        if is_unexpected(error):
            return 500
        cause = expected_cause(error)
        if cause is not None and cause.http_status >= 400:  # noqa: PLR2004
            return cause.http_status
    return 400


def retry_after_s_of(errors: Iterable[GraphQLError]) -> float | None:
    """Seconds to wait before the next attempt, where an error knows them."""
    causes = (expected_cause(error) for error in errors)
    return next((c.retry_after_s for c in causes if isinstance(c, RateLimitedError | UnavailableError)), None)


def shortened(message: str) -> str:
    """`message` cut to what we are willing to send."""
    return message if len(message) <= MAX_MESSAGE_CHARS else message[: MAX_MESSAGE_CHARS - 1] + "…"


def _format(error: GraphQLError, *, request_id: str) -> dict[str, Any]:
    extensions: dict[str, Any]
    expected = expected_cause(error)
    if expected is not None:
        message = str(expected)
        extensions = {"code": expected.code}
        if isinstance(expected, RateLimitedError | UnavailableError):
            extensions["retryAfter"] = round(expected.retry_after_s, 3)
    elif is_unexpected(error):
        message = MASKED_MESSAGE
        extensions = {"code": "INTERNAL", "requestId": request_id}
    else:
        message = error.message
        extensions = {"code": BadInputError.code, **(error.extensions or {})}
    entry: dict[str, Any] = {"message": shortened(message)}
    if error.locations:
        entry["locations"] = [{"line": location.line, "column": location.column} for location in error.locations]
    if error.path:
        entry["path"] = error.path
    entry["extensions"] = extensions
    return entry


def _log_unexpected(errors: Iterable[GraphQLError], *, request_id: str) -> None:
    logged: set[int] = set()
    for error in errors:
        if len(logged) == MAX_LOGGED_CAUSES:
            return
        cause = _cause_of(error) or error
        # One failed batch gives the same exception to every field that waited for it.
        if id(cause) in logged or not is_unexpected(error):
            continue
        logged.add(id(cause))
        log.error("request failed", request_id=request_id, path=error.path, exc_info=cause)


def _chain(error: GraphQLError) -> Iterator[GraphQLError]:
    """`error` and the GraphQL errors that it wraps, outermost first."""
    link: Exception | None = error
    while isinstance(link, GraphQLError):
        yield link
        link = link.original_error


def _cause_of(error: GraphQLError) -> Exception | None:
    """The first exception behind `error` that is not GraphQL's own."""
    return list(_chain(error))[-1].original_error


def _is_wrong_result(error: GraphQLError) -> bool:
    """Did graphql-core refuse what a resolver of ours gave? It points at the field then, and at nothing inside it."""
    nodes = list(_chain(error))[-1].nodes or ()
    return bool(error.path) and bool(nodes) and all(isinstance(node, FieldNode) for node in nodes)


def _is_coercion_error(error: GraphQLError) -> bool:
    """Did graphql-core refuse a value of the document or a variable? Those point at the document, not at a field."""
    return bool(error.nodes) and not error.path
