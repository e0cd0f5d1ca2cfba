"""What an error says: its path, its places in the document, what raised it, and its extensions."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import WAYS, Fresh, Query, Thing, Values

pytestmark = repeated_too
in_every_way = pytest.mark.parametrize("way", WAYS, ids=[way or "Attribute" for way in WAYS])


class CodedError(Exception):
    """Carries what clients may read."""

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.extensions = extensions


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


async def ask(executor: Executor, text: str, **values: Any) -> Answer:
    return await executor.run(schema(executor), text, root_value=Thing(**values), new_context=Values)


def locations(error: GraphQLError) -> list[tuple[int, int]]:
    return [(location.line, location.column) for location in error.locations or ()]


@in_every_way
async def test_path_is_of_response_names_and_indexes(executor: Executor, way: str) -> None:
    nodes = [Thing(maybe=1), Thing(maybe=CodedError("bad"))]
    text = f"{{ first: node {{ all: nodes{way} {{ value: maybe{way} }} }} }}"
    answer = await ask(executor, text, node=Thing(nodes=nodes))
    assert answer.error.path == ["first", "all", 1, "value"]


@in_every_way
async def test_path_says_nothing_of_fragments(executor: Executor, way: str) -> None:
    text = f"{{ ...Roots }} fragment Roots on Query {{ node {{ ... on Node {{ it: maybe{way} }} }} }}"
    answer = await ask(executor, text, node=Thing(maybe=CodedError("bad")))
    assert answer.error.path == ["node", "it"]


@in_every_way
async def test_path_into_nested_lists(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ grid{way} }} }}", node=Thing(grid=[None, [], [1, "one"]]))
    assert answer.error.path == ["node", f"grid{way}", 2, 1]


@in_every_way
async def test_location_is_where_the_field_is_written(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{\n  node {{\n    it: maybe{way}\n  }}\n}}", node=Thing(maybe=CodedError("bad")))
    assert locations(answer.error) == [(3, 5)]


@in_every_way
async def test_merged_field_has_all_its_locations(executor: Executor, way: str) -> None:
    text = f"{{\nnode {{ it: maybe{way} }}\nnode {{ it: maybe{way} }}\n...More\n}}\nfragment More on Query {{\n"
    text += f"node {{ it: maybe{way} }}\n}}"
    answer = await ask(executor, text, node=Thing(maybe=CodedError("bad")))
    assert locations(answer.error) == [(2, 8), (3, 8), (7, 8)]


@in_every_way
async def test_location_of_a_failing_item_is_that_of_its_list(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: maybeOfMaybe{way} }} }}", node=Thing(maybe_of_maybe=["one"]))
    assert locations(answer.error) == [(1, 10)]


@in_every_way
async def test_null_that_is_refused_has_the_location_of_its_field(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: sure{way} }} }}", node=Thing(sure=None))
    assert locations(answer.error) == [(1, 10)]
    assert isinstance(answer.error.original_error, TypeError)


@in_every_way
async def test_exception_is_kept_as_the_original_error(executor: Executor, way: str) -> None:
    raised = CodedError("bad")
    answer = await ask(executor, f"{{ node {{ maybe{way} }} }}", node=Thing(maybe=raised))
    assert answer.error.original_error is raised


@in_every_way
async def test_original_error_of_a_bubble_is_what_was_raised(executor: Executor, way: str) -> None:
    raised = CodedError("bad")
    answer = await ask(executor, f"{{ root {{ sureNode{way} {{ sure{way} }} }} }}", root=Thing(sure_node=raised))
    assert answer.data is None
    assert answer.error.original_error is raised


@in_every_way
async def test_extensions_of_an_exception_are_the_errors(executor: Executor, way: str) -> None:
    raised = CodedError("bad", code="REFUSED", tries=3)
    answer = await ask(executor, f"{{ node {{ maybe{way} }} }}", node=Thing(maybe=raised))
    assert answer.error.formatted["extensions"] == {"code": "REFUSED", "tries": 3}


@in_every_way
async def test_graphql_error_is_located_and_keeps_its_extensions(executor: Executor, way: str) -> None:
    raised = GraphQLError("bad", extensions={"code": "REFUSED"})
    answer = await ask(executor, f"{{ node {{ it: maybe{way} }} }}", node=Thing(maybe=raised))
    assert answer.said == {"node.it": "bad"}
    assert answer.error.extensions == {"code": "REFUSED"}
    assert locations(answer.error) == [(1, 10)]


@in_every_way
async def test_graphql_error_with_a_path_of_its_own_keeps_it(executor: Executor, way: str) -> None:
    raised = GraphQLError("bad", path=["elsewhere", 7])
    answer = await ask(executor, f"{{ node {{ it: maybe{way} }} }}", node=Thing(maybe=raised))
    assert answer.data == {"node": {"it": None}}
    assert answer.error.path == ["elsewhere", 7]


@in_every_way
async def test_one_exception_that_many_fields_raise_is_located_for_each(executor: Executor, way: str) -> None:
    raised = CodedError("bad", code="SHARED")
    nodes = [Thing(maybe=raised), Thing(maybe=raised)]
    answer = await ask(executor, f"{{ node {{ nodes {{ a: maybe{way} b: maybe{way} }} }} }}", node=Thing(nodes=nodes))
    assert answer.said == dict.fromkeys(("node.nodes.0.a", "node.nodes.0.b", "node.nodes.1.a", "node.nodes.1.b"), "bad")
    assert all(error.extensions == {"code": "SHARED"} for error in answer.errors)


async def test_exception_without_a_message(executor: Executor) -> None:
    answer = await ask(executor, "{ node { maybe } }", node=Thing(maybe=ValueError()))
    assert answer.said == {"node.maybe": ""}


async def test_attribute_that_is_missing_is_an_error_of_its_field(executor: Executor) -> None:
    answer = await ask(executor, "{ node { maybe sure } }", node=Thing(sure=1))
    assert answer.data == {"node": {"maybe": None, "sure": 1}}
    assert isinstance(answer.error.original_error, AttributeError)


# Errors that are values.


def returned_at_once() -> Any:
    return CodedError("returned", code="RETURNED")


async def returned_later() -> Any:
    await asyncio.sleep(0)
    return CodedError("returned", code="RETURNED")


def returned_in_a_list() -> Any:
    return [1, CodedError("returned", code="RETURNED")]


@strawberry.type
class Returning:
    """Fields that give exceptions instead of raising them."""

    at_once: int | None = strawberry.field(resolver=returned_at_once)
    later: int | None = strawberry.field(resolver=returned_later)
    sure: int = strawberry.field(resolver=returned_later)
    listed: list[int | None] = strawberry.field(resolver=returned_in_a_list)


@pytest.mark.parametrize(
    ("name", "path", "data"),
    [
        ("atOnce", ["it"], {"it": None}),
        ("later", ["it"], {"it": None}),
        ("sure", ["it"], None),
        ("listed", ["it", 1], {"it": [1, None]}),
    ],
)
async def test_exception_that_is_returned_is_an_error(
    executor: Executor, name: str, path: list[Any], data: Any
) -> None:
    answer = await executor.run(executor.schema(Returning), f"{{ it: {name} }}")
    assert answer.data == data
    assert (answer.error.message, answer.error.path) == ("returned", path)
    assert answer.error.extensions == {"code": "RETURNED"}
    assert locations(answer.error) == [(1, 3)]


# Lists.


EVERY_LIST = " ".join(f"maybeOfMaybe{way}" for way in WAYS)


@pytest.mark.parametrize("value", [7, "12", b"12", object], ids=["number", "text", "bytes", "class"])
async def test_value_that_is_no_list_is_an_error_of_the_list(executor: Executor, value: Any) -> None:
    node = Thing(maybe_of_maybe=value, maybe=1)
    answer = await ask(executor, f"{{ node {{ {EVERY_LIST} maybe }} }}", node=node)
    names = [f"maybeOfMaybe{way}" for way in WAYS]
    assert answer.data == {"node": {**dict.fromkeys(names), "maybe": 1}}
    message = "Expected Iterable, but did not find one for field 'Node.{}'."
    assert answer.said == {f"node.{name}": message.format(name) for name in names}


@pytest.mark.parametrize(
    "made",
    [lambda: (1, 2), lambda: iter([1, 2]), {1: "a", 2: "b"}.keys, lambda: (n for n in (1, 2))],
    ids=["tuple", "iterator", "keys", "generator"],
)
async def test_any_iterable_is_a_list(executor: Executor, made: Callable[[], Any]) -> None:
    # What can be read only once is not shared by fields that load the same.
    text = f"{{ node {{ {EVERY_LIST} }} }}"
    answer = await ask(executor, text, node=Thing(maybe_of_maybe=Fresh(made)))
    assert answer == Answer({"node": {f"maybeOfMaybe{way}": [1, 2] for way in WAYS}})


async def test_iterator_that_raises_is_an_error_of_the_list(executor: Executor) -> None:
    def counting() -> Any:
        yield 1
        raise CodedError("broke off")

    answer = await ask(executor, "{ node { it: maybeOfMaybe } }", node=Thing(maybe_of_maybe=Fresh(counting)))
    assert answer.data == {"node": {"it": None}}
    assert answer.said == {"node.it": "broke off"}
