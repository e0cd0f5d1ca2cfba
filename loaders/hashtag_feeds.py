"""What hashtags bring into feeds: a hashtag's page, their part of home feeds, and who hears of a post that has them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from access.filters import Context
from core.database import Reader, rows_of, values_of
from core.paging import PageRequest
from loaders.base import PageLoader, Scope
from loaders.facts import VIEWER_ID, is_for_everyone, is_there
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from loaders.wanted import HASHTAG_ID, FeedEntry, Wanted, load_entries
from models.follows import follow
from models.hashtags import hashtag_follow, post_hashtag
from models.posts import post

_ONE: sa.ColumnElement[int] = sa.literal_column("1")


def joins_home() -> sa.ColumnElement[bool]:
    """Whether a post with a hashtag is shown to those who follow it: it is for everyone, and no reply.

    Reposts have no hashtags of their own.
    """
    return sa.and_(post.c.reply_to_id.is_(None), is_for_everyone())


def _posts_with(hashtag_id: sa.ColumnElement[int]) -> sa.Select[Any]:
    """Entries below the id AFTER that a hashtag brings, newest first: along its index, with a look at each post."""
    return (
        sa.select(post.c.id, post.c.author_id, post.c.id.label("post_id"))
        .join(post_hashtag, post_hashtag.c.post_id == post.c.id)
        .where(
            post_hashtag.c.hashtag_id == hashtag_id,
            post_hashtag.c.post_id < AFTER,
            post.c.deleted_at.is_(None),
        )
        .order_by(post_hashtag.c.post_id.desc())
    )


# The home feed: what belongs into it.


def select_heads() -> sa.Select[tuple[int, int]]:
    """The newest post of each hashtag that the viewer follows, as (hashtag_id, id). Two may have the same one."""
    newest = _posts_with(hashtag_follow.c.hashtag_id).where(joins_home()).limit(_ONE).lateral("newest_tagged")
    return (
        sa.select(hashtag_follow.c.hashtag_id, newest.c.id)
        .select_from(hashtag_follow.join(newest, sa.true()))
        .where(hashtag_follow.c.account_id == VIEWER_ID)
    )


def select_behind(heads: sa.FromClause, lowest: sa.ColumnElement[int]) -> sa.Select[tuple[int, int, int, int]]:
    """The entries of these heads that are not older than `lowest`, with the hashtag that brings each."""
    entries = (
        _posts_with(heads.c.hashtag_id)
        .where(post_hashtag.c.post_id >= lowest, joins_home())
        .limit(LIMIT)
        .lateral("tagged_entries")
    )
    return sa.select(entries.c.id, entries.c.author_id, entries.c.post_id, heads.c.hashtag_id).select_from(
        heads.join(entries, sa.true())
    )


def followed_hashtag() -> sa.ColumnElement[int | None]:
    """The hashtag by which a row of `post` joins the viewer's home feed, the oldest of several; NULL if none does.

    From the post to its few hashtags, among those that the viewer follows, which are read once. With that in a FILTER,
    Postgres cannot take the other way, along all posts of the oldest hashtags.
    """
    followed = sa.select(hashtag_follow.c.hashtag_id).where(hashtag_follow.c.account_id == VIEWER_ID).scalar_subquery()
    oldest = (
        sa.select(
            sa.func.min(post_hashtag.c.hashtag_id).filter(post_hashtag.c.hashtag_id == sa.any_(sa.func.array(followed)))
        )
        .where(post_hashtag.c.post_id == post.c.id)
        .correlate(post)
        .scalar_subquery()
    )
    return sa.case((joins_home(), oldest))


# The home feed: who hears of a post.


_ENTRY_ID = sa.bindparam("entry_id", type_=sa.BigInteger)
_AUTHOR_ID = sa.bindparam("author_id", type_=sa.BigInteger)
_HASHTAG_IDS = sa.bindparam("hashtag_ids", type_=sa.ARRAY(sa.BigInteger))
_HASHTAGS_OF_ENTRY = values_of(
    sa.select(post_hashtag.c.hashtag_id)
    .join(post, post.c.id == post_hashtag.c.post_id)
    .where(post_hashtag.c.post_id == _ENTRY_ID, joins_home())
    .order_by(post_hashtag.c.hashtag_id),
    int,
)


async def fetch_hashtags_of_entry(db: Reader, entry_id: int) -> list[int]:
    """The hashtags whose followers have this entry in their home feeds; of a deleted post, those that had it."""
    return await db.rows(_HASHTAGS_OF_ENTRY, entry_id=entry_id)


class Follower(NamedTuple):
    """Somebody who follows an author or a hashtag; `key` is the id of the follow.

    `is_met_elsewhere`: another follow leads the same walk to them, the one of the author or of a hashtag before.
    """

    key: int
    account_id: int
    is_met_elsewhere: bool


def _select_followers() -> sa.Select[tuple[int, int, bool]]:
    of_author = (
        sa.select(follow.c.id.label("key"), follow.c.follower_id.label("account_id"))
        .where(follow.c.followee_id == _AUTHOR_ID, follow.c.id > AFTER)
        .order_by(follow.c.id)
        .limit(LIMIT)
        .subquery("of_author")
    )
    tag = sa.func.unnest(_HASHTAG_IDS).table_valued(sa.column("id", sa.BigInteger), name="tag").render_derived()
    of_hashtag = (
        sa.select(hashtag_follow.c.id.label("key"), hashtag_follow.c.account_id)
        .where(hashtag_follow.c.hashtag_id == tag.c.id, hashtag_follow.c.id > AFTER)
        .order_by(hashtag_follow.c.id)
        .limit(LIMIT)
        .lateral("of_hashtag")
    )
    links = (
        sa.select(of_author.c.key, of_author.c.account_id, sa.true().label("is_of_author"))
        .union_all(
            sa.select(of_hashtag.c.key, of_hashtag.c.account_id, sa.false()).select_from(
                tag.join(of_hashtag, sa.true())
            )
        )
        .subquery("links")
    )
    page = sa.select(links).order_by(links.c.key).limit(LIMIT).subquery("page")
    # From the reader to their few follows: with the key among the conditions, Postgres might walk all
    # followers before it instead.
    is_older = sa.and_(hashtag_follow.c.hashtag_id == sa.any_(_HASHTAG_IDS), hashtag_follow.c.id < page.c.key)
    by_older_hashtag = (
        sa.select(sa.func.bool_or(is_older)).where(hashtag_follow.c.account_id == page.c.account_id).scalar_subquery()
    )
    is_met_elsewhere = sa.and_(
        sa.not_(page.c.is_of_author),
        sa.or_(
            page.c.account_id == _AUTHOR_ID,
            is_there(follow.c.follower_id == page.c.account_id, follow.c.followee_id == _AUTHOR_ID),
            by_older_hashtag,
        ),
    )
    return sa.select(page.c.key, page.c.account_id, is_met_elsewhere).order_by(page.c.key)


_FOLLOWERS_AFTER = rows_of(_select_followers(), Follower)


async def fetch_followers_of_either_after(
    db: Reader, author_id: int, hashtag_ids: Sequence[int], *, after: int, limit: int
) -> list[Follower]:
    """Those who follow an author or one of the hashtags, oldest follow first, behind the follow with the id `after`.

    Both kinds of follows have ids of one sequence, so all lists are walked as one, and one id says how far.
    """
    return await db.rows(_FOLLOWERS_AFTER, author_id=author_id, hashtag_ids=list(hashtag_ids), after=after, limit=limit)


# A hashtag's page.


def _select_pages() -> sa.Select[tuple[int, int, int, int]]:
    """A page of the posts for everyone with each hashtag, replies too."""
    page = _posts_with(parents.c.id).where(is_for_everyone()).limit(LIMIT).lateral("page")
    return sa.select(page.c.id, page.c.author_id, page.c.post_id, parents.c.id.label(HASHTAG_ID)).select_from(
        parents.join(page, sa.true())
    )


class EntriesByHashtagLoader(PageLoader[FeedEntry]):
    """The posts with each hashtag, newest first, whole."""

    def __init__(self, scope: Scope, request: PageRequest, wanted: Wanted) -> None:
        super().__init__(scope, request)
        self._wanted = wanted._replace(context=Context.PUBLIC)

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, FeedEntry]]:
        request = self.request
        arrived = await load_entries(
            self.scope,
            _select_pages,
            self._wanted,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(entry.hashtag_id, entry) for entry in arrived.entries if entry.hashtag_id is not None]
