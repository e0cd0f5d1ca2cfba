"""One execution of a compiled operation: what its fields share, and how values and errors become response data.

Values travel in lists, one for each object of a level. An Exception in such a list is a value that failed; a Bubble
is one whose error has been located and waits for the next nullable position above.
"""

from asyncio import ensure_future
from typing import Any

from graphql import GraphQLError, located_error
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from graphql.type import GraphQLField, GraphQLObjectType, GraphQLResolveInfo

from compiler.started import wait_for_all


class Bubble:
    """A located error on its way up to a nullable position."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class Run:
    """The state of one execution."""

    __slots__ = ("_arguments", "context", "executor")

    def __init__(self, executor: Executor[Any]) -> None:
        self.executor = executor
        self.context = executor.context_value
        self._arguments: dict[int, dict[str, Any]] = {}

    def arguments(self, field: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        """A field's arguments, coerced once for the execution. Raises GraphQLError, each time, if they are wrong."""
        node = details.node
        if not field.args and not node.arguments:
            return {}
        known = self._arguments.get(id(node))
        if known is None:
            executor = self.executor
            known = self._arguments[id(node)] = get_argument_values(
                field, node, executor.variable_values, details.fragment_variable_values, executor.hide_suggestions
            )
        return known

    def info(
        self, field: GraphQLField, nodes: list[Any], parent_type: GraphQLObjectType, path: Path | None
    ) -> GraphQLResolveInfo[Any]:
        """What a resolver is told about its place."""
        assert path is not None
        return self.executor.build_resolve_info(field, nodes, parent_type, path)

    def bubble(self, error: Exception, nodes: list[Any], path: Path | None) -> Bubble:
        """The error, located."""
        return Bubble(located_error(error, nodes, path.as_list() if path else None))

    def record(self, bubble: Bubble, path: Path | None) -> None:
        """Notes the error of a position that becomes null."""
        self.executor.collected_errors.add(bubble.error, path)

    async def awaited(self, values: list[Any]) -> list[Any]:
        """The values with every awaitable replaced by what it gives, or by the exception that it raises."""
        is_awaitable = self.executor.is_awaitable
        # Coroutines get a task of their own: time-outs and drivers ask which task they run in.
        pending = {index: ensure_future(value) for index, value in enumerate(values) if is_awaitable(value)}
        if pending:
            await wait_for_all(list(pending.values()))
            for index, future in pending.items():
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                values[index] = future.result() if error is None else error
        return values
