"""Ranking what trends: hashtags by who uses them, posts by who likes, reposts or quotes them.

    score = sum over accounts of 1/2 ^ (age of the account's newest act / half-life)

An account counts once, however often it acts, and not before it has been here for a while; nor does one that is private
or suspended. What counts is what everybody may see: public posts that are neither sensitive nor behind a warning. Of
posts only those are ranked that reply to nothing, and what their authors do to them counts nothing.

The work has a bound: the newest MOST_ACTS acts of each sort in the WINDOW are looked at, along indexes by id.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import log
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core import ids
from core.database import Transaction, command, values_of
from loaders.counted import is_withdrawn
from loaders.trends import is_fit_for_all
from models.accounts import account
from models.hashtags import post_hashtag
from models.likes import like
from models.posts import Visibility, post
from models.trends import TrendKind, trend, trend_round

WINDOW = timedelta(days=3)
MOST_ACTS = 200_000
MOST_RANKED = 200
# Whoever pages through an older ranking goes on in it as long as it is kept: an hour, at one a minute.
KEPT_ROUNDS = 60
# It rests so many times as long as it has worked, so that it takes a fifth of a core at most.
REST_FACTOR = 4

_MILLISECOND = timedelta(milliseconds=1)


class Rules(NamedTuple):
    """What an operator decides of trends. Accounts count when they are older than `youngest`; what fewer than
    `fewest_accounts` do is no trend. Rankings are `every` so long, if making one does not take much longer.
    """

    half_life: timedelta
    youngest: timedelta
    fewest_accounts: int
    every: timedelta


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(value)))


_KIND = sa.bindparam("of_kind", type_=sa.SmallInteger)
_ROUND = sa.bindparam("of_round", type_=sa.BigInteger)
_SINCE = sa.bindparam("since", type_=sa.BigInteger)
_UNTIL = sa.bindparam("until", type_=sa.BigInteger)
_YOUNGEST = sa.bindparam("youngest", type_=sa.BigInteger)
_NOW_MS = sa.bindparam("now_ms", type_=sa.BigInteger)
_DECAY_PER_MS = sa.bindparam("decay_per_ms", type_=sa.Double)
_FEWEST = sa.bindparam("fewest", type_=sa.BigInteger)
_NOW = sa.func.clock_timestamp()

_author = account.alias("author")
_actor = account.alias("actor")


def _is_in_window(key: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether an id is of the window. Of a range with two ends Postgres knows that it is small, and takes the index."""
    return sa.and_(key >= _SINCE, key < _UNTIL)


def _counts(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether what an account does counts."""
    return sa.and_(sa.not_(is_withdrawn(of)), of.c.id < _YOUNGEST)


def _is_fit() -> sa.ColumnElement[bool]:
    """Whether what is done with a row of `post`, whose author is in `author`, may make a trend."""
    return sa.and_(_is_in_window(post.c.id), is_fit_for_all(post, _author), _author.c.id < _YOUNGEST)


def _newest(
    columns: Mapping[str, sa.ColumnElement[int]], key: sa.ColumnElement[int], *where: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """The newest acts of a sort in the window, by their key."""
    named = [column.label(name) for name, column in columns.items()]
    found = sa.select(*named).where(_is_in_window(key), *where).order_by(key.desc()).limit(_number(MOST_ACTS))
    return sa.select(found.subquery())


def _select_uses() -> sa.Select[tuple[int, int, int]]:
    """(subject_id, account_id, id) of what was posted with hashtags."""
    columns = {"hashtag_id": post_hashtag.c.hashtag_id, "post_id": post_hashtag.c.post_id}
    used = _newest(columns, post_hashtag.c.post_id).subquery("used")
    return (
        sa.select(used.c.hashtag_id.label("subject_id"), post.c.author_id.label("account_id"), post.c.id)
        .select_from(used.join(post, post.c.id == used.c.post_id).join(_author, _author.c.id == post.c.author_id))
        .where(_is_fit())
    )


def _select_acts() -> sa.Select[tuple[int, int, int]]:
    """(subject_id, account_id, id) of what was done to posts."""
    liked = {"post_id": like.c.post_id, "account_id": like.c.account_id, "id": like.c.id}
    repost, quote = post.alias("repost"), post.alias("quote")
    reposted = {"post_id": repost.c.repost_of_id, "account_id": repost.c.author_id, "id": repost.c.id}
    quoted = {"post_id": quote.c.quote_id, "account_id": quote.c.author_id, "id": quote.c.id}
    acts = sa.union_all(
        _newest(liked, like.c.id, _is_in_window(like.c.post_id)),
        _newest(reposted, repost.c.id, _is_in_window(repost.c.repost_of_id), repost.c.deleted_at.is_(None)),
        _newest(
            quoted,
            quote.c.id,
            _is_in_window(quote.c.quote_id),
            quote.c.deleted_at.is_(None),
            quote.c.taken_down_at.is_(None),
            quote.c.quote_detached_at.is_(None),
            quote.c.visibility == _number(Visibility.PUBLIC),
            sa.not_(quote.c.is_gated),
        ),
    ).subquery("act")
    return (
        sa.select(acts.c.post_id.label("subject_id"), acts.c.account_id, acts.c.id)
        .select_from(
            acts.join(post, post.c.id == acts.c.post_id)
            .join(_author, _author.c.id == post.c.author_id)
            .join(_actor, _actor.c.id == acts.c.account_id)
        )
        .where(
            _is_fit(),
            post.c.reply_to_id.is_(None),
            post.c.repost_of_id.is_(None),
            acts.c.account_id != post.c.author_id,
            _counts(_actor),
        )
    )


def _rank(select_acts: sa.Select[tuple[int, int, int]]) -> sa.Insert:
    """The INSERT of a ranking of what these acts are done to."""
    act = select_acts.subquery("counted_act")
    by_account = (
        sa.select(act.c.subject_id, sa.func.max(act.c.id).label("newest"), sa.func.count().label("acts"))
        .group_by(act.c.subject_id, act.c.account_id)
        .subquery("by_account")
    )
    age_ms = _NOW_MS - by_account.c.newest.bitwise_rshift(_number(ids.SEQUENCE_BITS))
    accounts = sa.func.count()
    scored = (
        sa.select(
            by_account.c.subject_id,
            sa.func.sum(sa.func.exp(-_DECAY_PER_MS * age_ms)).label("score"),
            sa.func.sum(by_account.c.acts).label("acts"),
            accounts.label("accounts"),
        )
        .group_by(by_account.c.subject_id)
        .having(accounts >= _FEWEST)
        .subquery("scored")
    )
    place = sa.func.row_number().over(order_by=[scored.c.score.desc(), scored.c.subject_id.desc()])
    ranked = sa.select(
        _KIND, _ROUND, place.label("place"), scored.c.subject_id, scored.c.score, scored.c.acts, scored.c.accounts
    )
    return sa.insert(trend).from_select(
        ["kind", "round", "place", "subject_id", "score", "act_count", "account_count"],
        ranked.order_by(sa.literal_column("place")).limit(_number(MOST_RANKED)),
    )


# It looks before it inserts: where the row is there, ON CONFLICT alone would wait for whoever holds it.
_ENTER = command(
    insert(trend_round)
    .from_select(["kind"], sa.select(_KIND).where(~sa.exists().where(trend_round.c.kind == _KIND)))
    .on_conflict_do_nothing()
)
_TAKE = values_of(
    sa.select(trend_round.c.number)
    .where(trend_round.c.kind == _KIND, trend_round.c.due_at <= _NOW)
    .with_for_update(skip_locked=True),
    int,
)
_RANK = {TrendKind.HASHTAGS: command(_rank(_select_uses())), TrendKind.POSTS: command(_rank(_select_acts()))}
_FORGET = command(sa.delete(trend).where(trend.c.kind == _KIND, trend.c.round <= _ROUND - _number(KEPT_ROUNDS)))
# now() is when the transaction began.
_END = command(
    sa.update(trend_round)
    .where(trend_round.c.kind == _KIND)
    .values(
        number=_ROUND,
        due_at=_NOW
        + sa.func.greatest(
            sa.bindparam("every_s", type_=sa.Double) * sa.literal_column("interval '1 second'"),
            (_NOW - sa.func.now()) * _number(REST_FACTOR),
        ),
    )
)


async def rank(tx: Transaction, kind: TrendKind, rules: Rules, *, as_of: datetime) -> int | None:
    """Makes the next ranking, as of a moment, and gives its length; None if it is not due, or another is at it.

    Whoever reads meanwhile reads the one before.
    """
    await tx.run(_ENTER, of_kind=kind)
    number = await tx.row(_TAKE, of_kind=kind)
    if number is None:
        return None

    length = await tx.run(
        _RANK[kind],
        of_kind=kind,
        of_round=number + 1,
        since=ids.first_at(as_of - WINDOW),
        until=ids.first_at(as_of + _MILLISECOND),
        youngest=ids.first_at(as_of + _MILLISECOND - rules.youngest),
        now_ms=ids.first_at(as_of) >> ids.SEQUENCE_BITS,
        decay_per_ms=log(2) / (rules.half_life / _MILLISECOND),
        fewest=rules.fewest_accounts,
    )
    await tx.run(_FORGET, of_kind=kind, of_round=number + 1)

    await tx.run(_END, of_kind=kind, of_round=number + 1, every_s=rules.every.total_seconds())
    return length
