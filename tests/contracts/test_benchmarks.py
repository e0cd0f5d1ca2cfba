"""The benchmarks compare like with like, and end at the first thing that is wrong."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    parse,
    validate,
)
from graphql import build_schema as build_from_text
from rich.console import Console

from app.embedded.processes import is_running
from app.settings import CHECKOUT
from app.worker import Worker
from benchmarks import data, goals, hostile_documents, peer_servers, report, runner, scenarios, search, writes
from benchmarks import world as bench_world
from benchmarks.contestants import HAND_WRITTEN_TIMELINE, OWN, Contestant, running
from benchmarks.goals import GOALS, OURS, GoalsMissedError
from benchmarks.runner import DifferentAnswersError, Measurement, Stage
from benchmarks.scenarios import DOCUMENTS, FEED_LENGTH, Call, Scenario
from core.paging import Listing, encode_cursor
from schema.documents import LONGEST_CHARS, MOST_TOKENS, DocumentCache, core_schema
from schema.root import build_schema
from tests.worlds import World

PATHS = sorted(DOCUMENTS.glob("*.graphql"))
# Those that the peers are not asked.
OWN_PATHS = sorted(DOCUMENTS.glob("own/*.graphql"))
SCENARIO = Scenario("Toy", "{ __typename }", [Call({}, "token")])
# Answers every POST with the text that it finds in its environment.
TOY_SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(os.environ["ANSWER"].encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="Benchmarks pin processes to cores.")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=False))


@pytest.fixture(scope="module")
def slice_of_peers() -> GraphQLSchema:
    source = (peer_servers.FOLDER / "shared" / "schema.js").read_text()
    text = re.search(r"`(.*)`", source, re.DOTALL)
    assert text is not None
    return build_from_text(text[1])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    # No scenario here asks a database for anything.
    return Stage(url="", postgres_pid=os.getpid(), redis_pid=os.getpid(), directory=tmp_path, environment={})


def toy(answer: object, *, name: str = "toy") -> Contestant:
    return Contestant(name, (sys.executable, "-c", TOY_SERVER), environment={"ANSWER": json.dumps(answer)})


@pytest.mark.parametrize("path", [*PATHS, *OWN_PATHS], ids=lambda path: path.stem)
def test_document_is_valid_and_within_the_limits(schema: GraphQLSchema, path: Path) -> None:
    document = DocumentCache().document(schema, path.read_text())
    assert not document.problems(path.stem, {"first": FEED_LENGTH})


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_document_is_valid_for_the_peers(slice_of_peers: GraphQLSchema, path: Path) -> None:
    assert validate(slice_of_peers, parse(path.read_text())) == []


def members_of(kind: GraphQLNamedType) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """Each field with its type and those of its arguments; of an enum, its values."""
    if is_enum_type(kind):
        yield from ((name, ("", {})) for name in kind.values)
    elif is_object_type(kind) or is_interface_type(kind):
        for name, field in kind.fields.items():
            yield name, (str(field.type), {name: str(argument.type) for name, argument in field.args.items()})
    elif is_input_object_type(kind):
        yield from ((name, (str(field.type), {})) for name, field in kind.fields.items())


def test_schema_of_the_peers_is_a_slice_of_ours(schema: GraphQLSchema, slice_of_peers: GraphQLSchema) -> None:
    for kind in slice_of_peers.type_map.values():
        if kind.name.startswith("__"):
            continue
        ours = dict(members_of(schema.type_map[kind.name]))
        for name, (result, arguments) in members_of(kind):
            assert result == ours[name][0], f"{kind.name}.{name}"
            assert arguments.items() <= ours[name][1].items(), f"{kind.name}.{name}"


def test_goals_are_about_servers_and_scenarios_that_there_are() -> None:
    contestants = {*(each.name for each in OWN), HAND_WRITTEN_TIMELINE.name, *peer_servers.NAMES}
    assert {OURS, *(goal.other for goal in GOALS)} <= contestants
    assert {goal.scenario for goal in GOALS} <= set(scenarios.names())


@pytest.mark.parametrize(("ratio", "is_reached"), [(14.0, True), (12.0, True), (11.0, False)])
def test_a_run_that_requires_its_goals_fails_where_one_is_missed(ratio: float, *, is_reached: bool) -> None:
    """Of those whose contestants took part: here our executor is to be twelve times as fast as the other."""
    measurements = [
        Measurement("HomeFeed", contestant, 1, 1, cpu_ms, 0.0, 0.0, 0.0, requests_per_s=1.0, p50_ms=0.0, p99_ms=0.0)
        for contestant, cpu_ms in ((OURS, 0.5), ("uncompiled", 0.5 * ratio))
    ]
    verdicts = report.show(measurements, console=Console(quiet=True))
    assert [verdict.is_reached for verdict in verdicts] == [is_reached]
    if is_reached:
        goals.require(verdicts)
    else:
        with pytest.raises(GoalsMissedError, match="1 of 1 goals missed: HomeFeed, server CPU: uncompiled / rookery"):
            goals.require(verdicts)


def test_a_run_that_requires_goals_and_has_measured_none_fails() -> None:
    measurements = [Measurement("HomeFeed", OURS, 1, 1, 0.5, 0.0, 0.0, 0.0, requests_per_s=1.0, p50_ms=0.0, p99_ms=0.0)]
    verdicts = report.show(measurements, console=Console(quiet=True))
    with pytest.raises(GoalsMissedError, match="No goal was measured"):
        goals.require(verdicts)


@needs_linux
@pytest.mark.long
def test_timelines_are_measured_from_end_to_end(data_dir: Path) -> None:
    """In a tiny world, whose numbers say nothing: goals may be reached or missed, and the exit status says which."""
    arguments = ("--scale", "0.001", "--data-dir", str(data_dir), "--markdown", "--require-goals")
    command = [sys.executable, "-m", "benchmarks", "timelines", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    for measured in (
        "fan-out, generated graph",
        "bytes of 800 entries",
        "first page by SQL, 50 follows",
        "first page by SQL, 5,000 follows",
        "looking up a page",
        "a page of a list",
        "a small author's post beside",
    ):
        assert [row for row in rows if row[0].startswith(measured)], (measured, done.stdout, done.stderr)
    verdicts = [row[-1] for row in rows if row[-1] in {"reached", "missed"}]
    assert len(verdicts) == 6
    assert done.returncode == ("missed" in verdicts), done.stderr
    assert ("goals missed" in done.stderr) == ("missed" in verdicts)


def test_packages_of_the_peers_are_pinned_to_exact_versions_without_addresses() -> None:
    wanted: Mapping[str, str] = json.loads((peer_servers.FOLDER / "package.json").read_text())["dependencies"]
    text = (peer_servers.FOLDER / "package-lock.json").read_text()
    locked = json.loads(text)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert '"resolved"' not in text
    # Two of them would be two worlds of types.
    assert [path for path in locked if path.endswith("node_modules/graphql")] == ["node_modules/graphql"]


@pytest.mark.parametrize(
    ("scenario", "listing"),
    [("HomeFeed", Listing.HOME_FEED), ("Profile", Listing.USER_POSTS)],
)
def test_cursors_of_postgraphile_are_read_as_ours(scenario: str, listing: Listing) -> None:
    def page(cursor: str | None) -> Any:
        return {"posts": {"edges": [{"node": {"id": "x"}}], "pageInfo": {"hasNextPage": True, "endCursor": cursor}}}

    theirs = base64.b64encode(json.dumps(["0123456789", "3540515419188104119"]).encode()).decode()
    asked = Scenario(scenario, "", [])
    assert peer_servers.with_our_cursors(asked, page(theirs)) == page(encode_cursor(listing, 3540515419188104119))
    assert peer_servers.with_our_cursors(asked, page(None)) == page(None)


def test_hostile_documents_use_up_what_is_allowed_and_no_more() -> None:
    documents = hostile_documents.documents()
    tokens = {name: hostile_documents.token_count(text) for name, text in documents.items()}
    assert max(tokens.values()) == MOST_TOKENS
    assert max(map(len, documents.values())) <= LONGEST_CHARS
    assert sum(count > MOST_TOKENS * 0.9 for count in tokens.values()) > len(tokens) / 2


def test_tagged_texts_mention_five_accounts_and_have_five_hashtags() -> None:
    rng = Random(1)
    for _ in range(100):
        mentions, hashtags = writes._mentions(rng, [f"wren_{number}" for number in range(9)]), writes._hashtags(rng)
        for words, pattern in ((mentions, r"@wren_[0-9]"), (hashtags, r"#[a-z]+")):
            assert len(set(words)) == len(words) == 5
            assert all(re.fullmatch(pattern, word) for word in words)


def test_sides_of_a_pair_are_compared_round_by_round() -> None:
    rates = {writes.ONE_POST: (50.0, 80.0, 400.0), writes.SPREAD: (100.0, 100.0, 800.0)}
    measurements = [
        Measurement(writes.LIKE, side, number, 1, 0.0, 0.0, 0.0, 0.0, requests_per_s=rate, p50_ms=0.0, p99_ms=0.0)
        for side, of_side in rates.items()
        for number, rate in enumerate(of_side, start=1)
    ]
    ratio = writes._ratio(measurements, writes.LIKE, writes.ONE_POST, writes.SPREAD, number="requests_per_s")
    assert ratio == 0.5


async def test_restoring_takes_away_new_posts_with_all_that_refers_to_them(
    world: World, worker: Worker, database_url: str
) -> None:
    for days, body in ((-1, "old"), (1, "new")):
        post = await world.post(world.bob, body, at=data.END + timedelta(days=days))
        await world.like(world.alice, post)
        await world.like(world.carol, post)
        await worker.settle()
        await world.like(world.dan, post)
    await bench_world.restore(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        assert [row["body"] for row in await connection.fetch("SELECT body FROM post")] == ["old"]
        assert await connection.fetchval("SELECT count(*) FROM post_like") == 3
        assert await connection.fetchval("SELECT count(*) FROM post_count") == 1
        assert await connection.fetchval("SELECT count(*) FROM count_delta") == 0
    finally:
        await connection.close()


def test_searches_are_within_the_limits(schema: GraphQLSchema) -> None:
    assert not DocumentCache().document(schema, search.DOCUMENT).problems(None, {"typed": "a"})


def test_names_are_typed_letter_by_letter() -> None:
    assert search.typed_texts(["@ada", "li"]) == {
        "1 letter": ["@a", "l"],
        "2 letters": ["@ad", "li"],
        "3 letters and more": ["@ada"],
        "while typing": ["@a", "l", "@ad", "li", "@ada"],
    }


@needs_linux
def test_server_that_answers_well_is_measured_and_gone_afterwards(stage: Stage) -> None:
    with running(toy({"data": {"__typename": "Query"}}), environment={}, log=stage.directory / "log") as server:
        requests = runner.requests_of(server, SCENARIO)
        result = runner.put_load(server, requests, stage, seconds=10, most_requests=300)
        assert is_running(server.pid)
    assert (result.answers, result.failures) == (300, 0)
    assert not is_running(server.pid)


@needs_linux
@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"message": "no"}]},
        {"data": {"__typename": None}, "errors": [{"message": "no"}]},
        {"data": {"createPost": {"errors": [{"message": "refused"}]}}},
    ],
    ids=["no data", "data and errors", "a refused mutation"],
)
def test_failed_answer_ends_the_run(stage: Stage, answer: object) -> None:
    with (
        running(toy(answer), environment={}, log=stage.directory / "log") as server,
        pytest.raises(RuntimeError, match="toy failed") as refusal,
    ):
        runner.put_load(server, runner.requests_of(server, SCENARIO), stage, seconds=10, most_requests=50)
    assert json.dumps(answer) in str(refusal.value)
    assert not is_running(server.pid)


@needs_linux
def test_different_answers_end_the_run_unless_the_field_is_volatile(stage: Stage) -> None:
    first, second = toy({"data": {"id": "a"}}, name="first"), toy({"data": {"id": "b"}}, name="second")
    with runner.started([first, second], stage) as field:
        with pytest.raises(DifferentAnswersError, match="second"):
            runner.compare(field, SCENARIO)
        volatile = Scenario(SCENARIO.name, SCENARIO.document, SCENARIO.calls, volatile=frozenset({"id"}))
        runner.compare(field, volatile)


@needs_linux
def test_server_that_does_not_start_is_named_with_what_it_says(stage: Stage) -> None:
    broken = Contestant("broken", (sys.executable, "-c", "raise SystemExit('no such port')"))
    with (
        pytest.raises(RuntimeError, match="broken does not start; it says: no such port"),
        running(broken, environment={}, log=stage.directory / "log"),
    ):
        pass


SHOW_HOME = """
import sys
from benchmarks.without_rules import take_rules_away
if sys.argv[1:]:
    take_rules_away()
from access.filters import Context
from loaders import home, wanted
form = wanted._form_of(wanted.Wanted(context=Context.HOME), None)
print(wanted._statement(home._select_home, form).statement.text)
"""
RULES = ("user_facts(", "post_facts(", "FROM mute", "keyword_filter")


def test_server_without_rules_has_none_in_its_statements() -> None:
    def shown(*arguments: str) -> str:
        command = [sys.executable, "-c", SHOW_HOME, *arguments]
        return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout

    ruled, unruled = shown(), shown("without")
    assert [rule for rule in RULES if rule not in ruled] == []
    assert [rule for rule in RULES if rule in unruled] == []
