"""What accounts keep of their feeds: when they read, how they want them, and how far they have come."""

from datetime import date, datetime
from enum import IntEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.base import flag, reference, server_default, table_of


class FeedKind(IntEnum):
    """The kinds of feeds that keep something. Stored: never reuse a number."""

    HOME = 1
    LIST = 2
    HASHTAG = 3
    PUBLIC = 4
    FOR_YOU = 5


# The feeds that there are many of: a reference names which.
TARGETED = frozenset({FeedKind.LIST, FeedKind.HASHTAG})


class Reader(SQLModel, table=True):
    """An account that has read its home feed, or listened to it, of late. Only to these fan-out goes."""

    account_id: int = reference("account.id", primary_key=True)
    active_on: date = Field(sa_type=sa.Date, nullable=False, sa_column_kwargs=server_default("CURRENT_DATE"))


class PulledAuthor(SQLModel, table=True):
    """An author whose posts are not pushed to timelines, but merged into them when they are read.

    While `leaves_at` is set they are pushed again, and merged still: timelines that lack what was not pushed are
    being dropped.
    """

    __tablename__ = "pulled_author"

    account_id: int = reference("account.id", primary_key=True)
    since: datetime = Field(
        sa_type=sa.DateTime(timezone=True), nullable=False, sa_column_kwargs=server_default("now()")
    )
    leaves_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


def _feed_kind() -> int:
    kind: int = Field(sa_type=sa.SmallInteger, primary_key=True, nullable=False)
    return kind


def _target_id() -> int:
    """The list or hashtag that is read; 0 of a feed that there is one of."""
    target_id: int = Field(sa_type=sa.BigInteger, primary_key=True, nullable=False)
    return target_id


class FeedPreference(SQLModel, table=True):
    """How an account wants one of its feeds, wherever a document does not say otherwise."""

    __tablename__ = "feed_preference"

    account_id: int = reference("account.id", primary_key=True)
    feed: int = _feed_kind()
    target_id: int = _target_id()
    hides_replies: bool = flag()
    hides_reposts: bool = flag()
    hides_quotes: bool = flag()
    hides_seen: bool = flag()
    # What is in other languages is hidden; of unknown language, or with an empty array, nothing is.
    languages: list[str] = Field(sa_type=ARRAY(sa.Text), nullable=False, sa_column_kwargs=server_default("'{}'"))


class ReadPosition(SQLModel, table=True):
    """The newest entry of a feed that an account has read, on whatever device. It only ever moves ahead."""

    __tablename__ = "read_position"

    account_id: int = reference("account.id", primary_key=True)
    feed: int = _feed_kind()
    target_id: int = _target_id()
    entry_id: int = Field(sa_type=sa.BigInteger, nullable=False)
    moved_at: datetime = Field(
        sa_type=sa.DateTime(timezone=True), nullable=False, sa_column_kwargs=server_default("now()")
    )


reader = table_of(Reader)
pulled_author = table_of(PulledAuthor)
feed_preference = table_of(FeedPreference)
read_position = table_of(ReadPosition)
