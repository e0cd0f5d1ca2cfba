"""The feed of a list: what the people on it post and repost, and those of their replies that the list shows."""

from collections.abc import Mapping, Sequence
from functools import partial

import sqlalchemy as sa

from access.filters import Context
from core.paging import PageRequest
from loaders.base import PageLoader, Scope
from loaders.facts import is_admitted
from loaders.heads import entries_of, lowest_of, select_heads
from loaders.pages import LIMIT, after_or_end, parents
from loaders.wanted import LIST_ID, FeedEntry, SelectEntries, Wanted, load_entries
from models.follows import follow
from models.lists import ListReplies, list_, list_member
from models.posts import post

_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_IS_NO_REPLY = post.c.reply_to_id.is_(None)
_replied_to = post.alias("replied_to")
_other = list_member.alias("other")


def _replies_to(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a row of `post` replies to one, in `_replied_to`, of which the conditions hold."""
    found = sa.select(_ONE).where(_replied_to.c.id == post.c.reply_to_id, *conditions).limit(_ONE)
    # Named, because the list is some statements further out.
    return found.correlate(post, parents).scalar_subquery().is_not(None)


# Which rows of `post` by somebody on the list `parents.c.id` are shown there, by the list's setting.
_SHOWS: Mapping[ListReplies, sa.ColumnElement[bool]] = {
    ListReplies.NONE: _IS_NO_REPLY,
    ListReplies.TO_MEMBERS: sa.or_(
        _IS_NO_REPLY, _replies_to(_other.c.list_id == parents.c.id, _other.c.account_id == _replied_to.c.author_id)
    ),
    ListReplies.TO_FOLLOWED: sa.or_(
        _IS_NO_REPLY,
        _replies_to(
            list_.c.id == parents.c.id,
            follow.c.follower_id == list_.c.account_id,
            follow.c.followee_id == _replied_to.c.author_id,
        ),
    ),
}


def _select_pages(replies: ListReplies) -> sa.Select[tuple[int, int, int, int]]:
    """A page of the feed of each list: heads, then lateral (loaders.heads)."""
    shows = sa.and_(_SHOWS[replies], is_admitted())
    people = (
        sa.select(list_member.c.account_id.label("id"))
        .where(list_member.c.list_id == parents.c.id)
        .correlate(parents)
        .lateral("people")
    )
    newest = select_heads(people, shows).lateral("newest_heads")
    lowest = lowest_of(sa.func.count().over(), sa.func.min(newest.c.id).over())
    heads = sa.select(newest.c.author_id, lowest.label("lowest")).lateral("heads")
    entries = entries_of(heads, heads.c.lowest, shows)
    page = (
        sa.select(entries.c.id, entries.c.author_id, entries.c.post_id)
        .select_from(heads.join(entries, sa.true()))
        .order_by(entries.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    return sa.select(page.c.id, page.c.author_id, page.c.post_id, parents.c.id.label(LIST_ID)).select_from(
        parents.join(page, sa.true())
    )


_SELECTS: Mapping[ListReplies, SelectEntries] = {replies: partial(_select_pages, replies) for replies in ListReplies}


class EntriesByListLoader(PageLoader[FeedEntry]):
    """The feed of each list that shows such replies, newest first. The lists are ones that the viewer may see."""

    def __init__(self, scope: Scope, request: PageRequest, wanted: Wanted, replies: ListReplies) -> None:
        super().__init__(scope, request)
        self._wanted = wanted._replace(context=Context.LIST)
        self._replies = replies

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, FeedEntry]]:
        request = self.request
        arrived = await load_entries(
            self.scope,
            _SELECTS[self._replies],
            self._wanted,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(entry.list_id, entry) for entry in arrived.entries if entry.list_id is not None]
