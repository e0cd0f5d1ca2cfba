"""The executor that Strawberry hands to graphql-core, and the plans it keeps."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, ClassVar

from graphql import GraphQLError
from graphql.language import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiler.places import RootPlace
from compiler.plan import NotCompilableError, Plan
from compiler.run import Bubble, Run
from compiler.started import Started

MOST_OPERATIONS = 500
CONDITIONS = frozenset({"skip", "include"})


class _KnownOperation:
    """An operation that was seen: which variables decide what is selected, and its plans by their values."""

    __slots__ = ("conditions", "operation", "plans", "why_not")

    def __init__(self, operation: OperationDefinitionNode, fragments: dict[str, Any]) -> None:
        self.operation = operation
        self.plans: dict[tuple[Any, ...], Plan] = {}
        self.conditions, self.why_not = _conditions_of(operation, fragments)


class PlanCache:
    """Plans by operation, the least recently used forgotten first."""

    def __init__(self, *, most_operations: int = MOST_OPERATIONS) -> None:
        self._most_operations = most_operations
        self._known: OrderedDict[int, _KnownOperation] = OrderedDict()
        self.compiled_count = 0
        self.fallback_count = 0
        self.evicted_count = 0

    def plan_for(self, executor: "CompiledExecutor") -> Plan:
        """The plan of what the executor is about to run. Raises NotCompilableError."""
        operation = executor.operation
        known = self._known.get(id(operation))
        # An entry keeps its operation alive, so its id names no other one.
        if known is None or known.operation is not operation:
            known = self._known[id(operation)] = _KnownOperation(operation, executor.fragment_definitions)
            if len(self._known) > self._most_operations:
                self._known.popitem(last=False)
                self.evicted_count += 1
        else:
            self._known.move_to_end(id(operation))
        if known.why_not is not None:
            raise NotCompilableError(known.why_not)
        coerced = executor.variable_values.coerced
        flags = tuple([bool(coerced.get(name)) for name in known.conditions])
        plan = known.plans.get(flags)
        if plan is None:
            plan = known.plans[flags] = Plan(executor, known.conditions)
        return plan


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, which runs what it can from a plan and leaves everything else as it was."""

    plans: ClassVar[PlanCache] = PlanCache()

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 (graphql-core's signature)
        if not self._is_ordinary():
            self.plans.fallback_count += 1
            return super().execute_operation(serially)
        try:
            plan = self.plans.plan_for(self)
        except (NotCompilableError, GraphQLError, RecursionError):
            # graphql-core says the same of an operation that cannot be run at all, in its own words.
            self.plans.fallback_count += 1
            return super().execute_operation(serially)
        self.plans.compiled_count += 1
        is_serial = self.operation.operation is OperationType.MUTATION if serially is None else serially
        started = Started(self._run(plan, is_serial=is_serial))
        return started.result if started.is_done else _awaited(started)

    async def _run(self, plan: Plan, *, is_serial: bool) -> Any:
        run, root = Run(self), RootPlace()
        if is_serial:
            data = await plan.root.execute_serially(run, self.root_value, root)
        else:
            [data] = await plan.root.execute(run, [self.root_value], root)
        if type(data) is Bubble:
            self.collected_errors.add(data.error, None)
            data = None
        return self.build_response(data)

    def _is_ordinary(self) -> bool:
        """Whether nothing outside the operation takes part in running its fields."""
        return (
            self.error_propagation
            and self.abort_signal is None
            and self.hooks is None
            and (self.middleware_manager is None or not self.middleware_manager.middlewares)
        )


async def _awaited(started: Started[Any]) -> Any:
    return await started


def _conditions_of(operation: OperationDefinitionNode, fragments: dict[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """The variables of @skip and @include, in a fixed order; and why the operation cannot be compiled, if so."""
    names: set[str] = set()
    for directive in _directives(operation.selection_set, fragments, seen=set()):
        if directive.name.value in CONDITIONS:
            values = [argument.value for argument in directive.arguments or ()]
            names.update(value.name.value for value in values if isinstance(value, VariableNode))
        elif directive.name.value in {"defer", "stream"}:
            return (), f"it uses @{directive.name.value}"
    return tuple(sorted(names)), None


def _directives(selections: SelectionSetNode, fragments: dict[str, Any], *, seen: set[str]) -> Iterator[DirectiveNode]:
    for selection in selections.selections:
        yield from selection.directives or ()
        if isinstance(selection, FieldNode | InlineFragmentNode):
            if selection.selection_set is not None:
                yield from _directives(selection.selection_set, fragments, seen=seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            fragment = fragments.get(selection.name.value)
            if fragment is not None:
                yield from _directives(fragment.selection_set, fragments, seen=seen)
