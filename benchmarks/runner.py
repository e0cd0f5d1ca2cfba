"""A whole run: servers up, world there, answers compared, then rounds in which the contestants take turns."""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from app.embedded import processes
from app.embedded.servers import EmbeddedServers
from app.settings import CHECKOUT
from benchmarks import load, scenarios, usage, world
from benchmarks.contestants import HOST, Contestant, Running, environment_of, running
from benchmarks.data import Size, World
from benchmarks.scenarios import Call, Scenario

CONNECTIONS = 32
WARM_UP_S = 20.0
WARM_UP_ROUNDS = 2
COMPARED_CALLS = 25
MOST_REQUESTS = 2_000_000
REST_WITHIN_S = 10.0
# A server that uses less than this of its core does nothing but its regular looks around.
RESTING_SHARE = 0.1
REST_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """What to run, on which world."""

    data_dir: Path
    scale: float
    seed: int
    seconds: float
    rounds: int
    scenarios: Sequence[str]
    contestants: Sequence[Contestant]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One round of one contestant in one scenario. CPU is per answer; Postgres' includes its background processes."""

    scenario: str
    contestant: str
    round: int
    answers: int
    server_cpu_ms: float
    postgres_cpu_ms: float
    redis_cpu_ms: float
    generator_cpu_ms: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Stage:
    """What stays the same for the whole run."""

    url: str
    postgres_pid: int
    redis_pid: int
    directory: Path
    environment: Mapping[str, str]


class DifferentAnswersError(Exception):
    """Two contestants answer the same call differently; then comparing their speed means nothing."""


def run(options: Options, *, report: Callable[[str], None]) -> list[Measurement]:
    """Measures. Raises DifferentAnswersError before anything is timed, RuntimeError when a request fails."""
    with staged(options, report=report) as (stage, chosen):
        with started(options.contestants, stage) as field:
            for scenario in chosen:
                compare([each for each in field if each.contestant.takes_part_in(scenario)], scenario)
        names = ", ".join(contestant.name for contestant in options.contestants)
        report(f"The first {COMPARED_CALLS} answers of {names} are equal.")
        return [
            measurement
            for scenario in chosen
            for measurement in _measure_afresh(scenario, stage, options, report=report)
        ]


@contextmanager
def staged(options: Options, *, report: Callable[[str], None]) -> Iterator[tuple[Stage, Sequence[Scenario]]]:
    """Postgres and Redis with the world in them, off the server's core, and the scenarios that were asked for."""
    secret = secrets.token_hex(32)
    with ExitStack() as stack:
        servers = stack.enter_context(EmbeddedServers(options.data_dir, durable=True, report=report))
        postgres_pid, redis_pid = pids_of(servers)
        for pid in (postgres_pid, redis_pid):
            usage.pin(pid, usage.other_cores())
        whole = World(options.seed, Size.scaled(options.scale))
        url = uvloop.run(world.prepare(servers, whole, report=report))
        chosen = [
            scenario
            for scenario in uvloop.run(scenarios.choose(url, seed=options.seed, secret=secret))
            if scenario.name in options.scenarios
        ]
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rookery-bench-")))
        environment = environment_of(database_url=url, redis_url=servers.redis_url, secret=secret)
        yield Stage(url, postgres_pid, redis_pid, directory, environment), chosen


@contextmanager
def started(contestants: Sequence[Contestant], stage: Stage) -> Iterator[Sequence[Running]]:
    """Fresh processes of all contestants, until the block ends."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(running(each, environment=stage.environment, log=stage.directory / f"{each.name}.log"))
            for each in contestants
        ]


def pids_of(servers: EmbeddedServers) -> tuple[int, int]:
    """The processes of Postgres and Redis."""
    assert servers.postgres is not None
    assert servers.postgres.process is not None
    assert servers.redis is not None
    assert servers.redis.process is not None
    return servers.postgres.process.pid, servers.redis.process.pid


def compare(field: Sequence[Running], scenario: Scenario) -> None:
    """Asks everyone the scenario's first calls. Raises DifferentAnswersError unless all answers are equal."""
    for call in scenario.calls[:COMPARED_CALLS]:
        answers = [(each.contestant.name, _lasting(each, scenario, call)) for each in field]
        first_name, first_answer = answers[0]
        for name, answer in answers[1:]:
            if answer != first_answer:
                raise DifferentAnswersError(
                    f"{scenario.name} {dict(call.variables)}:\n"
                    f"{first_name}: {json.dumps(first_answer)}\n{name}: {json.dumps(answer)}"
                )


def _lasting(each: Running, scenario: Scenario, call: Call) -> Any:
    """The answer without what differs from one answer to the next."""

    def without(value: Any, volatile: frozenset[str]) -> Any:
        match value:
            case dict():
                return {key: without(item, volatile - {key}) for key, item in value.items() if key not in volatile}
            case list():
                return [without(item, volatile) for item in value]
            case _:
                return value

    return without(each.answer(scenario, call), scenario.volatile)


def _measure_afresh(
    scenario: Scenario, stage: Stage, options: Options, *, report: Callable[[str], None]
) -> list[Measurement]:
    """Each scenario has fresh processes: what was asked before makes some servers faster or slower."""
    taking_part = [each for each in options.contestants if each.takes_part_in(scenario)]
    with started(taking_part, stage) as field:
        return _measure_in_turns(field, scenario, stage, options, report=report)


def _measure_in_turns(
    field: Sequence[Running], scenario: Scenario, stage: Stage, options: Options, *, report: Callable[[str], None]
) -> list[Measurement]:
    """One round of each contestant, then the next round of each: what disturbs the machine disturbs all alike."""
    found = []
    for each in field:
        warm_up(each, scenario, stage)
    for number in range(1, options.rounds + 1):
        for each in field:
            if scenario.does_write:
                uvloop.run(world.restore(stage.url))
            await_rest([*(each.pid for each in field), stage.postgres_pid])
            found.append(measure(each, scenario, stage, number=number, seconds=options.seconds))
            report(
                f"{scenario.name} {number}/{options.rounds} {each.contestant.name}: "
                f"{found[-1].server_cpu_ms:.3f} ms, {found[-1].requests_per_s:,.0f}/s"
            )
    if scenario.does_write:
        uvloop.run(world.restore(stage.url))
    return found


def measure(
    each: Running,
    scenario: Scenario,
    stage: Stage,
    *,
    number: int,
    seconds: float,
    most_requests: int = MOST_REQUESTS,
) -> Measurement:
    """One round of one contestant: so many seconds, or so many requests if that is less."""
    watched = (each.pid, stage.postgres_pid, stage.redis_pid)
    before = [usage.cpu_s(pid) for pid in watched]
    result = put_load(each, requests_of(each, scenario), stage, seconds=seconds, most_requests=most_requests)
    used_ms = [(usage.cpu_s(pid) - begin) * 1_000 / result.answers for pid, begin in zip(watched, before, strict=True)]
    return Measurement(
        scenario=scenario.name,
        contestant=each.contestant.name,
        round=number,
        answers=result.answers,
        server_cpu_ms=used_ms[0],
        postgres_cpu_ms=used_ms[1],
        redis_cpu_ms=used_ms[2],
        generator_cpu_ms=result.own_cpu_s * 1_000 / result.answers,
        requests_per_s=result.answers / result.elapsed_s,
        p50_ms=result.p50_s * 1_000,
        p99_ms=result.p99_s * 1_000,
    )


def warm_up(each: Running, scenario: Scenario, stage: Stage) -> None:
    """Makes every call, so that what is done once is done: plans, prepared statements, timelines, compiled code."""
    calls = requests_of(each, scenario)
    put_load(each, calls, stage, seconds=WARM_UP_S, most_requests=WARM_UP_ROUNDS * len(calls))


def requests_of(each: Running, scenario: Scenario) -> list[str]:
    """The scenario's calls as they go over the wire."""
    return [each.request(scenario, call).decode() for call in scenario.calls]


def put_load(
    each: Running,
    requests: Sequence[str],
    stage: Stage,
    *,
    seconds: float,
    most_requests: int = MOST_REQUESTS,
    connections: int = CONNECTIONS,
) -> load.Result:
    """Runs the load generator. Raises RuntimeError when it fails, or a single answer was not a good one."""
    plan = load.Plan(
        host=HOST,
        port=each.port,
        requests=[*requests],
        connections=connections,
        seconds=seconds,
        most_requests=most_requests,
        cores=sorted(usage.other_cores()),
    )
    path = stage.directory / "plan.json"
    path.write_text(json.dumps(asdict(plan)))
    command = [sys.executable, "-m", "benchmarks.load", str(path)]
    limit_s = seconds + 2 * load.LONGEST_TAIL_S
    finished = subprocess.run(command, cwd=CHECKOUT, env={}, capture_output=True, timeout=limit_s, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"The load generator failed: {finished.stderr.decode(errors='replace')[-2_000:]}")
    result = load.Result(**json.loads(finished.stdout))
    if result.failures or not result.answers:
        raise RuntimeError(
            f"{each.contestant.name} failed {result.failures} of {result.answers} times; first: {result.first_failure}"
        )
    return result


def await_rest(pids: Sequence[int]) -> None:
    """Waits until these processes do nothing any more, such as rebuilding timelines; not for ever."""
    used: Mapping[int, float] = {pid: usage.cpu_s(pid) for pid in pids}

    def is_resting() -> bool:
        nonlocal used
        time.sleep(REST_LOOK_S)
        before, used = used, {pid: usage.cpu_s(pid) for pid in pids}
        return all(used[pid] - before[pid] < REST_LOOK_S * RESTING_SHARE for pid in pids)

    processes.wait_until(is_resting, timeout_s=REST_WITHIN_S)
