"""Handling again what was handled: after a fault of Redis that may have lost what came of it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from core import ids
from core.database import Reader, Transaction, command, values_of
from events.base import Queue
from events.outbox import KEEP_DONE_S
from models.outbox import outbox

# So long, at least, what is done is still there to be handled again: what is swept is older.
REPLAYED_FOR_S = KEEP_DONE_S - 60

_NOW = sa.func.clock_timestamp()
_CLOCK = values_of(sa.select(_NOW), datetime)
_IS_OF_QUEUES = outbox.c.queue == sa.any_(sa.bindparam("queues", type_=sa.ARRAY(sa.Text)))
# What is being handled, too: a new number of attempts takes the lease from whoever holds it. A parked event stays so.
_REOPEN = command(
    sa.update(outbox)
    .where(
        _IS_OF_QUEUES,
        outbox.c.parked_at.is_(None),
        sa.or_(
            outbox.c.done_at >= sa.bindparam("since", type_=sa.DateTime(timezone=True)),
            sa.and_(outbox.c.done_at.is_(None), outbox.c.attempts > sa.literal_column("0")),
        ),
    )
    .values(done_at=sa.null(), checkpoint=0, available_at=_NOW, attempts=outbox.c.attempts + 1)
)
_IS_OPEN = values_of(
    sa.select(sa.literal_column("1"))
    .where(
        _IS_OF_QUEUES,
        outbox.c.done_at.is_(None),
        outbox.c.parked_at.is_(None),
        outbox.c.id <= sa.bindparam("up_to", type_=sa.BigInteger),
    )
    .limit(sa.literal_column("1")),
    int,
)


async def fetch_clock(db: Reader) -> datetime:
    """The time by the clock that says when events were handled."""
    now = await db.row(_CLOCK)
    assert now is not None
    return now


async def reopen(tx: Transaction, *, since: datetime) -> int:
    """Opens again what was handled since then, and takes from everybody what they are handling. Gives the number of
    events. All handlers are idempotent, and open subscriptions drop what they have told.
    """
    return await tx.run(_REOPEN, queues=list(Queue), since=since)


async def is_open(db: Reader, *, up_to: int) -> bool:
    """Whether something up to this event still waits, or is being handled."""
    return await db.row(_IS_OPEN, queues=list(Queue), up_to=up_to) is not None


def newest_at(moment: datetime) -> int:
    """An id above those of all events recorded before a moment."""
    return ids.first_at(moment + timedelta(milliseconds=1))
