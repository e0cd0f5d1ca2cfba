"""Interfaces and unions: which object type each value has, by the declarations of the schema or by being asked."""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql.type import GraphQLObjectType, GraphQLSchema
from strawberry.types.base import has_object_definition

from compiler.completion import (
    MOST_KINDS,
    ObjectCompletion,
    Position,
    complete_present,
    info_of,
    is_level_void,
    put,
)
from compiler.places import PickedPlaces, Places
from compiler.relations import InstanceOf
from compiler.run import VOID, Bubble, Later, Run
from compiler.started import Started, finish_all

_STRAWBERRYS_OWN = {
    ("strawberry.types.union", "_resolve_union_type"),
    ("strawberry.schema.schema_converter", "resolve_type"),
}


def type_of_kind(schema: GraphQLSchema, abstract_type: Any) -> Callable[[type], GraphQLObjectType | None]:
    """A function that gives the object type of all values of a Python type; None where each value has to be asked.

    What it gives is what Strawberry's own type resolver says: the first possible type whose `is_type_of` holds.
    """
    resolve_type = abstract_type.resolve_type
    name = (getattr(resolve_type, "__module__", ""), getattr(resolve_type, "__name__", ""))
    possible = schema.get_possible_types(abstract_type)
    shown = [(found, found.is_type_of) for found in possible]
    declared = [(found, predicate.classes) for found, predicate in shown if isinstance(predicate, InstanceOf)]
    is_declared = name in _STRAWBERRYS_OWN and len(declared) == len(shown)

    def declared_type(kind: type) -> GraphQLObjectType | None:
        # Objects that Strawberry knows, and those that can carry a mark of `strawberry.cast`, are asked.
        if not is_declared or has_object_definition(kind) or kind.__dictoffset__ != 0:
            return None
        return next((found for found, classes in declared if issubclass(kind, classes)), None)

    return declared_type


class AbstractCompletion:
    """Interfaces and unions: values are parted by the type that each turns out to have."""

    __slots__ = ("_known", "_of_type", "_position", "_type", "_type_of_kind")

    def __init__(
        self,
        abstract_type: Any,
        position: Position,
        of_type: Callable[[GraphQLObjectType], ObjectCompletion],
        type_of_kind: Callable[[type], GraphQLObjectType | None],
    ) -> None:
        self._type = abstract_type
        self._position = position
        self._of_type = of_type
        self._type_of_kind = type_of_kind
        self._known: dict[type, GraphQLObjectType | None] = {}

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        return complete_present(self._complete_present, run, values, places, position=self._position)

    def _complete_present(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        found: list[Any] = []
        position, executor = self._position, run.executor
        resolve_type = self._type.resolve_type or executor.type_resolver
        for index, value in enumerate(values):
            known = self._declared_type(type(value))
            if known is not None:
                found.append(known)
                continue
            try:
                info = info_of(run, position, places.path(index))
                name = resolve_type(value, info, self._type)
                if not executor.is_awaitable(name):
                    name = executor.ensure_valid_runtime_type(name, self._type, position.details_of_all, info, value)
                found.append(name)
            except Exception as error:  # noqa: BLE001 (whatever a type resolver raises is the field's error)
                found.append(error)
        if run.holds_awaitables(found):
            return partial(self._parted_later, found, values, places)
        return self._parted(run, found, values, places)

    def _declared_type(self, kind: type) -> GraphQLObjectType | None:
        """The type of all values of a Python type, if declarations say so."""
        if kind not in self._known:
            if len(self._known) >= MOST_KINDS:
                self._known.clear()
            self._known[kind] = self._type_of_kind(kind)
        return self._known[kind]

    async def _parted_later(self, found: list[Any], values: list[Any], places: Places, run: Run) -> list[Any]:
        names = await run.awaited(found, places)
        position, executor = self._position, run.executor
        for index, name in enumerate(names):
            if isinstance(name, GraphQLObjectType | Exception | Bubble):
                continue
            try:
                info = info_of(run, position, places.path(index))
                names[index] = executor.ensure_valid_runtime_type(
                    name, self._type, position.details_of_all, info, values[index]
                )
            except Exception as error:  # noqa: BLE001 (as above)
                names[index] = error
        completed = self._parted(run, names, values, places)
        return completed if isinstance(completed, list) else await completed(run)

    def _parted(self, run: Run, found: list[Any], values: list[Any], places: Places) -> list[Any] | Later:
        """Completes the values of each type by themselves."""
        completed: list[Any] = [None] * len(values)
        picks_by_type: dict[str, tuple[GraphQLObjectType, list[int]]] = {}
        for index, one in enumerate(found):
            if isinstance(one, GraphQLObjectType):
                picks_by_type.setdefault(one.name, (one, []))[1].append(index)
            elif isinstance(one, Bubble):
                completed[index] = one
            else:
                completed[index] = run.bubble(one, self._position.nodes, places.path(index))
        late: list[tuple[list[int], Later]] = []
        for object_type, picks in picks_by_type.values():
            picked = values if len(picks) == len(values) else [values[pick] for pick in picks]
            picked_places = places if len(picks) == len(values) else PickedPlaces(places, picks)
            done = self._of_type(object_type).complete_objects(run, picked, picked_places)
            if isinstance(done, list):
                put(completed, picks, done)
            else:
                late.append((picks, done))
        return partial(self._joined, completed, late, places) if late else completed

    async def _joined(
        self, completed: list[Any], late: list[tuple[list[int], Later]], places: Places, run: Run
    ) -> list[Any]:
        """Side by side: the types of a level share the batches of its loaders."""
        if len(late) == 1:
            [(picks, done)] = late
            put(completed, picks, await done(run))
            return completed
        started = [(picks, Started(done(run.aside))) for picks, done in late]

        def is_void() -> bool:
            for picks, part in started:
                if part.is_done:
                    put(completed, picks, part.result)
            return is_level_void(run, [completed], places)

        await finish_all([part for _, part in started], is_void=is_void)
        for picks, part in started:
            put(completed, picks, part.result if part.is_done else [VOID] * len(picks))
        return completed
