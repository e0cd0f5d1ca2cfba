"""Input values as Strawberry makes them of what GraphQL has coerced, by conversions that are made once for each type.

`strawberry.types.arguments.convert_argument` looks at a type anew for every value: at its kind, and at the name and
the type of each of its fields. For the input of a post that took a fifth of the mutation. What is rare is left to it:
`Maybe`, `GlobalID`, and inputs that build themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import partial
from typing import Any, cast

from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

# Gives None for None and UNSET for UNSET.
Convert = Callable[[Any], Any]


class Inputs:
    """The conversions of one schema."""

    def __init__(self, config: StrawberryConfig, scalars: Mapping[Any, Any]) -> None:
        self._config = config
        self._scalars = scalars
        self._objects: dict[type, _ObjectConversion] = {}

    def arguments(self, arguments: list[StrawberryArgument]) -> "Fields":
        """The conversion of a field's arguments."""
        name_of = self._config.name_converter.from_argument
        return Fields([(name_of(each), str(each.python_name), self.conversion(each.type)) for each in arguments])

    def fields(self, definition: StrawberryObjectDefinition) -> "Fields":
        """The conversion of an input type's fields."""
        name_of = self._config.name_converter.from_field
        return Fields(
            [
                (name_of(each), each.python_name, self.conversion(each.resolve_type(type_definition=definition)))
                for each in definition.fields
            ]
        )

    def conversion(self, kind: Any) -> Convert:
        """The conversion of values of a type."""
        if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
            return self.conversion(kind.of_type)
        if isinstance(kind, LazyType):
            return self.conversion(kind.resolve_type())
        if isinstance(kind, StrawberryList):
            convert = self.conversion(kind.of_type)
            return _copy if convert is _same else partial(_each, convert)
        if self._is_leaf(kind):
            return _same
        if has_object_definition(kind) and kind.__strawberry_definition__.from_input is None:
            return self._object(cast("type", kind))
        return partial(convert_argument, type_=kind, scalar_registry=self._scalars, config=self._config)

    def _is_leaf(self, kind: Any) -> bool:
        """Whether what GraphQL has coerced stays what it is."""
        if isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
            return True
        return kind is not GlobalID and is_scalar(kind, self._scalars)

    def _object(self, kind: type) -> "_ObjectConversion":
        found = self._objects.get(kind)
        if found is None:
            found = self._objects[kind] = _ObjectConversion(kind, self)
        return found


class Fields:
    """The conversion of a map by GraphQL names to one by Python names; what is absent stays absent."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[tuple[str, str, Convert]]) -> None:
        self._fields = fields

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: values[graphql_name] if convert is _same else convert(values[graphql_name])
            for graphql_name, name, convert in self._fields
            if graphql_name in values
        }


class _ObjectConversion:
    """The conversion to an input type. Its fields are looked at when the first value comes: one may be of this type."""

    __slots__ = ("_fields", "_inputs", "_kind", "_missing")

    def __init__(self, kind: type, inputs: Inputs) -> None:
        self._kind = kind
        self._inputs = inputs
        self._fields: Fields | None = None
        # What is absent and has no default; GraphQL has seen to it that it may be.
        self._missing: dict[str, None] = {}

    def __call__(self, value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        fields = self._fields or self._look()
        return self._kind(**self._missing | fields(value))

    def _look(self) -> Fields:
        definition: StrawberryObjectDefinition = self._kind.__strawberry_definition__  # type: ignore[attr-defined]  # it has one
        if definition.is_input:
            self._missing = {
                field.python_name: None
                for field in definition.fields
                if field.default_value is MISSING and field.default_factory is MISSING
            }
        self._fields = self._inputs.fields(definition)
        return self._fields


def _same(value: Any) -> Any:
    return value


def _copy(value: Any) -> Any:
    # A default is the same list for every request.
    return value if value is None or value is UNSET else list(value)


def _each(convert: Convert, value: Any) -> Any:
    return value if value is None or value is UNSET else [convert(each) for each in value]
