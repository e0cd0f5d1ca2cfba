"""Completing values: from what resolvers gave to response data, a whole level at a time, as the specification says.

Each class completes the values of one type at one position of an operation. `complete` takes a list of values and
gives a list of the same length (data, None, or a Bubble), or a Later that will.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from graphql import GraphQLError
from graphql.pyutils import Path, Undefined, inspect, is_iterable
from graphql.type import GraphQLObjectType

from compiler.places import ItemPlaces, PickedPlaces, Places
from compiler.relations import InstanceOf
from compiler.run import VOID, Bubble, Later, PlannedInfo, Run, may_be_awaitable

# What an object's place may hold instead of an object.
ABSENT = (type(None), type(Undefined), Exception, Bubble)
# Types of values that were found good are remembered, but not for ever: programs may make types at run time.
MOST_KINDS = 64
_LIST_ALONE: set[type] = {list}


class Position(Protocol):
    """The field whose values are completed."""

    nodes: list[Any]
    field_def: Any
    parent_type: GraphQLObjectType
    details: Any
    details_of_all: list[Any]


class Completion(Protocol):
    """Completes the values of one type."""

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later: ...


Execute = Callable[[Run, list[Any], Places], list[Any] | Later]


class NonNullCompletion:
    """A type that may not be null: null becomes an error, and errors go on upwards."""

    __slots__ = ("_is_never_null", "_position", "inner")

    def __init__(self, inner: Completion, position: Position) -> None:
        self.inner = inner
        self._position = position
        # Whether values of some types never become null; None where that cannot be said of any.
        self._is_never_null: Callable[[set[type]], bool] | None = None
        if isinstance(inner, ObjectCompletion):
            self._is_never_null = inner.good_kinds.issuperset
        elif isinstance(inner, ListCompletion):
            self._is_never_null = _LIST_ALONE.__eq__

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        if self._is_never_null is not None and self._is_never_null(set(map(type, values))):
            return self.inner.complete(run, values, places)
        completed = self.inner.complete(run, values, places)
        if isinstance(completed, list):
            return self.checked(run, completed, places)
        return partial(self._checked_later, completed, places)

    async def _checked_later(self, completed: Later, places: Places, run: Run) -> list[Any]:
        return self.checked(run, await completed(run), places)

    def checked(self, run: Run, completed: list[Any], places: Places) -> list[Any]:
        """The values, with a Bubble for each null."""
        if type(None) not in set(map(type, completed)):
            return completed
        return [self._refused(run, places, index) if value is None else value for index, value in enumerate(completed)]

    def _refused(self, run: Run, places: Places, index: int) -> Bubble:
        position = self._position
        field_name = position.details.node.name.value
        message = f"Cannot return null for non-nullable field {position.parent_type}.{field_name}."
        return run.bubble(TypeError(message), position.nodes, places.path(index))


class ListCompletion:
    """Lists: all items of all lists are completed as one level, then given back to their lists."""

    __slots__ = ("_is_item_nullable", "_position", "item")

    def __init__(self, item: Completion, position: Position, *, is_item_nullable: bool) -> None:
        self.item = item
        self._position = position
        self._is_item_nullable = is_item_nullable

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        if set(map(type, values)) != _LIST_ALONE and any(
            not isinstance(value, Exception) and run.executor.is_async_iterable(value) for value in values
        ):
            return partial(self._collected_later, values, places)
        return self._flattened(run, values, places)

    async def _collected_later(self, values: list[Any], places: Places, run: Run) -> list[Any]:
        """Asynchronous iterables are read to their end first."""
        collected: list[Any] = []
        for value in values:
            if isinstance(value, Exception) or not run.executor.is_async_iterable(value):
                collected.append(value)
                continue
            try:
                collected.append([item async for item in value])
            except Exception as error:  # noqa: BLE001 (whatever an iteration raises is the list's error)
                collected.append(error)
        completed = self._flattened(run, collected, places)
        return completed if isinstance(completed, list) else await completed(run)

    def _flattened(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        completed: list[Any] = [None] * len(values)
        items: list[Any] = []
        origins: list[int] = []
        begins: list[int] = []
        for index, value in enumerate(values):
            if type(value) is not list:
                if value is None or value is Undefined:
                    continue
                if value is VOID:
                    completed[index] = VOID
                    continue
                try:
                    found = self._items(value)
                except Exception as error:  # noqa: BLE001 (whatever an iteration raises is the list's error)
                    completed[index] = run.bubble(error, self._position.nodes, places.path(index))
                    continue
            else:
                found = value
            origins.append(index)
            begins.append(len(items))
            items += found
        item_places = ItemPlaces(places, origins, begins, is_nullable=self._is_item_nullable)
        if run.holds_awaitables(items):
            return partial(self._awaited, items, item_places, completed, origins, begins)
        done = self.item.complete(run, items, item_places)
        if isinstance(done, list):
            return self._given_back(run, done, item_places, completed, origins, begins)
        return partial(self._given_back_later, done, item_places, completed, origins, begins)

    async def _awaited(
        self,
        items: list[Any],
        item_places: Places,
        completed: list[Any],
        origins: list[int],
        begins: list[int],
        run: Run,
    ) -> list[Any]:
        done = self.item.complete(run, await run.awaited(items, item_places), item_places)
        if not isinstance(done, list):
            done = await done(run)
        return self._given_back(run, done, item_places, completed, origins, begins)

    async def _given_back_later(
        self, done: Later, item_places: Places, completed: list[Any], origins: list[int], begins: list[int], run: Run
    ) -> list[Any]:
        return self._given_back(run, await done(run), item_places, completed, origins, begins)

    def _given_back(
        self,
        run: Run,
        done: list[Any],
        item_places: Places,
        completed: list[Any],
        origins: list[int],
        begins: list[int],
    ) -> list[Any]:
        failed = self._settled(run, done, item_places) if run.outcome.has_failed else []
        for place, origin in enumerate(origins):
            end = begins[place + 1] if place + 1 < len(begins) else len(done)
            completed[origin] = done[begins[place] : end]
        for index, bubble in failed:
            origin = next(origins[place] for place in reversed(range(len(begins))) if begins[place] <= index)
            if not isinstance(completed[origin], Bubble) or completed[origin] is VOID:
                completed[origin] = bubble
        return completed

    def _settled(self, run: Run, done: list[Any], item_places: Places) -> list[tuple[int, Bubble]]:
        """Failed items become null where they may; the others are given back."""
        failed = [(index, value) for index, value in enumerate(done) if type(value) is Bubble]
        if not failed or not self._is_item_nullable:
            return failed
        for index, bubble in failed:
            run.record(bubble, item_places.path(index))
            done[index] = None
        return []

    def _items(self, value: Any) -> list[Any]:
        if isinstance(value, Exception):
            raise value
        if not is_iterable(value):
            position = self._position
            raise GraphQLError(
                "Expected Iterable, but did not find one for field"
                f" '{position.parent_type}.{position.details.node.name.value}'."
            )
        return list(value)


class ObjectCompletion:
    """Objects of one type: their fields are executed as one level."""

    __slots__ = ("_execute", "_position", "_type", "good_kinds", "plain_kinds")

    def __init__(self, object_type: GraphQLObjectType, position: Position, execute: Execute) -> None:
        self._type = object_type
        self._position = position
        self._execute = execute
        # Types whose values need not be asked one by one whether they are objects of this type.
        self.good_kinds: set[type] = set()
        # Those of them of which no value has to be awaited.
        self.plain_kinds: set[type] = set()

    @property
    def type_name(self) -> str:
        """The name of the objects' type."""
        return str(self._type.name)

    @property
    def is_known_by_kind(self) -> bool:
        """Whether the Python type of a value tells if it is an object of this type."""
        return self._type.is_type_of is None or isinstance(self._type.is_type_of, InstanceOf)

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        kinds = set(map(type, values))
        if kinds <= self.good_kinds:
            return self._execute(run, values, places)
        if any(issubclass(kind, ABSENT) for kind in kinds):
            return complete_present(self.complete_objects, run, values, places, position=self._position)
        return self.complete_objects(run, values, places)

    def complete_objects(self, run: Run, values: list[Any], places: Places) -> list[Any] | Later:
        """Completes values of which none is null and none has failed."""
        if not values:
            return []
        if self._are_good(set(map(type, values))):
            return self._execute(run, values, places)
        is_type_of = self._type.is_type_of
        assert is_type_of is not None
        position = self._position
        answers: list[Any] = []
        for index, value in enumerate(values):
            try:
                info = info_of(run, position, places.path(index))
                answers.append(is_type_of(value, info))
            except Exception as error:  # noqa: BLE001 (whatever a predicate raises is the field's error)
                answers.append(error)
        if run.holds_awaitables(answers):
            return partial(self._answered_later, answers, values, places)
        return self._answered(run, answers, values, places)

    def _are_good(self, kinds: set[type]) -> bool:
        good, is_type_of = self.good_kinds, self._type.is_type_of
        if kinds <= good:
            return True
        if is_type_of is not None and not (
            isinstance(is_type_of, InstanceOf) and all(issubclass(kind, is_type_of.classes) for kind in kinds)
        ):
            return False
        if len(good) < MOST_KINDS:
            good |= kinds
            self.plain_kinds.update(kind for kind in kinds if not may_be_awaitable(kind))
        return True

    async def _answered_later(self, answers: list[Any], values: list[Any], places: Places, run: Run) -> list[Any]:
        completed = self._answered(run, await run.awaited(answers, places), values, places)
        return completed if isinstance(completed, list) else await completed(run)

    def _answered(self, run: Run, answers: list[Any], values: list[Any], places: Places) -> list[Any] | Later:
        """Executes those whose `is_type_of` said yes."""
        position = self._position
        seen: list[Any] = []
        for value, answer in zip(values, answers, strict=True):
            if isinstance(answer, ABSENT) or answer:
                seen.append(answer if isinstance(answer, Exception | Bubble) else value)
            else:
                message = f"Expected value of type '{self._type}' but got: {inspect(value)}."
                seen.append(GraphQLError(message, position.nodes))
        if all(one is value for one, value in zip(seen, values, strict=True)):
            return self._execute(run, values, places)
        return complete_present(self._execute, run, seen, places, position=position)


def info_of(run: Run, position: Position, path: Path | None) -> PlannedInfo:
    """What those who say a value's type are told of its place: that of the field, also for an item of its list."""
    while path is not None and isinstance(path.key, int):
        path = path.prev
    return run.info(position, position.field_def, position.nodes, position.parent_type, path)


def complete_present(
    complete: Execute, run: Run, values: list[Any], places: Places, *, position: Position
) -> list[Any] | Later:
    """Completes the values that are neither null nor failed; null stays null, a failure becomes a Bubble."""
    kinds = set(map(type, values))
    if not any(issubclass(kind, ABSENT) for kind in kinds):
        return complete(run, values, places) if values else []
    completed: list[Any] = [None] * len(values)
    picks: list[int] = []
    for index, value in enumerate(values):
        if isinstance(value, Bubble):
            completed[index] = value
        elif isinstance(value, Exception):
            completed[index] = run.bubble(value, position.nodes, places.path(index))
        elif value is not None and value is not Undefined:
            picks.append(index)
    if not picks:
        return completed
    done = complete(run, [values[pick] for pick in picks], PickedPlaces(places, picks))
    if isinstance(done, list):
        return put(completed, picks, done)
    return partial(_put_later, completed, picks, done)


def put(completed: list[Any], picks: Sequence[int], done: Sequence[Any]) -> list[Any]:
    """`completed` with the picked places filled."""
    for pick, value in zip(picks, done, strict=True):
        completed[pick] = value
    return completed


async def _put_later(completed: list[Any], picks: Sequence[int], done: Later, run: Run) -> list[Any]:
    return put(completed, picks, await done(run))


def is_level_void(run: Run, columns: Sequence[Sequence[Any]], places: Places) -> bool:
    """Whether failures in some columns make null of every object of a level, or of something above it.

    `columns` are of fields that may not be null; an empty one has not come yet.
    """
    if not run.outcome.has_failed:
        return False
    scopes = {places.scope(index) for column in columns for index, value in enumerate(column) if type(value) is Bubble}
    count = max((len(column) for column in columns), default=0)
    return bool(scopes) and all(places.scope(index) in scopes for index in range(count))
