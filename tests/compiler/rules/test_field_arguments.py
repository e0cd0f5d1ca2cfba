"""Arguments: defaults, variables that are absent or null, coercion, and where a wrong one is said to be."""

import asyncio
from enum import Enum
from functools import cache
from typing import Any

import pytest
import strawberry
from strawberry.permission import BasePermission

from compiler import Attribute, Relation, lookup
from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import Thing, Values

pytestmark = repeated_too


@strawberry.enum
class Mood(Enum):
    """Values differ from names."""

    GLAD = "is glad"
    GLUM = strawberry.enum_value("is glum", name="GLOOMY")


@strawberry.input
class Box:
    """An input object with a default, an optional field and one that has to be there."""

    width: int
    depth: int = 2
    label: str | None = strawberry.UNSET
    inner: "Box | None" = None


def _shown(
    *,
    count: int = 3,
    text: str | None = "default",
    mood: Mood = Mood.GLAD,
    box: Box | None = None,
    ids: list[int | None] | None = None,
    unset: int | None = strawberry.UNSET,
    day_name: str = "Monday",
) -> str:
    given = {"count": count, "text": text, "mood": mood, "box": box, "ids": ids, "unset": unset, "day_name": day_name}
    return ", ".join(f"{name}={_text(value)}" for name, value in given.items() if value != _ABSENT[name])


_ABSENT: dict[str, Any] = {
    "count": 3,
    "text": "default",
    "mood": Mood.GLAD,
    "box": None,
    "ids": None,
    "unset": strawberry.UNSET,
    "day_name": "Monday",
}


def _text(value: Any) -> str:
    if isinstance(value, Box):
        label = "" if value.label is strawberry.UNSET else f" {value.label!r}"
        inner = f" {_text(value.inner)}" if value.inner else ""
        return f"<{value.width}x{value.depth}{label}{inner}>"
    return str(value) if isinstance(value, Mood) else repr(value)


async def _shown_later(
    *,
    count: int = 3,
    text: str | None = "default",
    mood: Mood = Mood.GLAD,
    box: Box | None = None,
    ids: list[int | None] | None = None,
    unset: int | None = strawberry.UNSET,
    day_name: str = "Monday",
) -> str:
    await asyncio.sleep(0)
    return _shown(count=count, text=text, mood=mood, box=box, ids=ids, unset=unset, day_name=day_name)


def _looked_up(
    context: Values,
    *,
    count: int = 3,
    text: str | None = "default",
    mood: Mood = Mood.GLAD,
    box: Box | None = None,
    ids: list[int | None] | None = None,
    unset: int | None = strawberry.UNSET,
    day_name: str = "Monday",
) -> Relation:
    shown = _shown(count=count, text=text, mood=mood, box=box, ids=ids, unset=unset, day_name=day_name)
    return Relation(lambda _: context, Attribute("key"), then=lambda _: shown)


class Allowed(BasePermission):
    """Says yes."""

    def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:  # noqa: ARG002 (as it must be)
        return True


@strawberry.type
class Query:
    """The same arguments in every way in which a field can have them."""

    shown: str | None = strawberry.field(resolver=_shown)
    later: str | None = strawberry.field(resolver=_shown_later)
    guarded: str | None = strawberry.field(resolver=_shown, permission_classes=[Allowed])
    looked_up = lookup(_looked_up, graphql_type=str | None)
    sure: str = strawberry.field(resolver=_shown)


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


ROOT = Thing(known=1)
ROOT_WITH_KEY = Thing(key=(ROOT, "known"))
WAYS = ("shown", "later", "guarded", "lookedUp")
in_every_way = pytest.mark.parametrize("name", WAYS)


async def ask(executor: Executor, text: str, **variables: Any) -> Answer:
    options: dict[str, Any] = {"root_value": ROOT_WITH_KEY, "new_context": Values, "variables": variables}
    return await executor.run(schema(executor), text, **options)


# Arguments, variables, their values, and what the resolver gets that is not its default.
GOOD: list[tuple[str, str, dict[str, Any], str]] = [
    ("", "", {}, ""),
    ("(count: 7)", "", {}, "count=7"),
    ("(text: null)", "", {}, "text=None"),
    ('(dayName: "Friday")', "", {}, "day_name='Friday'"),
    ("(unset: null)", "", {}, "unset=None"),
    ("(unset: 1)", "", {}, "unset=1"),
    ("(mood: GLOOMY)", "", {}, "mood=Mood.GLUM"),
    ("(ids: [1, null])", "", {}, "ids=[1, None]"),
    ("(ids: 1)", "", {}, "ids=[1]"),
    ("(ids: [])", "", {}, "ids=[]"),
    ("(box: {width: 1})", "", {}, "box=<1x2>"),
    ("(box: {width: 1, depth: 3, label: null})", "", {}, "box=<1x3 None>"),
    ('(box: {width: 1, inner: {width: 5, label: "x"}})', "", {}, "box=<1x2 <5x2 'x'>>"),
    ("(count: $n)", "($n: Int!)", {"n": 7}, "count=7"),
    ("(count: $n)", "($n: Int! = 8)", {}, "count=8"),
    ("(count: $n)", "($n: Int)", {}, ""),
    ("(text: $t)", "($t: String)", {}, ""),
    ("(text: $t)", "($t: String)", {"t": None}, "text=None"),
    ("(text: $t)", '($t: String = "other")', {}, "text='other'"),
    ("(text: $t)", '($t: String = "other")', {"t": None}, "text=None"),
    ("(unset: $n)", "($n: Int)", {}, ""),
    ("(unset: $n)", "($n: Int)", {"n": None}, "unset=None"),
    ("(mood: $m)", "($m: Mood!)", {"m": "GLOOMY"}, "mood=Mood.GLUM"),
    ("(ids: $i)", "($i: [Int])", {"i": [3, None]}, "ids=[3, None]"),
    ("(ids: [$n, 2])", "($n: Int)", {"n": 1}, "ids=[1, 2]"),
    ("(ids: [$n, 2])", "($n: Int)", {}, "ids=[None, 2]"),
    ("(box: $b)", "($b: Box)", {"b": {"width": 1, "label": None}}, "box=<1x2 None>"),
    ("(box: {width: $n, label: $t})", "($n: Int!, $t: String)", {"n": 4}, "box=<4x2>"),
    ("(box: {width: $n, label: $t})", "($n: Int!, $t: String)", {"n": 4, "t": None}, "box=<4x2 None>"),
    ("(box: {width: 1, depth: $n})", "($n: Int)", {}, "box=<1x2>"),
]


@pytest.mark.parametrize(("given", "declared", "variables", "shown"), GOOD)
async def test_resolver_gets(
    executor: Executor, given: str, declared: str, variables: dict[str, Any], shown: str
) -> None:
    fields = " ".join(f"{name}{given}" for name in WAYS)
    answer = await ask(executor, f"query {declared} {{ {fields} }}", **variables)
    assert answer == Answer(dict.fromkeys(WAYS, shown))


# Arguments that only their variables make wrong; and the column of what is wrong.
WRONG: list[tuple[str, str, dict[str, Any], str, int]] = [
    ("(count: $n)", "($n: Int = 1)", {"n": None}, "'$n'", 9),
    ("(box: {width: $n})", "($n: Int = 1)", {"n": None}, "width", 15),
    ("(box: {width: 1, depth: $n})", "($n: Int = 1)", {"n": None}, "depth", 25),
    ("(mood: $m)", "($m: Mood = GLAD)", {"m": None}, "'$m'", 8),
]


@in_every_way
@pytest.mark.parametrize(("given", "declared", "variables", "said", "column"), WRONG)
async def test_wrong_argument_is_an_error_of_its_field(
    executor: Executor, name: str, given: str, declared: str, variables: dict[str, Any], said: str, column: int
) -> None:
    text = f"query {declared} {{\nit: {name}\n{given}\nother: {name} }}"
    answer = await ask(executor, text, **variables)
    assert answer.data == {"it": None, "other": ""}
    assert answer.error.path == ["it"]
    assert said in answer.error.message
    assert [(found.line, found.column) for found in answer.error.locations or ()] == [(3, column)]


async def test_wrong_argument_of_a_non_null_field_goes_up(executor: Executor) -> None:
    answer = await ask(executor, "query ($n: Int = 1) { sure(count: $n) }", n=None)
    assert answer.data is None
    assert answer.error.path == ["sure"]


@pytest.mark.parametrize("value", ["x", 2**31, [1], {}], ids=repr)
async def test_wrong_variable_is_refused_before_any_field(executor: Executor, value: Any) -> None:
    text = "query ($n: Int!) { shown(count: $n) guarded(count: $n) }"
    answer = await executor.ask(schema(executor), text, root_value=ROOT_WITH_KEY, variables={"n": value})
    assert answer.data is None
    assert "Variable '$n' has invalid value" in answer.error.message
    assert answer.error.path is None


@in_every_way
async def test_one_document_gets_the_variables_of_each_request(executor: Executor, name: str) -> None:
    text = f"query ($n: Int, $t: String) {{ it: {name}(count: $n, text: $t) fixed: {name}(count: 9) }}"
    for variables, shown in [
        ({"n": 1, "t": "a"}, "count=1, text='a'"),
        ({"t": None}, "text=None"),
        ({}, ""),
        ({"n": 2}, "count=2"),
    ]:
        options: dict[str, Any] = {"root_value": ROOT_WITH_KEY, "context_value": Values(), "variables": variables}
        answer = await executor.run_again(schema(executor), text, **options)
        assert answer == Answer({"it": shown, "fixed": "count=9"})
