"""Reading a home feed's entries: from the reader's timeline where it can answer, else from SQL.

Both ways give what `loaders.home.fetch_home_entries` defines. A reader without a timeline gets the answer of SQL at
once, while the timeline is rebuilt behind.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import structlog

from core.cache import CacheUnavailableError
from core.database import Database
from core.errors import RequestError
from loaders.home import HomeEntries, fetch_home_entries
from loaders.pages import GREATEST_ID
from loaders.pulled_authors import fetch_following
from loaders.wanted import FeedEntry
from timelines import keys
from timelines.readers import note_reader, noted_while_listening
from timelines.store import TimelineStore
from timelines.verifying import Verdict, verify

log = structlog.get_logger(__name__)

AT_ONCE = 4


class Scan(NamedTuple):
    """Entries, newest first; all there are above the id `reached`, or all there are if `is_end`."""

    entries: Sequence[FeedEntry]
    reached: int
    is_end: bool


class HomeTimelines:
    """The home feeds of one process."""

    def __init__(self, db: Database, store: TimelineStore, *, verified_per_thousand: int = 0) -> None:
        """So many of a thousand first pages that come from timelines are compared with SQL, behind the answer."""
        self._db = db
        self._store = store
        self._verified_share = verified_per_thousand / 1_000
        self._verdicts: Counter[Verdict] = Counter()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    @property
    def verdicts(self) -> Mapping[str, int]:
        """What was found of first pages that were compared, since the process began."""
        return {str(each): self._verdicts[each] for each in Verdict if self._verdicts[each]}

    async def scan(self, home: HomeEntries, *, before: int, limit: int) -> Scan:
        """The next entries of an account's home feed, which `home` knows in SQL, below the id `before`."""
        account_id = home.viewer_id
        try:
            cut = await self._store.read(account_id, before=before, limit=limit)
        except CacheUnavailableError:
            return await _scan_by_sql(home, before=before, limit=limit)
        if cut is None or cut.is_over:
            if cut is None and before == GREATEST_ID:
                self._behind(account_id, self.rebuild)
            return await _scan_by_sql(home, before=before, limit=limit)
        if cut.is_due:
            self._behind(account_id, self.keep)
        elif before == GREATEST_ID and random.random() < self._verified_share:  # noqa: S311 (nobody gains by guessing)
            self._behind(account_id, self._check_one_of_many)
        reached = 0 if cut.is_end else cut.ids[-1]
        entries = await home.among(cut.ids, since=reached, before=before, merged_limit=limit)
        if len(entries) >= limit:  # those merged came on top of the cut, and only so many of them were asked for
            return Scan(entries[:limit], reached=entries[limit - 1].id, is_end=False)
        return Scan(entries, reached=reached, is_end=cut.is_end)

    async def forget(self, account_id: int) -> None:
        """Drops an account's timeline, if Redis answers; the outbox sees to it where it does not."""
        try:
            await self._store.forget(account_id)
        except CacheUnavailableError:
            return

    async def rebuild(self, account_id: int) -> None:
        """Fills an account's timeline from SQL, unless another rebuild of it runs anywhere.

        Opened first, its reader noted second, read third, filled last: what is not in the SQL's snapshot commits later,
        and fan-out comes to the reader and finds the timeline open.
        """
        token = await self._store.begin_rebuild(account_id)
        if token is None:
            return
        await self._db.transact(note_reader, account_id)
        if await self._follows_too_much(account_id):
            await self._store.mark_over(account_id, token=token)
            return
        entries = await fetch_home_entries(self._db, account_id, before=GREATEST_ID, limit=keys.REBUILT_ENTRIES)
        await self._store.end_rebuild(
            account_id,
            [entry.id for entry in entries],
            token=token,
            is_complete=len(entries) < keys.REBUILT_ENTRIES,
        )

    async def renew(self, account_id: int) -> None:
        """Makes a timeline anew, whatever it holds."""
        await self._store.forget(account_id)
        await self.rebuild(account_id)

    async def check(self, account_id: int, *, repairs: bool = True) -> Verdict:
        """Compares a timeline with SQL, and makes it anew if it is wrong and that is wanted."""
        verdict = await verify(self._db, self._store, account_id)
        if repairs and verdict is Verdict.DIFFERENT:
            await self.renew(account_id)
        return verdict

    async def _check_one_of_many(self, account_id: int) -> None:
        """Counts what is found, and tells the log of what was wrong."""
        verdict = await self.check(account_id)
        self._verdicts[verdict] += 1
        if verdict is Verdict.DIFFERENT:
            log.warning("timeline was wrong", account_id=account_id, found_so_far=self.verdicts)

    async def keep(self, account_id: int) -> None:
        """Lets a timeline live on; or ends it, where its reader has come to follow too much."""
        await self._db.transact(note_reader, account_id)
        if await self._follows_too_much(account_id):
            await self.rebuild(account_id)
        else:
            await self._store.keep(account_id)

    def listening(self, account_id: int) -> AbstractAsyncContextManager[None]:
        """While this is open, what is posted is told to the account's channel. Raises UnavailableError."""
        return noted_while_listening(self._db, account_id)

    async def rebuilt(self) -> None:
        """Waits until this process works on no timeline."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _follows_too_much(self, account_id: int) -> bool:
        following = await fetch_following(
            self._db, account_id, most_accounts=keys.MOST_FOLLOWED + 1, most_pulled_authors=keys.MOST_PULLED + 1
        )
        return following.accounts > keys.MOST_FOLLOWED or following.pulled_authors > keys.MOST_PULLED

    def _behind(self, account_id: int, work: Callable[[int], Awaitable[object]]) -> None:
        """Does `work` for an account behind the answer, unless something is being done for it."""
        if account_id in self._tasks:
            return
        task = asyncio.create_task(self._quietly(account_id, work))
        self._tasks[account_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(account_id, None))

    async def _quietly(self, account_id: int, work: Callable[[int], Awaitable[object]]) -> None:
        """Nobody waits for it. Failing costs speed only: the next read tries again."""
        async with self._gate:
            try:
                await work(account_id)
            except (CacheUnavailableError, RequestError):
                return


async def _scan_by_sql(home: HomeEntries, *, before: int, limit: int) -> Scan:
    entries = await home.newest(before=before, limit=limit)
    is_end = len(entries) < limit
    return Scan(entries, reached=0 if is_end else entries[-1].id, is_end=is_end)
