"""@skip and @include: with constants, with variables and their defaults, both, on fields and on fragments."""

from functools import cache
from itertools import product
from typing import Any

import pytest
import strawberry

from tests.compiler.rules.executors import Answer, Executor, keys_of
from tests.compiler.rules.nodes import Thing

CALLS: list[str] = []


def counted() -> int:
    CALLS.append("counted")
    return 7


def shown(*, flag: bool | None = None) -> str:
    return str(flag)


@strawberry.type
class Leaf:
    """An object below."""

    number: int
    other: int


@strawberry.type
class Query:
    """A few fields to leave out."""

    a: int
    b: int
    leaf: Leaf
    maybe: Leaf | None
    counted: int = strawberry.field(resolver=counted)
    shown: str = strawberry.field(resolver=shown)


ROOT = Thing(a=1, b=2, leaf=Thing(number=3, other=4), maybe=Thing(number=3, other=4))
FLAGS = (False, True)
PAIRS = list(product(FLAGS, FLAGS))


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


async def ask(executor: Executor, text: str, **variables: Any) -> Answer:
    return await executor.run(schema(executor), text, root_value=ROOT, variables=variables)


async def ask_again(executor: Executor, text: str, **variables: Any) -> Answer:
    """Asks with a document that has been asked with other values."""
    return await executor.run_again(schema(executor), text, root_value=ROOT, variables=variables)


@pytest.mark.parametrize(("skip", "include"), PAIRS)
async def test_field_is_there_if_it_is_included_and_not_skipped(
    executor: Executor, *, skip: bool, include: bool
) -> None:
    text = f"{{ b a @skip(if: {str(skip).lower()}) @include(if: {str(include).lower()}) }}"
    answer = await ask(executor, text)
    assert answer == Answer({"b": 2, "a": 1} if include and not skip else {"b": 2})


async def test_one_document_answers_for_all_values_of_its_variables(executor: Executor) -> None:
    text = (
        "query ($s: Boolean!, $i: Boolean!) { a @skip(if: $s) b @include(if: $i) leaf { number @skip(if: $i) other } }"
    )
    # Twice, so that each value meets a document that others have been asked with.
    for skip, include in [*PAIRS, *PAIRS]:
        answer = await ask_again(executor, text, s=skip, i=include)
        expected: dict[str, Any] = {"leaf": {"other": 4} if include else {"number": 3, "other": 4}}
        expected |= {"b": 2} if include else {}
        expected |= {} if skip else {"a": 1}
        assert answer == Answer(expected)


@pytest.mark.parametrize(("skip", "include"), PAIRS)
async def test_both_with_variables(executor: Executor, *, skip: bool, include: bool) -> None:
    text = "query ($s: Boolean!, $i: Boolean!) { b a @include(if: $i) @skip(if: $s) }"
    answer = await ask(executor, text, s=skip, i=include)
    assert answer == Answer({"b": 2, "a": 1} if include and not skip else {"b": 2})


async def test_default_of_a_variable_counts_where_no_value_is_given(executor: Executor) -> None:
    text = "query ($s: Boolean = true, $i: Boolean! = false) { a @skip(if: $s) b @include(if: $i) __typename }"
    assert await ask_again(executor, text) == Answer({"__typename": "Query"})
    assert await ask_again(executor, text, s=False) == Answer({"a": 1, "__typename": "Query"})
    assert await ask_again(executor, text, i=True) == Answer({"b": 2, "__typename": "Query"})
    assert await ask_again(executor, text) == Answer({"__typename": "Query"})


@pytest.mark.parametrize("earlier", [None, True, False], ids=["first", "after-true", "after-false"])
@pytest.mark.parametrize("directive", ["skip", "include"])
async def test_null_is_refused_as_a_condition(executor: Executor, directive: str, earlier: bool | None) -> None:  # noqa: FBT001 (a parameter of pytest)
    text = f"query ($c: Boolean = true) {{ b a @{directive}(if: $c) }} # {directive} {earlier}"
    if earlier is not None:
        await ask_again(executor, text, c=earlier)
    answer = await executor.ask(schema(executor), text, root_value=ROOT, variables={"c": None})
    assert answer.data is None
    assert "if" in answer.error.message
    assert "null" in answer.error.message


@pytest.mark.parametrize("directive", ["skip", "include"])
async def test_null_as_a_condition_below_is_an_error_of_what_is_above_it(executor: Executor, directive: str) -> None:
    text = f"query ($c: Boolean = true) {{ b maybe {{ number @{directive}(if: $c) other }} }} # {directive}"
    for earlier in FLAGS:
        assert (await ask_again(executor, text, c=earlier)).errors == []
    answer = await executor.ask(schema(executor), text, root_value=ROOT, variables={"c": None})
    assert answer.data == {"b": 2, "maybe": None}
    assert answer.error.path == ["maybe"]


@pytest.mark.parametrize("value", ["true", 1, [], None], ids=repr)
async def test_variable_of_a_wrong_type_is_refused(executor: Executor, value: Any) -> None:
    CALLS.clear()
    text = "query ($c: Boolean!) { counted a @skip(if: $c) }"
    await ask_again(executor, text, c=True)
    CALLS.clear()
    answer = await executor.ask(schema(executor), text, root_value=ROOT, variables={"c": value})
    assert answer.data is None
    assert "$c" in answer.error.message
    assert CALLS == []


FRAGMENTS: dict[str, str] = {
    "spread": "{ b ...A @include(if: $c) } fragment A on Query { a leaf { number } }",
    "inline fragment": "{ b ... on Query @include(if: $c) { a leaf { number } } }",
    "inline fragment without a type": "{ b ... @include(if: $c) { a leaf { number } } }",
    "within a fragment": "{ b ...A } fragment A on Query { a @include(if: $c) leaf @include(if: $c) { number } }",
    "fragment within a fragment": "{ b ...A } fragment A on Query { ...B @include(if: $c) } "
    "fragment B on Query { a leaf { number } }",
}


@pytest.mark.parametrize("rule", FRAGMENTS)
async def test_condition_on_a_fragment(executor: Executor, rule: str) -> None:
    text = f"query ($c: Boolean!) {FRAGMENTS[rule]}"
    for included in (True, False, True):
        answer = await ask_again(executor, text, c=included)
        assert answer == Answer({"b": 2, "a": 1, "leaf": {"number": 3}} if included else {"b": 2})


async def test_field_is_there_if_one_of_its_places_is(executor: Executor) -> None:
    text = "query ($c: Boolean!) { a @skip(if: $c) ...A b } fragment A on Query { a @include(if: $c) }"
    for flag in FLAGS:
        answer = await ask_again(executor, text, c=flag)
        assert answer == Answer({"a": 1, "b": 2})


async def test_order_of_keys_follows_what_is_left(executor: Executor) -> None:
    text = "query ($c: Boolean!) { a @skip(if: $c) b leaf { other @skip(if: $c) number other } a }"
    assert keys_of((await ask_again(executor, text, c=True)).data) == ["b", ("leaf", ["number", "other"]), "a"]
    assert keys_of((await ask_again(executor, text, c=False)).data) == ["a", "b", ("leaf", ["other", "number"])]


async def test_condition_below_counts_for_its_place_only(executor: Executor) -> None:
    text = "query ($c: Boolean!) { x: leaf { number @skip(if: $c) other } y: leaf { number other @include(if: $c) } }"
    answer = await ask_again(executor, text, c=True)
    assert answer == Answer({"x": {"other": 4}, "y": {"number": 3, "other": 4}})
    answer = await ask_again(executor, text, c=False)
    assert answer == Answer({"x": {"number": 3, "other": 4}, "y": {"number": 3}})


async def test_field_that_is_left_out_is_not_resolved(executor: Executor) -> None:
    CALLS.clear()
    answer = await ask(executor, "{ a counted @skip(if: true) ... @include(if: false) { counted } }")
    assert answer == Answer({"a": 1})
    assert CALLS == []


async def test_operation_may_be_left_with_no_fields(executor: Executor) -> None:
    assert await ask(executor, "{ a @skip(if: true) }") == Answer({})
    assert await ask(executor, "{ leaf { number @include(if: false) } }") == Answer({"leaf": {}})


async def test_variable_that_is_also_an_argument_elsewhere_stays_of_its_request(executor: Executor) -> None:
    text = "query ($c: Boolean!) { shown(flag: $c) a @skip(if: $c) }"
    for flag in (True, False, True):
        answer = await ask_again(executor, text, c=flag)
        assert answer == Answer({"shown": str(flag)} | ({} if flag else {"a": 1}))
