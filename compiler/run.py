"""One execution of a compiled operation: what its fields share, and how values and errors become response data.

Values travel in lists, one for each object of a level. An Exception in such a list is a value that failed; a Bubble
is one whose error has been located and waits for the next nullable position above. What can be done at once gives a
list; what has to wait gives a Later, which is called with the run and awaited.
"""

from asyncio import FIRST_EXCEPTION, Future, ensure_future, wait
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import GeneratorType
from typing import Any

from graphql import GraphQLError, located_error
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path, is_awaitable
from graphql.type import GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from strawberry.execution.is_awaitable import optimized_is_awaitable

from compiler.places import Places
from compiler.started import cancelled

Later = Callable[["Run"], Coroutine[Any, Any, list[Any]]]


# Predicates that ask a value's type, so that a level can be asked by its types.
_BY_TYPE = frozenset({is_awaitable, optimized_is_awaitable})
# Types that were found not to be; not more than this, because programs may make types at run time.
MOST_KINDS = 1_000
_NEVER_AWAITABLE: set[type] = set()


class Bubble:
    """A located error on its way up to a nullable position."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError | None) -> None:
        self.error = error


# A value that nobody waits for any more, because a position above it is null already.
VOID = Bubble(None)


class _Outcome:
    """What has gone wrong so far, for a run and its twin."""

    __slots__ = ("errors", "has_failed")

    def __init__(self, errors: CollectedErrors) -> None:
        self.errors = errors
        # Whether Bubbles may be among the values; nobody looks for them before.
        self.has_failed = False


class PlannedInfo(GraphQLResolveInfo[Any]):
    """What a resolver is told of its place, by a compiled operation: `position` is its FieldPlan."""

    position: Any
    run: "Run"
    operation_extensions: Any


class Run:
    """The state of one execution.

    `is_own_task`: whether the running code is sure to stay in the task that it runs in.
    """

    __slots__ = ("_arguments", "_aside", "context", "executor", "is_own_task", "outcome", "root_value", "variables")

    def __init__(
        self,
        executor: Executor[Any],
        *,
        context: Any,
        root_value: Any,
        variables: VariableValues,
        errors: CollectedErrors | None = None,
    ) -> None:
        # Asked for what does not change between executions; a compiled operation has one for all of them.
        self.executor = executor
        self.context = context
        self.root_value = root_value
        self.variables = variables
        self.is_own_task = True
        self.outcome = _Outcome(errors or CollectedErrors())
        self._arguments: dict[int, dict[str, Any]] = {}
        self._aside: Run | None = None

    @property
    def aside(self) -> "Run":
        """The same run for code that may go on in another task."""
        if not self.is_own_task:
            return self
        if self._aside is None:
            aside = self._aside = Run(
                self.executor,
                context=self.context,
                root_value=self.root_value,
                variables=self.variables,
            )
            aside.is_own_task = False
            aside.outcome, aside._arguments = self.outcome, self._arguments  # one state for both
        return self._aside

    def arguments(self, field: GraphQLField, details: FieldDetails) -> dict[str, Any]:
        """A field's arguments, coerced once for the execution. Raises GraphQLError, each time, if they are wrong."""
        node = details.node
        known = self._arguments.get(id(node))
        if known is None:
            known = get_argument_values(
                field, node, self.variables, details.fragment_variable_values, self.executor.hide_suggestions
            )
            self._arguments[id(node)] = known
        return known

    def info(
        self, position: Any, field: GraphQLField, nodes: list[Any], parent_type: GraphQLObjectType, path: Path | None
    ) -> PlannedInfo:
        """What a resolver is told about its place."""
        assert path is not None
        executor = self.executor
        info = PlannedInfo(
            nodes[0].name.value,
            nodes,
            field.type,
            parent_type,
            path,
            executor.schema,
            executor.fragment_definitions,
            self.root_value,
            executor.operation,
            self.variables.coerced,  # type: ignore[arg-type]  # Strawberry, too, gives its resolvers the plain values
            self.context,
            executor.is_awaitable,
            executor.abort_signal,
            executor.async_helpers,
        )
        info.operation_extensions = getattr(executor, "operation_extensions", None)
        info.position = position
        info.run = self
        return info

    def bubble(self, error: Exception, nodes: list[Any], path: Path | None) -> Bubble:
        """The error, located."""
        self.outcome.has_failed = True
        return Bubble(located_error(error, nodes, path.as_list() if path else None))

    def record(self, bubble: Bubble, path: Path | None) -> None:
        """Notes the error of a position that becomes null."""
        if bubble.error is not None:
            self.outcome.errors.add(bubble.error, path)

    @property
    def knows_awaitables_by_type(self) -> bool:
        """Whether the type of a value may tell that it is none that has to be awaited."""
        return self.executor.is_awaitable in _BY_TYPE

    def holds_awaitables(self, values: Sequence[Any]) -> bool:
        """Whether one of the values has to be awaited."""
        executor = self.executor
        if not self.knows_awaitables_by_type:
            return any(map(executor.is_awaitable, values))
        # By their types: a level has hundreds of values and a handful of types.
        kinds = set(map(type, values))
        if kinds <= _NEVER_AWAITABLE:
            return False
        if any(map(may_be_awaitable, kinds)):
            return any(map(is_awaitable, values))
        if len(_NEVER_AWAITABLE) < MOST_KINDS:
            _NEVER_AWAITABLE.update(kinds)
        return False

    async def awaited(self, values: list[Any], places: Places) -> list[Any]:
        """The values with every awaitable replaced by what it gives, or by the exception that it raises.

        Where a failure makes null of a position above it, what else was awaited below that position is cancelled.
        """
        is_awaitable = self.executor.is_awaitable
        waiting = [index for index, value in enumerate(values) if is_awaitable(value)]
        if len(waiting) == 1 and self.is_own_task:
            [index] = waiting
            try:
                values[index] = await values[index]
            except Exception as error:  # noqa: BLE001 (whatever it raises is its field's error)
                values[index] = error
            return values
        # Coroutines get a task of their own: time-outs and drivers ask which task they run in.
        futures = {index: ensure_future(values[index]) for index in waiting}
        voided = await self._waited(futures, places)
        for index, future in futures.items():
            if index in voided:
                self.outcome.has_failed = True
                values[index] = VOID
                continue
            failure = future.exception()
            if failure is not None and not isinstance(failure, Exception):
                raise failure
            values[index] = future.result() if failure is None else failure
        return values

    async def _waited(self, futures: Mapping[int, "Future[Any]"], places: Places) -> set[int]:
        """Waits for all; gives the indexes of those that were cancelled because their position is null anyway."""
        voided: set[int] = set()
        scopes: set[Any] = set()
        undone = {index: future for index, future in futures.items() if not future.done()}
        looked_at: set[int] = set()
        try:
            while True:
                for index, future in futures.items():
                    if future.done() and index not in looked_at and index not in voided:
                        looked_at.add(index)
                        if not future.cancelled() and future.exception() is not None:
                            scopes.add(places.scope(index))
                undone = {index: future for index, future in undone.items() if not future.done()}
                late = {index: future for index, future in undone.items() if scopes and places.scope(index) in scopes}
                if late:
                    voided.update(late)
                    await cancelled(list(late.values()))
                    undone = {index: future for index, future in undone.items() if index not in late}
                if not undone:
                    return voided
                await wait(undone.values(), return_when=FIRST_EXCEPTION)
        except BaseException:
            # Those that are done too, so that their errors have been looked at.
            await cancelled(list(futures.values()))
            raise


def may_be_awaitable(kind: type) -> bool:
    """Whether values of a type may have to be awaited."""
    return hasattr(kind, "__await__") or hasattr(kind, "__getattr__") or issubclass(kind, GeneratorType)
