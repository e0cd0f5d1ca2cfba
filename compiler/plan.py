"""A plan: everything about an operation that is known once its document and its @skip/@include variables are.

Selections are collected by graphql-core's own functions, so merging, fragments and type conditions are its own. A
plan is made of one Selection for each place and concrete type; those below interfaces and unions are made when a
value of that type first appears.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.type import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    TypeNameMetaFieldDef,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from compiler.abstract import AbstractCompletion, type_of_kind
from compiler.ahead import KnownAhead
from compiler.arguments import Arguments
from compiler.completion import (
    Completion,
    ListCompletion,
    NonNullCompletion,
    ObjectCompletion,
)
from compiler.leaves import LeafCompletion
from compiler.places import FieldPlaces, Places
from compiler.resolving import Related, Resolving, resolving_of
from compiler.run import Bubble, Later, Run
from compiler.selection import Selection


class NotCompilableError(Exception):
    """The operation has something that is left to graphql-core; the message says what."""


class FieldPlan:
    """One field of a selection: how its values are found, and how they are completed."""

    __slots__ = (
        "_arguments",
        "ahead",
        "completion",
        "details",
        "details_of_all",
        "field_def",
        "is_abstract",
        "is_nullable",
        "is_typename",
        "leaf",
        "name",
        "nodes",
        "parent_type",
        "resolving",
        "selections",
    )

    def __init__(
        self, plan: "Plan", parent_type: GraphQLObjectType, name: str, details: Sequence[FieldDetails]
    ) -> None:
        self.name = name
        self.details = details[0]
        # Of all places in the document that are merged into this field.
        self.details_of_all = list(details)
        self.nodes = [detail.node for detail in details]
        self.parent_type = parent_type
        found = plan.get_field(parent_type, self.details.node.name.value)
        assert found is not None
        self.field_def: GraphQLField = found
        self.is_nullable = not is_non_null_type(found.type)
        self.is_abstract = is_abstract_type(get_named_type(found.type))
        self.is_typename = found is TypeNameMetaFieldDef
        self.resolving: Resolving = resolving_of(self, plan.schema)
        self._arguments = Arguments.of_position(self, plan.schema)
        self.ahead = KnownAhead()
        # What is selected below, by the name of the concrete type; of abstract types, those that have appeared.
        self.selections: dict[str, Selection] = {}
        self.completion = plan.completion_of(found.type, self, details)
        inner = self.completion.inner if isinstance(self.completion, NonNullCompletion) else self.completion
        self.leaf = inner if isinstance(inner, LeafCompletion) else None

    @property
    def field_name(self) -> str:
        """The field's name in the schema; `name` is that in the response."""
        return str(self.details.node.name.value)

    def arguments(self, run: Run) -> dict[str, Any]:
        """The arguments by Python name, as the resolver gets them; not to be changed. Raises what is wrong."""
        return {} if self._arguments is None else self._arguments.of(run)

    def places(self, parents: Places) -> FieldPlaces:
        """The places of the field's values."""
        return FieldPlaces(parents, self.name, self.parent_type.name, is_nullable=self.is_nullable)

    def column(self, run: Run, sources: Sequence[Any], parents: Places) -> list[Any] | Later:
        """The field's completed value for each source."""
        places = self.places(parents)
        values = self.resolving.values(run, sources, places)
        return self._completed_of(run, values, places)

    def linked_column(self, run: Run, loaded: list[Any], parents: Places) -> list[Any] | Later:
        """The same for a relation, of what was loaded for each source."""
        assert isinstance(self.resolving, Related)
        return self._completed_of(run, self.resolving.shown(loaded), self.places(parents))

    def _completed_of(self, run: Run, values: list[Any] | Later, places: Places) -> list[Any] | Later:
        if not isinstance(values, list):
            return _Awaiting(self, values, places)
        if run.holds_awaitables(values):
            return _Awaiting(self, values, places)
        completed = self.completion.complete(run, values, places)
        if not isinstance(completed, list):
            return _Settling(self, completed, places)
        return self.settled(run, completed, places) if run.outcome.has_failed else completed

    def settled(self, run: Run, completed: list[Any], places: Places) -> list[Any]:
        """A nullable field takes its errors; those of a non-null one stay Bubbles and go on to the object."""
        if not self.is_nullable or not run.outcome.has_failed or Bubble not in set(map(type, completed)):
            return completed
        for index, value in enumerate(completed):
            if type(value) is Bubble:
                run.record(value, places.path(index))
                completed[index] = None
        return completed


class _Awaiting:
    """Later: values that have to be awaited before they are completed."""

    __slots__ = ("_field", "_places", "_values")

    def __init__(self, field: FieldPlan, values: list[Any] | Later, places: Places) -> None:
        self._field = field
        self._values = values
        self._places = places

    async def __call__(self, run: Run) -> list[Any]:
        field, values, places = self._field, self._values, self._places
        if not isinstance(values, list):
            values = await values(run)
        if run.holds_awaitables(values):
            values = await run.awaited(values, places)
        completed = field.completion.complete(run, values, places)
        return field.settled(run, completed if isinstance(completed, list) else await completed(run), places)


class _Settling:
    """Later: values whose completion has to wait."""

    __slots__ = ("_completed", "_field", "_places")

    def __init__(self, field: FieldPlan, completed: Later, places: Places) -> None:
        self._field = field
        self._completed = completed
        self._places = places

    async def __call__(self, run: Run) -> list[Any]:
        return self._field.settled(run, await self._completed(run), self._places)


class Plan:
    """The plan of one operation with one set of values for its @skip and @include variables.

    `grown` is told of every selection how many fields it has.
    """

    __slots__ = ("_arguments", "_grown", "field_count", "get_field", "natives", "root", "schema")

    def __init__(
        self,
        executor: Executor[Any],
        variables: VariableValues,
        conditions: Sequence[str],
        *,
        natives: Mapping[str, type],
        grown: Callable[[int], None],
    ) -> None:
        schema, operation = executor.schema, executor.operation
        root_type = schema.get_root_type(operation.operation)
        if root_type is None:
            raise NotCompilableError(f"there is no type for a {operation.operation.value}")
        self.schema = schema
        self.natives = natives
        self.get_field = schema.get_field
        # How much was planned so far; grows when types appear below interfaces and unions.
        self.field_count = 0
        self._grown = grown
        # Of the variables only those of @skip and @include, which are part of the plan's key: a plan outlives requests.
        fragments = executor.fragments
        coerced = {name: variables.coerced[name] for name in conditions if name in variables.coerced}
        known = VariableValues({name: variables.sources[name] for name in coerced}, coerced)
        self._arguments = (schema, fragments, known, operation, executor.hide_suggestions)
        collected = collect_fields(schema, fragments, known, root_type, operation, executor.hide_suggestions)
        if collected.new_defer_usages:
            raise NotCompilableError("it uses @defer")
        self.root = self._selection(root_type, collected.grouped_field_set)
        if len(self.root.fields) == 1:
            self.root.fields[0].ahead.is_alone = True

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
        fields = [
            FieldPlan(self, object_type, name, details)
            for name, details in grouped.items()
            if self.get_field(object_type, details[0].node.name.value) is not None
        ]
        self.field_count += len(fields)
        self._grown(len(fields))
        return Selection(object_type.name, fields)

    def completion_of(
        self, output_type: GraphQLOutputType, position: FieldPlan, details: Sequence[FieldDetails]
    ) -> Completion:
        """How values of a type are completed at a field's position."""
        if is_non_null_type(output_type):
            return NonNullCompletion(self.completion_of(output_type.of_type, position, details), position)
        if is_list_type(output_type):
            item = output_type.of_type
            return ListCompletion(
                self.completion_of(item, position, details), position, is_item_nullable=not is_non_null_type(item)
            )
        if is_leaf_type(output_type):
            return LeafCompletion(output_type, position, natives=self.natives)
        if is_abstract_type(output_type):
            known: dict[str, ObjectCompletion] = {}

            def of_type(object_type: GraphQLObjectType) -> ObjectCompletion:
                if object_type.name not in known:
                    selection = position.selections[object_type.name] = self.below(object_type, details)
                    known[object_type.name] = ObjectCompletion(object_type, position, selection.execute)
                return known[object_type.name]

            return AbstractCompletion(output_type, position, of_type, type_of_kind(self.schema, output_type))
        assert isinstance(output_type, GraphQLObjectType)
        selection = position.selections[output_type.name] = self.below(output_type, details)
        return ObjectCompletion(output_type, position, selection.execute)

    def walk(self) -> Iterator[tuple[tuple[str, ...], Selection]]:
        """Every selection that is planned so far, with the response names that lead to it."""
        yield from _walk((), self.root)


def _walk(path: tuple[str, ...], selection: Selection) -> Iterator[tuple[tuple[str, ...], Selection]]:
    yield path, selection
    for field in selection.fields:
        for below in field.selections.values():
            yield from _walk((*path, field.name), below)
