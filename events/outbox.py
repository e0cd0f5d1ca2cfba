"""The outbox: events wait here from the commit of their act until every queue has handled them, at least once.

One row per event and queue. A claim moves `available_at` ahead by a lease; a handler that dies leaves the row to
the next claim after it. Claims skip rows that another worker holds, so two workers never hold the same one, and a
handler's progress counts only while its lease is its own (`attempts` names the lease).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from core import ids
from core.clock import utc_now
from core.database import Reader, Transaction, command, rows_of
from events.base import Event, Queue
from models.outbox import outbox

LEASE_S = 30
KEEP_DONE_S = 600
ATTEMPTS_BEFORE_PARKING = 10
LONGEST_PAUSE_S = 300
COUNTED_ENTRIES = 1_000


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
_MOVE = command(
    sa.update(outbox)
    .where(_HELD)
    .values(
        queue=sa.bindparam("queue", type_=sa.Text),
        checkpoint=sa.bindparam("reached", type_=sa.BigInteger),
        available_at=_NOW,
    )
)
_RETURN = command(sa.update(outbox).where(_HELD).values(available_at=_NOW, attempts=outbox.c.attempts - 1))
_SWEEP = command(
    sa.delete(outbox).where(outbox.c.done_at < _NOW - sa.literal_column(f"interval '{KEEP_DONE_S} seconds'"))
)


class Backlog(NamedTuple):
    """How far a queue is behind. `oldest_id` tells since when its oldest entry waits, or is being handled; None if
    nothing waits. `waiting` and `parked` are counted up to COUNTED_ENTRIES.
    """

    queue: str
    waiting: int
    oldest_id: int | None
    parked: int

    @property
    def oldest_age(self) -> timedelta:
        """How long the oldest entry has been waiting."""
        return timedelta() if self.oldest_id is None else max(timedelta(), utc_now() - ids.time_of(self.oldest_id))

    def told(self) -> dict[str, str | int | float]:
        """The numbers as logs and the health check tell them."""
        return {
            "queue": self.queue,
            "waiting": self.waiting,
            "oldest_age_s": round(self.oldest_age.total_seconds(), 1),
            "parked": self.parked,
        }


def _select_backlog() -> sa.Select[tuple[str, int, int, int]]:
    queue = sa.func.unnest(sa.bindparam("queues", type_=sa.ARRAY(sa.Text)))
    queues = queue.table_valued(sa.column("name", sa.Text), name="queues").render_derived()
    of_queue = sa.select(outbox.c.id).where(outbox.c.queue == queues.c.name)
    waiting = of_queue.where(outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None))
    parked = of_queue.where(outbox.c.parked_at.is_not(None))

    def counted(entries: sa.Select[tuple[int]]) -> sa.ScalarSelect[int]:
        bound = entries.limit(sa.literal_column(str(COUNTED_ENTRIES))).correlate(queues).subquery()
        return sa.select(sa.func.count()).select_from(bound).scalar_subquery()

    oldest = waiting.with_only_columns(sa.func.min(outbox.c.id)).correlate(queues).scalar_subquery()
    return sa.select(queues.c.name, counted(waiting), oldest, counted(parked))


_BACKLOG = rows_of(_select_backlog(), Backlog)


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


async def move(tx: Transaction, claimed: Claim, queue: Queue, *, reached: int) -> None:
    """Hands an entry over to those who serve another queue. They go on where its handler has come to."""
    await tx.run(_MOVE, entry_id=claimed.id, lease=claimed.attempts, queue=queue, reached=reached)


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


async def fetch_backlogs(db: Reader) -> list[Backlog]:
    """How far each queue is behind."""
    return await db.rows(_BACKLOG, queues=list(Queue))
