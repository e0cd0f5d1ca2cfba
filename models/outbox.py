"""The outbox: what has happened and still has to be told. Written in the transaction of the act itself."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from models.base import id_field, server_default, table_of


class OutboxEntry(SQLModel, table=True):
    """One event for one queue. Handled at least once; `done_at` rows are kept for ten minutes."""

    __tablename__ = "outbox"
    __table_args__ = (
        # The worker's claim: the oldest entries of a queue that are neither done nor parked.
        sa.Index(
            "outbox_open_index",
            "queue",
            "available_at",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
        ),
        # What waits for an operator, told with the age of each queue.
        sa.Index("outbox_parked_index", "queue", postgresql_where=sa.text("parked_at IS NOT NULL")),
        # The worker's sweep of entries that are done.
        sa.Index("outbox_done_at_index", "done_at", postgresql_where=sa.text("done_at IS NOT NULL")),
    )

    id: int = id_field()
    queue: str = Field(sa_type=sa.Text)
    event: str = Field(sa_type=sa.Text)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    # How far a handler that works in batches has come, in its own terms.
    checkpoint: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs=server_default("0"))
    attempts: int = Field(default=0, sa_column_kwargs=server_default("0"))
    # Not before this: moved ahead by a claim (its lease) and by a failure (its pause).
    available_at: datetime = Field(
        sa_type=sa.DateTime(timezone=True),
        sa_column_kwargs=server_default("clock_timestamp()"),
    )
    done_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    parked_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


outbox = table_of(OutboxEntry)
