"""Pulled authors: those whose posts are not pushed to timelines, but merged into them when they are read."""

from typing import NamedTuple

import sqlalchemy as sa

from core.database import Reader, rows_of
from loaders.readers import is_active
from models.feeds import pulled_author, reader
from models.follows import follow
from models.posts import post

_AUTHOR_ID = sa.bindparam("author_id", type_=sa.BigInteger)


def select_followed_pulled(follower_id: sa.ColumnElement[int]) -> sa.Select[tuple[int]]:
    """The pulled authors whom an account follows.

    A plain join: Postgres may begin at whichever list is the shorter one, and where nobody is pulled it reads neither.
    """
    return (
        sa.select(follow.c.followee_id)
        .join(pulled_author, pulled_author.c.account_id == follow.c.followee_id)
        .where(follow.c.follower_id == follower_id)
    )


class Following(NamedTuple):
    """How many accounts somebody follows, and how many pulled authors among them; counted up to a bound each."""

    accounts: int
    pulled_authors: int


def _counted(items: sa.Select[tuple[int]], limit: str) -> sa.ScalarSelect[int]:
    """How many there are, or `limit` if there are more."""
    bound = items.limit(sa.bindparam(limit, type_=sa.Integer)).subquery()
    return sa.select(sa.func.count()).select_from(bound).scalar_subquery()


_FOLLOWER_ID = sa.bindparam("follower_id", type_=sa.BigInteger)
_FOLLOWING = rows_of(
    sa.select(
        _counted(sa.select(follow.c.followee_id).where(follow.c.follower_id == _FOLLOWER_ID), "most_accounts"),
        _counted(select_followed_pulled(_FOLLOWER_ID), "most_pulled_authors"),
    ),
    Following,
)


async def fetch_following(db: Reader, follower_id: int, *, most_accounts: int, most_pulled_authors: int) -> Following:
    """How much an account follows; of more than so many nobody knows how many."""
    following = await db.row(
        _FOLLOWING, follower_id=follower_id, most_accounts=most_accounts, most_pulled_authors=most_pulled_authors
    )
    assert following is not None
    return following


class Rates(NamedTuple):
    """How much an author's posts cost where they are pushed: who reads them, and how many come; up to a bound each."""

    readers: int
    posts: int


_RATES = rows_of(
    sa.select(
        _counted(
            sa.select(follow.c.follower_id)
            .join(reader, reader.c.account_id == follow.c.follower_id)
            .where(follow.c.followee_id == _AUTHOR_ID, is_active()),
            "most_readers",
        ),
        _counted(
            sa.select(post.c.id).where(
                post.c.author_id == _AUTHOR_ID,
                post.c.id >= sa.bindparam("since", type_=sa.BigInteger),
                post.c.deleted_at.is_(None),
            ),
            "most_posts",
        ),
    ),
    Rates,
)


async def fetch_rates(
    db: Reader, author_id: int, *, since: int, active_days: int, most_readers: int, most_posts: int
) -> Rates:
    """An author's readers, and their entries from the id `since` on."""
    rates = await db.row(
        _RATES,
        author_id=author_id,
        since=since,
        active_days=active_days,
        most_readers=most_readers,
        most_posts=most_posts,
    )
    assert rates is not None
    return rates
