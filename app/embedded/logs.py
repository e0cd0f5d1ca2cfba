"""The servers' log files: appended to, kept small, quoted when something goes wrong."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LARGEST_LOG_BYTES = 5_000_000
QUOTED_LINES = 8
QUOTED_BYTES = 4_000


@contextmanager
def opened(log: Path) -> Iterator[IO[bytes]]:
    """The log open for appending; a large one first becomes `<name>.1`."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as output:
        yield output


def tail(log: Path) -> str:
    """Where the log is and its last lines, for an error message."""
    with log.open("rb") as lines:
        lines.seek(max(0, lines.seek(0, os.SEEK_END) - QUOTED_BYTES))
        last = lines.read().decode(errors="replace").splitlines()[-QUOTED_LINES:]
    return "\n  ".join([f"The end of {log}:", *last])
