"""The worker: which handler each queue's events go to, and the loops that claim, run and finish them.

An event is handled at least once: whatever a handler does, doing it again must change nothing. A handler that fails
is tried again later, longer each time; one that finds Redis away gives its events back, and the queue rests a moment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from actions import counts, deletions, filters, follow_requests, handles, mutes, trends
from app.recounting import open_recount_database, recount
from app.services import open_cache, open_database, timeline_store
from app.settings import Settings
from core.cache import CacheUnavailableError
from core.clock import utc_now
from core.errors import UnavailableError
from core.tasks import end_tasks
from events import channels, outbox
from events.base import Queue, event_of
from events.bus import Bus, Listener
from events.follows import FollowChanged, FollowersAdmitted, RequestsLeft
from events.hashtags import HashtagFollowChanged
from events.outbox import Claim
from events.posts import EntryAdded, EntryRemoved, PostEdited
from events.pulled_authors import AuthorPushedAgain
from events.read_positions import ReadPositionMoved
from events.relations import HomeChanged, SightChanged
from models.trends import TrendKind
from timelines.encoding import keep_asking
from timelines.fanout import FanOut
from timelines.pulled_authors import PulledAuthors, PullLimits
from timelines.readers import active_days
from timelines.succession import Succession

log = structlog.get_logger(__name__)

POLL_S = 0.2
REST_S = 0.5
FOLD_EVERY_S = 0.25
SWEEP_EVERY_S = 30.0
BEAT_EVERY_S = 1.0
RECOUNT_EVERY_S = 60.0
# How often workers ask whether a ranking is due; one of them makes it.
LOOK_FOR_TRENDS_EVERY_S = 5.0
CLAIMED_AT_ONCE = 50
HANDLED_AT_ONCE = 8
# So many serve each queue. What comes while the first page of a large fan-out is handed out finds another one free. A
# large fan-out takes seconds, so each server of that queue claims one, and no lease runs out in a line behind it.
SERVERS = {Queue.FANOUT: 2, Queue.LARGE_FANOUT: 2, Queue.TIMELINES: 1}
LATE_AFTER = timedelta(seconds=30)


@dataclass(slots=True)
class _Held:
    """An event that a handler has, from the queue it was claimed from."""

    claim: Claim
    queue: Queue
    is_handed_over: bool = False


class Worker:
    """Claims and handles events until it is stopped. Any number may run, in any number of processes."""

    def __init__(self, settings: Settings) -> None:
        self._db = open_database(settings)
        self._recount_db = open_recount_database(settings)
        self._cache = open_cache(settings)
        self._bus = Bus(self._cache)
        days = active_days(timeline_ttl_days=settings.timeline_ttl_days)
        self._pulled_authors = PulledAuthors(
            self._db,
            PullLimits(settings.pull_above_followers, settings.pull_above_posts_per_day, active_days=days),
        )
        self._succession = Succession(self._db, self._cache)
        self._fan_out = FanOut(
            self._db,
            timeline_store(settings, self._cache),
            self._pulled_authors,
            key_prefix=self._cache.prefix,
            active_days=days,
        )
        self._recount_hour_utc = settings.counters_recount_hour_utc
        self._trend_rules = trends.Rules(
            half_life=timedelta(hours=settings.trends_half_life_h),
            youngest=timedelta(hours=settings.trends_youngest_account_h),
            fewest_accounts=settings.trends_fewest_accounts,
            every=timedelta(seconds=settings.trends_every_s),
        )
        self._stopping = asyncio.Event()
        self._rung = {queue: asyncio.Event() for queue in Queue}

    def stop(self) -> None:
        """Asks the worker to finish what it handles now, and to end."""
        self._stopping.set()
        for rung in self._rung.values():
            rung.set()

    async def open(self) -> None:
        """Prepares connections; needs an event loop."""
        await self._db.open()
        await self._recount_db.open()

    async def close(self) -> None:
        """Gives connections back."""
        await self._cache.close()
        await self._recount_db.close()
        await self._db.close()

    async def run(self) -> None:
        """Works until `stop()`, between `open()` and `close()`."""
        background = [
            asyncio.create_task(self._bus.run()),
            asyncio.create_task(self._hear_bell()),
            asyncio.create_task(keep_asking(self._cache)),
            # A step may take a minute, and is taken again by the next worker: nobody waits for it to end.
            asyncio.create_task(self._repeat(self._recount, every_s=RECOUNT_EVERY_S)),
            asyncio.create_task(self._repeat(self._rank_trends, every_s=LOOK_FOR_TRENDS_EVERY_S)),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for queue in Queue:
                    for _ in range(SERVERS[queue]):
                        group.create_task(self._serve(queue))
                group.create_task(self._repeat(self._succession.tend, every_s=BEAT_EVERY_S))
                group.create_task(self._repeat(self._fold, every_s=FOLD_EVERY_S))
                group.create_task(self._repeat(self._sweep, every_s=SWEEP_EVERY_S))
        finally:
            await end_tasks(background)

    async def settle(self) -> None:
        """Handles everything that waits now, and what comes of it; folds all counts."""
        with suppress(CacheUnavailableError):
            await self._succession.tend()
        while any([await self.drain(queue) for queue in Queue]):
            pass
        await self._fold()

    async def drain(self, queue: Queue) -> int:
        """Handles what waits in a queue now; gives how many events it claimed."""
        limit = 1 if queue is Queue.LARGE_FANOUT else CLAIMED_AT_ONCE
        claims = await self._db.transact(outbox.claim, queue, limit=limit)
        gate = asyncio.Semaphore(HANDLED_AT_ONCE)
        handling = (self._handle(_Held(claim, queue), gate) for claim in claims)
        outcomes = await asyncio.gather(*handling, return_exceptions=True)
        # Told when the last handler has ended: whoever closes the connections then takes them from nobody.
        for failure in outcomes:
            if failure is not None:
                raise failure
        return len(claims)

    async def _serve(self, queue: Queue) -> None:
        rung = self._rung[queue]
        while not self._stopping.is_set():
            try:
                claimed = await self.drain(queue)
            except (UnavailableError, CacheUnavailableError):
                await self._rest(REST_S)
                continue
            if claimed == 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), POLL_S)
            rung.clear()

    async def _handle(self, held: "_Held", gate: asyncio.Semaphore) -> None:
        claim = held.claim
        async with gate:
            if self._stopping.is_set():
                await self._db.transact(outbox.give_back, claim)
                return
            try:
                await self._dispatch(held)
            except CacheUnavailableError:
                await self._db.transact(outbox.give_back, claim)
                raise
            except UnavailableError:
                raise  # the lease runs out, and the event comes again
            except Exception:
                log.exception("event failed", event_id=claim.id, event_name=claim.event, attempt=claim.attempts)
                await self._db.transact(outbox.postpone, claim)
                return
            if not held.is_handed_over:
                await self._db.transact(outbox.finish, claim)

    async def _advance(self, held: "_Held", reached: int) -> bool:
        """Notes how far a walk has come. One that has more than a page goes on in a queue of its own, and when the
        worker stops, with another worker.
        """
        if held.queue is Queue.LARGE_FANOUT and not self._stopping.is_set():
            return await self._db.transact(outbox.advance, held.claim, reached=reached)
        await self._db.transact(outbox.move, held.claim, Queue.LARGE_FANOUT, reached=reached)
        held.is_handed_over = True
        self._rung[Queue.LARGE_FANOUT].set()
        return False

    async def _dispatch(self, held: "_Held") -> None:
        """The table of handlers, with `_walk`."""
        claim = held.claim
        match event_of(claim.event, claim.facts):
            case EntryAdded() | PostEdited() | EntryRemoved() | SightChanged() | AuthorPushedAgain() as event:
                await self._walk(event, held)
            case FollowChanged() | HashtagFollowChanged() as event:
                await self._fan_out.on_follow_changed(event)
            case FollowersAdmitted() as event:
                await self._fan_out.on_followers_admitted(event)
            case RequestsLeft() as event:
                await self._db.transact(follow_requests.on_requests_left, event)
            case HomeChanged() as event:
                await self._fan_out.on_home_changed(event, event_id=claim.id)
            case ReadPositionMoved() as event:
                await self._fan_out.on_read_position_moved(event, event_id=claim.id)
            case unknown:
                raise LookupError(f"No handler for {type(unknown).__name__}.")

    async def _walk(
        self, event: EntryAdded | PostEdited | EntryRemoved | SightChanged | AuthorPushedAgain, held: "_Held"
    ) -> None:
        """The handlers that walk over followers, and go on from where they, or others, have come to."""
        event_id, checkpoint, advance = held.claim.id, held.claim.checkpoint, partial(self._advance, held)
        match event:
            case EntryAdded():
                await self._fan_out.on_entry_added(event, event_id=event_id, checkpoint=checkpoint, advance=advance)
            case PostEdited():
                await self._fan_out.on_post_edited(event, event_id=event_id, checkpoint=checkpoint, advance=advance)
            case EntryRemoved():
                await self._fan_out.on_entry_removed(event, event_id=event_id, checkpoint=checkpoint, advance=advance)
            case SightChanged():
                await self._fan_out.on_sight_changed(event, event_id=event_id, checkpoint=checkpoint, advance=advance)
            case AuthorPushedAgain():
                await self._fan_out.on_author_pushed_again(event, checkpoint=checkpoint, advance=advance)

    async def _fold(self) -> None:
        while await self._db.transact(counts.fold) >= counts.FOLDED_AT_ONCE:
            pass

    async def _sweep(self) -> None:
        await self._db.transact(outbox.sweep)
        while await self._db.transact(deletions.erase_deleted_posts) >= deletions.ERASED_AT_ONCE:
            pass
        for sweep in (handles.sweep, mutes.sweep, filters.sweep):
            await self._db.transact(sweep)
        await self._pulled_authors.look_after()
        for backlog in await outbox.fetch_backlogs(self._db):
            if backlog.oldest_age > LATE_AFTER or backlog.parked:
                log.warning("events wait long", **backlog.told())

    async def _recount(self) -> None:
        try:
            await recount(
                self._recount_db, hour_utc=self._recount_hour_utc, is_stopping=self._stopping.is_set, rest=self._rest
            )
        except UnavailableError:
            raise
        except Exception:  # What is behind it must not keep events from being handled.
            log.exception("recount failed")

    async def _rank_trends(self) -> None:
        for kind in TrendKind:
            try:
                await self._db.transact(trends.rank, kind, self._trend_rules, as_of=utc_now())
            except UnavailableError:
                log.warning("ranking of trends is put off", kind=kind.name)
                raise
            except Exception:  # What is behind it must not keep events from being handled.
                log.exception("ranking of trends failed", kind=kind.name)

    async def _repeat(self, work: Callable[[], Awaitable[None]], *, every_s: float) -> None:
        while not self._stopping.is_set():
            with suppress(UnavailableError, CacheUnavailableError):
                await work()
            await self._rest(every_s)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _hear_bell(self) -> None:
        async with self._bus.listen(channels.bell(self._cache.prefix)) as bell:
            await self._pass_on(bell)

    async def _pass_on(self, bell: Listener) -> None:
        async for _ in bell:
            for rung in self._rung.values():
                rung.set()
