"""Lists of people: whoever sees their owner sees the public ones, and who is on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from access import policy
from core import ids
from core.database import Statement
from loaders.base import BatchLoader, PageLoader
from loaders.facts import VIEWER_ID, is_there, user_facts_by_id
from loaders.hydration import as_it_is
from loaders.linked_users import LinkedUsersLoader, select_linked_users
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from loaders.thinned import places
from models.lists import list_, list_member


class ListRow(NamedTuple):
    """A list as the viewer may know it: whether it is exclusive is None in somebody else's."""

    id: int
    account_id: int
    name: str
    is_private: bool
    is_exclusive: bool | None
    replies: int

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


_IS_OWN = list_.c.account_id == VIEWER_ID
_COLUMNS: Sequence[sa.ColumnElement[Any]] = [
    list_.c.id,
    list_.c.account_id,
    list_.c.name,
    list_.c.is_private,
    sa.case((_IS_OWN, list_.c.is_exclusive)).label("is_exclusive"),
    list_.c.replies,
]
_ROW = slice(0, len(_COLUMNS))
# Behind the columns of the row: what is known of its owner.
_OWNER_FACTS = len(_COLUMNS)

_BY_ID = Statement(
    sa.select(*_COLUMNS, user_facts_by_id(list_.c.account_id)).where(
        list_.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    ),
    as_it_is,
)


def _by_account() -> Statement[Any]:
    page = (
        sa.select(*_COLUMNS)
        .where(list_.c.account_id == parents.c.id, list_.c.id < AFTER, sa.or_(_IS_OWN, sa.not_(list_.c.is_private)))
        .order_by(list_.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    found = sa.select(*page.c, user_facts_by_id(parents.c.id)).select_from(parents.join(page, sa.true()))
    return Statement(found.order_by(page.c.id.desc()), as_it_is)


_BY_ACCOUNT = _by_account()


def is_on_exclusive_list(account_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the viewer has the account on one of their exclusive lists, and so not in their home feed.

    Most people have no such list; for them one look into the index answers for all rows of a statement.
    """
    is_exclusive = sa.and_(_IS_OWN, list_.c.is_exclusive)
    is_member = is_there(list_member.c.account_id == account_id, list_member.c.list_id == list_.c.id, is_exclusive)
    return sa.and_(is_there(is_exclusive), is_member)


class ListByIdLoader(BatchLoader[int, ListRow]):
    """The list with an id, if the viewer may see it."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ListRow]:
        records = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        rows = [(ListRow._make(record[_ROW]), record[_OWNER_FACTS]) for record in records]
        return {row.id: row for row, facts in rows if policy.can_see_list(self.scope.viewer, row, facts)}


class ListsByAccountLoader(PageLoader[ListRow]):
    """Those of each account's lists that the viewer may see, newest first."""

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, ListRow]]:
        request = self.request
        records = await self.scope.db.rows(
            _BY_ACCOUNT,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        rows = [(ListRow._make(record[_ROW]), record[_OWNER_FACTS]) for record in records]
        return [(row.account_id, row) for row, facts in rows if policy.can_see_list(self.scope.viewer, row, facts)]


class MembersByListLoader(LinkedUsersLoader):
    """Who is on each list, whoever was added last first. The list is one that the viewer may see."""

    statement = select_linked_users(
        key=list_member.c.id, target=list_member.c.account_id, of_parent=list_member.c.list_id == places.c.id
    )
