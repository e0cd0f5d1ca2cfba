"""Completing values: from what resolvers gave to response data, a whole level at a time, as the specification says.

Each class completes the values of one type at one position of an operation. `complete` takes a list of values and
gives a list of the same length: data, None, or a Bubble.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from graphql import GraphQLError
from graphql.pyutils import Undefined, inspect, is_iterable
from graphql.type import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLScalarType,
    specified_scalar_types,
)

from compiler.places import ItemPlaces, PickedPlaces, Places
from compiler.run import Bubble, Run
from compiler.started import Started, finish_all

# What an object's place may hold instead of an object.
ABSENT = (type(None), type(Undefined), Exception)


class Position(Protocol):
    """The field whose values are completed."""

    nodes: list[Any]
    field_def: Any
    parent_type: GraphQLObjectType
    details: Any


class Completion(Protocol):
    """Completes the values of one type."""

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]: ...


# Values of exactly these types are their own response data; everything else goes through the scalar's own function.
_PLAIN: dict[str, frozenset[type]] = {
    "String": frozenset({str}),
    "ID": frozenset({str}),
    "Boolean": frozenset({bool}),
}
_INT = frozenset({int})
_SMALLEST_INT, _GREATEST_INT = -(2**31), 2**31 - 1


class LeafCompletion:
    """Scalars and enums. Never waits."""

    __slots__ = ("_coerce", "_is_int", "_plain", "_position", "_type")

    def __init__(self, leaf: GraphQLScalarType | GraphQLEnumType, position: Position) -> None:
        self._type = leaf
        self._coerce = leaf.coerce_output_value
        self._position = position
        is_specified = specified_scalar_types.get(leaf.name) is leaf
        self._plain = _PLAIN.get(leaf.name) if is_specified else None
        self._is_int = is_specified and leaf.name == "Int"

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        return self.complete_now(run, values, places)

    def complete_now(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        """The same without a coroutine."""
        kinds = set(map(type, values))
        if self._plain is not None:
            if kinds <= self._plain:
                return values
        elif (
            self._is_int
            and kinds <= _INT
            and (not values or (min(values) >= _SMALLEST_INT and max(values) <= _GREATEST_INT))
        ):
            return values
        return [self._one(run, value, places, index) for index, value in enumerate(values)]

    def _one(self, run: Run, value: Any, places: Places, index: int) -> Any:
        if value is None or value is Undefined:
            return None
        try:
            if isinstance(value, Exception):
                raise value  # noqa: TRY301 (located like any other)
            coerced = self._coerce(value)
            if coerced is None or coerced is Undefined:
                raise TypeError(  # noqa: TRY301 (as above)
                    f"Expected `{inspect(self._type)}.coerce_output_value({inspect(value)})`"
                    f" to return non-nullable value, returned: {inspect(coerced)}"
                )
        except Exception as error:  # noqa: BLE001 (whatever a scalar raises is a field's error)
            return run.bubble(error, self._position.nodes, places.path(index))
        return coerced


class NonNullCompletion:
    """A type that may not be null: null becomes an error, and errors go on upwards."""

    __slots__ = ("_position", "inner")

    def __init__(self, inner: Completion, position: Position) -> None:
        self.inner = inner
        self._position = position

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        return self.checked(run, await self.inner.complete(run, values, places), places)

    def checked(self, run: Run, completed: list[Any], places: Places) -> list[Any]:
        """The values, with a Bubble for each null."""
        if None not in completed:
            return completed
        position = self._position
        return [
            self._refused(run, position, places, index) if value is None else value
            for index, value in enumerate(completed)
        ]

    def _refused(self, run: Run, position: Position, places: Places, index: int) -> Bubble:
        field_name = position.details.node.name.value
        message = f"Cannot return null for non-nullable field {position.parent_type}.{field_name}."
        return run.bubble(TypeError(message), position.nodes, places.path(index))


class ListCompletion:
    """Lists: all items of all lists are completed as one level, then given back to their lists."""

    __slots__ = ("_is_item_nullable", "_item", "_position")

    def __init__(self, item: Completion, position: Position, *, is_item_nullable: bool) -> None:
        self._item = item
        self._position = position
        self._is_item_nullable = is_item_nullable

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        completed: list[Any] = [None] * len(values)
        items: list[Any] = []
        origins: list[int] = []
        indexes: list[int] = []
        bounds: list[tuple[int, int, int]] = []
        for index, value in enumerate(values):
            if value is None or value is Undefined:
                continue
            try:
                found = await self._items(run, value)
            except Exception as error:  # noqa: BLE001 (whatever an iteration raises is the list's error)
                completed[index] = run.bubble(error, self._position.nodes, places.path(index))
                continue
            bounds.append((index, len(items), len(items) + len(found)))
            items += found
            origins += [index] * len(found)
            indexes += range(len(found))
        item_places = ItemPlaces(places, origins, indexes)
        done = await self._item.complete(run, await run.awaited(items), item_places)
        bubbled = self._settle(run, done, item_places)
        for index, begin, end in bounds:
            completed[index] = done[begin:end]
        for position, bubble in bubbled:
            if not isinstance(completed[origins[position]], Bubble):
                completed[origins[position]] = bubble
        return completed

    def _settle(self, run: Run, done: list[Any], places: Places) -> list[tuple[int, Bubble]]:
        """Failed items become null where they may; the others are given back."""
        failed = [(index, value) for index, value in enumerate(done) if type(value) is Bubble]
        if not failed or not self._is_item_nullable:
            return failed
        for index, bubble in failed:
            run.record(bubble, places.path(index))
            done[index] = None
        return []

    async def _items(self, run: Run, value: Any) -> list[Any]:
        if type(value) is list:
            return list(value)
        if isinstance(value, Exception):
            raise value
        if run.executor.is_async_iterable(value):
            return [item async for item in value]
        if not is_iterable(value):
            position = self._position
            raise GraphQLError(
                "Expected Iterable, but did not find one for field"
                f" '{position.parent_type}.{position.details.node.name.value}'."
            )
        return list(value)


class ObjectCompletion:
    """Objects of one type: their fields are executed as one level."""

    __slots__ = ("_execute", "_position", "_type")

    def __init__(
        self,
        object_type: GraphQLObjectType,
        position: Position,
        execute: Callable[[Run, Sequence[Any], Places], Any],
    ) -> None:
        self._type = object_type
        self._position = position
        self._execute = execute

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        if any(issubclass(kind, ABSENT) for kind in set(map(type, values))):
            return await complete_present(self.complete_objects, run, values, places, position=self._position)
        return await self.complete_objects(run, values, places)

    async def complete_objects(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        """Completes values of which none is null and none has failed."""
        is_type_of = self._type.is_type_of
        if is_type_of is None or not values:
            return list(await self._execute(run, values, places)) if values else []
        completed: list[Any] = [None] * len(values)
        picks: list[int] = []
        position = self._position
        for index, value in enumerate(values):
            try:
                info = run.info(position.field_def, position.nodes, position.parent_type, places.path(index))
                is_right = is_type_of(value, info)
                if run.executor.is_awaitable(is_right):
                    is_right = await is_right
                if not is_right:
                    message = f"Expected value of type '{self._type}' but got: {inspect(value)}."
                    raise GraphQLError(message, position.nodes)  # noqa: TRY301 (located like any other)
                picks.append(index)
            except Exception as error:  # noqa: BLE001 (whatever a predicate raises is the field's error)
                completed[index] = run.bubble(error, position.nodes, places.path(index))
        if len(picks) == len(values):
            return list(await self._execute(run, values, places))
        if picks:
            done = await self._execute(run, [values[pick] for pick in picks], PickedPlaces(places, picks))
            for pick, value in zip(picks, done, strict=True):
                completed[pick] = value
        return completed


class AbstractCompletion:
    """Interfaces and unions: values are parted by the type that each turns out to have."""

    __slots__ = ("_of_type", "_position", "_type")

    def __init__(
        self, abstract_type: Any, position: Position, of_type: Callable[[Run, GraphQLObjectType], ObjectCompletion]
    ) -> None:
        self._type = abstract_type
        self._position = position
        self._of_type = of_type

    async def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        return await complete_present(self._complete_present, run, values, places, position=self._position)

    async def _complete_present(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        completed: list[Any] = [None] * len(values)
        picks_by_type: dict[str, tuple[GraphQLObjectType, list[int]]] = {}
        position, executor = self._position, run.executor
        resolve_type = self._type.resolve_type or executor.type_resolver
        for index, value in enumerate(values):
            try:
                info = run.info(position.field_def, position.nodes, position.parent_type, places.path(index))
                name = resolve_type(value, info, self._type)
                if executor.is_awaitable(name):
                    name = await name
                found = executor.ensure_valid_runtime_type(name, self._type, [position.details], info, value)
                picks_by_type.setdefault(found.name, (found, []))[1].append(index)
            except Exception as error:  # noqa: BLE001 (whatever a type resolver raises is the field's error)
                completed[index] = run.bubble(error, position.nodes, places.path(index))
        # Side by side: the types of a level share the batches of its loaders.
        started = [
            (picks, Started(self._part(run, found, [values[pick] for pick in picks], PickedPlaces(places, picks))))
            for found, picks in picks_by_type.values()
        ]
        pausing = [part for _, part in started if not part.is_done]
        if pausing:
            await finish_all(pausing)
        for picks, part in started:
            for pick, value in zip(picks, part.result, strict=True):
                completed[pick] = value
        return completed

    async def _part(self, run: Run, found: GraphQLObjectType, values: list[Any], places: Places) -> list[Any]:
        return await self._of_type(run, found).complete_objects(run, values, places)


async def complete_present(
    complete: Callable[[Run, list[Any], Places], Any],
    run: Run,
    values: list[Any],
    places: Places,
    *,
    position: Position,
) -> list[Any]:
    """Completes the values that are neither null nor failed; null stays null, a failure becomes a Bubble."""
    completed: list[Any] = [None] * len(values)
    picks: list[int] = []
    for index, value in enumerate(values):
        if isinstance(value, Exception):
            completed[index] = run.bubble(value, position.nodes, places.path(index))
        elif value is not None and value is not Undefined:
            picks.append(index)
    if picks:
        done = await complete(run, [values[pick] for pick in picks], PickedPlaces(places, picks))
        for pick, value in zip(picks, done, strict=True):
            completed[pick] = value
    return completed
