"""The sessions that were ended lately, known to every process within a second.

An access token is good until it expires, unless its session was ended. So a process needs to know only the sessions
ended within the life of a token. It asks Postgres four times a second: no message can get lost on the way.
"""

import asyncio
import time
from datetime import timedelta

from actions.sessions import fetch_revoked_session_ids
from core.database import Database
from core.errors import UnavailableError

# Sockets are looked at twice a second (app.transport.registry); the two together stay below a second.
POLL_S = 0.25
# A row's time is older than its commit, and a clock is never exact: each question overlaps the one before.
OVERLAP = timedelta(seconds=30)


class Revocations:
    """`session_id in revocations`, once `run()` runs."""

    def __init__(self, db: Database, *, remember: timedelta) -> None:
        self._db = db
        self._remember = remember + OVERLAP
        self._known_since_s: dict[int, float] = {}

    def __contains__(self, session_id: int) -> bool:
        return session_id in self._known_since_s

    async def run(self) -> None:
        """Asks until it is cancelled. While Postgres is away nobody's session can be ended either."""
        window = self._remember
        asked_at_s = time.monotonic()
        while True:
            try:
                await self._ask(min(window + timedelta(seconds=time.monotonic() - asked_at_s), self._remember))
            except UnavailableError:
                pass
            else:
                asked_at_s = time.monotonic()
                window = OVERLAP
            await asyncio.sleep(POLL_S)

    async def _ask(self, window: timedelta) -> None:
        now_s = time.monotonic()
        for session_id in await fetch_revoked_session_ids(self._db, window=window):
            self._known_since_s.setdefault(session_id, now_s)
        forget_before_s = now_s - self._remember.total_seconds()
        for session_id, since_s in list(self._known_since_s.items()):
            if since_s >= forget_before_s:
                break
            del self._known_since_s[session_id]
