"""Reading a home feed's entries: from the reader's timeline where it can answer, else from SQL.

Both ways give what `loaders.home.fetch_home_entries` defines. A reader without a timeline gets the answer of SQL at
once, while the timeline is rebuilt behind.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from core.cache import CacheUnavailableError
from core.database import Database
from core.errors import RequestError
from loaders.home import HomeEntries, fetch_home_entries
from loaders.pages import GREATEST_ID
from loaders.wanted import FeedEntry
from timelines import keys
from timelines.store import TimelineStore

REBUILDS_AT_ONCE = 4


class Scan(NamedTuple):
    """Entries, newest first; all there are above the id `reached`, or all there are if `is_end`."""

    entries: Sequence[FeedEntry]
    reached: int
    is_end: bool


class HomeTimelines:
    """The home feeds of one process."""

    def __init__(self, db: Database, store: TimelineStore) -> None:
        self._db = db
        self._store = store
        self._rebuilds: dict[int, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(REBUILDS_AT_ONCE)

    async def scan(self, home: HomeEntries, *, before: int, limit: int) -> Scan:
        """The next entries of an account's home feed, which `home` knows in SQL, below the id `before`."""
        account_id = home.viewer_id
        try:
            cut = await self._store.read(account_id, before=before, limit=limit)
        except CacheUnavailableError:
            return await _scan_by_sql(home, before=before, limit=limit)
        if cut is None:
            if before == GREATEST_ID:
                self._rebuild_behind(account_id)
            return await _scan_by_sql(home, before=before, limit=limit)
        reached = 0 if cut.is_end else cut.ids[-1]
        entries = await home.among(cut.ids, since=reached, before=before, own_limit=limit)
        if len(entries) >= limit:  # own ones came on top of the cut, and only so many of them were asked for
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

        Opened first, read second, filled last: what is not in the SQL's snapshot commits later and is pushed.
        """
        token = await self._store.begin_rebuild(account_id)
        if token is None:
            return
        entries = await fetch_home_entries(self._db, account_id, before=GREATEST_ID, limit=keys.REBUILT_ENTRIES)
        await self._store.end_rebuild(
            account_id,
            [entry.id for entry in entries],
            token=token,
            is_complete=len(entries) < keys.REBUILT_ENTRIES,
        )

    async def rebuilt(self) -> None:
        """Waits until no rebuild runs in this process."""
        while self._rebuilds:
            await asyncio.gather(*self._rebuilds.values(), return_exceptions=True)

    def _rebuild_behind(self, account_id: int) -> None:
        if account_id in self._rebuilds:
            return
        task = asyncio.create_task(self._rebuild_quietly(account_id))
        self._rebuilds[account_id] = task
        task.add_done_callback(lambda _: self._rebuilds.pop(account_id, None))

    async def _rebuild_quietly(self, account_id: int) -> None:
        """A rebuild that nobody waits for. Failing costs speed only: the next read tries again."""
        async with self._gate:
            try:
                await self.rebuild(account_id)
            except (CacheUnavailableError, RequestError):
                return


async def _scan_by_sql(home: HomeEntries, *, before: int, limit: int) -> Scan:
    entries = await home.newest(before=before, limit=limit)
    is_end = len(entries) < limit
    return Scan(entries, reached=0 if is_end else entries[-1].id, is_end=is_end)
