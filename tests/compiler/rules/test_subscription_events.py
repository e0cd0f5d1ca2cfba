"""Each event of a subscription is an execution of its own, and runs compiled."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import pytest
import strawberry

from compiler import CompiledExecutor
from tests.compiler.rules.executors import Answer, Executor
from tests.compiler.rules.nodes import Node, Thing, Values

ENDED: list[str] = []


class SourceBreaks(Exception):  # noqa: N818 (it is an event here)
    """Not an event, but the end of them."""


async def _nodes(info: strawberry.Info) -> AsyncIterator[Any]:
    try:
        for value in info.context.events:
            await asyncio.sleep(0)
            if isinstance(value, SourceBreaks):
                raise value
            yield value
    finally:
        ENDED.append("source")


async def _refused(number: int) -> AsyncIterator[Any]:
    if number < 0:
        raise ValueError("no such number")
    yield number


class Context(Values):
    """A loader, and what happens."""

    def __init__(self, events: list[Any]) -> None:
        super().__init__()
        self.events = events


@strawberry.type
class Query:
    """There has to be one."""

    nothing: int | None


@strawberry.type
class Subscription:
    """Events that may be null, and events that may not."""

    maybe: Node | None = strawberry.subscription(resolver=_nodes, graphql_type=Node | None)
    sure: Node = strawberry.subscription(resolver=_nodes, graphql_type=Node)
    numbers = strawberry.subscription(resolver=_refused, graphql_type=int)


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query, subscription=Subscription)


async def events_of(executor: Executor, text: str, events: list[Any], **variables: Any) -> list[Answer]:
    """The answers to all events; each has been compiled, if it can be."""
    answers: list[Answer] = []
    count = sum(not isinstance(event, SourceBreaks) for event in events)
    stream: Any = await schema(executor).subscribe(text, variables, context_value=Context(events))
    before = CompiledExecutor.plans.compiled_count
    async for result in stream:
        answers.append(Answer(result.data, list(result.errors or [])))
        assert CompiledExecutor.plans.compiled_count == before + min(len(answers), count) * executor.is_compiled
    return answers


def failed() -> Exception:
    return ValueError("it failed")


ALL_WAYS = "it: sure sureCalled sureLater sureDerived sureRelated"


async def test_each_event_is_answered(executor: Executor) -> None:
    answers = await events_of(executor, f"subscription {{ sure {{ {ALL_WAYS} }} }}", [Thing(sure=n) for n in range(5)])
    names = ("it", "sureCalled", "sureLater", "sureDerived", "sureRelated")
    assert answers == [Answer({"sure": dict.fromkeys(names, number)}) for number in range(5)]


@pytest.mark.parametrize("way", ["", "Called", "Later", "Derived", "Related"])
async def test_errors_and_nulls_are_of_their_event(executor: Executor, way: str) -> None:
    text = f"subscription {{ maybe {{ sure{way} it: maybe{way} all: maybeOfMaybe{way} }} }}"
    events = [
        Thing(sure=1, maybe=failed(), maybe_of_maybe=[1, failed()]),
        Thing(sure=failed(), maybe=2, maybe_of_maybe=[]),
        None,
        Thing(sure=None, maybe=3, maybe_of_maybe=None),
        Thing(sure=4, maybe=4, maybe_of_maybe=[4]),
    ]
    answers = await events_of(executor, text, events)
    assert [answer.data["maybe"] for answer in answers] == [
        {f"sure{way}": 1, "it": None, "all": [1, None]},
        None,
        None,
        None,
        {f"sure{way}": 4, "it": 4, "all": [4]},
    ]
    refused = f"Cannot return null for non-nullable field Node.sure{way}."
    assert [answer.said for answer in answers] == [
        {"maybe.it": "it failed", "maybe.all.1": "it failed"},
        {f"maybe.sure{way}": "it failed"},
        {},
        {f"maybe.sure{way}": refused},
        {},
    ]


async def test_error_at_the_root_of_an_event_does_not_end_the_stream(executor: Executor) -> None:
    events = [Thing(sure=failed()), None, failed(), Thing(sure=4)]
    answers = await events_of(executor, "subscription { sure { sureLater } }", events)
    assert [answer.data for answer in answers] == [None, None, None, {"sure": {"sureLater": 4}}]
    assert [answer.said for answer in answers] == [
        {"sure.sureLater": "it failed"},
        {"sure": "Cannot return null for non-nullable field Subscription.sure."},
        {"sure": "it failed"},
        {},
    ]


async def test_error_of_the_source_ends_the_stream_with_an_error(executor: Executor) -> None:
    answers = await events_of(
        executor, "subscription { sure { sure } }", [Thing(sure=1), SourceBreaks("the source broke")]
    )
    assert answers[0] == Answer({"sure": {"sure": 1}})
    assert [(answer.data, answer.error.message) for answer in answers[1:]] == [(None, "the source broke")]


@pytest.mark.parametrize("skipped", [True, False])
async def test_conditions_hold_for_all_events(executor: Executor, *, skipped: bool) -> None:
    text = "subscription ($c: Boolean!) { sure { maybe @skip(if: $c) sure } }"
    answers = await events_of(executor, text, [Thing(maybe=n, sure=n) for n in range(3)], c=skipped)
    assert [answer.data["sure"] for answer in answers] == [
        {"sure": number} if skipped else {"maybe": number, "sure": number} for number in range(3)
    ]


async def test_stream_that_is_closed_closes_its_source(executor: Executor) -> None:
    ENDED.clear()
    context = Context([Thing(sure=n) for n in range(3)])
    stream: Any = await schema(executor).subscribe("subscription { sure { sureLater } }", context_value=context)
    first = await anext(stream)
    await stream.aclose()
    assert first.data == {"sure": {"sureLater": 0}}
    assert ENDED == ["source"]


async def test_client_that_hangs_up_during_an_event_leaves_nothing_running(executor: Executor) -> None:
    ENDED.clear()
    before = asyncio.all_tasks()
    begun = asyncio.Event()

    async def waits() -> Any:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ENDED.append("field")

    event = Thing(sure_of_sure=[waits(), waits()], sure=1)
    text = "subscription { sure { sureOfSure sureLater } }"
    stream: Any = await schema(executor).subscribe(text, context_value=Context([event]))
    reading = asyncio.ensure_future(anext(stream))
    await begun.wait()
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await stream.aclose()
    for _ in range(0 if executor.is_compiled else 5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert sorted(ENDED) == ["field", "field", "source"]


@pytest.mark.parametrize(("number", "message"), [(-1, "no such number"), (2**31, "Int cannot represent")])
async def test_subscription_that_cannot_begin_is_one_error(executor: Executor, number: int, message: str) -> None:
    answers = await events_of(executor, "subscription ($n: Int!) { numbers(number: $n) }", [], n=number)
    [answer] = answers
    assert answer.data is None
    assert message in answer.error.message
