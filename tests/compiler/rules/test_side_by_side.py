"""What does not depend on each other waits at the same time; keys of one level share a batch."""

import asyncio
from functools import cache
from typing import Any

import pytest
import strawberry

from compiler import GroupLoader, Relation, relation
from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import Fresh, Thing

pytestmark = repeated_too
PATIENCE_SECONDS = 5


class Meeting:
    """Everybody waits until as many have come as are expected: who is let in late is waited for in vain."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._is_complete = asyncio.Event()

    async def join(self, value: Any = 1) -> Any:
        self._missing -= 1
        if self._missing == 0:
            self._is_complete.set()
        await asyncio.wait_for(self._is_complete.wait(), PATIENCE_SECONDS)
        return value


async def _called(info: strawberry.Info) -> Any:
    return await info.context.join()


def _items(info: strawberry.Info) -> Any:
    return [info.context.join(number) for number in range(3)]


@strawberry.type
class Asked:
    """Values are asked, later, whether they are of this type."""

    name: str

    @classmethod
    async def is_type_of(cls, value: Any, _info: Any) -> bool:
        return bool(await value.meeting.join())


@strawberry.type
class Node:
    """Ways to wait."""

    attribute: int
    asked: Asked | None
    node: "Node | None"
    nodes: list["Node"]
    called: int = strawberry.field(resolver=_called)
    items: list[int] = strawberry.field(resolver=_items)


@strawberry.type
class Query:
    """One node, twice."""

    node: Node
    other: Node


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


def root(meeting: Meeting) -> Thing:
    values: dict[str, Any] = {"attribute": Fresh(meeting.join), "asked": Thing(meeting=meeting, name="a")}
    leaf = Thing(**values, node=None)
    node = Thing(**values, node=leaf, nodes=[leaf, leaf])
    return Thing(node=node, other=node)


# What waits, and how many have to meet.
MEETINGS: dict[str, tuple[str, int]] = {
    "fields of an object": ("{ node { a: called b: attribute c: called d: attribute } }", 4),
    "fields of several objects": ("{ node { called attribute } other { called attribute } }", 4),
    "fields of different levels": ("{ node { called node { attribute called } } other { attribute } }", 4),
    "fields of the objects of a list": ("{ node { nodes { called attribute } } }", 4),
    "items of a list": ("{ node { items called } }", 4),
    "types of objects": ("{ node { asked { name } called nodes { asked { name } attribute } } }", 6),
}


@pytest.mark.parametrize(("text", "count"), MEETINGS.values(), ids=MEETINGS)
async def test_what_waits_waits_at_the_same_time(executor: Executor, text: str, count: int) -> None:
    for _ in range(executor.repetitions + 1):
        meeting = Meeting(count)
        answer = await executor.run_again(schema(executor), text, root_value=root(meeting), context_value=meeting)
        assert answer.errors == []


# Keys.


class Doubles(GroupLoader[int, int]):
    """Twice the key; keeps its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[int]] = []

    async def batch_load_fn(self, keys: list[int]) -> list[int]:
        self.batches.append(sorted(keys))
        await asyncio.sleep(0)
        return [2 * key for key in keys]


def _key(thing: Thing) -> Any:
    if isinstance(thing.key, Exception):
        raise thing.key
    return thing.key


@strawberry.type
class Keyed:
    """Has something under a key, in two fields, of which one may be null."""

    double = relation(Relation(lambda context: context, _key), graphql_type=int | None)
    strict_double = relation(Relation(lambda context: context, _key), graphql_type=int)


@strawberry.type
class KeyedQuery:
    """A list of them."""

    all: list[Keyed | None]


async def ask(executor: Executor, text: str, keys: list[Any]) -> tuple[Answer, Doubles]:
    loaders: list[Doubles] = []

    def new_loader() -> Doubles:
        loaders.append(Doubles())
        return loaders[-1]

    values = [Thing(key=key) if not isinstance(key, Exception) else _Failing(key) for key in keys]
    keyed = executor.schema(KeyedQuery)
    answer = await executor.run(keyed, text, root_value=Thing(all=values), new_context=new_loader)
    return answer, loaders[-1]


class _Failing:
    """Its key is an exception, which `_key` raises."""

    def __init__(self, error: Exception) -> None:
        self.key = error


async def test_keys_of_a_level_share_a_batch(executor: Executor) -> None:
    answer, loader = await ask(executor, "{ all { a: double b: double c: strictDouble } }", [3, 1, 3, 2])
    assert answer == Answer({"all": [{"a": 2 * key, "b": 2 * key, "c": 2 * key} for key in (3, 1, 3, 2)]})
    assert loader.batches == [[1, 2, 3]]


async def test_object_without_a_key_has_null(executor: Executor) -> None:
    answer, loader = await ask(executor, "{ all { double } }", [1, None, 2])
    assert answer == Answer({"all": [{"double": 2}, {"double": None}, {"double": 4}]})
    assert loader.batches == [[1, 2]]


@pytest.mark.parametrize("bad", [ValueError("no key"), [1], {}], ids=["raised", "list", "dict"])
async def test_bad_key_is_an_error_of_its_field_alone(executor: Executor, bad: Any) -> None:
    answer, loader = await ask(executor, "{ all { double } }", [1, bad, 2, 1])
    assert answer.data == {"all": [{"double": 2}, {"double": None}, {"double": 4}, {"double": 2}]}
    assert list(answer.said) == ["all.1.double"]
    assert answer.error.message == (
        "no key" if isinstance(bad, Exception) else f"unhashable type: '{type(bad).__name__}'"
    )
    assert loader.batches == [[1, 2]]


async def test_object_whose_strict_field_has_no_key_is_null(executor: Executor) -> None:
    answer, loader = await ask(executor, "{ all { strictDouble double } }", [1, None, ValueError("no key"), 2])
    assert answer.data == {"all": [{"strictDouble": 2, "double": 2}, None, None, {"strictDouble": 4, "double": 4}]}
    assert answer.said["all.1.strictDouble"] == "Cannot return null for non-nullable field Keyed.strictDouble."
    assert answer.said["all.2.strictDouble"] == "no key"
    assert loader.batches == [[1, 2]]
