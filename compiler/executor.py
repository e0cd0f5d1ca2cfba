"""The executor that Strawberry hands to graphql-core, and the operations it knows."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, ClassVar

from graphql import GraphQLError
from graphql.execution import Executor
from graphql.language import OperationType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiler.conditions import conditions_of
from compiler.counters import Counters, reason_of
from compiler.places import RootPlace
from compiler.plan import NotCompilableError, Plan
from compiler.run import Bubble, Later, Run

MOST_OPERATIONS = 500
MOST_FIELDS = 50_000
NOT_ORDINARY = "something outside the operation takes part in it"


class Plans:
    """The plans of one operation, by the values of its @skip and @include variables."""

    __slots__ = ("_natives", "_plans", "conditions", "field_count", "operation", "why_not")

    def __init__(self, executor: Executor[Any], *, natives: Mapping[str, type] | None = None) -> None:
        self.operation = executor.operation
        self.conditions, self.why_not = conditions_of(executor.operation, executor.fragment_definitions)
        self._natives = natives or {}
        self._plans: dict[tuple[bool, ...], Plan] = {}
        # How many fields have been planned: what the plans weigh, at about two kilobytes each.
        self.field_count = 0

    def plan(self, executor: Executor[Any], variables: Any) -> Plan:
        """The plan for some coerced variables. Raises NotCompilableError, and GraphQLError as graphql-core would."""
        if self.why_not is not None:
            raise NotCompilableError(self.why_not)
        coerced = variables.coerced
        values = [coerced.get(name) for name in self.conditions]
        if None in values:
            raise NotCompilableError("null is no condition")  # wherever graphql-core finds it, it says so
        flags = tuple(map(bool, values))
        plan = self._plans.get(flags)
        if plan is None:
            plan = self._plans[flags] = Plan(
                executor, variables, self.conditions, natives=self._natives, grown=self._grown
            )
        return plan

    def _grown(self, fields: int) -> None:
        """A plan has so many fields more."""
        self.field_count += fields


class PlanCache(Counters):
    """Plans by operation, the least recently used forgotten first; bounded in operations and in planned fields.

    Counts all operations of the process, those with plans of their own (CompiledOperation) included.
    """

    def __init__(self, *, most_operations: int = MOST_OPERATIONS, most_fields: int = MOST_FIELDS) -> None:
        super().__init__()
        self._most_operations = most_operations
        self._most_fields = most_fields
        self._known: OrderedDict[int, Plans] = OrderedDict()

    def plan_for(self, executor: "CompiledExecutor") -> Plan:
        """The plan of what the executor is about to run. Raises NotCompilableError."""
        operation = executor.operation
        known = self._known.get(id(operation))
        # An entry keeps its operation alive, so its id names no other one.
        if known is None or known.operation is not operation:
            known = self._known[id(operation)] = Plans(executor)
            self._evict()
        else:
            self._known.move_to_end(id(operation))
        return known.plan(executor, executor.variable_values)

    def _evict(self) -> None:
        fields = sum(plans.field_count for plans in self._known.values())
        while len(self._known) > self._most_operations or (fields > self._most_fields and len(self._known) > 1):
            _, forgotten = self._known.popitem(last=False)
            fields -= forgotten.field_count
            self.evicted_count += 1


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, which runs what it can from a plan and leaves everything else as it was."""

    plans: ClassVar[PlanCache] = PlanCache()

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 (graphql-core's signature)
        if not self._is_ordinary():
            self.plans.count_fallback(NOT_ORDINARY)
            return super().execute_operation(serially)
        try:
            plan = self.plans.plan_for(self)
        except (NotCompilableError, GraphQLError, RecursionError) as error:
            # graphql-core says the same of an operation that cannot be run at all, in its own words.
            self.plans.count_fallback(reason_of(error))
            return super().execute_operation(serially)
        self.plans.compiled_count += 1
        run = Run(
            self,
            context=self.context_value,
            root_value=self.root_value,
            variables=self.variable_values,
            errors=self.collected_errors,
        )
        is_serial = self.operation.operation is OperationType.MUTATION if serially is None else serially
        execute = plan.root.execute_serially if is_serial else plan.root.execute
        rows = execute(run, [self.root_value], RootPlace())
        if isinstance(rows, list):
            return self.build_response(root_data(run, rows[0]))
        return self._finished(run, rows)

    async def _finished(self, run: Run, rows: Later) -> Any:
        [data] = await rows(run)
        return self.build_response(root_data(run, data))

    def why_not(self) -> str | None:
        """Why the operation is left to graphql-core; None if it runs compiled."""
        if not self._is_ordinary():
            return NOT_ORDINARY
        try:
            self.plans.plan_for(self)
        except (NotCompilableError, GraphQLError, RecursionError) as error:
            return reason_of(error)
        return None

    def _is_ordinary(self) -> bool:
        """Whether nothing outside the operation takes part in running its fields."""
        return (
            self.error_propagation
            and self.abort_signal is None
            and self.hooks is None
            and (self.middleware_manager is None or not self.middleware_manager.middlewares)
        )


def root_data(run: Run, data: Any) -> dict[str, Any] | None:
    """The response's data: null if an error has gone up to the root."""
    if type(data) is not Bubble:
        found: dict[str, Any] = data
        return found
    run.record(data, None)
    return None
