"""Writes beside each other: likes of one post and of a thousand; posts as they are, and with mentions and hashtags.

Of each pair both sides are asked of the same server in turns, so that only what differs between them makes the ratio.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from signal import SIGTERM
from statistics import median
from typing import Any

import asyncpg
import uvloop
from rich.console import Console

from app.embedded import processes
from app.settings import CHECKOUT
from benchmarks import runner, scenarios, usage, world
from benchmarks.contestants import OWN, STOP_STEPS, WORKER, Running, running
from benchmarks.data import ADJECTIVES, NOUNS, WORDS
from benchmarks.goals import Verdict
from benchmarks.report import Sheet, medians, show_sheets
from benchmarks.runner import MOST_REQUESTS, Measurement, Options, Stage
from benchmarks.scenarios import DOCUMENTS, Call, Scenario
from core import ids
from core.tokens import Tokens

LIKE, CREATE = "LikePost", "CreatePost"
ONE_POST, SPREAD = "one post", "1,000 posts"
PLAIN, TAGGED = "plain", "5 mentions, 5 hashtags"
SPREAD_POSTS = 1_000
MENTIONS = HASHTAGS = 5
LEAST_SHARE = 0.6
WARM_UP_S = 3.0

_ACCOUNTS = "SELECT id, handle FROM account ORDER BY id"
_NEW_POSTS = "INSERT INTO post (author_id, body) SELECT unnest($1::bigint[]), 'a new post' RETURNING id"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two or more sides of one comparison, by name. `calls` makes those of all sides, for a world just restored."""

    name: str
    document: str
    sides: Sequence[str]
    calls: Callable[[str], Mapping[str, Sequence[Call]]]
    # Whether a worker runs beside the server, and whether a call is made once a round at most.
    needs_worker: bool = False
    is_once: bool = False


def run(options: Options, *, console: Console, report: Callable[[str], None], is_markdown: bool) -> Sequence[Verdict]:
    """Measures, and prints what was found; gives the verdicts. Raises RuntimeError when a request fails."""
    found: list[Measurement] = []
    with runner.staged(replace(options, scenarios=[]), report=report) as (stage, _):
        for pair in _pairs(stage, seed=options.seed):
            with _started(pair, stage) as (server, pids):
                found += _measure_in_turns(pair, server, pids, stage, options, report=report)
            uvloop.run(world.restore(stage.url))
    share = _ratio(found, LIKE, ONE_POST, SPREAD, number="requests_per_s")
    verdict = Verdict(f"{LIKE}, req/s: {ONE_POST} / {SPREAD} at least {LEAST_SHARE:g}", share >= LEAST_SHARE)
    show_sheets([_results(found), _goals(found, verdict, share)], console=console, is_markdown=is_markdown)
    return [verdict]


def _pairs(stage: Stage, *, seed: int) -> Sequence[Pair]:
    tokens = Tokens(stage.environment["SECRET_KEY"], access_ttl_s=scenarios.TOKEN_TTL_S)
    accounts = uvloop.run(_rows(stage.url, _ACCOUNTS))
    people = [(scenarios.token_of(tokens, row["id"]), row["id"], row["handle"]) for row in accounts]

    def likes(url: str) -> Mapping[str, Sequence[Call]]:
        """Everybody likes once, one half on each side: a server remembers the tokens that it has verified."""
        rng = Random(f"{seed}/likes")
        likers = [token for token, _, _ in rng.sample(people, len(people))]
        authors = rng.choices([account_id for _, account_id, _ in people], k=SPREAD_POSTS)
        posts = [ids.encode(ids.Kind.POST, row["id"]) for row in uvloop.run(_rows(url, _NEW_POSTS, authors))]
        return {
            ONE_POST: [Call({"postId": posts[0]}, token) for token in likers[::2]],
            SPREAD: [Call({"postId": post}, token) for post, token in zip(cycle(posts), likers[1::2], strict=False)],
        }

    def posts(_url: str) -> Mapping[str, Sequence[Call]]:
        """The same words by the same people, without and with mentions and hashtags among them."""
        rng = Random(f"{seed}/posts")
        plain, tagged = [], []
        for _ in range(scenarios.CALLS):
            token, _, _ = rng.choice(people)
            words = rng.choices(WORDS, k=rng.randint(12, 24))
            plain.append(Call({"body": " ".join(words)}, token))
            for word in (*_mentions(rng, [handle for _, _, handle in people]), *_hashtags(rng)):
                words.insert(rng.randrange(len(words)), word)
            tagged.append(Call({"body": " ".join(words)}, token))
        return {PLAIN: plain, TAGGED: tagged}

    return (
        Pair(LIKE, _text(f"own/{LIKE}"), (ONE_POST, SPREAD), likes, needs_worker=True, is_once=True),
        Pair(CREATE, _text(CREATE), (PLAIN, TAGGED), posts),
    )


def _mentions(rng: Random, handles: Sequence[str]) -> Sequence[str]:
    return [f"@{handle}" for handle in rng.sample(handles, MENTIONS)]


def _hashtags(rng: Random) -> Sequence[str]:
    """Different ones; some are far more popular than others."""
    tags = [f"{adjective}{noun}" for adjective in ADJECTIVES for noun in NOUNS]
    chosen: dict[str, None] = {}
    while len(chosen) < HASHTAGS:
        chosen[tags[min(len(tags), int(rng.paretovariate(0.7))) - 1]] = None
    return [f"#{tag}" for tag in chosen]


def _text(name: str) -> str:
    return (DOCUMENTS / f"{name}.graphql").read_text()


async def _rows(url: str, query: str, *arguments: object) -> Sequence[Any]:
    connection = await asyncpg.connect(url)
    try:
        rows: Sequence[Any] = await connection.fetch(query, *arguments)
        return rows
    finally:
        await connection.close()


@contextmanager
def _started(pair: Pair, stage: Stage) -> Iterator[tuple[Running, Sequence[int]]]:
    """A fresh server, and a worker beside it if the pair needs one; the server, and the processes that have to rest."""
    with ExitStack() as stack:
        log = stage.directory / f"{pair.name}.log"
        server = stack.enter_context(running(OWN[0], environment=stage.environment, log=log))
        pids = [server.pid, stage.postgres_pid]
        if pair.needs_worker:
            output = stack.enter_context((stage.directory / "worker.log").open("wb"))
            environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", **stage.environment}
            worker = processes.spawn(WORKER, death_signal=SIGTERM, cwd=CHECKOUT, env=environment, output=output)
            stack.callback(processes.stop, worker, STOP_STEPS)
            usage.pin(worker.pid, usage.other_cores())
            pids.append(worker.pid)
        yield server, pids


def _measure_in_turns(
    pair: Pair,
    server: Running,
    pids: Sequence[int],
    stage: Stage,
    options: Options,
    *,
    report: Callable[[str], None],
) -> Iterator[Measurement]:
    """A round of each side, then the next round of each. Round 0 only warms up."""
    for number in range(options.rounds + 1):
        # In the other order each time, so that none always comes after the same.
        for side in pair.sides if number % 2 else reversed(pair.sides):
            uvloop.run(world.restore(stage.url))
            scenario = Scenario(pair.name, pair.document, pair.calls(stage.url)[side], does_write=True)
            runner.await_rest(pids)
            found = runner.measure(
                server,
                scenario,
                stage,
                number=number,
                seconds=options.seconds if number else WARM_UP_S,
                most_requests=len(scenario.calls) if pair.is_once else MOST_REQUESTS,
            )
            if number:
                shown = f"{found.server_cpu_ms:.3f} ms, {found.requests_per_s:,.0f}/s"
                report(f"{pair.name} {number}/{options.rounds} {side}: {shown}")
                yield replace(found, contestant=side)


def _results(measurements: Sequence[Measurement]) -> Sheet:
    rows = []
    last = ""
    for (name, side), numbers in medians(measurements).items():
        rows.append(
            (
                "" if name == last else name,
                side,
                f"{numbers['requests_per_s']:,.0f}",
                f"{numbers['server_cpu_ms']:.3f}",
                f"{numbers['postgres_cpu_ms']:.3f}",
                f"{numbers['p50_ms']:.1f}",
                f"{numbers['p99_ms']:.1f}",
            )
        )
        last = name
    return Sheet(
        title="Medians; CPU in ms per request",
        headings=("write", "of what", "req/s", "server CPU", "Postgres CPU", "p50 ms", "p99 ms"),
        texts=2,
        rows=rows,
    )


def _goals(measurements: Sequence[Measurement], verdict: Verdict, share: float) -> Sheet:
    dearer = [
        (name, _ratio(measurements, CREATE, TAGGED, PLAIN, number=f"{name}_cpu_ms")) for name in ("server", "postgres")
    ]
    return Sheet(
        title="Ratios, medians of those of each round",
        headings=("ratio", "", "found"),
        texts=2,
        rows=[
            (verdict.goal, str(verdict), f"{share:.2f}"),
            *((f"{CREATE}, {name} CPU: {TAGGED} / {PLAIN}", "no goal", f"{ratio:.2f}") for name, ratio in dearer),
        ],
    )


def _ratio(measurements: Sequence[Measurement], name: str, one: str, other: str, *, number: str) -> float:
    """One side over the other, round by round: what disturbs the machine for a minute disturbs both."""
    found = {(each.contestant, each.round): getattr(each, number) for each in measurements if each.scenario == name}
    ratios: list[float] = [found[one, place] / found[other, place] for side, place in found if side == one]
    return median(ratios)
