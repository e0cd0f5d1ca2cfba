"""Fragments: which fields they select on which types, how fields merge, and the order of the response's keys."""

from functools import cache
from typing import Annotated, Any

import pytest
import strawberry

from tests.compiler.rules.executors import Answer, Executor, keys_of, repeated_too
from tests.compiler.rules.nodes import Thing

pytestmark = repeated_too


@strawberry.interface
class Named:
    """What has a name."""

    name: str
    friend: "Named | None"

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return bool(value.kind == cls.__name__)


@strawberry.interface
class Winged(Named):
    """What flies."""

    wings: int


@strawberry.type
class Robin(Winged):
    """A bird."""

    song: str


@strawberry.type
class Mole(Named):
    """No bird."""

    depth: int


Animal = Annotated[Robin | Mole, strawberry.union("Animal")]


def greeting(root: strawberry.Parent[Thing], to: str = "you") -> str:
    return f"hello {to}"


@strawberry.type
class Query:
    """Each kind of type, once and in lists."""

    named: Named | None
    animal: Animal | None
    robin: Robin | None
    all_named: list[Named]
    animals: list[Animal | None]
    greeting: str = strawberry.field(resolver=greeting)


MOLE = Thing(kind="Mole", name="Mo", depth=3, friend=None)
ROBIN = Thing(kind="Robin", name="Ro", wings=2, song="tweet", friend=MOLE)
ROOT = Thing(named=ROBIN, animal=MOLE, robin=ROBIN, all_named=[ROBIN, MOLE, ROBIN], animals=[MOLE, None, ROBIN])


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query, types=[Robin, Mole])


async def ask(executor: Executor, text: str, root: Thing = ROOT, **options: Any) -> Answer:
    return await executor.run(schema(executor), text, root_value=root, **options)


RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "named fragment": (
        "{ robin { ...Both } } fragment Both on Robin { name song }",
        {"robin": {"name": "Ro", "song": "tweet"}},
    ),
    "inline fragment": ("{ robin { ... on Robin { name } song } }", {"robin": {"name": "Ro", "song": "tweet"}}),
    "inline fragment without a type": ("{ robin { ... { name } } }", {"robin": {"name": "Ro"}}),
    "fragment on the root": (
        "{ ...Roots } fragment Roots on Query { robin { name } }",
        {"robin": {"name": "Ro"}},
    ),
    "fragment on an interface that the object has": (
        "{ robin { ...N ...W } } fragment N on Named { name } fragment W on Winged { wings }",
        {"robin": {"name": "Ro", "wings": 2}},
    ),
    "fragment on the object of an interface": (
        "{ allNamed { ... on Mole { depth } ... on Robin { song } } }",
        {"allNamed": [{"song": "tweet"}, {"depth": 3}, {"song": "tweet"}]},
    ),
    "fragment on an interface of an interface": (
        "{ allNamed { name ... on Winged { wings } } }",
        {"allNamed": [{"name": "Ro", "wings": 2}, {"name": "Mo"}, {"name": "Ro", "wings": 2}]},
    ),
    "fragment on an interface within a union": (
        "{ animals { ... on Named { name } ... on Winged { wings } } }",
        {"animals": [{"name": "Mo"}, None, {"name": "Ro", "wings": 2}]},
    ),
    "fragment on the union itself": (
        "{ animal { ... on Animal { ... on Mole { depth } } } }",
        {"animal": {"depth": 3}},
    ),
    "fragments in fragments": (
        "{ named { ...A } } fragment A on Named { ...B } fragment B on Robin { ...C } fragment C on Winged { wings }",
        {"named": {"wings": 2}},
    ),
    "fragment that is spread twice": (
        "{ robin { ...A ...A friend { ...A } } } fragment A on Named { name }",
        {"robin": {"name": "Ro", "friend": {"name": "Mo"}}},
    ),
    "fragment that no value fits": ("{ animal { ... on Robin { song } } }", {"animal": {}}),
    "fragment that some values fit": (
        "{ allNamed { ... on Robin { ... on Winged { wings } } } }",
        {"allNamed": [{"wings": 2}, {}, {"wings": 2}]},
    ),
    "objects merge": (
        "{ robin { friend { name } } ...M robin { song } } fragment M on Query { robin { friend { __typename } } }",
        {"robin": {"friend": {"name": "Mo", "__typename": "Mole"}, "song": "tweet"}},
    ),
    "lists merge": (
        "{ allNamed { name } allNamed { friend { name } } }",
        {
            "allNamed": [
                {"name": "Ro", "friend": {"name": "Mo"}},
                {"name": "Mo", "friend": None},
                {"name": "Ro", "friend": {"name": "Mo"}},
            ]
        },
    ),
    "fields of an interface merge with those of its object": (
        "{ named { friend { name } ... on Robin { friend { ... on Mole { depth } } } } }",
        {"named": {"friend": {"name": "Mo", "depth": 3}}},
    ),
    "one name may be other fields of other types": (
        "{ animals { ... on Robin { it: song } ... on Mole { it: name } } }",
        {"animals": [{"it": "Mo"}, None, {"it": "tweet"}]},
    ),
    "the same field under other names": (
        "{ a: robin { x: name y: name } b: robin { name } }",
        {"a": {"x": "Ro", "y": "Ro"}, "b": {"name": "Ro"}},
    ),
    "the same field with other arguments": (
        '{ a: greeting b: greeting(to: "me") c: greeting(to: "all") }',
        {"a": "hello you", "b": "hello me", "c": "hello all"},
    ),
    "aliases that are no Python names": (
        "{ class: robin { None: name def: song __x: wings } }",
        {"class": {"None": "Ro", "def": "tweet", "__x": 2}},
    ),
    "type name of an object": ("{ robin { __typename } }", {"robin": {"__typename": "Robin"}}),
    "type name of the root": ("{ __typename }", {"__typename": "Query"}),
    "type names under other names": (
        "{ a: __typename robin { b: __typename friend { c: __typename } } }",
        {"a": "Query", "robin": {"b": "Robin", "friend": {"c": "Mole"}}},
    ),
    "type names of an interface and of a union": (
        "{ named { __typename } allNamed { __typename } animals { __typename ... on Named { name } } }",
        {
            "named": {"__typename": "Robin"},
            "allNamed": [{"__typename": "Robin"}, {"__typename": "Mole"}, {"__typename": "Robin"}],
            "animals": [{"__typename": "Mole", "name": "Mo"}, None, {"__typename": "Robin", "name": "Ro"}],
        },
    ),
    "keys come in the order in which they are first met": (
        "{ robin { song ...A name song } } fragment A on Winged { wings name friend { __typename } }",
        {"robin": {"song": "tweet", "wings": 2, "name": "Ro", "friend": {"__typename": "Mole"}}},
    ),
    "keys of merged objects come in the order in which they are first met": (
        "{ b: robin { song } a: robin { name } b: robin { name friend { name } song } }",
        {"b": {"song": "tweet", "name": "Ro", "friend": {"name": "Mo"}}, "a": {"name": "Ro"}},
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_selection(executor: Executor, rule: str) -> None:
    text, data = RULES[rule]
    answer = await ask(executor, text)
    assert answer == Answer(data)
    assert keys_of(answer.data) == keys_of(data)


async def test_keys_keep_their_order_whatever_their_fields_wait_for(executor: Executor) -> None:
    text = "{ named { friend { name } name __typename ... on Robin { song } } greeting animal { __typename } }"
    answer = await ask(executor, text)
    assert keys_of(answer.data) == [
        ("named", [("friend", ["name"]), "name", "__typename", "song"]),
        "greeting",
        ("animal", ["__typename"]),
    ]


async def test_arguments_of_a_merged_field_are_those_of_all_its_places(executor: Executor) -> None:
    text = "query ($to: String!) { greeting(to: $to) ...Again } fragment Again on Query { greeting(to: $to) }"
    answer = await ask(executor, text, variables={"to": "her"})
    assert answer == Answer({"greeting": "hello her"})


async def test_error_in_a_merged_field_is_one_error(executor: Executor) -> None:
    root = Thing(named=Thing(kind="Robin", name=ValueError("no name"), song="tweet"), robin=None)
    text = (
        "{ named { name } ...More } fragment More on Query { named { name ... on Robin { song name } } robin { name } }"
    )
    answer = await ask(executor, text, root)
    assert answer.data == {"named": None, "robin": None}
    assert answer.said == {"named.name": "no name"}


async def test_introspection_is_answered_among_fields(executor: Executor) -> None:
    text = '{ robin { name } __schema { queryType { name } } __type(name: "Winged") { kind interfaces { name } } }'
    answer = await ask(executor, text)
    assert answer == Answer(
        {
            "robin": {"name": "Ro"},
            "__schema": {"queryType": {"name": "Query"}},
            "__type": {"kind": "INTERFACE", "interfaces": [{"name": "Named"}]},
        }
    )
