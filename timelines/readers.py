"""Who is a reader: noted when a timeline is made or kept, and when somebody listens.

Fan-out passes over everybody else, so a note has to come first and to last longer. It commits before the SQL of a
rebuild is read, and before a subscription says that it has started; what commits later finds it. It counts for longer
than a timeline lives after it (`active_days`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, Transaction, command
from core.errors import RequestError
from core.tasks import end_tasks
from loaders.facts import is_there
from loaders.readers import TODAY
from models.feeds import reader

# A note is renewed so often while somebody listens; days are what it counts in.
NOTED_EVERY_S = 43_200.0
# One that failed is tried again after this.
NOTED_AGAIN_AFTER_S = 60.0
# A note is of a day, and the day may end right after it; the other day is for what a renewal may be late.
SPARE_DAYS = 2

_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
# A conflict locks the row, which is a write; who was noted today comes to none.
_is_noted = is_there(reader.c.account_id == _ACCOUNT_ID, reader.c.active_on >= TODAY)
_insert = insert(reader).from_select(["account_id", "active_on"], sa.select(_ACCOUNT_ID, TODAY).where(~_is_noted))
_NOTE = command(
    _insert.on_conflict_do_update(
        index_elements=[reader.c.account_id],
        set_={"active_on": _insert.excluded.active_on},
        where=reader.c.active_on < _insert.excluded.active_on,
    )
)


def active_days(*, timeline_ttl_days: int) -> int:
    """How many days old a note may be that counts."""
    return timeline_ttl_days + SPARE_DAYS


async def note_reader(tx: Transaction, account_id: int) -> None:
    """Notes that an account reads today. It costs no write if that is known."""
    await tx.run(_NOTE, account_id=account_id)


@asynccontextmanager
async def noted_while_listening(db: Database, account_id: int) -> AsyncIterator[None]:
    """An account is a reader for as long as this is open. Raises UnavailableError if it cannot be noted at first."""
    await db.transact(note_reader, account_id)
    renewing = asyncio.create_task(_keep_noted(db, account_id))
    try:
        yield
    finally:
        await end_tasks([renewing])


async def _keep_noted(db: Database, account_id: int) -> None:
    pause_s = NOTED_EVERY_S
    while True:
        await asyncio.sleep(pause_s)
        try:
            await db.transact(note_reader, account_id)
        except RequestError:
            pause_s = NOTED_AGAIN_AFTER_S
        else:
            pause_s = NOTED_EVERY_S
