"""Counts: an act adds a delta in its own transaction; the worker folds deltas into totals. Readers add both up."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.database import Transaction, command, values_of
from models.accounts import account_count
from models.counts import Counter, count_delta
from models.hashtags import hashtag_count
from models.posts import post_count

FOLDED_AT_ONCE = 5_000

_ADD = command(
    sa.insert(count_delta).from_select(
        ["subject_id", "counter", "amount"],
        sa.select(
            sa.func.unnest(sa.bindparam("subject_ids", type_=sa.ARRAY(sa.BigInteger))),
            sa.func.unnest(sa.bindparam("counters", type_=sa.ARRAY(sa.SmallInteger))),
            sa.bindparam("amount", type_=sa.SmallInteger),
        ),
    )
)


def select_deltas_of(subject_id: sa.ColumnElement[int], counter: Counter, amount: int) -> sa.Select[int, int, int]:
    """The deltas that change the count of every subject of the statement by `amount`, for `insert_deltas`."""
    return sa.select(
        subject_id.label("subject_id"), _literal(int(counter)).label("counter"), _literal(amount).label("amount")
    )


def insert_deltas(deltas: sa.SelectBase) -> sa.Insert:
    """The INSERT that changes counts, as part of a statement. For acts that are one; others call `add`."""
    return sa.insert(count_delta).from_select(["subject_id", "counter", "amount"], deltas)


def _literal(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number))


async def add(tx: Transaction, amount: int, *subjects: tuple[int, Counter]) -> None:
    """Changes counts by `amount`: +1 when something came, -1 when it went."""
    await tx.run(
        _ADD,
        subject_ids=[subject_id for subject_id, _ in subjects],
        counters=[int(counter) for _, counter in subjects],
        amount=amount,
    )


_TOTALS: Mapping[sa.Table, Mapping[Counter, sa.Column[int]]] = {
    post_count: {
        Counter.POST_LIKES: post_count.c.like_count,
        Counter.POST_REPLIES: post_count.c.reply_count,
        Counter.POST_REPOSTS: post_count.c.repost_count,
        Counter.POST_QUOTES: post_count.c.quote_count,
    },
    account_count: {
        Counter.ACCOUNT_POSTS: account_count.c.post_count,
        Counter.ACCOUNT_FOLLOWERS: account_count.c.follower_count,
        Counter.ACCOUNT_FOLLOWING: account_count.c.following_count,
    },
    hashtag_count: {
        Counter.HASHTAG_POSTS: hashtag_count.c.post_count,
        Counter.HASHTAG_FOLLOWERS: hashtag_count.c.follower_count,
    },
}


def total_of(counter: Counter) -> sa.Column[int]:
    """The column that has the folded total of a counter."""
    return next(columns[counter] for columns in _TOTALS.values() if counter in columns)


def key_of(totals: sa.Table) -> sa.Column[int]:
    """The column of a table of totals that names the subject."""
    return next(iter(totals.primary_key.columns))


def _fold() -> sa.Select[int]:
    """Takes deltas away and adds their sums to the totals, in one statement: a reader sees all of it or nothing.

    Deltas that another worker holds are skipped. Totals are written in the order of their keys, so that two workers
    that meet on one do not wait for each other in a circle.
    """
    taken = (
        sa.select(count_delta.c.id)
        .order_by(count_delta.c.id)
        .limit(sa.literal_column(str(FOLDED_AT_ONCE)))
        .with_for_update(skip_locked=True)
    )
    gone = (
        sa.delete(count_delta)
        .where(count_delta.c.id.in_(taken))
        .returning(count_delta.c.subject_id, count_delta.c.counter, count_delta.c.amount)
        .cte("gone")
    )
    folds = []
    for table, columns in _TOTALS.items():
        key = key_of(table)
        numbers: list[sa.ColumnElement[int]] = [sa.literal_column(str(int(counter))) for counter in columns]
        sums = [
            sa.func.coalesce(sa.func.sum(gone.c.amount).filter(gone.c.counter == number), sa.literal_column("0"))
            for number in numbers
        ]
        totals = (
            sa.select(gone.c.subject_id, *sums)
            .where(gone.c.counter.in_(numbers))
            .group_by(gone.c.subject_id)
            .order_by(gone.c.subject_id)
        )
        new = insert(table).from_select([key, *columns.values()], totals)
        folds.append(
            new.on_conflict_do_update(
                index_elements=[key], set_={column: column + new.excluded[column.name] for column in columns.values()}
            )
            .returning(key)
            .cte(f"folded_into_{table.name}")
        )
    return sa.select(sa.func.count()).select_from(gone).add_cte(*folds)


_FOLD = values_of(_fold(), int)


async def fold(tx: Transaction) -> int:
    """Folds the oldest deltas into the totals; gives how many. Exact at every moment, whoever reads meanwhile."""
    return await tx.row(_FOLD) or 0
