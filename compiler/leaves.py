"""Scalars and enums: checked and serialised, for a whole column or inside a generated function. Never waits."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from graphql.pyutils import Undefined, inspect, is_awaitable
from graphql.type import GraphQLEnumType, GraphQLScalarType, specified_scalar_types

from compiler.completion import MOST_KINDS, Position
from compiler.places import Places
from compiler.run import VOID, Run

# Values of exactly these types are their own response data; everything else goes through the scalar's own function.
_PLAIN: dict[str, type] = {"String": str, "ID": str, "Boolean": bool}
SMALLEST_INT, GREATEST_INT = -(2**31), 2**31 - 1


class IrregularError(Exception):
    """A value is not what generated code expects; the level is done again, field by field."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class LeafCompletion:
    """The values of a scalar or an enum at one position.

    `plain`: the type of values that are their own data, if any. `natives`, by the scalar's name: types of values that
    whoever encodes the response takes as they are.
    """

    __slots__ = ("_coerce", "_position", "_type", "is_int", "plain")

    def __init__(
        self, leaf: GraphQLScalarType | GraphQLEnumType, position: Position, *, natives: Mapping[str, type]
    ) -> None:
        self._type = leaf
        self._coerce = leaf.coerce_output_value
        self._position = position
        is_specified = specified_scalar_types.get(leaf.name) is leaf
        self.plain = _PLAIN.get(leaf.name) if is_specified else natives.get(leaf.name)
        self.is_int = is_specified and leaf.name == "Int"

    def complete(self, run: Run, values: list[Any], places: Places) -> list[Any]:
        kinds = set(map(type, values))
        if self.plain is not None:
            if kinds == {self.plain}:
                return values
        elif self.is_int and kinds == {int} and min(values) >= SMALLEST_INT and max(values) <= GREATEST_INT:
            return values
        return [self._one(run, value, places, index) for index, value in enumerate(values)]

    def _one(self, run: Run, value: Any, places: Places, index: int) -> Any:
        if value is VOID:
            return VOID
        if value is None or value is Undefined:
            return None
        if type(value) is self.plain:
            return value
        try:
            if isinstance(value, Exception):
                raise value  # noqa: TRY301 (located like any other)
            return self._coerced(value)
        except Exception as error:  # noqa: BLE001 (whatever a scalar raises is a field's error)
            return run.bubble(error, self._position.nodes, places.path(index))

    def _coerced(self, value: Any) -> Any:
        coerced = self._coerce(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{inspect(self._type)}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    def coercer(self) -> Callable[[Any], Any]:
        """A function of one value for generated code: its data. Raises anything for what is not a good value."""
        if isinstance(self._type, GraphQLEnumType):
            return _enum_names(self._type, self._coerced)

        good_kinds: set[type] = set()

        def coerce(value: Any) -> Any:
            if type(value) not in good_kinds:
                _require_regular(value)
                if len(good_kinds) < MOST_KINDS and not hasattr(type(value), "__getattr__"):
                    good_kinds.add(type(value))
            return self._coerced(value)

        return coerce


def _enum_names(enum_type: GraphQLEnumType, coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Names by the identity of members, which live as long as the program; by the type's own function otherwise."""
    members: list[Enum] = []
    wrapped = getattr(enum_type, "wrapped_cls", None)
    if isinstance(wrapped, type) and issubclass(wrapped, Enum):
        members = list(wrapped)
    names = {id(member): coerce(member) for member in members}

    def name_of(value: Any) -> Any:
        name = names.get(id(value))
        if name is not None:
            return name
        _require_regular(value)
        return coerce(value)

    return name_of


def _require_regular(value: Any) -> None:
    """Raises for what is no value of a leaf yet, or never will be."""
    if value is None or value is Undefined or isinstance(value, Exception) or is_awaitable(value):
        raise IrregularError(value)
