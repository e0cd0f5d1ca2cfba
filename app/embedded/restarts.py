"""When to start something again that keeps ending: at once, then later and later."""

import time

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
HEALTHY_LIFE_S = 30.0


class Restarts:
    """The restarts of one thing. A life of 30 s is healthy and starts the count anew."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self._started_at = time.monotonic()
        self._due_at: float | None = None

    @property
    def is_due(self) -> bool:
        return self._due_at is not None and time.monotonic() >= self._due_at

    def schedule(self) -> float | None:
        """Call while the thing is dead. The seconds until its restart when this death is news, else None."""
        if self._due_at is not None:
            return None
        now = time.monotonic()
        self.in_a_row = 1 if now - self._started_at >= HEALTHY_LIFE_S else self.in_a_row + 1
        delay_s = 0.0 if self.in_a_row == 1 else min(FIRST_DELAY_S * 2 ** (self.in_a_row - 2), LONGEST_DELAY_S)
        self._due_at = now + delay_s
        return delay_s

    def started(self) -> None:
        """Call after each attempt, whether it went well or not."""
        self._started_at = time.monotonic()
        self._due_at = None
