"""Spans: one for each operation, below it one for each batch of a loader, and none for fields."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from app.services import ProcessServices
from app.settings import Settings
from app.tracing import OpenTelemetryTracer
from app.transport.api import GraphQLRequest, OperationTypeRefusedError, execute, subscribe
from app.worker import Worker
from core import spans
from core.errors import UnavailableError
from loaders.base import BatchLoader
from loaders.users import UserByHandleLoader
from schema.documents import sha256_of
from schema.spans import SWITCHED_OFF
from tests.api.live import LIVE_HOME, listening
from tests.api.test_home_feed import HOME
from tests.fixtures.api import Api
from tests.worlds import World, post_id

BY_HANDLE = "query Whoever($handle: String!) { user(handle: $handle) { displayName } }"
LIKE = "mutation ($id: ID!) { likePost(input: {postId: $id}) { post { likeCount author { handle } } } }"
DEAR = "{ publicFeed(first: 100) { edges { node { replies(first: 100) { edges { node { id } } } } } } }"


# What is asked of a feed's posts comes with the feed; what is asked of replies to them is loaded.
DEEP = """
query Home($first: Int!) {
  homeFeed(first: $first) {
    edges { node { body replies(first: 2) { edges { node { body replies(first: 1) { edges { node { body } } } } } } } }
  }
}
"""


class Spans:
    """What OpenTelemetry has got of ended spans."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OpenTelemetryTracer(provider)

    @property
    def all(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    @property
    def operations(self) -> list[ReadableSpan]:
        return [span for span in self.all if not span.name.startswith("load ")]

    @property
    def batches(self) -> list[ReadableSpan]:
        return [span for span in self.all if span.name.startswith("load ") and span.name != "load feed"]

    @property
    def feeds(self) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == "load feed"]

    def clear(self) -> None:
        self._exporter.clear()


def is_below(span: ReadableSpan, other: ReadableSpan) -> bool:
    assert span.context is not None
    assert other.context is not None
    is_child = span.parent is not None and span.parent.span_id == other.context.span_id
    return is_child and span.context.trace_id == other.context.trace_id


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def found() -> Spans:
    return Spans()


@pytest.fixture
async def services(settings: Settings, found: Spans) -> AsyncIterator[ProcessServices]:
    """A process whose spans the test sees."""
    services = ProcessServices(settings, tracer=found.tracer)
    await services.start()
    yield services
    await services.stop()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The batches that loaders were asked for: loader and number of keys."""
    asked: list[tuple[str, int]] = []
    load = BatchLoader.batch_load_fn

    async def counted(self: BatchLoader[Any, Any], keys: list[Any]) -> list[Any]:
        asked.append((type(self).__name__, len(keys)))
        return await load(self, keys)

    monkeypatch.setattr(BatchLoader, "batch_load_fn", counted)
    return asked


@pytest.mark.parametrize(("document", "are_there_batches"), [(HOME, False), (DEEP, True)], ids=["home", "deep"])
@pytest.mark.parametrize("count", [3, 30])
async def test_feed_gives_one_operation_and_below_it_as_many_batches_as_were_loaded(
    api: Api,
    world: World,
    found: Spans,
    batches: list[tuple[str, int]],
    count: int,
    document: str,
    *,
    are_there_batches: bool,
) -> None:
    for number in range(count):
        post = await world.post((world.bob, world.carol)[number % 2], f"post {number}")
        await world.post(world.dan, "a reply", reply_to=post)
    await world.repost(world.carol, await world.post(world.eve, "from a stranger"))
    answer = await api.run(document, by=world.alice, first=count)
    assert not answer.errors
    [operation] = found.operations
    assert len(found.batches) == len(batches)
    assert bool(batches) == are_there_batches
    told = [(attributes_of(batch)[spans.LOADER], attributes_of(batch)[spans.KEYS]) for batch in found.batches]
    assert sorted(told) == sorted(batches)
    assert {batch.name for batch in found.batches} == {f"load {loader}" for loader, _ in batches}
    assert [attributes_of(feed) for feed in found.feeds] == [{spans.FEED: "home"}]
    for batch in (*found.batches, *found.feeds):
        assert is_below(batch, operation)
        assert operation.start_time <= batch.start_time <= batch.end_time <= operation.end_time  # type: ignore[operator]
    assert operation.parent is None
    assert operation.name == "query"
    assert operation.status.status_code is StatusCode.UNSET
    attributes = attributes_of(operation)
    assert attributes.pop("rookery.cost") > count
    assert attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Home",
        "rookery.document_sha256": sha256_of(document),
        "rookery.request_id": answer.request_id,
        "rookery.is_compiled": True,
        "rookery.errors": 0,
    }


async def test_a_feed_says_where_its_entries_come_from(api: Api, world: World, found: Spans) -> None:
    await world.post(world.bob)
    await api.run(HOME, by=world.alice, first=1)
    await api.services.resources.home.rebuilt()
    found.clear()
    await api.run(HOME, by=world.alice, first=1)
    await api.run("{ publicFeed(first: 1) { edges { node { body } } } }")
    assert [attributes_of(feed)[spans.FEED] for feed in found.feeds] == ["home among", "public"]
    for feed, operation in zip(found.feeds, found.operations, strict=True):
        assert is_below(feed, operation)


async def test_batch_is_below_the_operation_that_asked_for_it(api: Api, world: World, found: Spans) -> None:
    handles = ("alice", "bob", "carol", "dan")
    data = await asyncio.gather(*(api.data(BY_HANDLE, handle=handle) for handle in handles))
    assert [each["user"]["displayName"] for each in data] == [handle.title() for handle in handles]
    assert len(found.operations) == len(found.batches) == len(handles)
    for operation in found.operations:
        assert sum(is_below(batch, operation) for batch in found.batches) == 1


async def test_nothing_that_people_wrote_is_in_a_span(api: Api, world: World, found: Spans) -> None:
    post = await world.post(world.bob, "a body that nobody may see")
    await api.data(HOME, by=world.alice, first=3)
    await api.data(LIKE, by=world.alice, id=post_id(post))
    await api.run(BY_HANDLE, handle="somebody")
    await api.run('{ user(handle: "somebody", nobody: 1) { handle } }')
    shown = "".join(span.to_json() for span in found.all)
    for word in ("a body", "somebody", "nobody", post_id(post), "handle", world.alice.handle, world.alice.token):
        assert word not in shown, word


async def test_mutation_is_a_span_too(api: Api, world: World, found: Spans, batches: list[tuple[str, int]]) -> None:
    post = await world.post(world.bob, "a post")
    await api.data(LIKE, by=world.alice, id=post_id(post))
    [operation] = found.operations
    assert (operation.name, attributes_of(operation)["rookery.is_compiled"]) == ("mutation", True)
    assert len(found.batches) == len(batches) > 0
    assert all(is_below(batch, operation) for batch in found.batches)


async def test_error_of_a_field_marks_the_operation(api: Api, world: World, found: Spans) -> None:
    assert (await api.run(HOME, first=3)).codes == ["UNAUTHENTICATED"]
    [operation] = found.operations
    assert operation.status.status_code is StatusCode.ERROR
    attributes = attributes_of(operation)
    assert (attributes["rookery.errors"], attributes["error.type"]) == (1, "UnauthenticatedError")


async def test_error_of_a_batch_marks_the_batch_and_the_operation(
    api: Api, world: World, found: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_self: UserByHandleLoader, _keys: Sequence[Any]) -> Any:
        raise UnavailableError("words")

    monkeypatch.setattr(UserByHandleLoader, "fetch", away)
    assert (await api.run(BY_HANDLE, handle="bob")).codes == ["UNAVAILABLE"]
    assert {span.name for span in found.all} == {"query", "load UserByHandleLoader"}
    for span in found.all:
        assert span.status.status_code is StatusCode.ERROR
        assert attributes_of(span)["error.type"] == "UnavailableError"
        assert "words" not in span.to_json()


@pytest.mark.parametrize(
    ("document", "name", "error"),
    [
        ("{ viewer { email", "operation", "GraphQLSyntaxError"),
        ("query Q { nothing }", "query", "GraphQLError"),
        (DEAR, "query", "CostExceededError"),
    ],
    ids=["cannot be parsed", "not valid", "too dear"],
)
async def test_refused_document_is_a_failed_operation_without_batches(
    api: Api, found: Spans, document: str, name: str, error: str
) -> None:
    assert (await api.run(document)).errors
    [span] = found.all
    assert (span.name, span.status.status_code) == (name, StatusCode.ERROR)
    attributes = attributes_of(span)
    assert (attributes["error.type"], attributes["rookery.errors"]) == (error, 1)
    assert "rookery.is_compiled" not in attributes


async def test_operation_that_is_stopped_is_marked(
    services: ProcessServices, world: World, found: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_ended = asyncio.Event()

    async def endless(_self: UserByHandleLoader, _keys: Sequence[Any]) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    monkeypatch.setattr(UserByHandleLoader, "fetch", endless)
    context = services.open_context(None, client_ip="", request_id="r")
    with suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await services.schema.execute(BY_HANDLE, {"handle": "bob"}, context_value=context)
    [operation] = found.operations
    assert (operation.status.status_code, attributes_of(operation)["error.type"]) == (
        StatusCode.ERROR,
        "CancelledError",
    )
    assert has_ended.is_set()


async def test_each_event_of_a_subscription_is_an_operation(
    services: ProcessServices, world: World, worker: Worker, found: Spans
) -> None:
    count = 3
    async with listening(services, world.alice) as bodies:
        await anext(bodies)
        for number in range(count):
            await world.post(world.bob, f"post {number}")
            await worker.settle()
            event = await anext(bodies)
            assert event["data"]["homeFeed"]["edge"]["node"]["body"] == f"post {number}"
    assert [span.name for span in found.operations] == ["subscription"] * (1 + count)
    for operation in found.operations:
        attributes = attributes_of(operation)
        assert operation.parent is None
        assert (attributes["graphql.operation.name"], attributes["rookery.is_compiled"]) == ("LiveHome", True)
        assert attributes["rookery.document_sha256"] == sha256_of(LIVE_HOME)
        assert attributes["rookery.errors"] == 0
    # The replies are loaded while an event is executed; who looked whether there is an event is below nothing.
    below = [batch for batch in found.batches if any(is_below(batch, operation) for operation in found.operations)]
    assert len({batch.parent.span_id for batch in below if batch.parent}) == count
    assert all(batch.parent is None for batch in found.batches if batch not in below)


@pytest.mark.parametrize(
    ("document", "error"),
    [(LIVE_HOME, "UnauthenticatedError"), ("subscription { nothing }", "GraphQLError")],
    ids=["no viewer", "not valid"],
)
async def test_refused_subscription_is_one_failed_operation(
    services: ProcessServices, found: Spans, document: str, error: str
) -> None:
    context = services.open_context(None, client_ip="", request_id="r")
    request = GraphQLRequest(document)
    async with aclosing(subscribe(services, context, request, request_id="r")) as outcomes:
        assert [bool(outcome.errors) async for outcome in outcomes] == [True]
    [span] = found.all
    assert (span.name, span.status.status_code, span.parent) == ("subscription", StatusCode.ERROR, None)
    attributes = attributes_of(span)
    assert (attributes["error.type"], attributes["rookery.document_sha256"]) == (error, sha256_of(document))


async def test_subscription_that_is_first_taken_for_a_query_leaves_no_span(
    services: ProcessServices, found: Spans
) -> None:
    context = services.open_context(None, client_ip="", request_id="r")
    with pytest.raises(OperationTypeRefusedError):  # a socket finds out in this way
        await execute(services, context, GraphQLRequest(LIVE_HOME), request_id="r")
    assert found.all == ()


async def test_shadow_run_is_not_in_the_span_of_the_operation(
    settings: Settings, world: World, found: Spans, batches: list[tuple[str, int]]
) -> None:
    services = ProcessServices(settings.model_copy(update={"shadow_reads_per_thousand": 1000}), tracer=found.tracer)
    await services.start()
    context = services.open_context(None, client_ip="", request_id="r")
    await services.schema.execute(BY_HANDLE, {"handle": "bob"}, context_value=context)
    assert services.shadow is not None
    await asyncio.wait(services.shadow.tasks)
    assert services.shadow.shadowed_count == 1
    assert len(batches) == 2  # one of them on graphql-core's executor
    assert (len(found.operations), len(found.batches)) == (1, 1)
    await services.stop()


async def test_kill_switch_is_told_as_the_reason(settings: Settings, world: World, found: Spans) -> None:
    services = ProcessServices(settings.model_copy(update={"compiled_execution": False}), tracer=found.tracer)
    await services.start()
    async with listening(services, world.alice) as bodies:
        await anext(bodies)
    context = services.open_context(None, client_ip="", request_id="r")
    await services.schema.execute(BY_HANDLE, {"handle": "bob"}, context_value=context)
    assert [span.name for span in found.operations] == ["subscription", "query"]
    for operation in found.operations:
        attributes = attributes_of(operation)
        assert attributes["rookery.is_compiled"] is False
        assert attributes["rookery.why_not_compiled"] == SWITCHED_OFF
    assert is_below(found.batches[-1], found.operations[-1])
    await services.stop()


async def test_without_a_tracer_nothing_is_begun(
    settings: Settings, world: World, batches: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(spans, "begun", lambda *args, **options: begun.append((args, options)))
    services = ProcessServices(settings)
    await services.start()
    context = services.open_context(None, client_ip="", request_id="r")
    result = await services.schema.execute(BY_HANDLE, {"handle": "bob"}, context_value=context)
    assert result.data == {"user": {"displayName": "Bob"}}
    assert len(batches) == 1
    assert services.tracer is None
    assert "Traced" not in type(services.schema).__name__
    assert begun == []
    await services.stop()
