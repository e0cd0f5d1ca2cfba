"""What a run found: tables for people, JSON for programs, and what it ran on."""

import platform
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import peer_servers, usage
from benchmarks.contestants import WITHOUT_RULES
from benchmarks.goals import GOALS, Numbers, Verdict
from benchmarks.runner import Measurement, Options

LIBRARIES = (
    "strawberry-graphql",
    "graphql-core",
    "aiodataloader",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "orjson",
    "asyncpg",
    "redis",
    "hiredis",
)
# Whom all others are compared with.
REFERENCES = ("hand-written", "mercurius", WITHOUT_RULES.name)
_NUMBERS = (
    "server_cpu_ms",
    "postgres_cpu_ms",
    "redis_cpu_ms",
    "generator_cpu_ms",
    "requests_per_s",
    "p50_ms",
    "p99_ms",
)


def about(*, with_peers: bool) -> dict[str, Any]:
    """Machine, interpreter and libraries of this run."""
    core, others = usage.server_core(), sorted(usage.other_cores())
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_cpu_model()}, {platform.system()} {platform.machine()}",
        "pinning": "none: there is only one core" if core is None else f"server: core {core}; all else: {others}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {build()}",
        "libraries": {name: version(name) for name in LIBRARIES},
        **({"peers": peer_servers.packages()} if with_peers else {}),
    }


def build() -> str:
    """How this interpreter was built, as far as speed goes."""
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    pgo = "with PGO" if "--enable-optimizations" in arguments else "without PGO"
    return f"{pgo}, {'with LTO' if '--with-lto' in arguments else 'without LTO'}"


def medians(measurements: Sequence[Measurement]) -> Numbers:
    """The median of each number over the rounds, by (scenario, contestant)."""
    rounds: dict[tuple[str, str], list[Measurement]] = {}
    for each in measurements:
        rounds.setdefault((each.scenario, each.contestant), []).append(each)
    return {
        key: {name: median(getattr(each, name) for each in group) for name in _NUMBERS} for key, group in rounds.items()
    }


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table before it has a form; `texts` is how many of its columns, from the left, are not numbers."""

    title: str
    headings: Sequence[str]
    texts: int
    rows: Sequence[Sequence[str]]


def show(measurements: Sequence[Measurement], *, console: Console, is_markdown: bool = False) -> Sequence[Verdict]:
    """Prints the numbers, what they say about the goals, and what they were measured on.

    Gives the verdicts on the goals whose contestants took part.
    """
    found = medians(measurements)
    judged = [(goal.verdict(ratio), ratio) for goal in GOALS if (ratio := goal.ratio(found)) is not None]
    sheets = [_results(found), _goals(judged)] if judged else [_results(found)]
    show_sheets(sheets, console=console, is_markdown=is_markdown)
    peers_took_part = any(contestant in peer_servers.NAMES for _, contestant in found)
    for name, value in about(with_peers=peers_took_part).items():
        text = ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else value
        console.print(f"{name}: {text}", highlight=False)
    return [verdict for verdict, _ in judged]


def show_sheets(sheets: Sequence[Sheet], *, console: Console, is_markdown: bool) -> None:
    """Prints tables, as such or as Markdown."""
    for sheet in sheets:
        (_put_markdown if is_markdown else _put_table)(sheet, console)


def _results(found: Numbers) -> Sheet:
    references = [name for name in REFERENCES if any(contestant == name for _, contestant in found)]
    rows = []
    last = ""
    for (scenario, contestant), numbers in found.items():
        ratios = [
            f"{numbers['server_cpu_ms'] / reference['server_cpu_ms']:.2f}" if reference else ""
            for reference in (found.get((scenario, name)) for name in references)
        ]
        busy = [
            f"{numbers[f'{whose}_cpu_ms'] * numbers['requests_per_s'] / 1_000:.0%}" for whose in ("server", "generator")
        ]
        rows.append(
            [
                "" if scenario == last else scenario,
                contestant,
                f"{numbers['server_cpu_ms']:.3f}",
                *ratios,
                f"{numbers['postgres_cpu_ms']:.3f}",
                f"{numbers['redis_cpu_ms']:.3f}",
                *busy,
                f"{numbers['requests_per_s']:,.0f}",
                f"{numbers['p50_ms']:.1f}",
                f"{numbers['p99_ms']:.1f}",
            ]
        )
        last = scenario
    columns = ("Postgres CPU", "Redis CPU", "server busy", "generator busy", "req/s", "p50 ms", "p99 ms")
    return Sheet(
        title="Medians; CPU in ms per request; to X: server CPU over that of X; busy: share of one core",
        headings=["scenario", "server", "server CPU", *(f"to {name}" for name in references), *columns],
        texts=2,
        rows=rows,
    )


def _goals(judged: Sequence[tuple[Verdict, float]]) -> Sheet:
    return Sheet(
        title="Goals",
        headings=["goal", "", "ratio"],
        texts=2,
        rows=[[verdict.goal, str(verdict), f"{ratio:.2f}"] for verdict, ratio in judged],
    )


def _put_table(sheet: Sheet, console: Console) -> None:
    console.print(f"\n{sheet.title}", highlight=False)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, heading in enumerate(sheet.headings):
        is_text = place < sheet.texts
        # Numbers are narrower than their headings, which may take a line for each word.
        table.add_column(
            heading if is_text else heading.replace(" ", "\n", 1), justify="left" if is_text else "right", no_wrap=True
        )
    has_groups = any(not row[0] for row in sheet.rows)  # a group has its name in its first row
    for row in sheet.rows:
        if has_groups and row[0] and table.row_count:
            table.add_section()
        table.add_row(*row)
    console.print(table)


def _put_markdown(sheet: Sheet, console: Console) -> None:
    marks = ["---" if place < sheet.texts else "--:" for place in range(len(sheet.headings))]
    console.print(f"{sheet.title}:\n", soft_wrap=True, highlight=False, markup=False)
    for row in (sheet.headings, marks, *sheet.rows):
        console.print(f"| {' | '.join(row)} |", soft_wrap=True, highlight=False, markup=False)
    console.print()


def write_json(path: Path, measurements: Sequence[Measurement], options: Options) -> None:
    """Everything that was measured, round by round."""
    names = [contestant.name for contestant in options.contestants]
    content = {
        "about": about(with_peers=not set(names).isdisjoint(peer_servers.NAMES)),
        "options": {
            **asdict(replace(options, contestants=[])),
            "data_dir": str(options.data_dir),
            "contestants": names,
        },
        "command": sys.argv[1:],
        "rounds": [asdict(each) for each in measurements],
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
