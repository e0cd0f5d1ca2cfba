"""What tests of processes look at: a holder, what still runs, what a database says."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from app.embedded import processes

GONE_TIMEOUT_S = 5.0
START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Holder:
    """A running holder and what it said about its servers."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(START_TIMEOUT_S)


Hold = Callable[..., Holder]


def relatives(data_dir: Path) -> list[int]:
    """Every running process that names `data_dir` in its command line, environment or working directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            known = [(entry / name).read_bytes() for name in ("cmdline", "environ")]
            known.append(os.fsencode((entry / "cwd").readlink()))
        except OSError:
            continue
        if any(os.fsencode(data_dir) in text for text in known) and processes.is_running(int(entry.name)):
            found.append(int(entry.name))
    return found


def are_gone(data_dir: Path) -> bool:
    """Whether within 5 s nothing runs any more that belongs to `data_dir`."""
    return processes.wait_until(lambda: not relatives(data_dir), timeout_s=GONE_TIMEOUT_S)


async def query(url: str, *statements: str) -> Any:
    """Runs statements in one connection; the first value of the last one."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()
