"""The seam between the transports and GraphQL: the only module here that knows how a document is executed.

The transports hand in a `GraphQLRequest` and get an `Outcome`; they never see the library's results.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple, Protocol

import strawberry
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from access.viewer import Viewer
from app.transport.errors import as_graphql_error, format_errors, http_status_of, log, retry_after_s_of
from core.deadlines import Deadlines
from core.errors import BadInputError, DeadlineExceededError

_QUERIES = frozenset({OperationType.QUERY})
_QUERIES_AND_MUTATIONS = frozenset({OperationType.QUERY, OperationType.MUTATION})


class Context(Protocol):
    """What resolvers find in `info.context`; one per HTTP request and one per operation on a socket."""

    viewer: Viewer | None

    async def close(self) -> None: ...


class Services(Protocol):
    """What the transports need of the process."""

    schema: strawberry.Schema
    operation_deadlines: Deadlines
    is_production: bool
    is_draining: bool

    def authenticate(self, authorization: str | None) -> Viewer | None:
        """The account behind an Authorization header; None without one.

        Raises UnauthenticatedError for a token that is invalid, expired or revoked.
        """

    def is_revoked(self, viewer: Viewer) -> bool:
        """Tells whether the viewer's session has ended, at most a second after it did; without I/O."""

    def open_context(self, viewer: Viewer | None, *, client_ip: str, request_id: str) -> Context: ...

    async def is_ready(self) -> bool:
        """Tells whether this process can serve requests now."""


class GraphQLRequest(NamedTuple):
    """One operation that a client asks for; every field has the right type, nothing else is checked."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None

    @classmethod
    def parse(cls, content: object) -> "GraphQLRequest":
        """Reads the JSON of a request. Raises BadInputError for anything that is not one."""
        if isinstance(content, list):
            raise BadInputError("Batching is off: send one operation per request.")
        if not isinstance(content, dict):
            raise BadInputError("A GraphQL request is a JSON object.")
        query = content.get("query")
        if not isinstance(query, str) or not query:
            raise BadInputError("`query` must be a string that is not empty.")
        operation_name = content.get("operationName")
        if operation_name is not None and not isinstance(operation_name, str):
            raise BadInputError("`operationName` must be a string.")
        return cls(
            query=query,
            variables=_map_or_none(content, "variables"),
            operation_name=operation_name or None,
            extensions=_map_or_none(content, "extensions"),
        )


class Outcome(NamedTuple):
    """A GraphQL response: `body` as the client gets it.

    With `is_request_error` no field was resolved and `body` has no `data`; `http_status` and `retry_after_s`
    then say what HTTP should say.
    """

    body: dict[str, Any]
    is_request_error: bool = False
    http_status: int = 200
    retry_after_s: float | None = None

    @property
    def errors(self) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.body.get("errors", [])
        return errors


class OperationTypeRefusedError(BadInputError):
    """The transport does not serve this type of operation; `operation_type` is query, mutation or subscription."""

    def __init__(self, message: str, *, operation_type: str) -> None:
        super().__init__(message)
        self.operation_type = operation_type


@asynccontextmanager
async def opened_context(
    services: Services, viewer: Viewer | None, *, client_ip: str, request_id: str
) -> AsyncGenerator[Context, None]:
    """A fresh context, closed at the end."""
    context = services.open_context(viewer, client_ip=client_ip, request_id=request_id)
    try:
        yield context
    finally:
        await close_context(context, request_id=request_id)


async def close_context(context: Context, *, request_id: str) -> None:
    """Closes it. A failure is logged: the work is done, its answer stands."""
    try:
        await context.close()
    except Exception:  # noqa: BLE001 (whatever it is, the log gets it)
        log.exception("context did not close", request_id=request_id)


async def execute(
    services: Services, context: Context, request: GraphQLRequest, *, request_id: str, is_read_only: bool = False
) -> Outcome:
    """Runs a query or, unless `is_read_only`, a mutation, within the operation deadline.

    Raises OperationTypeRefusedError for other operations, before anything is run.
    """
    deadline = services.operation_deadlines.block()
    try:
        with deadline:
            result = await services.schema.execute(
                request.query,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
                allowed_operation_types=_QUERIES if is_read_only else _QUERIES_AND_MUTATIONS,
            )
    except InvalidOperationTypeError as error:
        kind = error.operation_type.value
        raise OperationTypeRefusedError(f"A {kind} cannot be sent this way.", operation_type=kind) from error
    except CannotGetOperationTypeError as error:
        return refusal(_unknown_operation(error), request_id=request_id)
    except TimeoutError as error:
        if not deadline.has_expired:
            return refusal(error, request_id=request_id)
        took = f"longer than {services.operation_deadlines.length_s:g} seconds"
        late = DeadlineExceededError(f"The operation took {took} and was stopped.")
        return refusal(late, request_id=request_id)
    return _outcome(result, request_id=request_id)


async def subscribe(
    services: Services, context: Context, request: GraphQLRequest, *, request_id: str
) -> AsyncGenerator[Outcome, None]:
    """Runs a subscription: one outcome per event. An outcome with `is_request_error` is the last one."""
    results = await services.schema.subscribe(
        request.query,
        variable_values=request.variables,
        context_value=context,
        operation_name=request.operation_name,
    )
    async with aclosing(results):
        async for result in results:
            outcome = _outcome(result, request_id=request_id)
            yield outcome
            if outcome.is_request_error:
                return


def refusal(error: Exception, *, request_id: str) -> Outcome:
    """The outcome of a request that `error` ended as a whole; logs it when it is unexpected."""
    return _request_error([as_graphql_error(error)], extensions=None, request_id=request_id)


def _outcome(result: ExecutionResult, *, request_id: str) -> Outcome:
    # A field's error has a path. Without data and without paths nothing was run: the document, the variables
    # or a limit was the reason, and the specification wants no `data` at all.
    if result.errors and result.data is None and not any(error.path for error in result.errors):
        return _request_error(result.errors, extensions=result.extensions, request_id=request_id)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = format_errors(result.errors, request_id=request_id)
    if result.extensions:
        body["extensions"] = result.extensions
    return Outcome(body)


def _request_error(errors: Sequence[GraphQLError], *, extensions: Mapping[str, Any] | None, request_id: str) -> Outcome:
    body: dict[str, Any] = {"errors": format_errors(errors, request_id=request_id)}
    if extensions:
        body["extensions"] = extensions
    return Outcome(
        body, is_request_error=True, http_status=http_status_of(errors), retry_after_s=retry_after_s_of(errors)
    )


def _unknown_operation(error: CannotGetOperationTypeError) -> BadInputError:
    if error.operation_name is None:
        return BadInputError("The document contains no operation.")
    return BadInputError(f'The document contains no operation named "{error.operation_name}".')


def _map_or_none(content: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = content.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise BadInputError(f"`{name}` must be a JSON object.")
