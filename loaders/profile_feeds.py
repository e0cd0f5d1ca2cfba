"""What a user has posted, by the tabs of a profile."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from access.filters import Context
from core.paging import PageRequest
from loaders.base import BatchLoader, PageLoader, Scope
from loaders.facts import is_admitted
from loaders.feeds import ENTRY_COLUMNS
from loaders.hydration import HAS_HANDLE
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from loaders.rows import Parts, UserRow
from loaders.tabs import IS_ON, Tab
from loaders.wanted import FeedEntry, SelectEntries, Wanted, WantedUsers, load_entries
from models.accounts import account
from models.posts import post


def _select_profile(users: sa.FromClause, tab: Tab) -> sa.Select[tuple[int, int, int]]:
    """A page of what each of `users` has on this tab."""
    page = (
        sa.select(*ENTRY_COLUMNS)
        .where(
            post.c.author_id == users.c.id, post.c.deleted_at.is_(None), post.c.id < AFTER, IS_ON[tab], is_admitted()
        )
        .order_by(post.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    return sa.select(page.c.id, page.c.author_id, page.c.post_id).select_from(users.join(page, sa.true()))


_named = sa.select(account.c.id).where(HAS_HANDLE).subquery("named")
_SELECTS_OF_USERS: Mapping[Tab, SelectEntries] = {tab: partial(_select_profile, parents, tab) for tab in Tab}
_SELECTS_OF_NAMED: Mapping[Tab, SelectEntries] = {tab: partial(_select_profile, _named, tab) for tab in Tab}


class EntriesByUserLoader(PageLoader[FeedEntry]):
    """What each user has on a tab of their profile, newest first, with the posts."""

    def __init__(self, scope: Scope, request: PageRequest, wanted: Wanted, tab: Tab) -> None:
        super().__init__(scope, request)
        self._wanted = wanted._replace(context=Context.PROFILE)
        self._tab = tab

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, FeedEntry]]:
        request = self.request
        arrived = await load_entries(
            self.scope,
            _SELECTS_OF_USERS[self._tab],
            self._wanted,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(entry.author_id, entry) for entry in arrived.entries]


class WantedPage(NamedTuple):
    """A page of a tab of a profile, and what is wanted of it; `parts` of the user."""

    request: PageRequest
    tab: Tab
    wanted: Wanted
    parts: Parts


class UserWithPostsLoader(BatchLoader[str, UserRow]):
    """The user with a handle, if the viewer may see it, with a page of what they have posted. Keys are lower-case."""

    def __init__(self, scope: Scope, page: WantedPage) -> None:
        super().__init__(scope)
        self._page = page

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, UserRow]:
        page = self._page
        arrived = await load_entries(
            self.scope,
            _SELECTS_OF_NAMED[page.tab],
            page.wanted._replace(context=Context.PROFILE),
            WantedUsers(tuple(keys), page.parts),
            viewer_id=self.viewer_id,
            after=after_or_end(page.request),
            limit=page.request.fetch_count,
        )
        entries: dict[int, list[FeedEntry]] = {user.id: [] for user in arrived.users}
        for entry in arrived.entries:
            if entry.author_id in entries:  # else the user is hidden
                entries[entry.author_id].append(entry)
        self.scope.entries(page.request, page.wanted, tab=page.tab).prime_many(entries)
        return {user.handle.lower(): user for user in arrived.users}
