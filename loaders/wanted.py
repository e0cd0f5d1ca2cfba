"""Entries of a list with the posts they show and, if that is known to be asked for, replies to them, in one statement.

A round trip costs more than what it brings. Whoever resolves a list looks ahead in the document, says what is wanted of
its posts, and the loaders of posts, users and replies are primed with what comes. What nobody foresaw is loaded when it
is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

import sqlalchemy as sa

from access import policy
from access.filters import Context
from core.database import Statement
from core.paging import Page, PageRequest, SortKey, page_of_shown
from loaders.base import BatchLoader, Scope, viewer_id_of
from loaders.facts import VIEWER_ID, user_facts_by_id
from loaders.filters import filtered_out, warning_to_filter
from loaders.hydration import (
    HAS_HANDLE,
    as_it_is,
    no_post,
    select_posts,
    user_columns,
)
from loaders.lists import is_on_exclusive_list
from loaders.mutes import is_by_muted
from loaders.posts import select_reply_ids
from loaders.rows import EVERYTHING, Hydrated, Parts, PostRow, UserRow, layout_of
from loaders.threads import is_muted
from loaders.tuning import AS_KEPT, KEPT_COLUMN, Asked, Tuned, fates, tuned_columns
from models.accounts import account
from models.feeds import TARGETED
from models.posts import post

_NO_ID: sa.ColumnElement[int] = sa.literal_column("NULL::bigint", sa.BigInteger)
_NO_FACTS: sa.ColumnElement[int] = sa.literal_column("NULL::integer", sa.Integer)
_NO_TEXT: sa.ColumnElement[str | None] = sa.literal_column("NULL::text", sa.Text)
_REPLY_LIMIT = sa.bindparam("reply_limit", type_=sa.Integer)

# A SELECT of (id, author_id, post_id); with a column HASHTAG_ID if hashtags bring entries, NULL of all others, or with
# LIST_ID if lists bring them; with a column IS_FOLLOWED if it knows of authors that the viewer follows them, unless a
# hashtag brought the entry.
SelectEntries = Callable[[], sa.Select[Any]]
IS_FOLLOWED = "is_followed"
HASHTAG_ID = "hashtag_id"
LIST_ID = "list_id"


class FeedEntry(NamedTuple):
    """`author_id` brought `post_id` into the feed by the entry `id`: wrote it (the same id) or reposted it.

    `hashtag_id` is the hashtag that the entry is there by; None of one that is there by its author. `list_id` is the
    list of people whose feed it is in, if it is in one. An entry that is not to be shown stays in its list, so that a
    copy of the list need not know of whom the viewer mutes or may see: somebody reposted it of whom the viewer sees
    nothing, or little; or the viewer does not want to hear of it. `is_seen`: it is not to be shown because it was read,
    and so is nothing below it.
    """

    id: int
    author_id: int
    post_id: int
    hashtag_id: int | None = None
    is_shown: bool = True
    list_id: int | None = None
    is_seen: bool = False

    @property
    def is_repost(self) -> bool:
        return self.id != self.post_id


class WantedReplies(NamedTuple):
    """The first replies to each post; `parts` of them and of their authors."""

    request: PageRequest
    is_newest_first: bool
    parts: Parts


class WantedUsers(NamedTuple):
    """Users that come along, by handle, whether they have entries or not; with these parts of them."""

    handles: tuple[str, ...]
    parts: Parts


class Wanted(NamedTuple):
    """What is asked of the posts of a list; with a `context`, what the viewer does not want there is not shown.

    Of a feed that people have preferences of, `tuned` says which it is.
    """

    parts: Parts = EVERYTHING
    replies: WantedReplies | None = None
    context: Context | None = None
    tuned: Tuned | None = None

    @property
    def bare(self) -> "Wanted":
        """The same entries with nothing but the rows of their posts: enough to say which of them are shown."""
        return self._replace(parts=frozenset(), replies=None)


WHOLE_POSTS = Wanted()


class _Form(NamedTuple):
    """What of a Wanted makes another statement."""

    parts: Parts
    are_replies_newest_first: bool | None
    parts_of_replies: Parts
    parts_of_users: Parts | None
    context: Context | None
    # Of the options only what makes another statement.
    tuned: Tuned | None

    @property
    def laid_out(self) -> Parts:
        """The parts that records of such a statement have columns for."""
        return self.parts | self.parts_of_replies | (self.parts_of_users or frozenset())


def _form_of(wanted: Wanted, users: WantedUsers | None) -> _Form:
    of_users = None if users is None else users.parts
    replies, tuned = wanted.replies, wanted.tuned
    if tuned is not None:
        tuned = tuned.form
    if replies is None:
        return _Form(wanted.parts, None, frozenset(), of_users, wanted.context, tuned)
    return _Form(wanted.parts, replies.is_newest_first, replies.parts, of_users, wanted.context, tuned)


class Arrived(NamedTuple):
    """Entries, newest first; posts by id, None for those that the viewer may not see; the users that were wanted."""

    entries: list[FeedEntry]
    posts: Mapping[int, PostRow | None]
    users: Sequence[UserRow]


async def load_entries(
    scope: Scope, select_entries: SelectEntries, wanted: Wanted, users: WantedUsers | None = None, **parameters: object
) -> Arrived:
    """Runs such a statement and hands what it brings to the loaders, guarded."""
    if wanted.replies is not None:
        parameters["reply_limit"] = wanted.replies.request.fetch_count
    if users is not None:
        parameters["handles"] = users.handles
    form = _form_of(wanted, users)
    layout = layout_of(form.laid_out)
    # Behind the columns of the post. A reply has a parent and no entry.
    entry_id, entry_author_id, parent_id, reposter, muted, warning, tuning = range(layout.end, layout.end + 7)
    way = -1
    made = _statement(select_entries, form)
    records = await scope.db.rows(made.statement, **parameters)
    found = Hydrated()
    named: list[int] = []
    if users is not None:
        of_users = [record for record in records if record[0] is None]
        found.add_users(of_users, users.parts, layout=layout)
        named = [record[layout.user] for record in of_users]
        records = [record for record in records if record[0] is not None]
    own = records if wanted.replies is None else [record for record in records if record[parent_id] is None]
    found.add_posts(own, wanted.parts, layout=layout)
    if wanted.replies is None:
        posts = scope.take(found)
    else:
        replies = [record for record in records if record[parent_id] is not None]
        found.add_posts(replies, wanted.replies.parts, layout=layout)
        posts = scope.take(found)
        unread = await filtered_out(scope, Context.THREAD, replies, posts, column=warning)
        under = [(r[parent_id], r[0], None if r[0] in unread else posts[r[0]]) for r in replies]
        _prime_replies(scope, wanted.replies, [record[0] for record in own], under)
    context = wanted.context
    unread = frozenset() if context is None else await filtered_out(scope, context, own, posts, column=warning)
    viewer_id, can_see = viewer_id_of(scope.viewer), policy.can_see_repost
    hidden = {
        record[entry_id]
        for record in own
        if record[muted]
        or (record[reposter] and not can_see(record[reposter]))
        or (record[0] in unread and record[entry_author_id] != viewer_id)
    }
    if made.way is None:
        brought = [(r[entry_id], r[entry_author_id], r[0], None, r[entry_id] not in hidden, None, False) for r in own]
    elif made.way == HASHTAG_ID:
        brought = [(r[entry_id], r[entry_author_id], r[0], r[way], r[entry_id] not in hidden, None, False) for r in own]
    else:
        brought = [(r[entry_id], r[entry_author_id], r[0], None, r[entry_id] not in hidden, r[way], False) for r in own]
    entries = list(map(_entry, repeat(FeedEntry), brought))
    if wanted.tuned is not None and (wanted.tuned.options != AS_KEPT or any(r[tuning + KEPT_COLUMN] for r in own)):
        columns_of = slice(tuning, tuning + made.tuned_columns)
        entries = _as_tuned(wanted.tuned, entries, posts, [r[columns_of] for r in own], viewer_id=viewer_id)
    entries.sort(reverse=True)
    seen_users = [user for user in map(found.users.__getitem__, named) if user is not None]
    return Arrived(entries, posts, seen_users)


# What `FeedEntry(…)` does, without a Python function around it.
_entry: Callable[..., FeedEntry] = tuple.__new__
_NO_REPLIES: Page[tuple[SortKey, PostRow]] = Page((), has_next=False, end=None)


def _as_tuned(
    tuned: Tuned,
    entries: Sequence[FeedEntry],
    posts: Mapping[int, PostRow | None],
    tunings: Sequence[Sequence[Any]],
    *,
    viewer_id: int,
) -> list[FeedEntry]:
    """The entries, of which those are not to be shown that are to be left out; `tunings` are the columns about each."""
    asked = (
        Asked(entry.id, entry.author_id, posts[entry.post_id], columns)
        for entry, columns in zip(entries, tunings, strict=True)
    )
    return [
        entry._replace(is_shown=entry.is_shown and not fate.is_left_out, is_seen=fate.is_seen)
        for entry, fate in zip(entries, fates(tuned, asked, viewer_id=viewer_id), strict=True)
    ]


def _prime_replies(
    scope: Scope,
    wanted: WantedReplies,
    parent_ids: Sequence[int],
    replies: Sequence[tuple[int, int, PostRow | None]],
) -> None:
    """Hands each parent's page of replies to their loader; `replies` are (id of the parent, id, reply).

    A page that has to be topped up is left to the loader.
    """
    request = wanted.request
    found: dict[int, list[tuple[SortKey, PostRow | None]]] = {}
    for parent_id, reply_id, row in replies:
        found.setdefault(parent_id, []).append((reply_id, row))
    pages = dict.fromkeys(parent_ids, _NO_REPLIES)
    for parent_id, under in found.items():
        is_end = len(under) < request.fetch_count
        shown = [(reply_id, row) for reply_id, row in under if row is not None]
        if is_end or len(shown) > request.first:
            shown.sort(reverse=wanted.is_newest_first)
            pages[parent_id] = page_of_shown(request, shown, is_end=is_end)
        else:
            del pages[parent_id]
    scope.replies(request, is_newest_first=wanted.is_newest_first).prime_many(pages)


def _select_by_id() -> sa.Select[tuple[int, int, int]]:
    return sa.select(post.c.id, post.c.author_id, post.c.id.label("post_id")).where(
        post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    )


class PostWithRepliesLoader(BatchLoader[int, PostRow]):
    """The post with an id, if the viewer may see it, with what is wanted beside it."""

    def __init__(self, scope: Scope, wanted: Wanted) -> None:
        super().__init__(scope)
        self._wanted = wanted

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, PostRow | None]:
        arrived = await load_entries(self.scope, _select_by_id, self._wanted, ids=list(keys), viewer_id=self.viewer_id)
        return arrived.posts


class _Made(NamedTuple):
    """A statement, how many columns it has for tuning, and the name of the column that its records end with: what
    brought the entry, if anything did.
    """

    statement: Statement[Any]
    tuned_columns: int
    way: str | None


@lru_cache(maxsize=512)
def _statement(select_entries: SelectEntries, form: _Form) -> _Made:
    """The statement that brings the entries and what is wanted of their posts."""
    laid_out = form.laid_out
    entries = select_entries().cte("entries").prefix_with("MATERIALIZED")
    known: sa.ColumnElement[bool] | None = entries.c.get(IS_FOLLOWED)
    hashtag_id = entries.c.get(HASHTAG_ID)
    way = entries.c.get(LIST_ID, hashtag_id)
    if known is not None and hashtag_id is not None:
        known = sa.and_(known, hashtag_id.is_(None))
    # Of a repost it is the reposter who is known to be followed.
    is_followed = None if known is None else sa.and_(known, entries.c.author_id == post.c.author_id)
    own = select_posts(
        entries, on=post.c.id == entries.c.post_id, parts=form.parts, laid_out=laid_out, is_followed=is_followed
    )
    own_columns = [_is_muted(entries, form.context), _NO_TEXT if form.context is None else warning_to_filter()]
    reply_columns: list[sa.ColumnElement[Any]] = [sa.false(), warning_to_filter()]
    other_columns: list[sa.ColumnElement[Any]] = [sa.false(), _NO_TEXT]
    # The last columns are there only in statements that need them.
    tuning: list[sa.ColumnElement[Any]] = []
    if form.tuned is not None:
        tuning = tuned_columns(form.tuned, way if form.tuned.feed in TARGETED else None)
        own_columns += tuning
        for columns in (reply_columns, other_columns):
            columns += [sa.cast(sa.null(), column.type) for column in tuning]
    if way is not None:
        own_columns.append(way)
        reply_columns.append(_NO_ID)
        other_columns.append(_NO_ID)
    # What the rules need to know of whoever reposted; of a post's own entry that is asked with the post.
    reposter_facts = sa.case((entries.c.id == post.c.id, _NO_FACTS), else_=user_facts_by_id(entries.c.author_id))
    branches = [own.add_columns(entries.c.id, entries.c.author_id, _NO_ID, reposter_facts, *own_columns)]
    if form.are_replies_newest_first is not None:
        # A post and its repost may be on one page.
        parent = sa.select(entries.c.post_id).distinct().subquery("parent")
        page = select_reply_ids(parent.c.post_id, is_newest_first=form.are_replies_newest_first, limit=_REPLY_LIMIT)
        replies = select_posts(
            parent.join(page, sa.true()), on=post.c.id == page.c.id, parts=form.parts_of_replies, laid_out=laid_out
        )
        branches.append(replies.add_columns(_NO_ID, _NO_ID, parent.c.post_id, _NO_FACTS, *reply_columns))
    if form.parts_of_users is not None:
        columns, joined = user_columns(account, form.parts_of_users, laid_out=laid_out)
        users = (
            sa.select(*no_post(laid_out), *columns, _NO_ID, _NO_ID, _NO_ID, _NO_FACTS, *other_columns)
            .select_from(joined)
            .where(HAS_HANDLE)
        )
        branches.append(users)
    clause = branches[0].union_all(*branches[1:]) if branches[1:] else branches[0]
    return _Made(Statement(clause, as_it_is), len(tuning), None if way is None else way.name)


def _is_muted(entries: sa.FromClause, context: Context | None) -> sa.ColumnElement[Any]:
    """Whether the viewer has muted who is behind an entry, or its thread, or keeps them on an exclusive list.

    What one says oneself stays. Who is on an exclusive list is left out at home only: its feed is where they are read.
    """
    if context is None or context is Context.PROFILE:
        return sa.false()
    muted = is_by_muted(entries.c.id, entries.c.author_id, entries.c.post_id, post.c.author_id)
    if context in {Context.HOME, Context.LIST}:
        muted = sa.or_(muted, is_muted(sa.func.coalesce(post.c.root_id, post.c.id)))
    if context is Context.HOME:
        muted = sa.or_(muted, is_on_exclusive_list(entries.c.author_id))
    return sa.and_(entries.c.author_id != VIEWER_ID, muted)
