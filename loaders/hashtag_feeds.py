"""What hashtags bring into feeds: a hashtag's page, and their part of home feeds."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from access.filters import Context
from core.paging import PageRequest
from loaders.base import PageLoader, Scope
from loaders.facts import VIEWER_ID, is_for_everyone
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from loaders.wanted import HASHTAG_ID, FeedEntry, Wanted, load_entries
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


def select_hashtag_heads() -> sa.Select[tuple[int, int]]:
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
