"""How far the nightly recount of counts has come."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, table_of


class Recount(SQLModel, table=True):
    """The recount of everything in the table `subjects`. Whoever takes its next step holds the row meanwhile."""

    subjects: str = Field(sa_type=sa.Text, primary_key=True)
    # Not before this: after a step its rest, after the last one the hour of the next round.
    due_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    # Of this round: up to which subject, how many of them, and how many of their counts had drifted.
    reached_id: int = counter()
    checked: int = counter()
    drifted: int = counter()


recount = table_of(Recount)
