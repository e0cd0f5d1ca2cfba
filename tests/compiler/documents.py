"""Random valid operations on any schema: aliases, fragments, inline fragments, skip and include, variables."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)

DEEPEST = 5
MOST_FIELDS = 70
# Only these arguments are given values; others keep their defaults.
ARGUMENT_VALUES: dict[str, Sequence[str]] = {
    "first": ("0", "1", "2", "3", "5"),
    "number": ("0", "1", "2", "3", "17"),
    "prefix": ('""', '"x"'),
    "choice": ("{}", "{offset: 2}", '{offset: 1, names: ["a"]}', "null"),
    "sort": ("OLDEST", "NEWEST"),
    "kind": ("POSTS", "REPLIES"),
}


@dataclass(slots=True)
class Operation:
    """A document and the values of its variables."""

    text: str
    variables: dict[str, Any] = field(default_factory=dict)

    def flipped(self) -> "Operation":
        """The same document with every Boolean the other way round."""
        flipped = {name: not value if isinstance(value, bool) else value for name, value in self.variables.items()}
        return Operation(self.text, flipped)


class Writer:
    """Writes one random operation."""

    def __init__(self, schema: GraphQLSchema, seed: int, *, skips: frozenset[str] = frozenset()) -> None:
        self._schema = schema
        self._random = random.Random(seed)
        self._skips = skips
        self._fragments: list[str] = []
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fields_left = MOST_FIELDS

    def operation(self, kind: str = "query") -> Operation:
        root = {"query": self._schema.query_type, "mutation": self._schema.mutation_type}[kind]
        assert root is not None
        selection = self._selection(root, depth=0)
        declared = ", ".join(f"${name}: {type_name}" for name, (type_name, _) in self._variables.items())
        head = f"{kind} Random({declared})" if declared else f"{kind} Random"
        text = "\n".join([f"{head} {selection}", *self._fragments])
        return Operation(text, {name: value for name, (_, value) in self._variables.items()})

    def _selection(self, parent: Any, *, depth: int) -> str:
        parts: list[str] = []
        for _ in range(self._random.randint(1, 4 if depth else 3)):
            parts += self._part(parent, depth=depth)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _part(self, parent: Any, *, depth: int) -> list[str]:
        chance = self._random.random()
        self._fields_left -= 1
        if self._fields_left < -MOST_FIELDS:
            return []
        if chance < 0.08 or (isinstance(parent, GraphQLUnionType) and chance < 0.2):
            return ["__typename"]
        if isinstance(parent, GraphQLUnionType) or (chance < 0.25 and depth):
            return [self._inline_fragment(parent, depth=depth)]
        if chance < 0.33 and depth:
            return [self._spread(parent, depth=depth)]
        return self._field(parent, depth=depth)

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, *, depth: int) -> list[str]:
        names = [
            name
            for name, found in parent.fields.items()
            if f"{parent.name}.{name}" not in self._skips
            and ((depth < DEEPEST and self._fields_left > 0) or is_leaf_type(get_named_type(found.type)))
        ]
        if not names:
            return ["__typename"]
        name = self._random.choice(names)
        found = parent.fields[name]
        below = get_named_type(found.type)
        selection = f" {self._selection(below, depth=depth + 1)}" if is_composite_type(below) else ""
        # The same field with other arguments would not merge: those with arguments always get an alias of their own.
        arguments = self._arguments(found)
        alias = f"a{self._random.randrange(10**6)}: " if arguments or self._random.random() < 0.15 else ""
        return [f"{alias}{name}{arguments}{self._condition()}{selection}"]

    def _arguments(self, found: GraphQLField) -> str:
        given = []
        for name, argument in found.args.items():
            values = ARGUMENT_VALUES.get(name)
            if values is None or self._random.random() < 0.4:
                continue
            value = self._random.choice(values)
            if name in {"first", "number"} and self._random.random() < 0.3:
                variable = f"v{len(self._variables)}"
                self._variables[variable] = (str(argument.type), int(value))
                value = f"${variable}"
            given.append(f"{name}: {value}")
        return f"({', '.join(given)})" if given else ""

    def _condition(self) -> str:
        if self._random.random() > 0.12:
            return ""
        directive = self._random.choice(("skip", "include"))
        if self._random.random() < 0.5:
            return f" @{directive}(if: {self._random.choice(('true', 'false'))})"
        variable = f"c{len(self._variables)}"
        self._variables[variable] = ("Boolean!", self._random.random() < 0.5)
        return f" @{directive}(if: ${variable})"

    def _narrowed(self, parent: Any) -> Any:
        if isinstance(parent, GraphQLObjectType):
            return self._random.choice([parent, *parent.interfaces])
        return self._random.choice([*self._schema.get_possible_types(parent), parent])

    def _inline_fragment(self, parent: Any, *, depth: int) -> str:
        narrowed = self._narrowed(parent)
        if isinstance(narrowed, GraphQLUnionType):
            return f"... on {narrowed.name}{self._condition()} {{ __typename }}"
        return f"... on {narrowed.name}{self._condition()} {self._selection(narrowed, depth=depth)}"

    def _spread(self, parent: Any, *, depth: int) -> str:
        narrowed = self._narrowed(parent)
        if isinstance(narrowed, GraphQLUnionType):
            return "__typename"
        selection = self._selection(narrowed, depth=depth + 1)
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {narrowed.name} {selection}")
        return f"...{name}{self._condition()}"
