"""The arguments of a field: coerced and converted once for all objects, and mostly for all executions."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Undefined
from graphql.type import GraphQLField, GraphQLObjectType, GraphQLSchema, is_non_null_type, specified_scalar_types
from strawberry.types.field import StrawberryField

from compiler.inputs import Inputs
from compiler.run import Run

STRAWBERRY_DEFINITION = "strawberry-definition"
# Values that a resolver cannot change, so that all calls may share them.
_CONSTANT = (type(None), str, int, float, bool, Enum, date, time, timedelta, Decimal, UUID)
# Specified scalars whose values stay what they are when they become arguments.
_DIRECT = frozenset({"String", "ID", "Int", "Boolean"})
_DIRECT_KINDS = frozenset({str, int, bool})
# Values of variables by which arguments are kept. No floats: 0.0 and -0.0 are equal.
_KEYS = frozenset({type(None), type(Undefined), str, int, bool})
LONGEST_KEPT_CHARS = 256
MOST_KEPT = 64


class Position(Protocol):
    """The field whose values are found."""

    nodes: list[Any]
    field_def: GraphQLField
    parent_type: GraphQLObjectType
    details: FieldDetails


class Arguments:
    """The arguments of one Strawberry field, as its resolver takes them: converted once, where that can be shared."""

    def __init__(self, definition: StrawberryField, position: Position, schema: GraphQLSchema) -> None:
        strawberry_schema = schema.extensions[STRAWBERRY_DEFINITION]
        self._definition = definition
        self._position = position
        self._config = strawberry_schema.config
        self._convert = _inputs_of(schema).arguments(definition.arguments)
        self._is_empty = not position.field_def.args and not position.details.node.arguments
        self._variables = tuple(_variables_of(position.details))
        self._fixed: dict[str, Any] | None = {} if self._is_empty else None
        # By variable, the Python name of the argument that is its value and nothing more.
        self._direct = self._found_direct()
        # By what they depend on.
        self._known: dict[Any, dict[str, Any]] = {}

    @classmethod
    def of_position(cls, position: Position, schema: GraphQLSchema) -> "Arguments | None":
        """Those of a field; None if it is no Strawberry field."""
        definition = (position.field_def.extensions or {}).get(STRAWBERRY_DEFINITION)
        return cls(definition, position, schema) if isinstance(definition, StrawberryField) else None

    def of(self, run: Run) -> dict[str, Any]:
        """By Python name; not to be changed. Raises GraphQLError, or what a conversion raises, if they are wrong."""
        if self._fixed is not None:
            return self._fixed
        key = self._key(run)
        known = None if key is None else self._known.get(key)
        if known is not None:
            return known if not self._direct else self._with_direct(known, run)
        position = self._position
        converted = self._convert(run.arguments(position.field_def, position.details))
        if all(isinstance(value, _CONSTANT) for value in converted.values()):
            self._keep(key, converted, run)
        return converted

    def _found_direct(self) -> dict[str, str]:
        """The arguments of specified scalars that are a variable: they need no conversion, whatever its value is."""
        names = {
            self._config.name_converter.from_argument(argument): str(argument.python_name)
            for argument in self._definition.arguments
        }
        direct = {}
        for node in self._position.details.node.arguments or ():
            value: Any = node.value
            argument = self._position.field_def.args.get(node.name.value)
            kind: Any = argument and argument.type
            kind = kind.of_type if is_non_null_type(kind) else kind
            name = getattr(kind, "name", "")
            is_scalar = name in _DIRECT and specified_scalar_types.get(name) is kind
            if is_scalar and value.kind == "variable" and self._variables.count(value.name.value) == 1:
                direct[value.name.value] = names[node.name.value]
        return direct

    def _with_direct(self, known: dict[str, Any], run: Run) -> dict[str, Any]:
        """Kept arguments with today's values of the variables that are arguments."""
        coerced = run.variables.coerced
        return known | {name: coerced[variable] for variable, name in self._direct.items() if variable in coerced}

    def _key(self, run: Run) -> Any:
        """What the arguments depend on; None where that is too much to be kept."""
        if self._position.details.fragment_variable_values is not None:
            return None
        coerced = run.variables.coerced
        key = []
        for name in self._variables:
            value = coerced.get(name, Undefined)
            kind = type(value)
            if kind in _DIRECT_KINDS and name in self._direct:
                key.append((kind, None))
                continue
            if kind not in _KEYS and not isinstance(value, Enum):
                return None
            if kind is str and len(value) > LONGEST_KEPT_CHARS:
                return None
            key.append((kind, value))  # 1 and True are equal, but not the same argument
        return tuple(key)

    def _keep(self, key: Any, converted: dict[str, Any], run: Run) -> None:
        coerced = run.variables.coerced
        for variable, name in self._direct.items():
            if variable in coerced and converted.get(name) is not coerced[variable]:
                self._direct = {}  # something converts them after all; what was kept so far holds no others
                self._known.clear()
                return
        given = {name for variable, name in self._direct.items() if variable in coerced}
        if given:
            converted = {name: value for name, value in converted.items() if name not in given}
        if not self._variables:
            self._fixed = converted
        elif key is not None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = converted


@lru_cache(maxsize=8)
def _inputs_of(schema: GraphQLSchema) -> Inputs:
    """The conversions of a schema, which its fields share."""
    strawberry_schema = schema.extensions[STRAWBERRY_DEFINITION]
    return Inputs(strawberry_schema.config, strawberry_schema.schema_converter.scalar_registry)


def _variables_of(details: FieldDetails) -> Iterator[str]:
    """The names of the variables that a field's arguments mention."""
    for argument in details.node.arguments or ():
        yield from _mentioned(argument.value)


def _mentioned(value: Any) -> Iterator[str]:
    if value.kind == "variable":
        yield value.name.value
    elif value.kind == "list":
        for item in value.values:
            yield from _mentioned(item)
    elif value.kind == "object":
        for field in value.fields:
            yield from _mentioned(field.value)
