"""Readers: the followers that fan-out goes to, those who have read their home feed, or listened to it, of late."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.database import Reader, rows_of, values_of
from loaders.facts import is_there
from loaders.hashtag_feeds import joins_home
from loaders.pages import AFTER, LIMIT
from models.feeds import pulled_author, reader
from models.follows import follow
from models.hashtags import hashtag_follow, post_hashtag
from models.posts import Visibility, post

# Of an author of whom others come to see more or less: what open feeds may show by a hashtag. A page of a walk looks at
# all hashtags.
NEWEST_ENTRIES = 100
NEWEST_HASHTAGS = 20

_ENTRY_ID = sa.bindparam("entry_id", type_=sa.BigInteger)
_AUTHOR_ID = sa.bindparam("author_id", type_=sa.BigInteger)
_HASHTAG_IDS = sa.bindparam("hashtag_ids", type_=sa.ARRAY(sa.BigInteger))

# The day that readers are dated with. Days of the session's time zone would differ from one connection to another.
TODAY: sa.ColumnElement[object] = sa.literal_column("(now() AT TIME ZONE 'UTC')::date", sa.Date)


def is_active() -> sa.ColumnElement[bool]:
    """Whether a row of `reader` counts: it is not older than so many days."""
    return reader.c.active_on >= TODAY - sa.bindparam("active_days", type_=sa.Integer)


class Delivery(NamedTuple):
    """How an entry comes to its readers.

    `hashtag_ids`: whose followers have it in their home feeds; of a deleted post, those that it had. `is_pulled`: it is
    not pushed to those who follow its author, whose newest are read from Postgres. `is_listed`: home feeds have it,
    whether their readers see it or not.
    """

    hashtag_ids: Sequence[int]
    is_pulled: bool
    is_listed: bool


_hashtags_of_entry = (
    sa.select(post_hashtag.c.hashtag_id)
    .join(post, post.c.id == post_hashtag.c.post_id)
    .where(post_hashtag.c.post_id == _ENTRY_ID, joins_home())
    .order_by(post_hashtag.c.hashtag_id)
    .scalar_subquery()
)
_DELIVERY = rows_of(
    sa.select(
        sa.func.array(_hashtags_of_entry),
        is_there(pulled_author.c.account_id == _AUTHOR_ID, pulled_author.c.leaves_at.is_(None)),
        is_there(post.c.id == _ENTRY_ID, post.c.deleted_at.is_(None)),
    ),
    Delivery,
)


async def fetch_delivery(db: Reader, entry_id: int, *, author_id: int) -> Delivery:
    """How an entry comes to its readers at this moment."""
    delivery = await db.row(_DELIVERY, entry_id=entry_id, author_id=author_id)
    assert delivery is not None
    return delivery


def _select_hashtag_ids() -> sa.Select[tuple[int]]:
    """Without `joins_home`: what those posts have come to is what the author's being private or not changes."""
    newest = (
        sa.select(post.c.id, post.c.reply_to_id, post.c.visibility)
        .where(post.c.author_id == _AUTHOR_ID, post.c.deleted_at.is_(None))
        .order_by(post.c.id.desc())
        .limit(sa.bindparam("most_entries", type_=sa.Integer))
        .subquery("newest")
    )
    return (
        sa.select(post_hashtag.c.hashtag_id)
        .join(newest, newest.c.id == post_hashtag.c.post_id)
        .where(newest.c.reply_to_id.is_(None), newest.c.visibility == sa.literal_column(str(int(Visibility.PUBLIC))))
        .group_by(post_hashtag.c.hashtag_id)
        .order_by(sa.func.max(newest.c.id).desc())
        .limit(sa.bindparam("most_hashtags", type_=sa.Integer))
    )


_HASHTAGS_OF_AUTHOR = values_of(_select_hashtag_ids(), int)


async def fetch_hashtag_ids(db: Reader, author_id: int, *, is_whole: bool) -> list[int]:
    """The hashtags that bring an author's posts into home feeds, or would if the author were not private: all of them,
    or those of the newest entries.
    """
    # No limit is NULL.
    most = (None, None) if is_whole else (NEWEST_ENTRIES, NEWEST_HASHTAGS)
    return await db.rows(_HASHTAGS_OF_AUTHOR, author_id=author_id, most_entries=most[0], most_hashtags=most[1])


class ReaderPage(NamedTuple):
    """A stretch of a walk: the readers that it meets, and the follow that it reached; None where the walk ends.

    Each reader is met once: by following the author, else by the oldest follow of a hashtag.
    """

    of_author: Sequence[int]
    of_hashtags: Sequence[int]
    reached: int | None


def _select_met(page: sa.CTE, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """A ReaderPage of the followers of a page, which is one row: a thousand rows take longer to bring than to find.

    A page is one of followers, not of readers: so it costs the same however few of them read.
    """
    met = (
        sa.select(page.c.account_id, page.c.is_of_author)
        .join(reader, reader.c.account_id == page.c.account_id)
        .where(is_active(), *conditions)
        .order_by(page.c.key)
        .cte("met")
        .prefix_with("MATERIALIZED")
    )
    of_author = sa.select(met.c.account_id).where(met.c.is_of_author).scalar_subquery()
    of_hashtags = sa.select(met.c.account_id).where(~met.c.is_of_author).scalar_subquery()
    reached = sa.select(sa.func.max(page.c.key)).having(sa.func.count() == LIMIT).scalar_subquery()
    return sa.select(sa.func.array(of_author), sa.func.array(of_hashtags), reached)


def _select_of_author() -> sa.Select[tuple[int, int, bool]]:
    return (
        sa.select(follow.c.id.label("key"), follow.c.follower_id.label("account_id"), sa.true().label("is_of_author"))
        .where(follow.c.followee_id == _AUTHOR_ID, follow.c.id > AFTER)
        .order_by(follow.c.id)
        .limit(LIMIT)
    )


def _select_of_either() -> sa.Select[Any]:
    of_author = _select_of_author().subquery("of_author")
    tag = sa.func.unnest(_HASHTAG_IDS).table_valued(sa.column("id", sa.BigInteger), name="tag").render_derived()
    of_hashtag = (
        sa.select(hashtag_follow.c.id.label("key"), hashtag_follow.c.account_id)
        .where(hashtag_follow.c.hashtag_id == tag.c.id, hashtag_follow.c.id > AFTER)
        .order_by(hashtag_follow.c.id)
        .limit(LIMIT)
        .lateral("of_hashtag")
    )
    links = (
        sa.select(of_author.c.key, of_author.c.account_id, of_author.c.is_of_author)
        .union_all(
            sa.select(of_hashtag.c.key, of_hashtag.c.account_id, sa.false()).select_from(
                tag.join(of_hashtag, sa.true())
            )
        )
        .subquery("links")
    )
    page = sa.select(links).order_by(links.c.key).limit(LIMIT).cte("page").prefix_with("MATERIALIZED")
    # From the reader to their few follows: with the key among the conditions, Postgres might walk all
    # followers before it instead.
    is_older = sa.and_(hashtag_follow.c.hashtag_id == sa.any_(_HASHTAG_IDS), hashtag_follow.c.id < page.c.key)
    by_older_hashtag = (
        sa.select(sa.func.coalesce(sa.func.bool_or(is_older), sa.false()))
        .where(hashtag_follow.c.account_id == page.c.account_id)
        .scalar_subquery()
    )
    is_met_elsewhere = sa.and_(
        sa.not_(page.c.is_of_author),
        sa.or_(
            page.c.account_id == _AUTHOR_ID,
            is_there(follow.c.follower_id == page.c.account_id, follow.c.followee_id == _AUTHOR_ID),
            by_older_hashtag,
        ),
    )
    return _select_met(page, sa.not_(is_met_elsewhere))


_OF_AUTHOR = rows_of(_select_met(_select_of_author().cte("page").prefix_with("MATERIALIZED")), ReaderPage)
_OF_EITHER = rows_of(_select_of_either(), ReaderPage)


async def fetch_readers_after(
    db: Reader, author_id: int, hashtag_ids: Sequence[int], *, after: int, limit: int, active_days: int
) -> ReaderPage:
    """The readers among `limit` followers of an author or of hashtags, oldest follow first, behind the follow `after`.

    Both kinds of follows have ids of one sequence, so all lists are walked as one, and one id says how far.
    """
    parameters = {"author_id": author_id, "after": after, "limit": limit, "active_days": active_days}
    if hashtag_ids:
        page = await db.row(_OF_EITHER, hashtag_ids=list(hashtag_ids), **parameters)
    else:
        page = await db.row(_OF_AUTHOR, **parameters)
    assert page is not None
    return page
