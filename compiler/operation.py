"""An operation that is run many times, without what graphql-core does anew for each execution."""

from collections.abc import Mapping
from typing import Any

from graphql import ExecutionResult, GraphQLError, default_field_resolver, default_type_resolver
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.language import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType
from graphql.type import GraphQLSchema, is_non_null_type, specified_scalar_types
from strawberry.execution.is_awaitable import optimized_is_awaitable

from compiler.counters import reason_of
from compiler.executor import CompiledExecutor, Plans, root_data
from compiler.leaves import GREATEST_INT, SMALLEST_INT
from compiler.places import RootPlace
from compiler.plan import NotCompilableError, Plan
from compiler.run import Run

# graphql-core's own bound.
MOST_COERCION_ERRORS = 50
_PLAIN: dict[str, type] = {"String": str, "ID": str, "Boolean": bool, "Int": int}


class CompiledOperation:
    """One operation of a valid document.

    `natives`: by the name of a scalar, the type of values that whoever encodes the response takes as they are.
    """

    __slots__ = ("_executor", "_is_mutation", "_plans", "_variables", "document", "node")

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        hide_suggestions: bool = False,
        natives: Mapping[str, type] | None = None,
    ) -> None:
        self.document = document
        self.node = operation
        self._is_mutation = operation.operation is OperationType.MUTATION
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        # One for all executions: it is only asked for what does not change between them.
        self._executor = CompiledExecutor(
            schema,
            fragments,
            {name: FragmentDetails(node) for name, node in fragments.items()},
            None,
            None,
            operation,
            VariableValues({}, {}),
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            hide_suggestions=hide_suggestions,
        )
        self._variables = _Variables(self._executor)
        self._plans = Plans(self._executor, natives=natives)
        if any(node.variable_definitions for node in fragments.values()):
            self._plans.why_not = "its fragments have variables"
        elif not self._executor.error_propagation:
            self._plans.why_not = "it switches error propagation off"

    @property
    def why_not(self) -> str | None:
        """Why the operation as a whole is left to graphql-core; None if it is compiled."""
        return self._plans.why_not

    @property
    def field_count(self) -> int:
        """How many fields have been planned."""
        return self._plans.field_count

    async def execute(
        self, inputs: Mapping[str, Any] | None, *, context: Any, root_value: Any = None
    ) -> ExecutionResult:
        """The result for some variables as the request gives them. Errors of the variables are its errors, too."""
        if self._plans.why_not is not None:
            return await self._left_to_graphql_core(inputs, context=context, root_value=root_value)
        variables = self._variables.coerced(inputs or {})
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        try:
            plan = self._plans.plan(self._executor, variables)
        except (NotCompilableError, GraphQLError, RecursionError):
            return await self._left_to_graphql_core(inputs, context=context, root_value=root_value)
        CompiledExecutor.plans.compiled_count += 1
        run = Run(self._executor, context=context, root_value=root_value, variables=variables)
        execute = plan.root.execute_serially if self._is_mutation else plan.root.execute
        rows = execute(run, [root_value], RootPlace())
        [data] = rows if isinstance(rows, list) else await rows(run)
        found = root_data(run, data)
        return ExecutionResult(found, run.outcome.errors.errors or None)

    def why_not_with(self, inputs: Mapping[str, Any] | None) -> str | None:
        """Why an execution with these variables is left to graphql-core; None if it is not."""
        variables = self._variables.coerced(inputs or {})
        if isinstance(variables, list):
            return None  # it is not executed at all
        try:
            self._plans.plan(self._executor, variables)
        except (NotCompilableError, GraphQLError, RecursionError) as error:
            return reason_of(error)
        return None

    def plan(self, inputs: Mapping[str, Any] | None = None) -> Plan:
        """The plan for some variables. Raises NotCompilableError, or GraphQLError if the variables are wrong."""
        variables = self._variables.coerced(inputs or {})
        if isinstance(variables, list):
            raise variables[0]
        return self._plans.plan(self._executor, variables)

    async def _left_to_graphql_core(
        self, inputs: Mapping[str, Any] | None, *, context: Any, root_value: Any
    ) -> ExecutionResult:
        # This executor counts it.
        executor = CompiledExecutor.build(
            self._executor.schema,
            self.document,
            root_value=root_value,
            context_value=context,
            raw_variable_values=dict(inputs or {}),
            operation_name=self.node.name.value if self.node.name else None,
            is_awaitable=self._executor.is_awaitable,
            hide_suggestions=self._executor.hide_suggestions,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result: Any = executor.execute_operation()
        found: ExecutionResult = await result if executor.is_awaitable(result) else result
        return found


class _Variables:
    """The variables of an operation: plain scalars are checked here, everything else by graphql-core."""

    __slots__ = ("_executor", "_plain")

    def __init__(self, executor: CompiledExecutor) -> None:
        self._executor = executor
        self._plain: list[tuple[str, type, bool, Any]] | None = []
        for definition in executor.operation.variable_definitions or ():
            signature = get_variable_signature(executor.schema, definition)
            if isinstance(signature, GraphQLError):
                self._plain = None
                return
            kind: Any = signature.type
            is_required = is_non_null_type(kind)
            kind = kind.of_type if is_non_null_type(kind) else kind
            name = getattr(kind, "name", "")
            if specified_scalar_types.get(name) is not kind or name not in _PLAIN:
                self._plain = None
                return
            self._plain.append((signature.name, _PLAIN[name], is_required, signature))

    def coerced(self, inputs: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """The values, or what is wrong with them."""
        if self._plain is None:
            return self._coerced_by_graphql_core(inputs)
        sources, coerced = {}, {}
        for name, kind, is_required, signature in self._plain:
            value: Any = inputs.get(name)
            if type(value) is int and kind is int:
                is_plain = SMALLEST_INT <= value <= GREATEST_INT
            else:
                is_plain = type(value) is kind
            if not is_plain and (is_required or value is not None or name not in inputs):
                return self._coerced_by_graphql_core(inputs)
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)

    def _coerced_by_graphql_core(self, inputs: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        executor = self._executor
        return get_variable_values(
            executor.schema,
            executor.operation.variable_definitions or (),
            dict(inputs),
            max_errors=MOST_COERCION_ERRORS,
            hide_suggestions=executor.hide_suggestions,
        )
