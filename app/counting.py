"""Tells the log numbers of a process: while they change, and when the process stops."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

log = structlog.get_logger(__name__)

INTERVAL_S = 60.0


class CountsLog:
    """A line named `event` at most once a minute, and none if nothing has changed since the last one."""

    def __init__(
        self, event: str, counts: Callable[[], Mapping[str, object]], *, interval_s: float = INTERVAL_S
    ) -> None:
        self._event = event
        self._counts = counts
        self._interval_s = interval_s
        self._told = counts()

    async def run(self) -> None:
        """Tells for ever."""
        while True:
            await asyncio.sleep(self._interval_s)
            self.tell()

    def tell(self) -> None:
        """Tells the numbers of this moment, unless they were told."""
        counts = self._counts()
        if counts != self._told:
            self._told = counts
            log.debug(self._event, **counts)
