"""Our server as it is, with a clock around its limiter: `python -m benchmarks.limiter_clock FILE UNCOUNTED`.

When a signal has ended it, FILE holds what the limiter and the look into the cache of documents took, on average, in
microseconds of CPU time for each request. The first UNCOUNTED requests, which warm the server up, are not in it. What
the clock itself takes is, so the numbers are a little too high.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from app.serving import run_server
from app.settings import settings
from schema.documents import Document, DocumentCache

LIMITER, CACHE = "limiter", "cache"


class Clock:
    """Counts the calls of a function and the CPU time that they take."""

    def __init__(self, *, uncounted: int) -> None:
        self._uncounted = uncounted
        self.calls = 0
        self.spent_ns = 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            begin_ns = time.thread_time_ns()
            try:
                return function(*args)
            finally:
                self.calls += 1
                if self.calls > self._uncounted:
                    self.spent_ns += time.thread_time_ns() - begin_ns

        return timed

    @property
    def mean_us(self) -> float:
        return self.spent_ns / 1_000 / max(self.calls - self._uncounted, 1)


def main() -> int:
    path, uncounted = Path(sys.argv[1]), int(sys.argv[2])
    clocks = {name: Clock(uncounted=uncounted) for name in (LIMITER, CACHE)}
    for clock, owner, name in (
        (clocks[LIMITER], Document, "problems"),
        (clocks[CACHE], DocumentCache, "document"),
    ):
        setattr(owner, name, clock.around(getattr(owner, name)))
    given = settings()
    status = run_server(host=given.host, port=given.port, processes=1, inherited_fd=None)
    found = {name: {"calls": clock.calls, "mean_us": clock.mean_us} for name, clock in clocks.items()}
    path.write_bytes(orjson.dumps(found))
    return status


if __name__ == "__main__":
    sys.exit(main())
