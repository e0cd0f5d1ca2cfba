"""Fields of an object that is null already are not begun."""

from typing import Any

import strawberry

from tests.compiler.rules.executors import Executor, repeated_too

pytestmark = repeated_too


def begin(info: strawberry.Info) -> int:
    info.context["begun"].append(info.path.key)
    return 1


async def begin_later(info: strawberry.Info) -> int:
    return begin(info)


def fail() -> int:
    raise ValueError("it failed")


@strawberry.type
class Thing:
    """Fails, or notes that it was asked."""

    broken: int = strawberry.field(resolver=fail)
    called: int = strawberry.field(resolver=begin)
    later: int = strawberry.field(resolver=begin_later)


@strawberry.type
class Query:
    """Things that may be null, and one that may not."""

    @strawberry.field
    def thing(self) -> Thing | None:
        return Thing()

    @strawberry.field
    def things(self) -> list[Thing | None]:
        return [Thing(), Thing()]


async def begun(executor: Executor, text: str) -> tuple[Any, list[str]]:
    made: list[dict[str, list[str]]] = []

    def new_context() -> dict[str, list[str]]:
        made.append({"begun": []})
        return made[-1]

    answer = await executor.run(executor.schema(Query), text, new_context=new_context)
    return answer.data, made[-1]["begun"]


async def test_nothing_begins_behind_a_failure_that_makes_its_object_null(executor: Executor) -> None:
    data, names = await begun(executor, "{ thing { broken called later } }")
    assert (data, names) == ({"thing": None}, [])


async def test_nothing_begins_behind_a_failure_of_every_object_of_a_list(executor: Executor) -> None:
    data, names = await begun(executor, "{ things { broken called later } }")
    assert (data, names) == ({"things": [None, None]}, [])


async def test_what_has_begun_before_the_failure_has_begun(executor: Executor) -> None:
    data, names = await begun(executor, "{ thing { called broken later } }")
    assert (data, names) == ({"thing": None}, ["called"])
