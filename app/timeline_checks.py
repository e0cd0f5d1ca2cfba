"""Looking at many timelines, for `rookery timelines`: a few at a time, and readers by pages, so memory is bounded."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from app.services import open_cache, open_database, timeline_store
from app.settings import Settings
from core import ids
from core.database import Reader, Statement, values_of
from models.accounts import account
from models.feeds import reader
from timelines.home import HomeTimelines
from timelines.verifying import Verdict

AT_ONCE = 4
READERS_PER_PAGE = 500

_READERS_AFTER = values_of(
    sa.select(reader.c.account_id)
    .where(reader.c.account_id > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(reader.c.account_id)
    .limit(sa.literal_column(str(READERS_PER_PAGE))),
    int,
)
_READER_COUNT = values_of(sa.select(sa.func.count()).select_from(reader), int)
# Reads the table of readers once. A sample by blocks would take neighbours, who came at the same time.
_SOME_READERS = values_of(
    sa.select(reader.c.account_id).order_by(sa.func.random()).limit(sa.bindparam("limit", type_=sa.Integer)),
    int,
)
_BY_HANDLE: Statement[tuple[str, int]] = Statement(
    sa.select(sa.func.lower(account.c.handle), account.c.id).where(
        sa.func.lower(account.c.handle) == sa.any_(sa.bindparam("handles", type_=sa.ARRAY(sa.Text)))
    ),
    tuple,
)


class Findings(NamedTuple):
    """How many timelines were looked at, by what was found."""

    verdicts: Counter[Verdict]

    @property
    def different(self) -> int:
        return self.verdicts[Verdict.DIFFERENT]

    def lines(self) -> Iterator[str]:
        """What people are told."""
        found = self.verdicts
        yield f"{found[Verdict.EQUAL] + self.different} compared, {self.different} wrong"
        if undecided := found[Verdict.UNDECIDED]:
            yield f"{undecided} have posts still coming to them: look again"
        if absent := found[Verdict.ABSENT]:
            yield f"{absent} have none"


# Is told how many timelines were looked at, of how many.
Progress = Callable[[int, int], None]


def _tell_nobody(_done: int, _total: int) -> None:
    pass


class TimelineChecks:
    """Between `open()` and `close()`. Everything raises UnavailableError or CacheUnavailableError."""

    def __init__(self, settings: Settings, *, progress: Progress = _tell_nobody) -> None:
        self._progress = progress
        self._db = open_database(settings, pool_size=AT_ONCE)
        self._cache = open_cache(settings)
        self._home = HomeTimelines(self._db, timeline_store(settings, self._cache))

    async def open(self) -> None:
        await self._db.open()

    async def close(self) -> None:
        await self._cache.close()
        await self._db.close()

    async def ids_of(self, handles: Sequence[str]) -> list[int]:
        """Raises LookupError, whose words are for people, if nobody has one of these handles."""
        wanted = [handle.removeprefix("@").lower() for handle in handles]
        found = dict(await self._db.rows(_BY_HANDLE, handles=wanted))
        for handle in wanted:
            if handle not in found:
                raise LookupError(f"There is no account @{handle}.")
        return [found[handle] for handle in wanted]

    async def some_readers(self, limit: int) -> list[int]:
        """So many readers, taken at random."""
        return await self._db.rows(_SOME_READERS, limit=limit)

    async def verify(self, account_ids: Sequence[int] | None, *, repairs: bool) -> Findings:
        """Compares these timelines, or those of all readers, and makes anew what is wrong if it `repairs`."""
        verdicts: Counter[Verdict] = Counter()

        async def check(account_id: int) -> None:
            verdicts[await self._home.check(account_id, repairs=repairs)] += 1

        await self._each(account_ids, check)
        return Findings(verdicts)

    async def rebuild(self, account_ids: Sequence[int] | None) -> int:
        """Makes these timelines anew, or those of all readers; gives how many."""
        made = 0

        async def make(account_id: int) -> None:
            nonlocal made
            await self._home.renew(account_id)
            made += 1

        await self._each(account_ids, make)
        return made

    async def _each(self, account_ids: Sequence[int] | None, work: Callable[[int], Awaitable[None]]) -> None:
        [total] = await self._db.rows(_READER_COUNT) if account_ids is None else [len(account_ids)]
        done = 0
        async for page in _pages(self._db) if account_ids is None else _one_page(account_ids):
            for start in range(0, len(page), AT_ONCE):
                some = page[start : start + AT_ONCE]
                await asyncio.gather(*map(work, some))
                done += len(some)
                self._progress(done, max(done, total))  # more may have come since they were counted


async def _one_page(account_ids: Sequence[int]) -> AsyncIterator[Sequence[int]]:
    yield account_ids


async def _pages(db: Reader) -> AsyncIterator[Sequence[int]]:
    after = ids.NOBODY
    while page := await db.rows(_READERS_AFTER, after=after):
        yield page
        after = page[-1]
