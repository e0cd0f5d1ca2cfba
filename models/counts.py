"""Changes of counts that are not folded into the totals yet.

A hot post is liked a thousand times a second; a thousand updates of one row would queue behind each other. So an act
inserts a delta, the worker folds deltas into totals, and a reader adds both up in one statement: exact at every moment.
"""

from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import table_of


class Counter(IntEnum):
    """Which count of a subject a delta changes."""

    POST_LIKES = 1
    POST_REPLIES = 2
    POST_REPOSTS = 3
    POST_QUOTES = 4
    ACCOUNT_POSTS = 5
    ACCOUNT_FOLLOWERS = 6
    ACCOUNT_FOLLOWING = 7
    HASHTAG_POSTS = 8
    HASHTAG_FOLLOWERS = 9


class CountDelta(SQLModel, table=True):
    """`counter` of the post, account or hashtag `subject_id` changed by `amount`."""

    __tablename__ = "count_delta"
    __table_args__ = (
        # Every read of counts: the few deltas of each subject on the page.
        sa.Index("count_delta_subject_id_index", "subject_id", postgresql_include=["counter", "amount"]),
    )

    id: int = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    subject_id: int = Field(sa_type=sa.BigInteger)
    counter: int = Field(sa_type=sa.SmallInteger)
    amount: int = Field(sa_type=sa.SmallInteger)


count_delta = table_of(CountDelta)
