"""What the limiter costs: hostile documents, its share of a feed, and the memory that documents sent once leave behind.

All by the application's own code: `DocumentCache` and `Document.problems` are what a request goes through between its
JSON and its first resolver.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError, GraphQLSchema
from rich.console import Console

from benchmarks import hostile_documents, runner, usage
from benchmarks.contestants import OWN, Contestant, running
from benchmarks.goals import Verdict
from benchmarks.limiter_clock import CACHE, LIMITER
from benchmarks.report import Sheet, show_sheets
from benchmarks.runner import Options, Stage
from benchmarks.scenarios import DOCUMENTS, Call, Scenario
from schema.documents import DocumentCache, core_schema
from schema.root import build_schema

FEED = "HomeFeed"
RUNS = 5
LONGEST_MS = 100.0
LARGEST_SHARE = 0.02
DISTINCT_DOCUMENTS = 10_000
MOST_GROWN_MB = 60.0
LONGEST_OUTCOME = 32
# The rate is the server's; this only ends a run that hangs.
LONGEST_FLOOD_S = 1_800.0


@dataclass(frozen=True, slots=True)
class Hostile:
    """How long the server worked on a document before it knew what to do with it. CPU times."""

    name: str
    tokens: int
    chars: int
    outcome: str
    median_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class Share:
    """What part of the server's CPU time per feed the limiter has, and the look into the cache before it."""

    limiter_us: float
    cache_us: float
    server_us: float

    @property
    def of_limiter(self) -> float:
        return self.limiter_us / self.server_us

    @property
    def of_cache(self) -> float:
        return self.cache_us / self.server_us


@dataclass(frozen=True, slots=True)
class Growth:
    """The server's memory before and after so many documents, each sent once."""

    documents: int
    before_mb: float
    after_mb: float

    @property
    def grown_mb(self) -> float:
        return self.after_mb - self.before_mb


class Judged(NamedTuple):
    """A goal as the table shows it."""

    verdict: Verdict
    bound: str
    found: str


def run(options: Options, *, console: Console, report: Callable[[str], None], is_markdown: bool) -> Sequence[Verdict]:
    """Measures, and prints what was found as soon as it is; gives the verdicts. Raises RuntimeError when a request
    fails.
    """

    def show(sheet: Sheet) -> None:
        show_sheets([sheet], console=console, is_markdown=is_markdown)

    report(f"{RUNS} times each of the hostile documents …")
    hostile = measured_documents()
    show(_sheet_of_documents(hostile))
    with runner.staged(replace(options, scenarios=[FEED]), report=report) as (stage, chosen):
        (scenario,) = chosen
        report("The limiter's share of a feed …")
        share = measured_share(scenario, stage, options)
        show(_sheet_of_share(share))
        report(f"{DISTINCT_DOCUMENTS} documents, each once …")
        growth = measured_growth(scenario, stage)
        show(_sheet_of_growth(growth))
    judged = _judged(hostile, share, growth)
    show(_sheet_of_goals(judged))
    return [each.verdict for each in judged]


def measured_documents() -> Sequence[Hostile]:
    """Every hostile document, on the schema as it is in production; the slowest first."""
    schema = core_schema(build_schema(suggests_fields=False))
    # What the first validation of all makes once is not this document's.
    _outcome(schema, (DOCUMENTS / f"{FEED}.graphql").read_text(), {"first": 20})
    found = [_measured(schema, name, text) for name, text in hostile_documents.documents().items()]
    return sorted(found, key=lambda each: -each.median_ms)


def _measured(schema: GraphQLSchema, name: str, text: str) -> Hostile:
    outcome = ""
    used_ms = []
    for _ in range(RUNS):
        gc.collect()  # so that no document pays for what others have left
        begin_s = time.process_time()
        outcome = _outcome(schema, text, {})
        used_ms.append((time.process_time() - begin_s) * 1_000)
    return Hostile(
        name=name,
        tokens=hostile_documents.token_count(text),
        chars=len(text),
        outcome=outcome,
        median_ms=median(used_ms),
        slowest_ms=max(used_ms),
    )


def _outcome(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> str:
    """What becomes of a document that nobody has sent before, up to where it would be run."""
    problems: Sequence[GraphQLError]
    try:
        problems = DocumentCache().document(schema, text).problems(None, variables)
    except GraphQLError as error:
        problems = [error]
    if not problems:
        return "served"
    message = problems[0].message
    return message if len(message) <= LONGEST_OUTCOME else f"{message[: LONGEST_OUTCOME - 1]}…"


def measured_share(scenario: Scenario, stage: Stage, options: Options) -> Share:
    """From a server under load that clocks its limiter; what it uses in all is measured from outside, as always."""
    (rookery,) = (each for each in OWN if each.name == "rookery")
    path, uncounted = stage.directory / "limiter.json", runner.WARM_UP_ROUNDS * len(scenario.calls)
    command = (rookery.command[0], "-m", "benchmarks.limiter_clock", str(path), str(uncounted))
    clocked = replace(rookery, name="rookery-clocked", command=command)
    with running(clocked, environment=stage.environment, log=stage.directory / f"{clocked.name}.log") as server:
        runner.warm_up(server, scenario, stage)
        before_s = usage.cpu_s(server.pid)
        seconds = options.seconds * options.rounds
        result = runner.put_load(server, runner.requests_of(server, scenario), stage, seconds=seconds)
        server_us = (usage.cpu_s(server.pid) - before_s) * 1e6 / result.answers
    if not path.exists():
        raise RuntimeError("The server did not end in order, so its clocks are lost.")
    found = orjson.loads(path.read_bytes())
    return Share(limiter_us=found[LIMITER]["mean_us"], cache_us=found[CACHE]["mean_us"], server_us=server_us)


def measured_growth(scenario: Scenario, stage: Stage) -> Growth:
    """Of a server that has served feeds already: documents as large as a feed's, no two alike."""

    def distinct(name: str) -> Scenario:
        return replace(scenario, document=scenario.document.replace("likeCount", f"{name}: likeCount", 1))

    rookery: Contestant = next(each for each in OWN if each.name == "rookery")
    calls: Sequence[Call] = scenario.calls
    with running(rookery, environment=stage.environment, log=stage.directory / "growth.log") as server:
        runner.warm_up(server, scenario, stage)
        before_mb = usage.resident_bytes(server.pid) / 1e6
        requests = [
            server.request(distinct(f"likes{number}"), calls[number % len(calls)]).decode()
            for number in range(DISTINCT_DOCUMENTS)
        ]
        runner.put_load(server, requests, stage, seconds=LONGEST_FLOOD_S, most_requests=DISTINCT_DOCUMENTS)
        return Growth(DISTINCT_DOCUMENTS, before_mb, usage.resident_bytes(server.pid) / 1e6)


def _sheet_of_documents(hostile: Sequence[Hostile]) -> Sheet:
    return Sheet(
        title=f"Hostile documents: parsed, measured, validated and priced; median and slowest of {RUNS}, CPU",
        headings=("document", "outcome", "tokens", "chars", "median ms", "slowest ms"),
        texts=2,
        rows=[
            (
                each.name,
                each.outcome,
                str(each.tokens),
                str(each.chars),
                f"{each.median_ms:.1f}",
                f"{each.slowest_ms:.1f}",
            )
            for each in hostile
        ],
    )


def _sheet_of_share(share: Share) -> Sheet:
    return Sheet(
        title=f"One {FEED} whose document is known, CPU",
        headings=("part", "µs", "share"),
        texts=1,
        rows=[
            ("all of the server", f"{share.server_us:.1f}", ""),
            ("finding the document", f"{share.cache_us:.2f}", f"{share.of_cache:.2%}"),
            ("the limiter", f"{share.limiter_us:.2f}", f"{share.of_limiter:.2%}"),
        ],
    )


def _sheet_of_growth(growth: Growth) -> Sheet:
    return Sheet(
        title=f"Memory of the server, {growth.documents} documents as large as {FEED}'s, each sent once",
        headings=("when", "MB"),
        texts=1,
        rows=[("before", f"{growth.before_mb:.1f}"), ("after", f"{growth.after_mb:.1f}")],
    )


def _judged(hostile: Sequence[Hostile], share: Share, growth: Growth) -> Sequence[Judged]:
    (million,) = (each for each in hostile if each.name == hostile_documents.MILLION_FRAGMENTS_NAME)
    goals = (
        ("2^20 fragments refused, CPU ms", LONGEST_MS, million.median_ms, f"{million.median_ms:.1f}"),
        ("slowest document, CPU ms", LONGEST_MS, hostile[0].median_ms, f"{hostile[0].median_ms:.1f}"),
        (f"the limiter's share of {FEED}", LARGEST_SHARE, share.of_limiter, f"{share.of_limiter:.2%}"),
        (f"MB more after {growth.documents} documents", MOST_GROWN_MB, growth.grown_mb, f"{growth.grown_mb:.1f}"),
    )
    return [Judged(Verdict(what, value <= bound), f"{bound:g}", shown) for what, bound, value, shown in goals]


def _sheet_of_goals(judged: Sequence[Judged]) -> Sheet:
    return Sheet(
        title="Goals",
        headings=("goal", "", "at most", "found"),
        texts=2,
        rows=[(each.verdict.goal, str(each.verdict), each.bound, each.found) for each in judged],
    )
