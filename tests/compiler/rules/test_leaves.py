"""Results of scalars and enums: what is serialised to what, and what is refused."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import cache
from math import inf, nan
from typing import Any, NewType
from uuid import UUID

import pytest
import strawberry
from graphql.pyutils import Undefined
from strawberry.schema.config import StrawberryConfig

from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import Fresh, Thing

pytestmark = repeated_too


@strawberry.enum
class Mood(Enum):
    """Values differ from names."""

    GLAD = "is glad"
    SAD = "is sad"
    GLUM = strawberry.enum_value("is glum", name="GLOOMY")


@strawberry.enum
class Level(IntEnum):
    """Members are numbers too."""

    LOW = 1
    HIGH = 2


def _wound(value: Any) -> Any:
    if value == "raise":
        raise ValueError("no wool")
    return None if value == "nothing" else f"wound {value}"


Wool = NewType("Wool", object)
wool = strawberry.scalar(name="Wool", serialize=_wound, parse_value=lambda value: value)


@strawberry.type
class Query:
    """A field of each leaf type; values are attributes of the root."""

    int_: int | None = strawberry.field(name="int")
    float_: float | None = strawberry.field(name="float")
    string: str | None
    boolean: bool | None
    id_: strawberry.ID | None = strawberry.field(name="id")
    mood: Mood | None
    level: Level | None
    wool: Wool | None
    uuid: UUID | None
    day: date | None
    moment: datetime | None
    decimal: Decimal | None
    moods: list[Mood] | None
    ints: list[int | None] | None
    sure: int


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query, config=StrawberryConfig(scalar_map={Wool: wool}))


async def ask(executor: Executor, name: str, value: Any) -> Answer:
    attribute = {"int": "int_", "float": "float_", "id": "id_"}.get(name, name)
    return await executor.run(schema(executor), f"{{ it: {name} }}", root_value=Thing(**{attribute: value}))


class Text(str):
    """A string of a subclass."""

    __slots__ = ()


GOOD: list[tuple[str, Any, Any]] = [
    ("int", 2**31 - 1, 2**31 - 1),
    ("int", -(2**31), -(2**31)),
    ("int", True, 1),
    ("int", 3.0, 3),
    ("int", "12", 12),
    ("int", Level.HIGH, 2),
    ("float", 1, 1.0),
    ("float", 2.5, 2.5),
    ("float", "2.5", 2.5),
    ("float", Decimal("2.5"), 2.5),
    ("string", "", ""),
    ("string", Text("text"), "text"),
    ("string", 7, "7"),
    ("string", True, "true"),
    ("string", 2.5, "2.5"),
    ("boolean", False, False),
    ("boolean", 0, False),
    ("boolean", 1, True),
    ("id", "a", "a"),
    ("id", 7, "7"),
    ("mood", Mood.GLAD, "GLAD"),
    ("mood", Mood.GLUM, "GLOOMY"),
    ("mood", "is sad", "SAD"),
    ("level", Level.LOW, "LOW"),
    ("level", 2, "HIGH"),
    ("wool", 3, "wound 3"),
    ("uuid", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ("day", date(2026, 11, 24), "2026-11-24"),
    ("moment", datetime.fromisoformat("2026-11-24T10:00:00+00:00"), "2026-11-24T10:00:00+00:00"),
    ("decimal", Decimal("1.50"), "1.50"),
    ("moods", [Mood.SAD, Mood.GLAD], ["SAD", "GLAD"]),
    ("ints", [1, True, "3", None, 4.0], [1, 1, 3, None, 4]),
]


@pytest.mark.parametrize(("name", "value", "shown"), GOOD, ids=[f"{name}-{value!r}" for name, value, _ in GOOD])
async def test_value_is_serialised(executor: Executor, name: str, value: Any, shown: Any) -> None:
    answer = await ask(executor, name, value)
    assert answer == Answer({"it": shown})
    assert isinstance(answer.data["it"], type(shown))


BAD: list[tuple[str, Any, str]] = [
    ("int", 2**31, "Int cannot represent non 32-bit signed integer value: 2147483648"),
    ("int", -(2**31) - 1, "Int cannot represent non 32-bit signed integer value: -2147483649"),
    ("int", 3.5, "Int cannot represent non-integer value: 3.5"),
    ("int", "x", "Int cannot represent non-integer value: 'x'"),
    ("int", "", "Int cannot represent non-integer value: ''"),
    ("int", nan, "Int cannot represent non-integer value: nan"),
    ("float", nan, "Float cannot represent non numeric value: nan"),
    ("float", inf, "Float cannot represent non numeric value: inf"),
    ("float", "x", "Float cannot represent non numeric value: 'x'"),
    ("string", [1], "String cannot represent value: [1]"),
    ("boolean", "true", "Boolean cannot represent a non boolean value: 'true'"),
    ("boolean", nan, "Boolean cannot represent a non boolean value: nan"),
    ("id", 1.5, "ID cannot represent value: 1.5"),
    ("wool", "raise", "no wool"),
    ("wool", "nothing", "Expected `Wool.coerce_output_value('nothing')` to return non-nullable value, returned: None"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD, ids=[f"{name}-{value!r}" for name, value, _ in BAD])
async def test_value_is_refused(executor: Executor, name: str, value: Any, message: str) -> None:
    answer = await ask(executor, name, value)
    assert answer.data == {"it": None}
    assert answer.said == {"it": message}


@pytest.mark.parametrize("value", ["GLAD", Level.LOW, 7, []], ids=repr)
async def test_value_that_is_no_member_of_the_enum_is_refused(executor: Executor, value: Any) -> None:
    answer = await ask(executor, "mood", value)
    assert answer.data == {"it": None}
    assert "Mood" in answer.said["it"]


@pytest.mark.parametrize(("name", "value"), [("moods", [Mood.SAD, "no mood"]), ("sure", 2**40)])
async def test_value_that_is_refused_bubbles(executor: Executor, name: str, value: Any) -> None:
    answer = await ask(executor, name, value)
    assert answer.data == ({"it": None} if name == "moods" else None)
    assert answer.error.path == (["it", 1] if name == "moods" else ["it"])


async def test_items_are_refused_one_by_one(executor: Executor) -> None:
    answer = await ask(executor, "ints", [1, 2**31, None, "x", 5])
    assert answer.data == {"it": [1, None, None, None, 5]}
    assert set(answer.said) == {"it.1", "it.3"}


async def _later(value: Any) -> Any:
    return value


LATER: list[tuple[str, Any, Any]] = [
    ("int", 3, 3),
    ("string", "a", "a"),
    ("mood", Mood.SAD, "SAD"),
    ("wool", 3, "wound 3"),
    ("day", date.max, "9999-12-31"),
]


@pytest.mark.parametrize(("name", "value", "shown"), LATER, ids=[name for name, _, _ in LATER])
async def test_value_that_comes_later_is_serialised(executor: Executor, name: str, value: Any, shown: Any) -> None:
    answer = await ask(executor, name, Fresh(lambda: _later(value)))
    assert answer == Answer({"it": shown})


@pytest.mark.parametrize(("name", "value", "shown"), LATER, ids=[name for name, _, _ in LATER])
async def test_value_may_come_later_after_it_has_come_at_once(
    executor: Executor, name: str, value: Any, shown: Any
) -> None:
    attribute = {"int": "int_"}.get(name, name)
    text = f"{{ it: {name} sure }} # {executor.name}"
    stored = _later(value)
    at_once, later = [value] * (executor.repetitions + 1), [stored, Fresh(lambda: _later(value))]
    for one in [*at_once, *later, *at_once]:
        root = Thing(**{attribute: one, "sure": 1})
        assert await executor.run_again(schema(executor), text, root_value=root) == Answer({"it": shown, "sure": 1})


@pytest.mark.parametrize("name", ["int", "string", "boolean", "id", "mood", "wool", "day", "moods"])
async def test_undefined_is_null(executor: Executor, name: str) -> None:
    answer = await ask(executor, name, Undefined)
    assert answer == Answer({"it": None})
