"""The outbox: events wait here from the commit of their act until every queue has handled them, at least once.

One row per event and queue. A claim moves `available_at` ahead by a lease; a handler that dies leaves the row to
the next claim after it. Claims skip rows that another worker holds, so two workers never hold the same one, and a
handler's progress counts only while its lease is its own (`attempts` names the lease).
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from core.database import Reader, Transaction, command, rows_of, values_of
from events.base import Event, Queue
from models.outbox import outbox

LEASE_S = 30
KEEP_DONE_S = 600
ATTEMPTS_BEFORE_PARKING = 10
LONGEST_PAUSE_S = 300


class Claim(NamedTuple):
    """An entry that this worker holds until its lease ends."""

    id: int
    event: str
    facts: str
    checkpoint: int
    attempts: int


_NOW = sa.func.clock_timestamp()


def _seconds(amount: sa.ColumnElement[int]) -> sa.ColumnElement[datetime]:
    return _NOW + amount * sa.literal_column("interval '1 second'")


_RECORD = command(
    sa.insert(outbox).from_select(
        ["queue", "event", "facts"],
        sa.select(
            sa.func.unnest(sa.bindparam("queues", type_=sa.ARRAY(sa.Text))),
            sa.bindparam("event", type_=sa.Text),
            sa.cast(sa.bindparam("facts", type_=sa.Text), JSONB),
        ),
    )
)

_CLAIMABLE = (
    sa.select(outbox.c.id)
    .where(
        outbox.c.queue == sa.bindparam("queue", type_=sa.Text),
        outbox.c.done_at.is_(None),
        outbox.c.parked_at.is_(None),
        outbox.c.available_at <= _NOW,
    )
    .order_by(outbox.c.available_at, outbox.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = rows_of(
    sa.update(outbox)
    .where(outbox.c.id.in_(_CLAIMABLE))
    .values(available_at=_seconds(sa.literal(LEASE_S)), attempts=outbox.c.attempts + 1)
    .returning(outbox.c.id, outbox.c.event, sa.cast(outbox.c.facts, sa.Text), outbox.c.checkpoint, outbox.c.attempts),
    Claim,
)

_HELD = sa.and_(
    outbox.c.id == sa.bindparam("entry_id", type_=sa.BigInteger),
    outbox.c.attempts == sa.bindparam("lease", type_=sa.Integer),
    outbox.c.done_at.is_(None),
)
_ADVANCE = command(
    sa.update(outbox)
    .where(_HELD)
    .values(checkpoint=sa.bindparam("reached", type_=sa.BigInteger), available_at=_seconds(sa.literal(LEASE_S)))
)
_FINISH = command(sa.update(outbox).where(_HELD).values(done_at=_NOW))
_POSTPONE = command(
    sa.update(outbox)
    .where(_HELD)
    .values(
        available_at=_seconds(sa.bindparam("pause_s", type_=sa.Integer)),
        parked_at=sa.case((outbox.c.attempts >= ATTEMPTS_BEFORE_PARKING, _NOW), else_=None),
    )
)
_RETURN = command(sa.update(outbox).where(_HELD).values(available_at=_NOW, attempts=outbox.c.attempts - 1))
_SWEEP = command(
    sa.delete(outbox).where(outbox.c.done_at < _NOW - sa.literal_column(f"interval '{KEEP_DONE_S} seconds'"))
)
_OLDEST = values_of(
    sa.select(sa.func.min(outbox.c.id)).where(outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None)), int
)


def select_record(event: type[Event], written: sa.FromClause, **facts: sa.ColumnElement[int]) -> sa.Insert:
    """The INSERT of an event that tells of each row of `written`, as part of the statement that wrote them.

    `facts` are the event's fields. For acts that are one statement; all others call `record`.
    """
    named = [part for name, column in facts.items() for part in (sa.literal_column(f"'{name}'"), column)]
    queues = sa.literal([str(queue) for queue in event.queues], sa.ARRAY(sa.Text))
    return sa.insert(outbox).from_select(
        ["queue", "event", "facts"],
        sa.select(
            sa.func.unnest(queues), sa.literal(event.__name__, sa.Text), sa.func.jsonb_build_object(*named)
        ).select_from(written),
    )


async def record(tx: Transaction, event: Event) -> None:
    """Writes the event down for each of its queues; it is told after the transaction commits, and only then."""
    await tx.run(_RECORD, queues=list(event.queues), event=type(event).__name__, facts=event.facts())


async def claim(tx: Transaction, queue: Queue, *, limit: int) -> list[Claim]:
    """Takes the next entries of a queue for LEASE_S seconds; another worker gets none of them meanwhile."""
    return sorted(await tx.rows(_CLAIM, queue=queue, limit=limit))


async def advance(tx: Transaction, claimed: Claim, *, reached: int) -> bool:
    """Notes how far a handler has come and renews its lease. False if the lease was lost: stop, another goes on."""
    return await tx.run(_ADVANCE, entry_id=claimed.id, lease=claimed.attempts, reached=reached) == 1


async def finish(tx: Transaction, claimed: Claim) -> bool:
    """Marks an entry as handled. False if the lease was lost."""
    return await tx.run(_FINISH, entry_id=claimed.id, lease=claimed.attempts) == 1


async def postpone(tx: Transaction, claimed: Claim) -> None:
    """Puts a failed entry off, longer each time; after ten attempts it is parked until an operator looks at it."""
    pause_s = min(2 ** (claimed.attempts - 1), LONGEST_PAUSE_S)
    await tx.run(_POSTPONE, entry_id=claimed.id, lease=claimed.attempts, pause_s=pause_s)


async def give_back(tx: Transaction, claimed: Claim) -> None:
    """Returns an entry unhandled, at no cost to it: the worker stops, or Redis is away."""
    await tx.run(_RETURN, entry_id=claimed.id, lease=claimed.attempts)


async def sweep(tx: Transaction) -> int:
    """Deletes what was done more than ten minutes ago; gives the number of rows."""
    return await tx.run(_SWEEP)


async def oldest_open_id(db: Reader) -> int | None:
    """The id, and so the age, of the oldest entry that still waits; None when nothing waits."""
    return await db.row(_OLDEST)
