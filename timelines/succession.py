"""What a worker does for the epoch: the beat, and what has to be done when another server answers.

A successor (timelines.epochs) is bound in three steps, each of which may be repeated, by any worker:

    1. What was handled since its beat is opened again in the outbox, and committed. So far whoever pushes is told that
       it has failed.
    2. It is bound, in one step with the mark that it is catching up. Pushes reach it, feeds still come from SQL.
    3. When nothing of that is open any more, the mark goes.

Whoever dies in between leaves it to the next beat. What is opened twice is handled twice, which changes nothing.
"""

from datetime import UTC, datetime, timedelta

import structlog

from core.cache import Cache
from core.database import Database
from events import replays
from timelines.epochs import Epochs, Pulse

log = structlog.get_logger(__name__)

# Clocks are set now and then.
MARGIN = timedelta(seconds=5)
TRUSTED_FOR = timedelta(seconds=replays.REPLAYED_FOR_S) - MARGIN


class Succession:
    """Sees to it that timelines are trusted as long as they are complete, and no longer."""

    def __init__(self, db: Database, cache: Cache) -> None:
        self._db = db
        self._epochs = Epochs(cache)

    async def tend(self) -> None:
        """Once a second. Raises CacheUnavailableError and UnavailableError."""
        now = await replays.fetch_clock(self._db)
        pulse = await self._epochs.beat(_milliseconds(now))
        if not pulse.is_bound:
            await self._succeed(pulse, now)
        elif pulse.catching is not None and not await replays.is_open(self._db, up_to=pulse.catching):
            await self._epochs.end_catching(pulse.catching)
            log.info("timelines have caught up")

    async def _succeed(self, pulse: Pulse, now: datetime) -> None:
        since = None if pulse.beat_ms is None else datetime.fromtimestamp(pulse.beat_ms / 1_000, UTC)
        if since is None or now - since > TRUSTED_FOR:
            if await self._epochs.bind(pulse, pulse.run_id, now_ms=_milliseconds(now), catching=None):
                log.warning("timelines begin anew", beat_at=since)
            return
        count = await self._db.transact(replays.reopen, since=since - MARGIN)
        reopened_at = await replays.fetch_clock(self._db)
        up_to = replays.newest_at(reopened_at)
        if await self._epochs.bind(pulse, pulse.binding.name, now_ms=_milliseconds(now), catching=up_to):
            log.warning("timelines are kept", beat_at=since, handled_again=count)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
