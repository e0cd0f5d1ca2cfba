"""What is still running where a null goes up, or where the client hangs up, is cancelled and has ended."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, cast

import pytest
import strawberry
from strawberry.permission import BasePermission

from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import Fresh, Thing

pytestmark = repeated_too
SOON = 25
MANY_TURNS = 200


class Log(list[str]):
    """What has begun and ended. Failing fields fail once `expected` others have begun."""

    def __init__(self, expected: int = 0) -> None:
        super().__init__()
        self.expected = expected
        self.released = asyncio.Event()

    @property
    def running(self) -> int:
        """How many have begun and not ended."""
        return self.count("begins") - self.count("ended")


async def waiting(log: Log, value: Any = 1) -> Any:
    """Waits until it is cancelled or released; ending takes it a while."""
    log.append("begins")
    try:
        await log.released.wait()
    finally:
        for _ in range(3):
            await asyncio.sleep(0)
        log.append("ended")
    return value


async def failing(log: Log) -> Any:
    await begun(log, log.expected)
    raise ValueError("it failed")


async def begun(log: Log, count: int) -> None:
    """Waits until so many have begun."""
    for _ in range(MANY_TURNS):
        if log.count("begins") >= count:
            return
        await asyncio.sleep(0)
    pytest.fail(f"{count} should have begun: {log}")


async def _slow(info: strawberry.Info) -> Any:
    return await waiting(info.context)


async def _quick() -> int:
    await asyncio.sleep(0)
    return 1


async def _fails(info: strawberry.Info) -> Any:
    return await failing(info.context)


def _fails_at_once() -> Any:
    raise ValueError("it failed")


async def _child(root: strawberry.Parent[Thing]) -> "Node":
    await asyncio.sleep(0)
    return cast("Node", root)


def _items(info: strawberry.Info) -> Any:
    return [waiting(info.context), 2, waiting(info.context)]


def _strict_items(info: strawberry.Info) -> Any:
    return [waiting(info.context), failing(info.context), waiting(info.context)]


async def _stream(info: strawberry.Info) -> AsyncIterator[int]:
    yield await waiting(info.context)


class Patience(BasePermission):
    """Takes its time."""

    async def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:  # noqa: ARG002 (as it must be)
        await waiting(info.context)
        return True


@strawberry.type
class Slow:
    """Takes its time to say whether a value is of this type."""

    name: str

    @classmethod
    async def is_type_of(cls, value: Any, _info: Any) -> bool:
        await waiting(value.log)
        return True


@strawberry.type
class Node:
    """Fields that wait, and fields that fail."""

    attribute: int | None
    slow_object: Slow | None
    child: "Node"
    maybe_child: "Node | None"
    children: list["Node"]
    slow: int | None = strawberry.field(resolver=_slow)
    quick: int = strawberry.field(resolver=_quick)
    fails: int = strawberry.field(resolver=_fails)
    fails_at_once: int = strawberry.field(resolver=_fails_at_once)
    child_later: "Node" = strawberry.field(resolver=_child)
    items: list[int] | None = strawberry.field(resolver=_items)
    strict_items: list[int] = strawberry.field(resolver=_strict_items)
    stream = strawberry.field(resolver=_stream, graphql_type=list[int] | None)
    guarded: int | None = strawberry.field(resolver=_quick, permission_classes=[Patience])


@strawberry.type
class Query:
    """One node, nullable."""

    node: Node | None


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


def root(log: Log, values: dict[str, Any] | None = None) -> Thing:
    values = {"attribute": Fresh(lambda: waiting(log)), "slow_object": Thing(log=log, name="s"), **(values or {})}
    leaf = Thing(**values)
    child = Thing(**values, child=leaf, maybe_child=leaf, children=[leaf, leaf])
    return Thing(node=Thing(**values, child=child, maybe_child=child, children=[child, child]))


async def ask(executor: Executor, text: str, log: Log) -> Answer:
    return await executor.run_again(schema(executor), text, context_value=log, root_value=root(log))


async def ask_often(executor: Executor, text: str, expected: int, *, is_released: bool = False) -> tuple[Answer, Log]:
    """Asks until there is generated code, if there may be, and shows that each time nothing is left running."""
    before = asyncio.all_tasks()
    log, answer = Log(), Answer(None)
    for _ in range(executor.repetitions + 1):
        log = Log(expected)
        answer = await ask(executor, text, log)
        await soon(executor, log, is_released=is_released)
        assert asyncio.all_tasks() == before
        assert log.running == 0
    return answer, log


async def soon(executor: Executor, log: Log, *, is_released: bool = False) -> None:
    """graphql-core does not wait for all that it has cancelled, and forgets some of it when it is cancelled again
    meanwhile. The compiled executor does neither.
    """
    if executor.is_compiled:
        return
    if is_released:
        log.released.set()
    for _ in range(SOON):
        await asyncio.sleep(0)


# What waits beside the field that fails, and how often.
SIBLINGS: dict[str, tuple[str, int]] = {
    "resolver": ("slow", 1),
    "resolvers": ("a: slow b: slow c: slow", 3),
    "attribute": ("attribute", 1),
    "attributes": ("a: attribute b: attribute", 2),
    "items": ("items", 2),
    "asynchronous iterator": ("stream", 1),
    "permission": ("guarded", 1),
    "type": ("slowObject { name }", 1),
    "below an object": ("child { slow attribute }", 2),
    "below an object that came later": ("childLater { quick childLater { slow } }", 1),
    "below objects of a list": ("children { slow attribute child { slow } }", 6),
}
each_sibling = pytest.mark.parametrize(("sibling", "count"), SIBLINGS.values(), ids=SIBLINGS)


@each_sibling
async def test_siblings_of_a_field_that_fails_have_ended(executor: Executor, sibling: str, count: int) -> None:
    answer, log = await ask_often(executor, f"{{ node {{ {sibling} fails }} }}", count)
    assert answer.data == {"node": None}
    assert answer.said == {"node.fails": "it failed"}
    assert log.count("begins") == count


@each_sibling
async def test_siblings_of_an_object_below_which_a_field_fails_have_ended(
    executor: Executor, sibling: str, count: int
) -> None:
    answer, log = await ask_often(executor, f"{{ node {{ it: childLater {{ child {{ fails }} }} {sibling} }} }}", count)
    assert answer.data == {"node": None}
    assert answer.said == {"node.it.child.fails": "it failed"}
    assert log.count("begins") == count


async def test_siblings_of_an_item_that_fails_have_ended(executor: Executor) -> None:
    answer, log = await ask_often(executor, "{ node { it: strictItems } }", 2)
    assert answer.data == {"node": None}
    assert answer.said == {"node.it.1": "it failed"}
    assert log.count("begins") == 2


async def test_failures_above_each_other_leave_nothing_running(executor: Executor) -> None:
    below = "a: slow b: childLater { slow quick fails } fails"
    text = (
        f"{{ node {{ x: maybeChild {{ {below} }} y: child {{ quick {below} z: child {{ {below} }} }} fails slow }} }}"
    )
    answer, _ = await ask_often(executor, text, 6, is_released=True)
    assert answer.data == {"node": None}


@each_sibling
async def test_siblings_of_a_field_that_fails_at_once_end(executor: Executor, sibling: str, count: int) -> None:
    before = asyncio.all_tasks()
    text = f"{{ node {{ {sibling} failsAtOnce }} }} # {count}"
    for _ in range(executor.repetitions + 1):
        log = Log()
        answer = await ask(executor, text, log)
        assert answer.data == {"node": None}
        assert answer.said == {"node.failsAtOnce": "it failed"}
        # graphql-core lets them run to their own end, unseen.
        await soon(executor, log, is_released=True)
        assert asyncio.all_tasks() == before
        assert log.running == 0


async def test_what_is_not_below_the_null_goes_on(executor: Executor) -> None:
    text = "{ node { a: maybeChild { slow fails } b: maybeChild { quick } childLater { quick } } }"
    answer, log = await ask_often(executor, text, 1)
    assert answer.data == {"node": {"a": None, "b": {"quick": 1}, "childLater": {"quick": 1}}}
    assert answer.said == {"node.a.fails": "it failed"}
    assert log == ["begins", "ended"]


@each_sibling
async def test_client_that_hangs_up_leaves_nothing_running(executor: Executor, sibling: str, count: int) -> None:
    before = asyncio.all_tasks()
    text = f"{{ node {{ quick {sibling} x: childLater {{ quick {sibling} }} }} }}"
    for _ in range(executor.repetitions + 1):
        log = Log()
        asking = asyncio.ensure_future(ask(executor, text, log))
        await begun(log, 2 * count)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await soon(executor, log)
        assert asyncio.all_tasks() == before
        assert log.running == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 4])
async def test_client_that_hangs_up_while_siblings_end_leaves_nothing_running(executor: Executor, turns: int) -> None:
    before = asyncio.all_tasks()
    text = "{ node { slow childLater { slow childLater { a: slow b: slow c: attribute fails } } } }"
    log = Log(5)
    asking = asyncio.ensure_future(ask(executor, text, log))
    await begun(log, 5)
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await soon(executor, log, is_released=True)
    assert asyncio.all_tasks() == before
    # On graphql-core, to be cancelled again cuts short what those that were cancelled still had to do.
    assert log.running == 0 or not executor.is_compiled


async def test_client_that_hangs_up_during_a_mutation_stops_it(executor: Executor) -> None:
    log = Log()

    async def act(info: strawberry.Info) -> Any:
        return await waiting(info.context)

    mutation = strawberry.type(type("Mutation", (), {"act": strawberry.mutation(resolver=act, graphql_type=int)}))
    changing = executor.schema(Query, mutation=mutation)
    asking = asyncio.ensure_future(executor.run_again(changing, "mutation { act b: act }", context_value=log))
    await begun(log, 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert log == ["begins", "ended"]
