"""Operations as spans: one for each query, each mutation and each event of a subscription; see core.spans.

Nothing of this is in an operation's way unless there is a tracer: a schema that has one is a class of its own.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import PreExecutionError

from compiler import CompiledExecutor
from core.errors import RequestError
from core.spans import Attribute, Place, Span, Tracer, begun, current, within
from schema.differences import cause_of
from schema.documents import Document, Operation, sha256_of

LONGEST_NAME_CHARS = 80
# Until it is known what kind it is; for ever, if the document cannot be parsed.
UNKNOWN_OPERATION = "operation"
SUBSCRIPTION = OperationType.SUBSCRIPTION.value
SWITCHED_OFF = "compiled execution is switched off"

KIND = "graphql.operation.type"
NAME = "graphql.operation.name"
DOCUMENT = "rookery.document_sha256"
REQUEST = "rookery.request_id"
COST = "rookery.cost"
IS_COMPILED = "rookery.is_compiled"
WHY_NOT_COMPILED = "rookery.why_not_compiled"
ERRORS = "rookery.errors"

_operation_span: ContextVar[Span | None] = ContextVar("operation_span", default=None)


class TracedExecution(strawberry.Schema):
    """Comes before the schema whose operations it traces."""

    tracer: Tracer | None

    async def execute(self, query: str | None, *args: Any, **options: Any) -> Any:
        assert self.tracer is not None
        asked = _asked(query or "", options.get("context_value"))
        # A socket asks whether it is a query before it subscribes.
        with begun(self.tracer, UNKNOWN_OPERATION, asked, forgotten_by=(InvalidOperationTypeError,)) as span:
            token = _operation_span.set(span)
            try:
                result = await super().execute(query, *args, **options)
            finally:
                _operation_span.reset(token)
            _note_errors(span, result.errors)
            return result

    async def subscribe(self, query: str | None, *args: Any, **options: Any) -> Any:
        asked = _asked(query or "", options.get("context_value"))
        return self._events(await super().subscribe(query, *args, **options), asked)

    async def _events(self, results: Any, asked: Mapping[str, Attribute]) -> AsyncGenerator[Any, None]:
        """The same results. An event's span begins when the event is executed (TracedExecutor); what is loaded before,
        to find out whether there is an event for this viewer, has spans of its own.
        """
        assert self.tracer is not None
        async with aclosing(results):
            while True:
                with within(self.tracer):
                    try:
                        result = await anext(results)
                    except StopAsyncIteration:
                        return
                if _has_no_event(result):
                    with begun(self.tracer, SUBSCRIPTION, {**asked, KIND: SUBSCRIPTION}) as span:
                        _note_errors(span, result.errors)
                yield result


class TracedExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor: events of subscriptions are spans, and of other operations it is told what they are."""

    def why_not(self) -> str | None:
        """Why the operation is left to graphql-core; None if it runs compiled."""
        return SWITCHED_OFF

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 (graphql-core's signature)
        place, span = current.get(), _operation_span.get()
        if place is not None and self.operation.operation is OperationType.SUBSCRIPTION:
            return self._execute_event(place, serially=serially)
        if span is not None:
            _note_kind(span, self.operation)
            _note_compiled(span, self.why_not())
        return super().execute_operation(serially)

    async def _execute_event(self, place: Place, *, serially: bool | None) -> Any:
        source = self.operation.loc.source.body if self.operation.loc else ""
        with begun(place, UNKNOWN_OPERATION, _asked(source, self.context_value)) as span:
            _note_kind(span, self.operation)
            _note_compiled(span, self.why_not())
            result: Any = super().execute_operation(serially)
            if self.is_awaitable(result):
                result = await result
            _note_errors(span, result.errors)
            return result


class TracedCompiledExecutor(TracedExecutor, CompiledExecutor):
    """The same for operations that run compiled."""

    def why_not(self) -> str | None:
        return CompiledExecutor.why_not(self)


def note_operation(document: Document, operation: Operation, variables: Mapping[str, Any]) -> None:
    """Says in the running operation's span what it is, before it is refused or executed."""
    span = _operation_span.get()
    if span is None:
        return
    _note_kind(span, operation.node)
    if document.errors:
        return
    try:
        span.note({COST: operation.require_affordable(variables)})
    except RequestError:
        return
    _note_compiled(span, operation.compiled.why_not_with(variables))


def _has_no_event(result: Any) -> bool:
    """Whether the subscription was refused, or its source has failed."""
    is_refused = isinstance(result, PreExecutionError)
    return is_refused or (result.data is None and not any(error.path for error in result.errors or ()))


def _asked(text: str, context: Any) -> dict[str, Attribute]:
    request_id = getattr(context, "request_id", None)
    return {DOCUMENT: sha256_of(text), **({} if request_id is None else {REQUEST: request_id})}


def _note_kind(span: Span, operation: OperationDefinitionNode) -> None:
    kind = operation.operation.value
    # Names of operations are the client's; were they the span's, there would be no end of names.
    span.rename(kind)
    span.note({KIND: kind})
    if operation.name is not None:
        span.note({NAME: operation.name.value[:LONGEST_NAME_CHARS]})


def _note_compiled(span: Span, why_not: str | None) -> None:
    span.note({IS_COMPILED: True} if why_not is None else {IS_COMPILED: False, WHY_NOT_COMPILED: why_not})


def _note_errors(span: Span, errors: Sequence[GraphQLError] | None) -> None:
    span.note({ERRORS: len(errors or ())})
    if errors:
        span.fail(type(cause_of(errors[0])).__name__)
