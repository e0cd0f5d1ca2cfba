"""Whom the viewer may want to follow: people whom those follow whom the viewer follows, then popular ones. Ids only.

    rank = paths / ln(2 + followers)

`paths` is how many of those whom the viewer follows follow the candidate. Somebody with a hundred thousand followers is
reached from nearly everywhere, and that says little of the viewer; the logarithm of their followers takes weight off
them without burying them, as it does in the index of Adamic and Adar.

The work has a bound, whomever one follows: paths lead over the newest MOST_VIA whom the viewer follows, and over the
newest MOST_OF_EACH whom each of them follows; the MOST_RANKED candidates with most paths are ranked. Popular is whom
most of the newest MOST_RECENT follows lead to, anybody's.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from access.facts import UserFact
from access.viewer import Viewer
from core.database import Reader, rows_of
from core.paging import PageRequest, RankedKey
from loaders.facts import VIEWER_ID, is_there, user_facts
from loaders.hydration import ZERO
from loaders.pages import AFTER, GREATEST_ID, LIMIT
from models.accounts import account, account_count
from models.follows import follow, follow_request
from models.mutes import mute
from models.suggestions import dismissed_suggestion

MOST_VIA = 500
MOST_OF_EACH = 100
MOST_RANKED = 500
MOST_RECENT = 10_000
MOST_SHOWN_VIA = 3

# Ranks are whole numbers, for cursors: a thousandth of the formula is one.
_RANK_UNIT = 1_000
# The ranks of whom paths lead to begin above those of people who are only popular, which are at most MOST_RECENT.
_FIRST_RANK = 1_000_000
_IDS = sa.ARRAY(sa.BigInteger)
_NO_IDS = sa.cast(sa.literal_column("'{}'"), _IDS)
_AFTER_RANK = sa.bindparam("after_rank", type_=sa.BigInteger)
# To nobody of whom this is true does a path lead, nor over them: the rules would hide them, or nearly.
_OUT_OF_QUESTION = UserFact.SUSPENDED | UserFact.BLOCKS_VIEWER | UserFact.BLOCKED


class Suggestion(NamedTuple):
    """Somebody to follow. `via` are the ids of some whom the viewer follows and who follow them, the newest follow of
    the viewer's first; `via_count` is how many such there are. 0: they are popular.
    """

    rank: int
    id: int
    via_count: int
    via: list[int]

    @property
    def key(self) -> RankedKey:
        return RankedKey(self.rank, self.id)


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(value), sa.BigInteger)


def _is_unwelcome(account_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the viewer has muted the account."""
    is_in_force = sa.or_(mute.c.until.is_(None), mute.c.until > sa.func.now())
    return is_there(mute.c.muter_id == VIEWER_ID, mute.c.muted_id == account_id, is_in_force)


def may_be_named(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether an account, of which this is the row, may be named to the viewer unasked, and lead on to others."""
    # A private account may be: only what it shows to strangers is shown.
    facts = user_facts(of).bitwise_and(_number(int(_OUT_OF_QUESTION)))
    return sa.and_(facts == ZERO, sa.not_(_is_unwelcome(of.c.id)))


def _select_reached() -> sa.Select[tuple[int, int, list[int]]]:
    """(id, paths, via) of those whom most paths lead to."""
    newest = (
        sa.select(follow.c.id, follow.c.followee_id)
        .where(follow.c.follower_id == VIEWER_ID)
        .order_by(follow.c.id.desc())
        .limit(_number(MOST_VIA))
        .subquery("newest")
    )
    friend = account.alias("friend")
    via = (
        sa.select(newest.c.id.label("key"), friend.c.id)
        .select_from(newest.join(friend, friend.c.id == newest.c.followee_id))
        .where(may_be_named(friend))
        .cte("via")
        .prefix_with("MATERIALIZED")
    )
    further = (
        sa.select(follow.c.followee_id)
        .where(follow.c.follower_id == via.c.id)
        .order_by(follow.c.id.desc())
        .limit(_number(MOST_OF_EACH))
        .lateral("further")
    )
    paths = sa.func.count()
    followed = follow.alias("followed")
    reached = (
        sa.select(
            further.c.followee_id.label("id"),
            paths.label("paths"),
            sa.func.array_agg(aggregate_order_by(via.c.id, via.c.key.desc()), type_=_IDS).label("via"),
        )
        .select_from(via.join(further, sa.true()))
        .group_by(further.c.followee_id)
        .subquery("reached")
    )
    return (
        sa.select(reached.c.id, reached.c.paths, reached.c.via[1:MOST_SHOWN_VIA].label("via"))
        .where(
            reached.c.id != VIEWER_ID,
            sa.not_(is_there(followed.c.follower_id == VIEWER_ID, followed.c.followee_id == reached.c.id)),
        )
        .order_by(reached.c.paths.desc(), reached.c.id.desc())
        .limit(_number(MOST_RANKED))
    )


def _select_popular() -> sa.Select[tuple[int, int]]:
    """(id, followers) of those whom most of the newest follows lead to."""
    recent = sa.select(follow.c.followee_id).order_by(follow.c.id.desc()).limit(_number(MOST_RECENT)).subquery("recent")
    followers = sa.func.count()
    return (
        sa.select(recent.c.followee_id.label("id"), followers.label("followers"))
        .group_by(recent.c.followee_id)
        .order_by(followers.desc(), recent.c.followee_id.desc())
        .limit(_number(MOST_RANKED))
    )


def _select_suggestions() -> sa.Select[tuple[int, int, int, list[int]]]:
    reached = _select_reached().cte("reached").prefix_with("MATERIALIZED")
    popular = _select_popular().cte("popular").prefix_with("MATERIALIZED")
    weight = sa.func.ln(sa.func.coalesce(account_count.c.follower_count, ZERO) + _number(2))
    rank = sa.case(
        (reached.c.paths.is_(None), popular.c.followers),
        else_=_number(_FIRST_RANK) + sa.cast(_number(_RANK_UNIT) * reached.c.paths / weight, sa.BigInteger),
    )
    ranked = (
        sa.select(
            rank.label("rank"),
            account.c.id,
            sa.func.coalesce(reached.c.paths, ZERO).label("paths"),
            sa.func.coalesce(reached.c.via, _NO_IDS).label("via"),
        )
        .select_from(
            reached.join(popular, popular.c.id == reached.c.id, full=True)
            .join(account, account.c.id == sa.func.coalesce(reached.c.id, popular.c.id))
            .outerjoin(account_count, account_count.c.account_id == account.c.id)
        )
        .where(
            account.c.id != VIEWER_ID,
            sa.not_(is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == account.c.id)),
            sa.not_(is_there(follow_request.c.follower_id == VIEWER_ID, follow_request.c.followee_id == account.c.id)),
            sa.not_(
                is_there(
                    dismissed_suggestion.c.account_id == VIEWER_ID, dismissed_suggestion.c.dismissed_id == account.c.id
                )
            ),
            may_be_named(account),
        )
        .subquery("ranked")
    )
    return (
        sa.select(ranked)
        .where(sa.tuple_(ranked.c.rank, ranked.c.id) < sa.tuple_(_AFTER_RANK, AFTER))
        .order_by(ranked.c.rank.desc(), ranked.c.id.desc())
        .limit(LIMIT)
    )


_SUGGESTIONS = rows_of(_select_suggestions(), Suggestion)


async def fetch_suggestions(db: Reader, viewer: Viewer, request: PageRequest) -> list[Suggestion]:
    """The best suggestions behind a place, the best first, one more than asked for if there is."""
    is_start = request.after is None or request.after_rank is None
    return await db.rows(
        _SUGGESTIONS,
        viewer_id=viewer.account_id,
        after_rank=GREATEST_ID if is_start else request.after_rank,
        after=GREATEST_ID if is_start else request.after,
        limit=request.fetch_count,
    )
