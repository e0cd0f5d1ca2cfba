"""Who is pulled: authors whose posts would cost more where they are pushed than where they are read.

Entering is one row: from its commit on, reads merge what fan-out leaves out. Leaving takes its time, because timelines
lack what was left out: first the author is pushed again and merged still, then all timelines of those who follow are
forgotten, and only when no read can be under way that has seen an old one, the row goes. So at every moment an entry
is in the timeline, or merged, or both, which is the same (docs/timelines.md).
"""

import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core import ids
from core.clock import utc_now
from core.database import Database, Transaction, command, values_of
from events import outbox
from events.pulled_authors import AuthorPushedAgain
from loaders.pulled_authors import fetch_rates
from models.feeds import pulled_author

# What was found of an author is believed for so long, of so many authors.
LOOKED_AT_EVERY_S = 300.0
REMEMBERED_AUTHORS = 10_000
# Whoever is pulled stays so for as long, and goes when their rates have been half of the bounds for as long.
STAYS = timedelta(days=7)
# So many of the pulled are looked at in a sweep.
LOOKED_AT_ONCE = 20
# Longer than any read takes, and than what is done is kept in the outbox, which may have to be done again.
GOES_AFTER = timedelta(minutes=15)

_DAY = timedelta(days=1)
_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_FOREVER: sa.ColumnElement[datetime] = sa.literal_column("'infinity'::timestamptz", sa.DateTime(timezone=True))

_ENTER = command(insert(pulled_author).values(account_id=_ACCOUNT_ID).on_conflict_do_nothing())
# Until the timelines are forgotten there is no end to be seen.
_LEAVE = command(
    sa.update(pulled_author)
    .where(pulled_author.c.account_id == _ACCOUNT_ID, pulled_author.c.leaves_at.is_(None))
    .values(leaves_at=_FOREVER)
)
_LET_GO = command(
    sa.update(pulled_author)
    .where(pulled_author.c.account_id == _ACCOUNT_ID, pulled_author.c.leaves_at == _FOREVER)
    .values(leaves_at=sa.func.clock_timestamp() + sa.bindparam("rest", type_=sa.Interval))
)
_END = command(sa.delete(pulled_author).where(pulled_author.c.leaves_at <= sa.func.clock_timestamp()))
_MAY_LEAVE = values_of(
    sa.select(pulled_author.c.account_id)
    .where(
        pulled_author.c.account_id > sa.bindparam("after", type_=sa.BigInteger),
        pulled_author.c.leaves_at.is_(None),
        pulled_author.c.since <= sa.bindparam("entered_by", type_=sa.DateTime(timezone=True)),
    )
    .order_by(pulled_author.c.account_id)
    .limit(sa.bindparam("limit", type_=sa.Integer)),
    int,
)


class PullLimits(NamedTuple):
    """Above either of these an author is pulled. `readers`: followers who have read in the last `active_days`."""

    readers: int
    posts_per_day: int
    active_days: int


class PulledAuthors:
    """Decides for one process. Any number may decide at once: what one does twice is done once."""

    def __init__(self, db: Database, limits: PullLimits) -> None:
        self._db = db
        self._limits = limits
        self._looked_at_s: OrderedDict[int, float] = OrderedDict()
        self._last_looked_at = ids.NOBODY

    async def consider(self, author_id: int) -> None:
        """Makes an author who posts one of the pulled, if they cost too much; looked at once in a few minutes."""
        now_s = time.monotonic()
        looked_at_s = self._looked_at_s.get(author_id)
        if looked_at_s is not None and now_s < looked_at_s + LOOKED_AT_EVERY_S:
            return
        if await self._is_above(self._limits, author_id, within=_DAY):
            await self._db.transact(enter, author_id)
        self._looked_at_s[author_id] = now_s
        self._looked_at_s.move_to_end(author_id)
        if len(self._looked_at_s) > REMEMBERED_AUTHORS:
            self._looked_at_s.popitem(last=False)

    async def look_after(self) -> None:
        """Sends away some of those who have become small, and ends the rows of those who have left."""
        await self._db.transact(end_left)
        half = self._limits._replace(readers=self._limits.readers // 2, posts_per_day=self._limits.posts_per_day // 2)
        author_ids = await self._db.rows(
            _MAY_LEAVE, after=self._last_looked_at, entered_by=utc_now() - STAYS, limit=LOOKED_AT_ONCE
        )
        for author_id in author_ids:
            if not await self._is_above(half, author_id, within=STAYS):
                await self._db.transact(leave, author_id)
        self._last_looked_at = author_ids[-1] if len(author_ids) == LOOKED_AT_ONCE else ids.NOBODY

    async def _is_above(self, limits: PullLimits, author_id: int, *, within: timedelta) -> bool:
        most_posts = limits.posts_per_day * within // _DAY
        rates = await fetch_rates(
            self._db,
            author_id,
            since=ids.first_at(utc_now() - within),
            active_days=limits.active_days,
            most_readers=limits.readers + 1,
            most_posts=most_posts + 1,
        )
        return rates.readers > limits.readers or rates.posts > most_posts


async def enter(tx: Transaction, author_id: int) -> None:
    """From the commit on an author is pulled. Whoever is leaving has to leave first."""
    await tx.run(_ENTER, account_id=author_id)


async def leave(tx: Transaction, author_id: int) -> None:
    """From the commit on an author is pushed again, and the timelines that lack something are forgotten."""
    if await tx.run(_LEAVE, account_id=author_id) == 1:
        await outbox.record(tx, AuthorPushedAgain(author_id=author_id))


async def let_go(tx: Transaction, author_id: int) -> None:
    """No timeline lacks anything any more: the row of one who leaves may go when no read has begun before."""
    await tx.run(_LET_GO, account_id=author_id, rest=GOES_AFTER)


async def end_left(tx: Transaction) -> int:
    """Deletes the rows of those who have left; gives their number."""
    return await tx.run(_END)
