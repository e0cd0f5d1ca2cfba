"""How long it takes to complete a mention: people type names letter by letter, and each letter is a search."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random

import asyncpg
import uvloop
from rich.console import Console

from benchmarks import runner, usage
from benchmarks.contestants import OWN, Running, running
from benchmarks.goals import Verdict
from benchmarks.report import Sheet, show_sheets
from benchmarks.runner import Options, Stage
from benchmarks.scenarios import Call, Scenario

DOCUMENT = """
query Search($typed: String!) {
  search(query: $typed, kind: USERS, first: 8) {
    edges { node { ... on User { id handle displayName avatarUrl viewerFollow } } }
  }
}
"""
# Whose viewers are those who type.
READERS = "HomeFeed"
TYPED_NAMES = 64
LONGEST_TYPED_CHARS = 12
LONGEST_P99_MS = 20.0
# All measurements together, without making the world and starting a server.
LONGEST_RUN_S = 48.0
_NAMES = "SELECT handle, display_name FROM account ORDER BY id"


@dataclass(frozen=True, slots=True)
class Found:
    """What it takes, over HTTP, after so many letters; one search at a time. CPU is per answer."""

    letters: str
    answers: int
    server_cpu_ms: float
    postgres_cpu_ms: float
    p50_ms: float
    p99_ms: float


def run(options: Options, *, console: Console, report: Callable[[str], None], is_markdown: bool) -> Sequence[Verdict]:
    """Measures, and prints what was found; gives the verdicts. Raises RuntimeError when a search fails."""
    with runner.staged(replace(options, scenarios=[READERS]), report=report) as (stage, (readers,)):
        names = uvloop.run(_names(stage.url))
        texts = typed_texts(Random(f"{options.seed}/typed").sample(names, TYPED_NAMES))
        tokens = cycle(call.token for call in readers.calls)
        scenarios = {
            letters: Scenario("Search", DOCUMENT, [Call({"typed": text}, next(tokens)) for text in typed])
            for letters, typed in texts.items()
        }
        (rookery,) = (each for each in OWN if each.name == "rookery")
        seconds = min(options.seconds * options.rounds, LONGEST_RUN_S / len(scenarios))
        found = []
        with running(rookery, environment=stage.environment, log=stage.directory / "search.log") as server:
            for scenario in scenarios.values():
                runner.warm_up(server, scenario, stage)
            for letters, scenario in scenarios.items():
                found.append(_measured(letters, scenario, server, stage, seconds=seconds))
                report(f"{letters}: p50 {found[-1].p50_ms:.1f} ms, p99 {found[-1].p99_ms:.1f} ms")
    whole = found[-1]
    verdict = Verdict(f"{whole.letters}, p99 ms", whole.p99_ms <= LONGEST_P99_MS)
    show_sheets([_sheet(found), _sheet_of_goals(verdict, whole)], console=console, is_markdown=is_markdown)
    return [verdict]


def _measured(letters: str, scenario: Scenario, server: Running, stage: Stage, *, seconds: float) -> Found:
    watched = (server.pid, stage.postgres_pid)
    before = [usage.cpu_s(pid) for pid in watched]
    result = runner.put_load(server, runner.requests_of(server, scenario), stage, seconds=seconds, connections=1)
    used_ms = [(usage.cpu_s(pid) - begin) * 1_000 / result.answers for pid, begin in zip(watched, before, strict=True)]
    return Found(
        letters=letters,
        answers=result.answers,
        server_cpu_ms=used_ms[0],
        postgres_cpu_ms=used_ms[1],
        p50_ms=result.p50_s * 1_000,
        p99_ms=result.p99_s * 1_000,
    )


async def _names(url: str) -> list[str]:
    """Every handle, as a mention and as the words of the name."""
    connection = await asyncpg.connect(url)
    try:
        people = await connection.fetch(_NAMES)
    finally:
        await connection.close()
    return [name for handle, display_name in people for name in (f"@{handle}", display_name.lower())]


def typed_texts(names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What has been typed of each name after each of its first letters, by how many there are ("@" is none)."""
    texts: dict[str, list[str]] = {"1 letter": [], "2 letters": [], "3 letters and more": []}
    for name in names:
        for count, text in enumerate(_beginnings(name), start=1):
            letters = "1 letter" if count == 1 else "2 letters" if count == 2 else "3 letters and more"
            texts[letters].append(text)
    every = [text for typed in texts.values() for text in typed]
    return {**texts, "while typing": every}


def _beginnings(name: str) -> Iterator[str]:
    first = 1 + name.startswith("@")
    yield from (name[:end] for end in range(first, min(len(name), LONGEST_TYPED_CHARS) + 1))


def _sheet(found: Sequence[Found]) -> Sheet:
    return Sheet(
        title="Completing a mention: one search at a time, over HTTP",
        headings=("typed", "answers", "server CPU", "Postgres CPU", "p50 ms", "p99 ms"),
        texts=1,
        rows=[
            (
                each.letters,
                str(each.answers),
                f"{each.server_cpu_ms:.2f}",
                f"{each.postgres_cpu_ms:.2f}",
                f"{each.p50_ms:.1f}",
                f"{each.p99_ms:.1f}",
            )
            for each in found
        ],
    )


def _sheet_of_goals(verdict: Verdict, whole: Found) -> Sheet:
    return Sheet(
        title="Goals",
        headings=("goal", "", "at most", "found"),
        texts=2,
        rows=[(verdict.goal, str(verdict), f"{LONGEST_P99_MS:g}", f"{whole.p99_ms:.1f}")],
    )
