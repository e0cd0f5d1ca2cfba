"""Random valid operations on any schema: aliases, fragments, inline fragments, skip and include, variables."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
    parse,
    parse_value,
    value_from_ast_untyped,
)

Values = Mapping[str, Sequence[str]]
# A variable that the request does not mention.
ABSENT = object()
INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "Query") { kind name fields { name isDeprecated type { kind name ofType { name } } } }',
)


@dataclass(frozen=True)
class Operation:
    """A document, values for its variables, what else these may be, and which are those of @skip and @include."""

    text: str
    variables: Mapping[str, Any]
    choices: Mapping[str, Sequence[Any]]
    conditions: frozenset[str]

    @cached_property
    def document(self) -> DocumentNode:
        return parse(self.text)

    @property
    def has_null_condition(self) -> bool:
        return any(self.variables.get(name, ABSENT) is None for name in self.conditions)

    def varied(self, chance: random.Random) -> "Operation":
        """The same document with other values for its variables."""
        varied = replace(self, variables=_chosen(chance, self.choices))
        varied.__dict__["document"] = self.document  # The same document, and so the same plans.
        return varied


def _chosen(chance: random.Random, choices: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    chosen = {name: chance.choice(values) for name, values in choices.items()}
    return {name: value for name, value in chosen.items() if value is not ABSENT}


@dataclass(frozen=True, slots=True)
class Style:
    """How operations are written.

    `values`: literals for arguments by `Type.field.argument` or by `argument`; others keep their defaults. `skips`:
    fields that are never asked for, as `Type.field`. `often`: arguments that are nearly always given.
    """

    values: Values
    skips: frozenset[str] = frozenset()
    often: frozenset[str] = frozenset()
    deepest: int = 5
    most_fields: int = 40


class Writer:
    """Writes one random operation. What it writes is valid, but that fields of one response name may not merge."""

    def __init__(self, schema: GraphQLSchema, seed: int, style: Style) -> None:
        self._schema = schema
        self._random = random.Random(seed)
        self._style = style
        self._fragments: list[str] = []
        self._declared: dict[str, str] = {}
        self._choices: dict[str, Sequence[Any]] = {}
        self._conditions: list[str] = []
        self._variables_of: dict[tuple[str, str], list[str]] = {}
        self._aliases: dict[tuple[str, str], str] = {}
        self._fields_left = self._random.randint(2, style.most_fields)

    def operation(self, kind: str = "query") -> Operation:
        root = {"query": self._schema.query_type, "mutation": self._schema.mutation_type}[kind]
        assert root is not None
        selection = self._selection(root, depth=0)
        declared = ", ".join(f"${name}: {declaration}" for name, declaration in self._declared.items())
        head = f"{kind} Random({declared})" if declared else f"{kind} Random"
        text = "\n".join([f"{head} {selection}", *self._fragments])
        return Operation(text, _chosen(self._random, self._choices), self._choices, frozenset(self._conditions))

    def _selection(self, parent: Any, *, depth: int) -> str:
        parts: list[str] = []
        for _ in range(self._random.randint(1, 4 if depth else 3)):
            parts += self._part(parent, depth=depth)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _part(self, parent: Any, *, depth: int) -> list[str]:
        chance = self._random.random()
        self._fields_left -= 1
        if self._fields_left < -self._style.most_fields:
            return []
        if chance < 0.08 or (isinstance(parent, GraphQLUnionType) and chance < 0.2):
            return [f"__typename{self._condition()}"]
        if chance < 0.09 and parent is self._schema.query_type:
            return [self._random.choice(INTROSPECTION)]
        if isinstance(parent, GraphQLUnionType) or (chance < 0.25 and depth):
            return [self._inline_fragment(parent, depth=depth)]
        if chance < 0.33 and depth:
            return [self._spread(parent, depth=depth)]
        return self._field(parent, depth=depth)

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, *, depth: int) -> list[str]:
        style = self._style
        names = [
            name
            for name, found in parent.fields.items()
            if f"{parent.name}.{name}" not in style.skips
            and (
                depth == 0
                or (depth < style.deepest and self._fields_left > 0)
                or is_leaf_type(get_named_type(found.type))
            )
        ]
        if not names:
            return ["__typename"]
        name = self._random.choice(names)
        found = parent.fields[name]
        below = get_named_type(found.type)
        selection = f" {self._selection(below, depth=depth + 1)}" if is_composite_type(below) else ""
        arguments = self._arguments(parent, name, found)
        return [f"{self._alias(name, arguments)}{name}{arguments}{self._condition()}{selection}"]

    def _alias(self, name: str, arguments: str) -> str:
        """The same for the same arguments, so that such fields merge, and those with others do not meet."""
        if arguments:
            return self._aliases.setdefault((name, arguments), f"a{len(self._aliases)}") + ": "
        return f"b{self._random.randrange(10**6)}: " if self._random.random() < 0.15 else ""

    def _arguments(self, parent: Any, field_name: str, found: GraphQLField) -> str:
        given = []
        for name, argument in found.args.items():
            values = self._style.values.get(f"{parent.name}.{field_name}.{name}") or self._style.values.get(name)
            rarely = 0.1 if name in self._style.often else 0.4
            if values is None or (not is_required_argument(argument) and self._random.random() < rarely):
                continue
            is_variable = self._random.random() < 0.3
            given.append(f"{name}: {self._variable(argument, values) if is_variable else self._random.choice(values)}")
        return f"({', '.join(given)})" if given else ""

    def _variable(self, argument: GraphQLArgument, values: Sequence[str]) -> str:
        """A new variable or one that is there, of the argument's own type or a nullable one with a default."""
        kind = str(argument.type)
        known = self._variables_of.setdefault((kind, repr(values)), [])
        if known and self._random.random() < 0.4:
            return f"${self._random.choice(known)}"
        name = f"v{len(self._declared)}"
        known.append(name)
        choices: list[Any] = [value_from_ast_untyped(parse_value(value)) for value in values] * 3
        if not is_non_null_type(argument.type):
            choices += [None, ABSENT]
        elif self._random.random() < 0.3:
            default = next((value for value in values if value != "null"), None)
            if default is not None:
                may_be_null = argument.default_value is not Undefined or self._random.random() < 0.5
                kind = f"{kind.removesuffix('!') if may_be_null else kind} = {default}"
                choices += [None, ABSENT] if may_be_null else [ABSENT]
        self._declared[name] = kind
        self._choices[name] = choices
        return f"${name}"

    def _condition(self) -> str:
        if self._random.random() > 0.12:
            return ""
        directive = self._random.choice(("skip", "include"))
        if self._random.random() < 0.4:
            return f" @{directive}(if: {self._random.choice(('true', 'false'))})"
        if self._conditions and self._random.random() < 0.4:
            return f" @{directive}(if: ${self._random.choice(self._conditions)})"
        name = f"c{len(self._declared)}"
        self._conditions.append(name)
        is_nullable = self._random.random() < 0.15
        self._declared[name] = "Boolean = true" if is_nullable else "Boolean!"
        self._choices[name] = [True, False] * 4 + ([ABSENT, ABSENT, None] if is_nullable else [])
        return f" @{directive}(if: ${name})"

    def _narrowed(self, parent: Any) -> Any:
        if isinstance(parent, GraphQLObjectType):
            return self._random.choice([parent, *parent.interfaces])
        return self._random.choice([*self._schema.get_possible_types(parent), parent])

    def _inline_fragment(self, parent: Any, *, depth: int) -> str:
        narrowed = self._narrowed(parent)
        if isinstance(narrowed, GraphQLUnionType):
            return f"... on {narrowed.name}{self._condition()} {{ __typename }}"
        on_type = "" if narrowed is parent and self._random.random() < 0.3 else f" on {narrowed.name}"
        return f"...{on_type}{self._condition()} {self._selection(narrowed, depth=depth)}"

    def _spread(self, parent: Any, *, depth: int) -> str:
        narrowed = self._narrowed(parent)
        if isinstance(narrowed, GraphQLUnionType):
            return "__typename"
        selection = self._selection(narrowed, depth=depth + 1)
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {narrowed.name} {selection}")
        return f"...{name}{self._condition()}"
