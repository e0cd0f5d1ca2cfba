"""Interfaces, unions and objects that are asked whether they are of their type."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLError

from tests.compiler.rules.executors import Answer, Executor, dotted, repeated_too
from tests.compiler.rules.nodes import Fresh, Thing

pytestmark = repeated_too


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


def by_kind(cls: Any, value: Any, _info: Any) -> Any:
    return value.kind == cls.__name__


async def by_kind_later(cls: Any, value: Any, _info: Any) -> Any:
    await asyncio.sleep(0)
    return value.kind == cls.__name__


def noting_its_path(_cls: Any, value: Any, info: Any) -> Any:
    value.seen.append(dotted(info.path.as_list()))
    return True


@strawberry.interface
class Shape:
    """Says itself which type a value has: what the value's `type` is."""

    name: str

    @classmethod
    def resolve_type(cls, value: Any, _info: Any, _abstract_type: Any) -> Any:
        return value.type


@strawberry.type
class Circle(Shape):
    """A shape."""

    is_type_of = classmethod(lambda _cls, _value, _info: True)
    radius: int


@strawberry.type
class Square(Shape):
    """Another shape."""

    is_type_of = classmethod(lambda _cls, _value, _info: True)
    side: int = strawberry.field(resolver=lambda: later(4), graphql_type=int)


@strawberry.interface
class Beast:
    """Whose values are asked one type after the other, later."""

    name: str


@strawberry.type
class Bear(Beast):
    """A beast."""

    is_type_of = classmethod(by_kind_later)
    claws: int


@strawberry.type
class Bee(Beast):
    """Another beast."""

    is_type_of = classmethod(by_kind_later)
    stings: int


@strawberry.type
class Stranger:
    """No member of anything."""

    name: str


@strawberry.type
class Key:
    """A member of a union; asked at once."""

    is_type_of = classmethod(by_kind)
    teeth: int


@strawberry.type
class Door:
    """Another member, of which Strawberry's own objects are shown, too."""

    is_type_of = classmethod(lambda cls, value, info: isinstance(value, Door) or by_kind(cls, value, info))
    name: str


@strawberry.type
class Patient:
    """No member, but asked, later."""

    is_type_of = classmethod(by_kind_later)
    name: str


@strawberry.type
class Watched:
    """Notes where it was asked."""

    is_type_of = classmethod(noting_its_path)
    name: str


Thingy = Annotated[Key | Door, strawberry.union("Thingy")]


@strawberry.type
class Query:
    """Each once, and in lists."""

    shape: Shape | None
    shapes: list[Shape | None]
    strict_shapes: list[Shape] | None
    beasts: list[Beast | None]
    thingy: Thingy | None
    thingies: list[Thingy | None]
    patient: Patient | None
    patients: list[Patient | None]
    watched: list[Watched]


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query, types=[Circle, Square, Bear, Bee, Stranger])


async def ask(executor: Executor, text: str, **values: Any) -> Answer:
    return await executor.run(schema(executor), text, root_value=Thing(**values))


def circle(kind: Any = "Circle") -> Thing:
    return Thing(type=kind, name="c", radius=2)


SHAPE = "{ name ... on Circle { radius } ... on Square { side } __typename }"


async def test_values_of_several_types_keep_their_places(executor: Executor) -> None:
    square = Thing(type=Fresh(lambda: later("Square")), name="s")
    answer = await ask(executor, f"{{ shapes {SHAPE} }}", shapes=[square, None, circle(), square])
    shown = {"name": "s", "side": 4, "__typename": "Square"}
    assert answer == Answer({"shapes": [shown, None, {"name": "c", "radius": 2, "__typename": "Circle"}, shown]})


MUST_RESOLVE = (
    "Abstract type 'Shape' must resolve to an Object type at runtime for field 'Query.{field}'. Either the 'Shape'"
    " type should provide a 'resolve_type' function or each possible type should provide an 'is_type_of' function."
)
NO_TYPE: list[tuple[Any, str]] = [
    (ValueError("no idea"), "no idea"),
    (GraphQLError("no idea", extensions={"code": "NONE"}), "no idea"),
    (None, MUST_RESOLVE),
    (7, "which is not a valid Object type name."),
    ("Nothing", "Abstract type 'Shape' was resolved to a type 'Nothing' that does not exist inside the schema."),
    ("Int", "Abstract type 'Shape' was resolved to a non-object type 'Int'."),
    ("Shape", "Abstract type 'Shape' was resolved to a non-object type 'Shape'."),
    ("Stranger", "Runtime Object type 'Stranger' is not a possible type for 'Shape'."),
]


@pytest.mark.parametrize("made", [lambda said: said, lambda said: Fresh(lambda: later(said))], ids=["once", "later"])
@pytest.mark.parametrize(("said", "message"), NO_TYPE, ids=[repr(said) for said, _ in NO_TYPE])
async def test_value_without_a_good_type_is_null(
    executor: Executor, said: Any, message: str, made: Callable[[Any], Any]
) -> None:
    bad = circle(made(said))
    answer = await ask(executor, f"{{ it: shape {SHAPE} }}", shape=bad)
    assert answer.data == {"it": None}
    assert answer.error.path == ["it"]
    assert answer.error.message.endswith(message.format(field="shape"))
    assert [(found.line, found.column) for found in answer.error.locations or ()] == [(1, 3)]
    answer = await ask(
        executor, "{ shapes { name } strictShapes { name } }", shapes=[circle(), bad], strict_shapes=[bad]
    )
    assert answer.data == {"shapes": [{"name": "c"}, None], "strictShapes": None}
    assert set(answer.said) == {"shapes.1", "strictShapes.0"}
    assert answer.said["shapes.1"].endswith(message.format(field="shapes"))


async def test_types_are_asked_later(executor: Executor) -> None:
    beasts = [Thing(kind="Bee", stings=1), Thing(kind="Bear", claws=20), Thing(kind="Bug"), Thing(kind="Bee", stings=3)]
    text = "{ beasts { ... on Bear { claws } ... on Bee { stings } } }"
    answer = await ask(executor, text, beasts=beasts)
    assert answer.data == {"beasts": [{"stings": 1}, {"claws": 20}, None, {"stings": 3}]}
    assert list(answer.said) == ["beasts.2"]
    assert answer.error.message.startswith("Abstract type 'Beast' must resolve to an Object type at runtime")


async def test_members_of_a_union_are_asked(executor: Executor) -> None:
    text = "{ thingies { ... on Key { teeth } ... on Door { name } } }"
    answer = await ask(
        executor, text, thingies=[Thing(kind="Door", name="d"), Door(name="own"), Thing(kind="Key", teeth=9)]
    )
    assert answer == Answer({"thingies": [{"name": "d"}, {"name": "own"}, {"teeth": 9}]})


@pytest.mark.parametrize("value", [Thing(kind="Stranger"), Stranger(name="s"), 7], ids=["thing", "object", "number"])
async def test_value_that_is_no_member_of_a_union_is_null(executor: Executor, value: Any) -> None:
    answer = await ask(executor, "{ thingy { __typename } thingies { __typename } }", thingy=value, thingies=[value])
    assert answer.data == {"thingy": None, "thingies": [None]}
    assert set(answer.said) == {"thingy", "thingies.0"}


async def test_object_that_says_no_later_is_null(executor: Executor) -> None:
    no = Thing(kind="Impatient", name="i")
    answer = await ask(
        executor, "{ patient { name } patients { name } }", patient=no, patients=[no, Thing(kind="Patient", name="p")]
    )
    assert answer.data == {"patient": None, "patients": [None, {"name": "p"}]}
    assert set(answer.said) == {"patient", "patients.0"}
    assert answer.said["patient"].startswith("Expected value of type 'Patient' but got: <Thing")


async def test_those_who_say_a_type_are_told_the_path_of_the_field(executor: Executor) -> None:
    seen: list[str] = []
    answer = await ask(
        executor, "{ it: watched { name } }", watched=[Thing(seen=seen, name="a"), Thing(seen=seen, name="b")]
    )
    assert answer.data == {"it": [{"name": "a"}, {"name": "b"}]}
    assert set(seen) == {"it"}


async def test_error_below_one_type_does_not_touch_the_others(executor: Executor) -> None:
    shapes = [circle(), Thing(type="Circle", name="c", radius=ValueError("too round")), Thing(type="Square", name="s")]
    answer = await ask(executor, f"{{ shapes {SHAPE} }}", shapes=shapes)
    assert [shape and shape["__typename"] for shape in answer.data["shapes"]] == ["Circle", None, "Square"]
    assert answer.said == {"shapes.1.radius": "too round"}
