"""What trends, by the rankings that the worker makes (actions/trends.py). A ranking never authorises.

A page is found in its ranking by place, and is read of that same ranking however many have been made since. Only if it
is kept no longer, the page is of the newest one, behind the same place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from access.filters import Context
from core.database import Reader, rows_of
from loaders.base import Scope, viewer_id_of
from loaders.counted import counts_at_hashtags, is_withdrawn
from loaders.feeds import load_feed
from loaders.hashtags import HashtagRow
from loaders.pages import LIMIT
from loaders.wanted import Wanted
from models.accounts import account
from models.filters import FilterAction
from models.posts import post
from models.trends import TrendKind, trend, trend_round


class Trend(NamedTuple):
    """A place in a ranking, what has it, its score, and what that rests on: so many acts by so many accounts."""

    round: int
    place: int
    subject_id: int
    score: float
    act_count: int
    account_count: int


def _select_trends() -> sa.Select[tuple[int, int, int, float, int, int]]:
    kind = sa.bindparam("of_kind", type_=sa.SmallInteger)
    kept = trend.alias("kept")
    one: sa.ColumnElement[int] = sa.literal_column("1")
    begun = (
        sa.select(kept.c.round)
        .where(kept.c.kind == kind, kept.c.round == sa.bindparam("of_round", type_=sa.BigInteger))
        .limit(one)
        .scalar_subquery()
    )
    newest = sa.select(trend_round.c.number).where(trend_round.c.kind == kind).scalar_subquery()
    return (
        sa.select(*(trend.c[name] for name in Trend._fields))
        .where(
            trend.c.kind == kind,
            trend.c.round == sa.func.coalesce(begun, newest),
            trend.c.place > sa.bindparam("after_place", type_=sa.BigInteger),
        )
        .order_by(trend.c.place)
        .limit(LIMIT)
    )


_TRENDS = rows_of(_select_trends(), Trend)


async def fetch_trends(db: Reader, kind: TrendKind, *, number: int | None, after_place: int, limit: int) -> list[Trend]:
    """What is behind a place of the ranking `number`, by default of the newest one. What is hidden is among it."""
    return await db.rows(_TRENDS, of_kind=kind, of_round=number or 0, after_place=after_place, limit=limit)


async def without_filtered(scope: Scope, rows: Sequence[HashtagRow | None]) -> list[HashtagRow | None]:
    """The hashtags, with None in the place of those that the viewer's filters hide in public."""
    viewer = scope.viewer
    filters = None if viewer is None else await scope.own_filters.load(viewer.account_id)
    if filters is None or not filters.rules:
        return [*rows]
    hidden = {
        row.id
        for row in rows
        if row is not None
        for rule in filters.fitting(Context.PUBLIC, f"#{row.shown}")
        if rule.action == FilterAction.HIDE
    }
    return [None if row is None or row.id in hidden else row for row in rows]


def is_fit_for_all(of: sa.FromClause, author: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a post and its author, of which these are the rows, may be shown to everybody unasked."""
    return sa.and_(
        counts_at_hashtags(of, is_withdrawn(author)), sa.not_(of.c.is_sensitive), of.c.content_warning.is_(None)
    )


def _select_posts() -> sa.Select[tuple[int, int, int]]:
    """Of the posts with some ids those that still may trend: for everybody, unasked, and in reply to nothing."""
    author = account.alias("trending_author")
    return (
        sa.select(post.c.id, post.c.author_id, post.c.id.label("post_id"))
        .join(author, author.c.id == post.c.author_id)
        .where(
            post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
            post.c.reply_to_id.is_(None),
            is_fit_for_all(post, author),
        )
    )


async def load_trending_posts(scope: Scope, post_ids: Sequence[int], wanted: Wanted) -> frozenset[int]:
    """Brings the posts with these ids, guarded, to the loaders; gives those that the viewer does not mute or filter."""
    if not post_ids:
        return frozenset()
    wanted = wanted._replace(context=Context.PUBLIC)
    viewer_id = viewer_id_of(scope.viewer)
    entries = await load_feed("trends", scope, _select_posts, wanted, viewer_id=viewer_id, ids=list(post_ids))
    return frozenset(entry.post_id for entry in entries if entry.is_shown)
