"""Hashtags by id and by name, whom follows lead to, and how much they were used lately."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from core import ids
from core.clock import utc_now
from core.database import rows_of
from loaders.base import BatchLoader
from loaders.counted import counts_at_hashtags, is_withdrawn
from loaders.facts import VIEWER_ID, is_there
from loaders.hydration import ZERO, count_columns
from loaders.pages import LIMIT, LinkPageLoader, parents, select_links
from models.accounts import account
from models.counts import Counter
from models.hashtags import hashtag, hashtag_count, hashtag_follow, post_hashtag
from models.posts import post

DAYS_OF_HISTORY = 7
# Of a busier day the newest are counted: what a history costs is bounded, however hot the hashtag is.
MOST_COUNTED_A_DAY = 2_000

# How far apart the first ids of two days are.
_IDS_OF_A_DAY: sa.ColumnElement[int] = sa.literal_column(str(ids.first_at(ids.EPOCH + timedelta(days=1))))
HASHTAG_COUNTERS = {"post_count": Counter.HASHTAG_POSTS, "follower_count": Counter.HASHTAG_FOLLOWERS}


class HashtagRow(NamedTuple):
    """A hashtag as one viewer sees it: with exact counts, and whether they follow it.

    `name` is its normalised form, `shown` how it was first written where everybody may read it, or else `name`.
    """

    id: int
    name: str
    shown: str
    post_count: int
    follower_count: int
    viewer_follows: bool


def is_hashtag_there(hashtag_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the hashtag with an id is there by policy.can_see_hashtag."""
    of = hashtag.alias("counted_hashtag")
    counts, counted = count_columns(of, hashtag_count, of.c.id, HASHTAG_COUNTERS, None)
    is_there_ = sa.or_(*(count > ZERO for count in counts))
    return sa.select(is_there_).select_from(counted).where(of.c.id == hashtag_id).scalar_subquery()


def _select_hashtags() -> sa.Select[tuple[int, str, str, int, int, bool]]:
    counts, joined = count_columns(hashtag, hashtag_count, hashtag.c.id, HASHTAG_COUNTERS, None)
    follows = is_there(hashtag_follow.c.account_id == VIEWER_ID, hashtag_follow.c.hashtag_id == hashtag.c.id)
    shown = sa.func.coalesce(hashtag.c.shown, hashtag.c.name)
    return sa.select(hashtag.c.id, hashtag.c.name, shown, *counts, follows).select_from(joined)


_BY_ID = rows_of(
    _select_hashtags().where(hashtag.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))), HashtagRow
)
_BY_NAME = rows_of(
    _select_hashtags().where(hashtag.c.name == sa.any_(sa.bindparam("names", type_=sa.ARRAY(sa.Text)))), HashtagRow
)


def _is_seen(row: HashtagRow) -> bool:
    return policy.can_see_hashtag(post_count=row.post_count, follower_count=row.follower_count)


class HashtagByIdLoader(BatchLoader[int, HashtagRow]):
    """The hashtag with an id, if it is there for anybody."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, HashtagRow]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows if _is_seen(row)}


class HashtagByNameLoader(BatchLoader[str, HashtagRow]):
    """The hashtag with a normalised name, if it is there for anybody."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, HashtagRow]:
        rows = await self.scope.db.rows(_BY_NAME, names=list(keys), viewer_id=self.viewer_id)
        return {row.name: row for row in rows if _is_seen(row)}


class FollowedHashtagsByUserLoader(LinkPageLoader):
    """The hashtags that each account follows, newest follow first."""

    statement = select_links(
        key=hashtag_follow.c.id,
        target=hashtag_follow.c.hashtag_id,
        of_parent=hashtag_follow.c.account_id == parents.c.id,
    )


class HashtagDay(NamedTuple):
    """How many posts with a hashtag there are of one day, in UTC, and by how many accounts."""

    day: date
    post_count: int
    account_count: int


class _CountedDay(NamedTuple):
    hashtag_id: int
    first_id: int
    post_count: int
    account_count: int


def _select_days() -> sa.Select[tuple[int, int, int, int]]:
    """The days of each hashtag that have posts. A day is a range of ids, so each is one look into the index."""
    day = (
        sa.func.unnest(sa.bindparam("first_ids", type_=sa.ARRAY(sa.BigInteger)))
        .table_valued(sa.column("first_id", sa.BigInteger), name="day")
        .render_derived()
    )
    newest = (
        sa.select(post.c.author_id)
        .join(account, account.c.id == post.c.author_id)
        .join(post_hashtag, post_hashtag.c.post_id == post.c.id)
        .where(
            post_hashtag.c.hashtag_id == parents.c.id,
            post_hashtag.c.post_id >= day.c.first_id,
            post_hashtag.c.post_id < day.c.first_id + _IDS_OF_A_DAY,
            counts_at_hashtags(post, is_withdrawn(account)),
        )
        .order_by(post_hashtag.c.post_id.desc())
        .limit(LIMIT)
        .correlate(parents, day)
        .subquery("newest")
    )
    counted = sa.select(
        sa.func.count().label("posts"), sa.func.count(newest.c.author_id.distinct()).label("accounts")
    ).lateral("counted")
    return (
        sa.select(parents.c.id, day.c.first_id, counted.c.posts, counted.c.accounts)
        .select_from(parents.join(day, sa.true()).join(counted, sa.true()))
        .where(counted.c.posts > sa.literal_column("0"))
    )


_DAYS = rows_of(_select_days(), _CountedDay)


class HistoryByHashtagLoader(BatchLoader[int, list[HashtagDay]]):
    """Each hashtag's last seven days, today first, all of them by one statement."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, list[HashtagDay]]:
        midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        mornings = [midnight - timedelta(days=ago) for ago in range(DAYS_OF_HISTORY)]
        days = {ids.first_at(morning): morning.date() for morning in mornings}
        found = await self.scope.db.rows(_DAYS, parent_ids=list(keys), first_ids=list(days), limit=MOST_COUNTED_A_DAY)
        counted = {(row.hashtag_id, row.first_id): (row.post_count, row.account_count) for row in found}
        return {
            key: [HashtagDay(day, *counted.get((key, first_id), (0, 0))) for first_id, day in days.items()]
            for key in keys
        }
