"""Recounting: every count is compared with the rows that it counts, and mended where it has drifted.

An act commits its row and its delta together, and a fold moves deltas into totals at once. So in the snapshot of one
statement the number of rows is total plus deltas, however many act and fold meanwhile; a difference is drift, and it is
the same in every later snapshot until somebody mends it. That is why a repair may add it to the total as it stands by
then: no like is lost, and nobody who likes has to wait.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from actions import counts
from core.database import Reader, Statement, Transaction, command, rows_of, values_of
from loaders import counted
from models.accounts import account
from models.counts import Counter, count_delta
from models.follows import follow
from models.hashtags import hashtag, hashtag_follow, post_hashtag
from models.likes import like
from models.posts import post
from models.recounts import recount

# Some ten milliseconds of Postgres' time for each counter, unless there are very popular ones among them.
SUBJECTS_AT_ONCE = 500
# Of the nightly recount: it rests so many times as long as it has worked, so that it takes a fifth of a core at most.
REST_FACTOR = 4
# Any number; the advisory lock of whoever repairs. Two repairs of one snapshot would mend the same drift twice.
_REPAIRS_LOCK = 0x7265636F


class Truth(NamedTuple):
    """What a counter counts: the rows whose `subject_id` is the id of a row of `subjects`, under conditions."""

    subjects: sa.Table
    subject_id: sa.ColumnElement[int]
    conditions: Sequence[sa.ColumnElement[bool]] = ()


# A row that counts, its author, and for counts of posts the one that it counts at, which is the subject.
_of, _author = post.alias("counted"), account.alias("author")
_IS_WITHDRAWN = counted.is_withdrawn(_author)
# Said once more beside the whole condition: the indexes are of such rows.
_IS_LIVE = _of.c.deleted_at.is_(None)


# Both are values that a SELECT gives, looked up for each row. EXISTS would say the same and may be planned as a join
# in the order of authors, which goes through all posts for every subject where statistics of accounts are old.
def _is_by_such(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the row's author is one under whom the row counts."""
    return sa.select(condition).where(_author.c.id == _of.c.author_id).correlate_except(_author).scalar_subquery()


_HAS_COUNTED_POST = (
    sa.select(counted.counts_at_hashtags(_of, _IS_WITHDRAWN))
    .select_from(_of.join(_author, _author.c.id == _of.c.author_id))
    .where(_of.c.id == post_hashtag.c.post_id)
    .correlate_except(_of, _author)
    .scalar_subquery()
)
TRUTHS: Mapping[Counter, Truth] = {
    Counter.POST_LIKES: Truth(post, like.c.post_id),
    Counter.POST_REPLIES: Truth(
        post, _of.c.reply_to_id, (_IS_LIVE, _is_by_such(counted.counts_as_reply(_of, post, _IS_WITHDRAWN)))
    ),
    Counter.POST_REPOSTS: Truth(
        post, _of.c.repost_of_id, (_IS_LIVE, _is_by_such(counted.counts_as_repost(_of, post, _IS_WITHDRAWN)))
    ),
    Counter.POST_QUOTES: Truth(
        post, _of.c.quote_id, (_IS_LIVE, _is_by_such(counted.counts_as_quote(_of, post, _IS_WITHDRAWN)))
    ),
    Counter.ACCOUNT_POSTS: Truth(account, _of.c.author_id, (counted.counts_at_author(_of),)),
    Counter.ACCOUNT_FOLLOWERS: Truth(account, follow.c.followee_id),
    Counter.ACCOUNT_FOLLOWING: Truth(account, follow.c.follower_id),
    Counter.HASHTAG_POSTS: Truth(hashtag, post_hashtag.c.hashtag_id, (_HAS_COUNTED_POST,)),
    Counter.HASHTAG_FOLLOWERS: Truth(hashtag, hashtag_follow.c.hashtag_id),
}
_SUBJECTS = {truth.subjects.name: truth.subjects for truth in TRUTHS.values()}
# By the name of the table of their subjects.
COUNTERS: Mapping[str, Sequence[Counter]] = {
    name: [counter for counter, truth in TRUTHS.items() if truth.subjects is subjects]
    for name, subjects in _SUBJECTS.items()
}


class Stretch(NamedTuple):
    """So many subjects, one after the other in the order of their ids. Of none, `last_id` is None."""

    last_id: int | None
    size: int


class Drift(NamedTuple):
    """A count that was told wrongly."""

    subject_id: int
    told: int
    true: int

    @property
    def missing(self) -> int:
        """What has to be added to the count; negative if it was too high."""
        return self.true - self.told


class Step(NamedTuple):
    """A step of the nightly recount: what it has repaired, and how long to rest until the next one, in seconds.

    `checked` and `drifted` are subjects and counts of the whole round so far.
    """

    repaired: Mapping[Counter, Sequence[Drift]]
    checked: int
    drifted: int
    is_last: bool
    rest_s: float


class _Reached(NamedTuple):
    reached_id: int
    checked: int
    drifted: int


_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_LAST = sa.bindparam("last", type_=sa.BigInteger)
_IDS = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))


def _stretch(subjects: sa.Table) -> Statement[Stretch]:
    subject_id = subjects.c.id
    limit: sa.ColumnElement[int] = sa.literal_column(str(SUBJECTS_AT_ONCE))
    found = sa.select(subject_id).where(subject_id > _AFTER).order_by(subject_id).limit(limit).subquery()
    return rows_of(sa.select(sa.func.max(found.c.id), sa.func.count()).select_from(found), Stretch)


def _drift(counter: Counter, *are_asked: sa.ColumnElement[bool]) -> sa.Select[tuple[int, int, int]]:
    """The columns of Drift, of those subjects whose count has drifted. One statement, so one snapshot."""
    truth, total = TRUTHS[counter], counts.total_of(counter)
    subjects = truth.subjects
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    number: sa.ColumnElement[int] = sa.literal_column(str(int(counter)))
    folded = sa.select(total).where(counts.key_of(total.table) == subjects.c.id)
    unfolded = sa.select(sa.func.sum(count_delta.c.amount)).where(
        count_delta.c.subject_id == subjects.c.id, count_delta.c.counter == number
    )
    rows = sa.select(sa.func.count()).where(truth.subject_id == subjects.c.id, *truth.conditions)
    told = sa.func.coalesce(folded.scalar_subquery(), zero) + sa.func.coalesce(unfolded.scalar_subquery(), zero)
    asked = (
        sa.select(subjects.c.id, sa.cast(told, sa.BigInteger).label("told"), rows.scalar_subquery().label("true"))
        .where(*are_asked)
        .subquery("asked")
    )
    return sa.select(asked.c.id, asked.c.told, asked.c.true).where(asked.c.told != asked.c.true).order_by(asked.c.id)


def _drift_of_stretch(counter: Counter) -> Statement[Drift]:
    subject_id = TRUTHS[counter].subjects.c.id
    return rows_of(_drift(counter, subject_id > _AFTER, subject_id <= _LAST), Drift)


def _repair(counter: Counter) -> Statement[Drift]:
    """Adds what is missing to the totals, in the order of keys that folding has too, and gives what it found."""
    total = counts.total_of(counter)
    found = _drift(counter, TRUTHS[counter].subjects.c.id == sa.any_(_IDS)).cte("found")
    key = counts.key_of(total.table)
    new = insert(total.table).from_select(
        [key, total], sa.select(found.c.id, found.c.true - found.c.told).order_by(found.c.id)
    )
    mended = new.on_conflict_do_update(index_elements=[key], set_={total: total + new.excluded[total.name]}).returning(
        key
    )
    return rows_of(sa.select(found).order_by(found.c.id).add_cte(mended.cte("mended")), Drift)


_STRETCH = {name: _stretch(subjects) for name, subjects in _SUBJECTS.items()}
_DRIFT = {counter: _drift_of_stretch(counter) for counter in TRUTHS}
_REPAIR = {counter: _repair(counter) for counter in TRUTHS}
_LOCK = command(sa.select(sa.func.pg_advisory_xact_lock(sa.literal_column(str(_REPAIRS_LOCK)))))

_NOW = sa.func.clock_timestamp()
_NAME = sa.bindparam("name", type_=sa.Text)
_HOUR = sa.bindparam("hour_utc", type_=sa.Integer) * sa.literal_column("interval '1 hour'")
# The next time that the clock strikes this hour.
_NEXT_ROUND: sa.ColumnElement[datetime] = (
    sa.func.date_trunc("day", _NOW - _HOUR, "UTC") + sa.literal_column("interval '24 hours'") + _HOUR
)
# It looks before it inserts: where the row is there, ON CONFLICT alone would wait for whoever holds it.
_IS_ENTERED = sa.exists().where(recount.c.subjects == _NAME)
_ENTER = command(
    insert(recount)
    .from_select(["subjects", "due_at"], sa.select(_NAME, _NEXT_ROUND).where(~_IS_ENTERED))
    .on_conflict_do_nothing()
)
_TAKE = rows_of(
    sa.select(recount.c.reached_id, recount.c.checked, recount.c.drifted)
    .where(recount.c.subjects == _NAME, recount.c.due_at <= _NOW)
    .with_for_update(skip_locked=True),
    _Reached,
)
# now() is when the transaction began.
_WORKED = _NOW - sa.func.now()
_ADVANCE = values_of(
    sa.update(recount)
    .where(recount.c.subjects == _NAME)
    .values(
        reached_id=sa.bindparam("reached", type_=sa.BigInteger),
        checked=sa.bindparam("checked_by_now", type_=sa.BigInteger),
        drifted=sa.bindparam("drifted_by_now", type_=sa.BigInteger),
        due_at=_NOW + _WORKED * sa.literal_column(str(REST_FACTOR)),
    )
    .returning(sa.cast(sa.extract("epoch", recount.c.due_at - _NOW), sa.Float)),
    float,
)
_END = values_of(
    sa.update(recount)
    .where(recount.c.subjects == _NAME)
    .values(reached_id=0, checked=0, drifted=0, due_at=_NEXT_ROUND)
    .returning(sa.cast(sa.extract("epoch", recount.c.due_at - _NOW), sa.Float)),
    float,
)


async def fetch_stretch(db: Reader, subjects: str, *, after: int) -> Stretch:
    """The next rows of the table `subjects` with an id above `after`."""
    found = await db.row(_STRETCH[subjects], after=after)
    assert found is not None
    return found


async def fetch_drift(db: Reader, counter: Counter, stretch: Stretch, *, after: int) -> list[Drift]:
    """The drift among the subjects of `stretch`, which begins behind `after`."""
    return await db.rows(_DRIFT[counter], after=after, last=stretch.last_id)


async def repair(tx: Transaction, counter: Counter, subject_ids: Sequence[int]) -> list[Drift]:
    """Mends the counts of these subjects; gives those that had drifted still."""
    await tx.run(_LOCK)  # a statement of its own: the next one sees what the last holder has mended
    return await tx.rows(_REPAIR[counter], ids=subject_ids)


async def take_step(tx: Transaction, subjects: str, *, hour_utc: int) -> Step | None:
    """Recounts the next rows of a table and repairs what has drifted; None if nothing is due, or another is at it.

    A round begins at `hour_utc` every day, or as soon as somebody asks after that; it goes on where it was left.
    """
    await tx.run(_ENTER, name=subjects, hour_utc=hour_utc)
    due = await tx.row(_TAKE, name=subjects)
    if due is None:
        return None

    stretch = await fetch_stretch(tx, subjects, after=due.reached_id)
    repaired: dict[Counter, list[Drift]] = {}
    for counter in COUNTERS[subjects]:
        if found := await fetch_drift(tx, counter, stretch, after=due.reached_id):
            repaired[counter] = await repair(tx, counter, [each.subject_id for each in found])

    checked = due.checked + stretch.size
    drifted = due.drifted + sum(map(len, repaired.values()))
    is_last = stretch.size < SUBJECTS_AT_ONCE
    if is_last:
        rest_s = await tx.row(_END, name=subjects, hour_utc=hour_utc)
    else:
        rest_s = await tx.row(
            _ADVANCE, name=subjects, reached=stretch.last_id, checked_by_now=checked, drifted_by_now=drifted
        )
    assert rest_s is not None
    return Step(repaired, checked, drifted, is_last=is_last, rest_s=rest_s)
