"""What trends: hashtags and posts, as the worker has last ranked them, and for an hour as it had before.

A ranking is never changed: a new one takes its place, and whoever pages goes on in the one that they began with.
"""

from datetime import datetime
from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, server_default, table_of


class TrendKind(IntEnum):
    """What is ranked. Stored: never reuse a number."""

    HASHTAGS = 1
    POSTS = 2


def _kind() -> int:
    kind: int = Field(sa_type=sa.SmallInteger, primary_key=True, nullable=False)
    return kind


class TrendRound(SQLModel, table=True):
    """The newest ranking of a kind, by its number. Whoever makes the next one holds the row meanwhile."""

    __tablename__ = "trend_round"

    kind: int = _kind()
    number: int = counter()
    # Not before this the next ranking is made.
    due_at: datetime = Field(
        sa_type=sa.DateTime(timezone=True), nullable=False, sa_column_kwargs=server_default("now()")
    )


class Trend(SQLModel, table=True):
    """A hashtag or a post in a ranking. The key is the order of `trends`; the first place is 1."""

    kind: int = _kind()
    round: int = Field(sa_type=sa.BigInteger, primary_key=True, nullable=False)
    place: int = Field(sa_type=sa.Integer, primary_key=True, nullable=False)
    subject_id: int = Field(sa_type=sa.BigInteger, nullable=False)
    score: float = Field(sa_type=sa.Double, nullable=False)
    # What the score rests on: acts, and the accounts that did them.
    act_count: int = Field(sa_type=sa.Integer, nullable=False)
    account_count: int = Field(sa_type=sa.Integer, nullable=False)


trend_round = table_of(TrendRound)
trend = table_of(Trend)
