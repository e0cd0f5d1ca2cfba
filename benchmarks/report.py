"""What a run found: tables for people, JSON for programs, and what it ran on."""

import platform
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import usage
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
REFERENCE = "hand-written"
_NUMBERS = ("server_cpu_ms", "postgres_cpu_ms", "redis_cpu_ms", "requests_per_s", "p50_ms", "p99_ms")


def about() -> dict[str, Any]:
    """Machine, interpreter and libraries of this run."""
    core, others = usage.server_core(), sorted(usage.other_cores())
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_cpu_model()}, {platform.system()} {platform.machine()}",
        "pinning": "none: there is only one core" if core is None else f"server: core {core}; all else: {others}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {build()}",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def build() -> str:
    """How this interpreter was built, as far as speed goes."""
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    pgo = "with PGO" if "--enable-optimizations" in arguments else "without PGO"
    return f"{pgo}, {'with LTO' if '--with-lto' in arguments else 'without LTO'}"


def medians(measurements: Sequence[Measurement]) -> dict[tuple[str, str], dict[str, float]]:
    """The median of each number over the rounds, by (scenario, contestant)."""
    rounds: dict[tuple[str, str], list[Measurement]] = {}
    for each in measurements:
        rounds.setdefault((each.scenario, each.contestant), []).append(each)
    return {
        key: {name: median(getattr(each, name) for each in group) for name in _NUMBERS} for key, group in rounds.items()
    }


def show(measurements: Sequence[Measurement], *, console: Console) -> None:
    """Prints the table and what it was measured on."""
    found = medians(measurements)
    table = Table(
        title=f"Medians; CPU in ms per request; ratio: server CPU to that of {REFERENCE}",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("scenario", "server"):
        table.add_column(heading, no_wrap=True)
    for heading in ("server\nCPU", "ratio", "Postgres\nCPU", "Redis\nCPU", "req/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    last = ""
    for (scenario, contestant), numbers in found.items():
        if last and scenario != last:
            table.add_section()
        reference = found.get((scenario, REFERENCE))
        ratio = f"{numbers['server_cpu_ms'] / reference['server_cpu_ms']:.2f}" if reference else ""
        table.add_row(
            "" if scenario == last else scenario,
            contestant,
            f"{numbers['server_cpu_ms']:.3f}",
            ratio,
            f"{numbers['postgres_cpu_ms']:.3f}",
            f"{numbers['redis_cpu_ms']:.3f}",
            f"{numbers['requests_per_s']:,.0f}",
            f"{numbers['p50_ms']:.1f}",
            f"{numbers['p99_ms']:.1f}",
        )
        last = scenario
    console.print(table)
    for name, value in about().items():
        text = ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else value
        console.print(f"{name}: {text}", highlight=False)


def write_json(path: Path, measurements: Sequence[Measurement], options: Options) -> None:
    """Everything that was measured, round by round."""
    content = {
        "about": about(),
        "options": {**asdict(options), "data_dir": str(options.data_dir)},
        "command": sys.argv[1:],
        "rounds": [asdict(each) for each in measurements],
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
