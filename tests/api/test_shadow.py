"""Shadow runs: clients notice nothing, a wrong answer of one executor is told, and what merely changes is not."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError
from structlog.testing import capture_logs

from app.services import ProcessServices
from app.settings import Settings
from compiler import CompiledOperation
from core.errors import UnavailableError
from schema.differences import Answer, differences, lasting, shown
from schema.documents import sha256_of
from schema.shadow import MOST_AT_ONCE, MOST_PATHS_TOLD, Query, Shadow
from tests.api.live import listening
from tests.api.test_home_feed import HOME
from tests.fixtures.api import Api
from tests.worlds import World, post_id

WITHIN_S = 10
HANDLE = "query Me { viewer { user { handle } } }"
LIKE = "mutation ($id: ID!) { likePost(input: {postId: $id}) { errors { code } } }"

Execute = Callable[..., Awaitable[ExecutionResult]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Every query is run on both executors."""
    return settings.model_copy(update={"shadow_reads_per_thousand": 1000})


@pytest.fixture
def shadow(services: ProcessServices) -> Shadow:
    assert services.shadow is not None
    return services.shadow


async def ended(shadow: Shadow) -> None:
    """Waits for the runs that are under way."""
    if shadow.tasks:
        _, late = await asyncio.wait(shadow.tasks, timeout=WITHIN_S)
        assert not late


@pytest.fixture
def wrong_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plants a bug: compiled operations give another handle."""
    right: Execute = CompiledOperation.execute

    async def execute(self: CompiledOperation, *args: Any, **options: Any) -> ExecutionResult:
        result = await right(self, *args, **options)
        result.data["viewer"]["user"]["handle"] += " wrong"  # type: ignore[index]
        return result

    monkeypatch.setattr(CompiledOperation, "execute", execute)


async def test_right_answers_differ_nowhere_though_they_hold_times_and_cursors_of_now(
    api: Api, world: World, shadow: Shadow
) -> None:
    for number in range(4):
        post = await world.post(world.bob, f"post {number}")
        await world.post(world.dan, "a reply", reply_to=post)
    with capture_logs() as lines:
        for _ in range(4):
            data = await api.data(HOME, by=world.alice, first=3)
            assert data["homeFeed"]["eventCursor"]
            await ended(shadow)
    assert (shadow.shadowed_count, shadow.different_count, shadow.undecided_count) == (4, 0, 0)
    assert lines == []


async def test_wrong_answer_is_told_by_its_path_and_never_by_its_value(
    api: Api, world: World, shadow: Shadow, wrong_handles: None
) -> None:
    with capture_logs() as lines:
        answer = await api.run(HANDLE, by=world.alice)
        assert answer.data == {"viewer": {"user": {"handle": "alice wrong"}}}
        await ended(shadow)
    [line] = lines
    assert line["event"] == "executors differ"
    assert (line["operation"], line["document_sha256"]) == ("Me", sha256_of(HANDLE))
    assert (line["differences"], line["paths"]) == (1, ["data.viewer.user.handle"])
    assert "alice" not in json.dumps(line)
    assert (shadow.shadowed_count, shadow.different_count) == (1, 1)


async def test_wrong_error_is_told(api: Api, world: World, shadow: Shadow, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_self: Query) -> Answer:
        return Answer(None, [GraphQLError("somebody's words", path=["viewer"])])

    monkeypatch.setattr(Query, "on_graphql_core", refused)
    with capture_logs() as lines:
        await api.data(HANDLE, by=world.alice)
        await ended(shadow)
    [line] = lines
    assert line["paths"] == ["data", "errors"]
    assert "words" not in json.dumps(line)


async def test_only_the_first_paths_are_told(
    api: Api, world: World, shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = " ".join(f"a{number}: __typename" for number in range(20))

    async def nothing(_self: Query) -> Answer:
        return Answer({f"a{number}": "Nothing" for number in range(20)}, [])

    monkeypatch.setattr(Query, "on_graphql_core", nothing)
    with capture_logs() as lines:
        await api.data(f"{{ {names} }}")
        await ended(shadow)
    [line] = lines
    assert line["differences"] == 20
    assert line["paths"] == [f"data.a{number}" for number in range(MOST_PATHS_TOLD)]


async def test_post_that_comes_between_the_runs_is_no_difference(
    api: Api, world: World, shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_graphql_core = Query.on_graphql_core
    seen: list[int] = []

    async def later(self: Query) -> Answer:
        await world.post(world.alice, "meanwhile")
        answer = await on_graphql_core(self)
        seen.append(len(answer.data["homeFeed"]["edges"]))
        return answer

    monkeypatch.setattr(Query, "on_graphql_core", later)
    await world.post(world.bob, "before")
    with capture_logs() as lines:
        await api.data(HOME, by=world.alice, first=10)
        await ended(shadow)
    assert seen == [2, 3]
    assert (shadow.shadowed_count, shadow.different_count) == (1, 0)
    assert lines == []


async def test_part_that_does_not_answer_decides_nothing(
    api: Api, world: World, shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_self: Query) -> Answer:
        return Answer(None, [GraphQLError("away", path=["viewer"], original_error=UnavailableError("away"))])

    monkeypatch.setattr(Query, "on_graphql_core", away)
    with capture_logs() as lines:
        await api.data(HANDLE, by=world.alice)
        await ended(shadow)
    assert (shadow.shadowed_count, shadow.different_count, shadow.undecided_count) == (0, 0, 1)
    assert lines == []


async def test_run_that_fails_is_told_and_hurts_nobody(
    api: Api, world: World, shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: Query) -> Answer:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Query, "on_graphql_core", broken)
    with capture_logs() as lines:
        assert (await api.data(HANDLE, by=world.alice))["viewer"]["user"]["handle"] == "alice"
        await ended(shadow)
    assert [line["event"] for line in lines] == ["shadow run failed"]
    assert shadow.undecided_count == 1


@pytest.fixture
async def stuck(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """Shadow runs that wait until this is set."""
    go = asyncio.Event()
    on_graphql_core = Query.on_graphql_core

    async def waiting(self: Query) -> Answer:
        await go.wait()
        return await on_graphql_core(self)

    monkeypatch.setattr(Query, "on_graphql_core", waiting)
    yield go
    go.set()


async def test_clients_do_not_wait_and_runs_beyond_the_bound_are_left_out(
    api: Api, world: World, shadow: Shadow, stuck: asyncio.Event
) -> None:
    for _ in range(MOST_AT_ONCE + 3):
        assert (await api.data(HANDLE, by=world.alice))["viewer"]["user"]["handle"] == "alice"
    assert len(shadow.tasks) == MOST_AT_ONCE
    assert shadow.skipped_count == 3
    stuck.set()
    await ended(shadow)
    assert (shadow.shadowed_count, len(shadow.tasks)) == (MOST_AT_ONCE, 0)


async def test_runs_end_when_the_process_stops(settings: Settings, world: World, stuck: asyncio.Event) -> None:
    services = ProcessServices(settings)
    await services.start()
    context = services.open_context(world.alice.viewer, client_ip="", request_id="")
    assert (await services.schema.execute(HANDLE, context_value=context)).errors is None
    assert services.shadow is not None
    [task] = services.shadow.tasks
    await asyncio.wait_for(services.stop(), WITHIN_S)
    assert task.cancelled()
    assert not services.shadow.tasks


async def test_run_that_takes_too_long_is_given_up(settings: Settings, world: World, stuck: asyncio.Event) -> None:
    services = ProcessServices(settings.model_copy(update={"operation_deadline_s": 0.2}))
    await services.start()
    context = services.open_context(world.alice.viewer, client_ip="", request_id="")
    await services.schema.execute(HANDLE, context_value=context)
    assert services.shadow is not None
    await ended(services.shadow)
    assert (services.shadow.undecided_count, services.shadow.shadowed_count) == (1, 0)
    await services.stop()


async def test_mutations_subscriptions_and_refused_documents_are_run_once(
    api: Api, services: ProcessServices, world: World, shadow: Shadow
) -> None:
    post = await world.post(world.bob, "a post")
    await api.data(LIKE, by=world.alice, id=post_id(post))
    async with listening(services, world.alice) as bodies:
        assert (await anext(bodies))["data"]["homeFeed"]["__typename"] == "Started"
    assert (await api.run("{ nothing }")).errors
    assert (shadow.shadowed_count, shadow.skipped_count, len(shadow.tasks)) == (0, 0, 0)
    await api.data("{ __typename }")
    await ended(shadow)
    assert shadow.shadowed_count == 1


async def test_about_the_share_that_was_asked_for_is_run_twice(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = Shadow(per_thousand=250, deadline_s=WITHIN_S)
    services = ProcessServices(settings)
    schema = services.schema
    monkeypatch.setattr(schema, "shadow", shadow)
    for _ in range(400):
        await schema.execute("{ __typename }", context_value=services.open_context(None, client_ip="", request_id=""))
        await ended(shadow)
    assert 50 < shadow.shadowed_count < 150
    assert shadow.different_count == 0
    services.resources.passwords.close()


def test_nothing_is_run_twice_unless_asked_for(settings: Settings) -> None:
    services = ProcessServices(settings.model_copy(update={"shadow_reads_per_thousand": 0}))
    assert services.shadow is None
    services.resources.passwords.close()


NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "right", "paths"),
    [
        ({"at": NOW}, {"at": NOW.isoformat()}, []),
        ({"at": NOW}, {"at": "2026-01-02"}, ["data.at"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["data"]),
        ({"a": 1}, {"a": True}, ["data.a"]),
        ({"a": 1}, {"a": 1.0}, ["data.a"]),
        ({"a": None}, {"a": {"b": 1}}, ["data.a"]),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, ["data.a.1.b"]),
        ({"a": [1, 2]}, {"a": [1]}, ["data.a"]),
        ({"a": [[], [1]]}, {"a": [[], [1]]}, []),
    ],
)
def test_differences_are_found_by_what_a_client_would_get(left: Any, right: Any, paths: list[str]) -> None:
    found = differences(Answer(left, []), Answer(right, []))
    assert [shown(path) for path in found] == paths


def test_errors_are_compared_where_their_position_survives() -> None:
    data = {"a": {"b": None}, "c": None}
    own = GraphQLError("of b", path=["a", "b"])
    below, other_below = GraphQLError("x", path=["c", "d"]), GraphQLError("y", path=["c", 0, "e"])
    assert differences(Answer(data, [own, below]), Answer(data, [other_below, own])) == {}
    other = GraphQLError("of another", path=["a", "b"])
    assert list(differences(Answer(data, [own, below]), Answer(data, [other, below]))) == [("errors", "a", "b")]
    assert list(differences(Answer(data, [own, below]), Answer(data, [own]))) == [("errors", "c")]
    astray = GraphQLError("astray", path=["a", "z", "q"])
    assert list(differences(Answer(data, [astray]), Answer(data, []))) == [("errors", "a", "z", "q")]


@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [
        (("x", "y"), ("x", "y"), True),
        (("x", "y"), ("y", "y2"), False),  # it changed
        (("now 1", "now 2"), ("now 3", "now 4"), False),  # it is new each time
        (("now 1", None), ("now 3", None), True),  # but never null
        ((1, True), (1, True), True),
    ],
)
def test_difference_counts_if_it_lasts(first: tuple[Any, Any], second: tuple[Any, Any], *, is_told: bool) -> None:
    assert lasting({("data", "a"): first}, {("data", "a"): second}) == ([("data", "a")] if is_told else [])
