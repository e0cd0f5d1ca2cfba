"""Permission classes and field extensions: their fields are left to Strawberry, in the middle of compiled levels."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import Thing

pytestmark = repeated_too


class OnlyEven(BasePermission):
    """Refuses odd objects."""

    message = "it is odd"
    error_extensions = {"code": "ODD"}  # noqa: RUF012 (Strawberry's own declaration)

    def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:
        info.context["asked"] += 1
        return bool(source.number % 2 == 0)


class OnlySmall(BasePermission):
    """Refuses great objects, after a while."""

    message = "it is great"

    async def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:
        info.context["asked"] += 1
        await asyncio.sleep(0)
        return bool(source.number < 3)


class Doubled(FieldExtension):
    """Doubles what comes, and changes an argument on the way."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return next_(source, info, **{**arguments, "plus": arguments["plus"] + 1}) * 2


class DoubledLater(FieldExtension):
    """The same, later."""

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **given: Any) -> Any:
        await asyncio.sleep(0)
        return await next_(source, info, **given) * 2


class Rescued(FieldExtension):
    """Puts something in the place of errors."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        try:
            return next_(source, info, **arguments)
        except ValueError as error:
            return f"rescued: {error}"


def _plus(root: strawberry.Parent[Thing], plus: int = 0) -> int:
    return int(root.number) + plus


async def _plus_later(root: strawberry.Parent[Thing], plus: int = 0) -> int:
    await asyncio.sleep(0)
    return int(root.number) + plus


def _fails(root: strawberry.Parent[Thing]) -> str:
    raise ValueError(f"{root.number} failed")


def _itself(root: strawberry.Parent[Thing]) -> "Node | None":
    return cast("Node", root)


@strawberry.type
class Node:
    """Guarded and extended fields among plain ones."""

    number: int
    even: int | None = strawberry.field(resolver=_plus, permission_classes=[OnlyEven])
    small: int | None = strawberry.field(resolver=_plus_later, permission_classes=[OnlySmall])
    both: int | None = strawberry.field(resolver=_plus_later, permission_classes=[OnlySmall, OnlyEven])
    sure_even: int = strawberry.field(resolver=_plus, permission_classes=[OnlyEven])
    even_items: list[int] = strawberry.field(
        resolver=lambda: [1, 2],
        graphql_type=list[int],
        extensions=[PermissionExtension(permissions=[OnlyEven()], fail_silently=True)],
    )
    doubled: int = strawberry.field(resolver=_plus, extensions=[Doubled()])
    doubled_later: int = strawberry.field(resolver=_plus_later, extensions=[DoubledLater()])
    rescued: str = strawberry.field(resolver=_fails, extensions=[Rescued()])
    guarded_itself: "Node | None" = strawberry.field(resolver=_itself, permission_classes=[OnlyEven])
    plus: int = strawberry.field(resolver=_plus)


@strawberry.type
class Query:
    """A list of nodes."""

    nodes: list[Node | None]


ROOT = Thing(nodes=[Thing(number=number) for number in range(4)])


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


async def ask(executor: Executor, selected: str) -> tuple[Answer, Counter[str]]:
    contexts: list[Counter[str]] = []

    def new_context() -> Counter[str]:
        contexts.append(Counter())
        return contexts[-1]

    text = f"{{ nodes {{ {selected} }} }}"
    answer = await executor.run(schema(executor), text, root_value=ROOT, new_context=new_context)
    return answer, contexts[-1]


async def test_permission_is_asked_for_each_object(executor: Executor) -> None:
    answer, context = await ask(executor, "number even small plus")
    assert answer.data == {
        "nodes": [
            {"number": 0, "even": 0, "small": 0, "plus": 0},
            {"number": 1, "even": None, "small": 1, "plus": 1},
            {"number": 2, "even": 2, "small": 2, "plus": 2},
            {"number": 3, "even": None, "small": None, "plus": 3},
        ]
    }
    assert answer.said == {"nodes.1.even": "it is odd", "nodes.3.even": "it is odd", "nodes.3.small": "it is great"}
    assert context["asked"] == 8


async def test_permissions_are_asked_in_their_order_up_to_the_first_no(executor: Executor) -> None:
    answer, context = await ask(executor, "both number")
    assert [node["both"] for node in answer.data["nodes"]] == [0, None, 2, None]
    assert answer.said == {"nodes.1.both": "it is odd", "nodes.3.both": "it is great"}
    assert context["asked"] == 7


async def test_refused_non_null_field_makes_its_object_null(executor: Executor) -> None:
    answer, _ = await ask(executor, "it: sureEven number")
    assert answer.data == {"nodes": [{"it": 0, "number": 0}, None, {"it": 2, "number": 2}, None]}
    assert answer.said == {"nodes.1.it": "it is odd", "nodes.3.it": "it is odd"}
    assert answer.errors[0].extensions == {"code": "ODD"}
    assert [(at.line, at.column) for at in answer.errors[0].locations or ()] == [(1, 11)]


async def test_permission_may_refuse_silently(executor: Executor) -> None:
    answer, _ = await ask(executor, "evenItems")
    assert answer == Answer({"nodes": [{"evenItems": found} for found in ([1, 2], [], [1, 2], [])]})


async def test_extension_changes_arguments_and_results(executor: Executor) -> None:
    answer, _ = await ask(executor, "number doubled(plus: 1) more: doubled(plus: 2) doubledLater(plus: 1)")
    assert answer == Answer(
        {
            "nodes": [
                {"number": n, "doubled": 2 * (n + 2), "more": 2 * (n + 3), "doubledLater": 2 * (n + 1)}
                for n in range(4)
            ]
        }
    )


async def test_extension_may_catch_errors(executor: Executor) -> None:
    answer, _ = await ask(executor, "rescued number")
    assert answer == Answer({"nodes": [{"rescued": f"rescued: {n} failed", "number": n} for n in range(4)]})


async def test_level_below_a_guarded_field_goes_on_compiled(executor: Executor) -> None:
    answer, _ = await ask(executor, "it: guardedItself { number plus below: guardedItself { doubled(plus: 0) } }")
    shown = [{"it": {"number": n, "plus": n, "below": {"doubled": 2 * (n + 1)}}} for n in (0, 2)]
    assert answer.data == {"nodes": [shown[0], {"it": None}, shown[1], {"it": None}]}
    assert answer.said == {"nodes.1.it": "it is odd", "nodes.3.it": "it is odd"}
