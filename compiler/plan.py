"""A plan: everything about an operation that is known once its document and its @skip/@include variables are.

Selections are collected by graphql-core's own functions, so merging, fragments and type conditions are its own. A
plan is made of one Selection for each place and concrete type; those below interfaces and unions are made when a
value of that type first appears.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.type import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

from compiler.completion import (
    AbstractCompletion,
    Completion,
    LeafCompletion,
    ListCompletion,
    NonNullCompletion,
    ObjectCompletion,
)
from compiler.places import FieldPlaces, Places
from compiler.relations import MARK, Derived, Relation
from compiler.run import Bubble, Run
from compiler.started import Started, finish_all

STRAWBERRY_DEFINITION = "strawberry-definition"


class NotCompilableError(Exception):
    """The operation has something that is left to graphql-core; the message says what."""


class FieldPlan:
    """One field of a selection: how its values are found, and how they are completed."""

    __slots__ = (
        "_completion",
        "_leaf",
        "_non_null",
        "compute",
        "details",
        "field_def",
        "is_nullable",
        "name",
        "nodes",
        "parent_type",
        "relation",
    )

    def __init__(
        self, plan: "Plan", parent_type: GraphQLObjectType, name: str, details: Sequence[FieldDetails]
    ) -> None:
        self.name = name
        self.details = details[0]
        self.nodes = [detail.node for detail in details]
        self.parent_type = parent_type
        found = plan.get_field(parent_type, self.details.node.name.value)
        assert found is not None
        self.field_def: GraphQLField = found
        self.is_nullable = not is_non_null_type(found.type)
        declared = _declared_on(found)
        self.relation = declared if isinstance(declared, Relation) else None
        self.compute = declared.compute if isinstance(declared, Derived) else _attribute_of(found)
        self._completion = _completion_of(plan, found.type, self, details)
        inner = self._completion.inner if isinstance(self._completion, NonNullCompletion) else self._completion
        self._leaf = inner if isinstance(inner, LeafCompletion) else None
        self._non_null = self._completion if isinstance(self._completion, NonNullCompletion) else None

    @property
    def is_immediate(self) -> bool:
        """Whether the field never needs waiting for: a leaf that is an attribute or is computed of its source."""
        return self.compute is not None and self._leaf is not None

    def column_now(self, run: Run, sources: Sequence[Any], parents: Places) -> list[Any]:
        """The column of an immediate field: its completed value for each source."""
        assert self.compute is not None
        assert self._leaf is not None
        places = FieldPlaces(parents, self.name, self.parent_type.name)
        completed = self._leaf.complete_now(run, _computed(sources, self.compute), places)
        if self._non_null is not None:
            completed = self._non_null.checked(run, completed, places)
        return self._settled(run, completed, places)

    async def column(self, run: Run, sources: Sequence[Any], parents: Places) -> list[Any]:
        """The column of any field."""
        places = FieldPlaces(parents, self.name, self.parent_type.name)
        values = await self._values(run, sources, places)
        return self._settled(run, await self._completion.complete(run, values, places), places)

    async def _values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any]:
        if self.compute is not None:
            return await run.awaited(_computed(sources, self.compute))
        if self.relation is not None:
            return await _related(run, sources, self.relation)
        resolve = self.field_def.resolve or run.executor.field_resolver
        values: list[Any] = []
        for index, source in enumerate(sources):
            try:
                info = run.info(self.field_def, self.nodes, self.parent_type, places.path(index))
                values.append(resolve(source, info, **run.arguments(self.field_def, self.details)))
            except Exception as error:  # noqa: BLE001 (whatever a resolver raises is its field's error)
                values.append(error)
        return await run.awaited(values)

    def _settled(self, run: Run, completed: list[Any], places: Places) -> list[Any]:
        """A nullable field takes its errors; those of a non-null one stay Bubbles and go on to the object."""
        if not self.is_nullable or Bubble not in set(map(type, completed)):
            return completed
        for index, value in enumerate(completed):
            if type(value) is Bubble:
                run.record(value, places.path(index))
                completed[index] = None
        return completed


class Selection:
    """The fields that are asked of objects of one type at one place."""

    __slots__ = ("fields", "names")

    def __init__(self, fields: Sequence[FieldPlan]) -> None:
        self.fields = fields
        self.names = [field.name for field in fields]

    async def execute(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any]:
        """A dict for each source, or a Bubble if one of its non-null fields failed. Fields run side by side."""
        columns: list[list[Any]] = [[]] * len(self.fields)
        started: list[tuple[int, Started[list[Any]]]] = []
        for number, field in enumerate(self.fields):
            if field.is_immediate:
                columns[number] = field.column_now(run, sources, places)
            else:
                begun = Started(field.column(run, sources, places))
                if begun.is_done:
                    columns[number] = begun.result
                else:
                    started.append((number, begun))
        if started:
            await finish_all([begun for _, begun in started])
            for number, begun in started:
                columns[number] = begun.result
        return self._rows(columns, len(sources))

    async def execute_serially(self, run: Run, source: Any, places: Places) -> Any:
        """The same for the root of a mutation: one field after the other, stopping where null reaches the root."""
        data: dict[str, Any] = {}
        for field in self.fields:
            [value] = await field.column(run, [source], places)
            if type(value) is Bubble:
                return value
            data[field.name] = value
        return data

    def _rows(self, columns: list[list[Any]], count: int) -> list[Any]:
        names = self.names
        if not names:
            return [{} for _ in range(count)]
        rows: list[Any] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        for field, column in zip(self.fields, columns, strict=True):
            if field.is_nullable or Bubble not in set(map(type, column)):
                continue
            for index, value in enumerate(column):
                if type(value) is Bubble and type(rows[index]) is dict:
                    rows[index] = value
        return rows


class Plan:
    """The plan of one operation with one set of values for its @skip and @include variables."""

    __slots__ = ("_arguments", "_selections", "get_field", "root")

    def __init__(self, executor: Executor[Any], conditions: Sequence[str]) -> None:
        schema, operation = executor.schema, executor.operation
        root_type = schema.get_root_type(operation.operation)
        if root_type is None:
            raise NotCompilableError(f"there is no type for a {operation.operation.value}")
        self.get_field = schema.get_field
        # Of the variables only those of @skip and @include, which are part of the plan's key: a plan outlives requests.
        fragments, given = executor.fragments, executor.variable_values
        coerced = {name: given.coerced[name] for name in conditions if name in given.coerced}
        variables = VariableValues({name: given.sources[name] for name in coerced}, coerced)
        self._arguments = (schema, fragments, variables, operation, executor.hide_suggestions)
        collected = collect_fields(schema, fragments, variables, root_type, operation, executor.hide_suggestions)
        if collected.new_defer_usages:
            raise NotCompilableError("it uses @defer")
        self.root = self._selection(root_type, collected.grouped_field_set)

    def below(self, object_type: GraphQLObjectType, details: Sequence[FieldDetails]) -> Selection:
        """The selection below a field for one concrete type."""
        schema, fragments, variables, operation, hide_suggestions = self._arguments
        collected = collect_subfields(
            schema, fragments, variables, operation, object_type, list(details), hide_suggestions
        )
        if collected.new_defer_usages:
            raise NotCompilableError("it uses @defer")
        return self._selection(object_type, collected.grouped_field_set)

    def _selection(self, object_type: GraphQLObjectType, grouped: Any) -> Selection:
        return Selection(
            [
                FieldPlan(self, object_type, name, details)
                for name, details in grouped.items()
                if self.get_field(object_type, details[0].node.name.value) is not None
            ]
        )


def _completion_of(
    plan: Plan, output_type: GraphQLOutputType, position: FieldPlan, details: Sequence[FieldDetails]
) -> Completion:
    if is_non_null_type(output_type):
        return NonNullCompletion(_completion_of(plan, output_type.of_type, position, details), position)
    if is_list_type(output_type):
        item = output_type.of_type
        return ListCompletion(
            _completion_of(plan, item, position, details), position, is_item_nullable=not is_non_null_type(item)
        )
    if is_leaf_type(output_type):
        return LeafCompletion(output_type, position)
    if is_abstract_type(output_type):
        known: dict[str, ObjectCompletion] = {}

        def of_type(_run: Run, object_type: GraphQLObjectType) -> ObjectCompletion:
            if object_type.name not in known:
                below = plan.below(object_type, details)
                known[object_type.name] = ObjectCompletion(object_type, position, below.execute)
            return known[object_type.name]

        return AbstractCompletion(output_type, position, of_type)
    assert isinstance(output_type, GraphQLObjectType)
    return ObjectCompletion(output_type, position, plan.below(output_type, details).execute)


def _computed(sources: Sequence[Any], compute: Callable[[Any], Any]) -> list[Any]:
    try:
        return list(map(compute, sources))
    except Exception:  # noqa: BLE001 (a property may raise anything; each source is asked by itself)
        return [_applied(compute, source) for source in sources]


async def _related(run: Run, sources: Sequence[Any], relation: Relation) -> list[Any]:
    """What a relation leads to, for all sources by one call."""
    key = relation.key
    try:
        keys = [key(source) for source in sources]
        loader = relation.loader(run.context)
    except Exception:  # noqa: BLE001 (one source may have raised; each is asked by itself)
        return await run.awaited([_followed(run, source, relation) for source in sources])
    present = [found for found in keys if found is not None]
    loaded: list[Any] | None = loader.loaded_group(present)
    if loaded is None:
        loaded = await loader.load_group(present)
    if relation.then is not None:
        loaded = [_applied(relation.then, value) for value in loaded]
    if len(present) == len(keys):
        return loaded
    rest = iter(loaded)
    return [None if found is None else next(rest) for found in keys]


async def _followed(run: Run, source: Any, relation: Relation) -> Any:
    found = relation.key(source)
    if found is None:
        return None
    value = await relation.loader(run.context).load(found)
    return value if relation.then is None else relation.then(value)


def _applied(function: Callable[[Any], Any], value: Any) -> Any:
    """The function's result, or the exception that it raised; a value that has failed stays as it is."""
    if isinstance(value, Exception):
        return value
    try:
        return function(value)
    except Exception as error:  # noqa: BLE001 (whatever it raises is its field's error)
        return error


def _attribute_of(field: GraphQLField) -> Callable[[Any], Any] | None:
    """The getter of the attribute that a plain Strawberry field shows; None for every other field."""
    definition = (field.extensions or {}).get(STRAWBERRY_DEFINITION)
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        return None
    if definition.default_resolver is not getattr or type(definition).get_result is not StrawberryField.get_result:
        return None
    # A field with exception handlers is wrapped; `_is_default` marks the plain ones.
    is_plain = getattr(field.resolve, "__name__", "") == "_get_basic_result"
    return attrgetter(definition.python_name) if is_plain else None


def _declared_on(field: GraphQLField) -> Relation | Derived | None:
    """The declaration behind a Strawberry field, if nothing else is between."""
    definition = (field.extensions or {}).get(STRAWBERRY_DEFINITION)
    if not isinstance(definition, StrawberryField) or definition.base_resolver is None:
        return None
    if definition.permission_classes or definition.extensions:
        return None
    declared = getattr(definition.base_resolver.wrapped_func, MARK, None)
    return declared if isinstance(declared, Relation | Derived) else None
