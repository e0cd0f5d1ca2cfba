"""COMPILED_EXECUTION=false leaves everything to graphql-core, and the API answers as before."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from app.counting import CountsLog
from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from compiler import CompiledExecutor
from compiler.executor import PlanCache
from schema.documents import DocumentCache, core_schema
from schema.root import build_schema
from tests.api.live import listening
from tests.api.test_home_feed import HOME
from tests.fixtures.api import Api
from tests.worlds import World, post_id

LIKE = "mutation ($id: ID!) { likePost(input: {postId: $id}) { post { likeCount } errors { code } } }"


@pytest.fixture
def is_compiled() -> bool:
    return True


@pytest.fixture
def settings(settings: Settings, *, is_compiled: bool) -> Settings:
    """With the switch as the test wants it."""
    return settings.model_copy(update={"compiled_execution": is_compiled})


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> PlanCache:
    """What the compiler counts in this test."""
    plans = PlanCache()
    monkeypatch.setattr(CompiledExecutor, "plans", plans)
    return plans


@pytest.mark.parametrize("is_compiled", [True, False], ids=["on", "off"])
async def test_switch_decides_who_runs_queries_and_mutations(
    api: Api, world: World, counters: PlanCache, *, is_compiled: bool
) -> None:
    post = await world.post(world.bob, "from bob")
    data = await api.data(HOME, by=world.alice, first=10)
    assert [edge["node"]["body"] for edge in data["homeFeed"]["edges"]] == ["from bob"]
    liked = await api.data(LIKE, by=world.alice, id=post_id(post))
    assert liked["likePost"] == {"post": {"likeCount": 1}, "errors": []}
    assert (counters.compiled_count, counters.fallback_count) == ((2, 0) if is_compiled else (0, 0))


@pytest.mark.parametrize("is_compiled", [True, False], ids=["on", "off"])
async def test_switch_decides_who_runs_the_events_of_subscriptions(
    services: ProcessServices, world: World, worker: Worker, counters: PlanCache, *, is_compiled: bool
) -> None:
    events: list[Any] = []
    async with listening(services, world.alice) as bodies:
        events.append(await anext(bodies))
        for body in ("first", "second"):
            await world.post(world.bob, body)
            await worker.settle()
            events.append(await anext(bodies))
    assert not any(event.get("errors") for event in events)
    started, *added = [event["data"]["homeFeed"] for event in events]
    assert started["__typename"] == "Started"
    assert [event["edge"]["node"] for event in added] == [
        {"body": body, "author": {"handle": "bob"}, "replies": {"edges": []}} for body in ("first", "second")
    ]
    assert (counters.compiled_count, counters.fallback_count) == ((3, 0) if is_compiled else (0, 0))


async def test_counts_are_told_while_they_change_and_once_at_the_end(
    settings: Settings, api: Api, world: World, counters: PlanCache
) -> None:
    services = ProcessServices(settings)
    await services.start()
    with capture_logs() as lines:
        for _ in range(3):
            assert (await services.schema.execute("{ __typename }")).errors is None
        await services.stop()
    [line] = [line for line in lines if line["event"] == "operations"]
    assert (line["log_level"], line["compiled"], line["fallback"]) == ("debug", 3, 0)

    schema = build_schema(suggests_fields=False)
    told = CountsLog("operations", lambda: {**schema.counts._asdict()})
    with capture_logs() as lines:
        told.tell()
        await schema.execute("{ __typename }")
        told.tell()
        told.tell()
    assert [line["compiled"] for line in lines] == [4]


def test_forgotten_documents_are_counted() -> None:
    schema = core_schema(build_schema(suggests_fields=False))
    cache = DocumentCache(most_documents=2)
    for name in "abcd":
        cache.document(schema, f"{{ {name}: __typename }}")
    assert (len(cache), cache.evicted_count) == (2, 2)
