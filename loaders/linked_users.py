"""Lists of users that something leads to: the newest link first, and in the same statement whom it leads to."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from core.database import Statement
from core.paging import SortKey
from loaders.hydration import as_it_is, user_columns
from loaders.pages import after_or_end, page_of_links
from loaders.rows import Hydrated, Parts, UserRow, layout_of_users
from loaders.thinned import ThinnedPageLoader, places
from models.accounts import account

# The same few people are in every list of a page. Their parts, if anybody asks, are loaded once for each of them.
_NO_PARTS: Parts = frozenset()
_LAYOUT = layout_of_users(_NO_PARTS)


def select_linked_users(
    *, key: sa.ColumnElement[int], target: sa.ColumnElement[int], of_parent: sa.ColumnElement[bool]
) -> Statement[Any]:
    """The users that the newest links of each parent lead to; with each the key of its link, and the parent.

    `of_parent` ties a link to `places.c.id`.
    """
    page = page_of_links(key=key, target=target, of_parent=of_parent, after=places.c.after)
    linked = places.join(page, sa.true()).join(account, account.c.id == page.c.target_id)
    columns, joined = user_columns(linked, _NO_PARTS)
    statement = sa.select(*columns, page.c.key, places.c.id).select_from(joined).order_by(page.c.key.desc())
    return Statement(statement, as_it_is)


class LinkedUsersLoader(ThinnedPageLoader[UserRow]):
    """A page of the users that each parent is linked to. A subclass brings the statement."""

    statement: ClassVar[Statement[Any]]

    @property
    def start(self) -> int:
        return after_or_end(self.request)

    async def fetch_items(
        self, reached: Mapping[int, SortKey], limit: int
    ) -> Sequence[tuple[int, SortKey, UserRow | None]]:
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(reached),
            afters=list(reached.values()),
            viewer_id=self.viewer_id,
            limit=limit,
        )
        found = Hydrated()
        found.add_users(records, _NO_PARTS, layout=_LAYOUT)
        self.scope.take(found)
        key, parent_id, user_id = _LAYOUT.end, _LAYOUT.end + 1, _LAYOUT.user
        return [(record[parent_id], record[key], self.shown(found, record[user_id])) for record in records]

    def shown(self, found: Hydrated, user_id: int) -> UserRow | None:
        """What the list shows of a user; None if nothing."""
        return found.users[user_id]
