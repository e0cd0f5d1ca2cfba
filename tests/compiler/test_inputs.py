"""Inputs become what Strawberry itself makes of them, for every argument of Rookery's schema and for rare kinds."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)
from strawberry.relay import GlobalID
from strawberry.types.arguments import convert_arguments

from compiler.arguments import STRAWBERRY_DEFINITION
from compiler.inputs import Inputs
from schema.root import build_schema

SCALARS: dict[str, Any] = {
    "Boolean": True,
    "Cursor": "a cursor",
    "DateTime": datetime(2026, 1, 1, tzinfo=UTC),
    "EventCursor": "a cursor",
    "Float": 0.5,
    "ID": "TGVhZjox",
    "Int": 7,
    "String": "text",
    "URL": "https://rookery.example",
}


@strawberry.enum
class Colour(Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


@strawberry.input
class Leaf:
    """An input with defaults, and one field that has none and may be absent."""

    colour: Colour = Colour.RED
    words: list[str] = strawberry.field(default_factory=list)
    note: str | None
    renamed: int = strawberry.field(name="number", default=1)


@strawberry.input
class Branch:
    """One that holds itself, lists of lists, and what may be left out."""

    leaf: Leaf
    branches: list["Branch"] | None = None
    table: list[list[Leaf | None]] | None = None
    later: Annotated["Leaf", strawberry.lazy(__name__)] | None = None
    maybe: strawberry.Maybe[str | None] = None
    unset: str | None = strawberry.UNSET
    node: GlobalID | None = None


@strawberry.type
class RareQuery:
    """A field that takes it."""

    @strawberry.field
    def find(self, branch: Branch, colours: list[Colour] | None = strawberry.UNSET) -> bool:
        return bool(branch.maybe and colours)


def fields_with_arguments(schema: GraphQLSchema) -> Iterator[GraphQLField]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            yield from (
                field for field in kind.fields.values() if field.args and STRAWBERRY_DEFINITION in field.extensions
            )


def value_of(kind: Any, rng: random.Random, depth: int = 0) -> Any:
    """What GraphQL may have coerced a value of this type to."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    elif rng.random() < 0.2:
        return None
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, rng, depth + 1) for _ in range(rng.randrange(3))]
    if isinstance(kind, GraphQLEnumType):
        return rng.choice(list(kind.values.values())).value
    if isinstance(kind, GraphQLInputObjectType):
        return values_of(kind.fields, rng, depth + 1)
    return SCALARS[kind.name]


def values_of(
    places: dict[str, GraphQLArgument] | dict[str, GraphQLInputField], rng: random.Random, depth: int = 0
) -> dict[str, Any]:
    return {
        name: value_of(place.type, rng, depth)
        for name, place in places.items()
        if isinstance(place.type, GraphQLNonNull) or (depth < 4 and rng.random() < 0.6)
    }


@pytest.mark.parametrize("name", ["rookery", "rare"])
def test_every_field_gets_what_strawberry_would_give_it(name: str, fresh_seed: int) -> None:
    made = build_schema(suggests_fields=False) if name == "rookery" else strawberry.Schema(RareQuery)
    schema = made._schema
    scalars = made.schema_converter.scalar_registry
    inputs = Inputs(made.config, scalars)
    rng = random.Random(fresh_seed)
    compared = 0
    for field in fields_with_arguments(schema):
        arguments = field.extensions[STRAWBERRY_DEFINITION].arguments
        convert = inputs.arguments(arguments)
        for _ in range(20):
            given = values_of(field.args, rng)
            expected = convert_arguments(given, arguments, scalar_registry=scalars, config=made.config)
            assert convert(given) == expected
            compared += 1
    assert compared > (1_000 if name == "rookery" else 10)


def test_lists_are_copied() -> None:
    made = strawberry.Schema(RareQuery)
    [field] = fields_with_arguments(made._schema)
    convert = Inputs(made.config, made.schema_converter.scalar_registry).arguments(
        field.extensions[STRAWBERRY_DEFINITION].arguments
    )
    default = [Colour.RED]
    converted = convert({"branch": {"leaf": {}}, "colours": default})
    assert converted["colours"] == default
    assert converted["colours"] is not default
    assert converted["branch"].leaf.note is None
    assert converted["branch"].unset is strawberry.UNSET
