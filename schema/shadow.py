"""Shadow runs: a share of the queries is run on graphql-core's executor as well, to see whether both answer the same.

The client has its answer by then and waits for nothing. What differs is counted and told to the log: where, never what,
because posts may be private.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog
from graphql import ExecutionResult, GraphQLSchema, OperationType, execute
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiler import CompiledOperation
from core.spans import within
from resolvers.context import Context
from schema.differences import Answer, differences, lasting, shown
from schema.documents import sha256_of

MOST_AT_ONCE = 2
MOST_PATHS_TOLD = 5
THOUSAND = 1_000

log = structlog.get_logger(__name__)


class Query(NamedTuple):
    """A query as it was asked."""

    schema: GraphQLSchema
    operation: CompiledOperation
    text: str
    variables: Mapping[str, Any]
    context: Context

    @property
    def operation_name(self) -> str | None:
        name = self.operation.node.name
        return name.value if name else None

    async def on_compiled(self) -> Answer:
        """The answer of the compiled operation."""
        context = self._fresh_context()
        try:
            return answer_of(await self.operation.execute(self.variables, context=context))
        finally:
            await context.close()

    async def on_graphql_core(self) -> Answer:
        """The answer of graphql-core's executor."""
        context = self._fresh_context()
        try:
            result: Any = execute(
                self.schema,
                self.operation.document,
                context_value=context,
                variable_values=dict(self.variables),
                operation_name=self.operation_name,
                executor_class=StrawberryGraphQLCoreExecutionContext,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # what Strawberry gives it, too
            )
            return answer_of(await result if optimized_is_awaitable(result) else result)
        finally:
            await context.close()

    def _fresh_context(self) -> Context:
        asked = self.context
        return Context(asked.resources, asked.viewer, client_ip=asked.client_ip, request_id=asked.request_id)


class Shadow:
    """The shadow runs of a process. `per_thousand`: how many of a thousand queries are run twice."""

    def __init__(self, *, per_thousand: int, deadline_s: float) -> None:
        self._share = per_thousand / THOUSAND
        self._deadline_s = deadline_s
        self.tasks: set[asyncio.Task[None]] = set()
        self.shadowed_count = 0
        self.different_count = 0
        # Runs that were left out because others were under way, and such as did not come to an end.
        self.skipped_count = 0
        self.undecided_count = 0

    def consider(self, query: Query, result: ExecutionResult) -> None:
        """Runs the query again, some time after this, if it is one and its turn comes. `result` is what was found."""
        if query.operation.node.operation is not OperationType.QUERY or query.operation.why_not is not None:
            return
        if random.random() >= self._share:  # noqa: S311 (nobody gains by foreseeing it)
            return
        if len(self.tasks) >= MOST_AT_ONCE:
            self.skipped_count += 1
            return
        task = asyncio.create_task(self._look(query, answer_of(result)), name="shadow run")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _look(self, query: Query, answer: Answer) -> None:
        try:
            # The operation that the client asked for is over; nothing of this belongs into its span.
            with within(None):
                async with asyncio.timeout(self._deadline_s):
                    found = await _found(query, answer)
        except TimeoutError:
            found = None
        except Exception:
            log.exception("shadow run failed", **_named(query))
            found = None
        if found is None:
            self.undecided_count += 1
            return
        self.shadowed_count += 1
        if found:
            self.different_count += 1
            log.error("executors differ", **_named(query), differences=len(found), paths=found[:MOST_PATHS_TOLD])


async def _found(query: Query, answer: Answer) -> list[str] | None:
    """Where the executors differ; None if that cannot be told now."""
    other = await query.on_graphql_core()
    if answer.is_momentary or other.is_momentary:
        return None
    first = differences(answer, other)
    if not first:
        return []
    again, other_again = await query.on_compiled(), await query.on_graphql_core()
    if again.is_momentary or other_again.is_momentary:
        return None
    return [shown(path) for path in lasting(first, differences(again, other_again))]


def answer_of(result: ExecutionResult) -> Answer:
    """What of an executor's result is compared."""
    return Answer(result.data, tuple(result.errors or ()))


def _named(query: Query) -> dict[str, Any]:
    return {"operation": query.operation_name, "document_sha256": sha256_of(query.text)}
