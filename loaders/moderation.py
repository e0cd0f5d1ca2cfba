"""What moderators did: all of it for moderators, and for an account what was done about itself.

No moderator reads here, or among reports, what is about themselves: whoever is reported sees nothing of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core import ids
from core.database import Reader, Statement, rows_of
from core.paging import PageRequest
from loaders.base import BatchLoader, PageLoader, viewer_id_of
from loaders.facts import VIEWER_ID, is_there
from loaders.hydration import as_it_is
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from models.accounts import Role, account
from models.reports import ModerationKind, moderation_action

_MODERATOR = account.alias("viewing_moderator")
# Whether the viewer is a moderator now; Postgres asks once for a statement.
IS_MODERATOR = is_there(
    _MODERATOR.c.id == VIEWER_ID,
    _MODERATOR.c.role == sa.literal_column(str(int(Role.MODERATOR))),
    _MODERATOR.c.suspended_at.is_(None),
)
# What the account that it was done about is told of.
_TOLD = (ModerationKind.WARN, ModerationKind.HIDE_POST, ModerationKind.SUSPEND)


class ModerationActionRow(NamedTuple):
    """An act of a moderator, or of the command line where there is no moderator."""

    id: int
    moderator_id: int | None
    kind: int
    account_id: int
    post_id: int | None
    report_id: int | None
    note: str | None

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class WarningRow(NamedTuple):
    """What an account is told of such an act: not who did it, nor why it was looked into."""

    id: int
    kind: int
    post_id: int | None
    note: str | None

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class StandingRow(NamedTuple):
    """What an account may do, and since when it may do nothing."""

    id: int
    is_moderator: bool
    suspended_at: datetime | None


_COLUMNS = [moderation_action.c[name] for name in ModerationActionRow._fields]
_IS_SEEN = sa.and_(IS_MODERATOR, moderation_action.c.account_id != VIEWER_ID)
_BY_ID = rows_of(
    sa.select(*_COLUMNS).where(
        moderation_action.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))), _IS_SEEN
    ),
    ModerationActionRow,
)
_ALL = rows_of(
    sa.select(*_COLUMNS)
    .where(_IS_SEEN, moderation_action.c.id < AFTER)
    .order_by(moderation_action.c.id.desc())
    .limit(LIMIT),
    ModerationActionRow,
)


def _of_accounts(row: type[Any], is_seen: sa.ColumnElement[bool]) -> Statement[Any]:
    """The newest acts about each parent: the parent's id, then the columns of the row."""
    page = (
        sa.select(*(moderation_action.c[name] for name in row._fields))
        .where(moderation_action.c.account_id == parents.c.id, moderation_action.c.id < AFTER, is_seen)
        .order_by(moderation_action.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    found = sa.select(parents.c.id, *page.c).select_from(parents.join(page, sa.true()))
    return Statement(found.order_by(page.c.id.desc()), as_it_is)


class ModerationActionByIdLoader(BatchLoader[int, ModerationActionRow]):
    """The act with an id, for moderators."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ModerationActionRow]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}


class _ByAccountLoader(PageLoader[Any]):
    """A page of acts about each account, newest first."""

    row: ClassVar[type[Any]]
    statement: ClassVar[Statement[Any]]

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Any]]:
        request = self.request
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(record[0], self.row(*record[1:])) for record in records]


class ModerationActionsByAccountLoader(_ByAccountLoader):
    """What was done about accounts, for moderators."""

    row = ModerationActionRow
    statement = _of_accounts(ModerationActionRow, _IS_SEEN)


class WarningsByAccountLoader(_ByAccountLoader):
    """What the viewer is told of what was done about them, by the viewer's account."""

    row = WarningRow
    statement = _of_accounts(
        WarningRow,
        sa.and_(
            parents.c.id == VIEWER_ID,
            moderation_action.c.kind.in_([sa.literal_column(str(int(kind))) for kind in _TOLD]),
        ),
    )


_STANDINGS = rows_of(
    sa.select(parents.c.id, IS_MODERATOR, account.c.suspended_at)
    .select_from(parents.join(account, account.c.id == parents.c.id))
    .where(account.c.id == VIEWER_ID),
    StandingRow,
)


class StandingLoader(BatchLoader[int, StandingRow]):
    """How the viewer stands, by the viewer's account; of nobody else."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, StandingRow]:
        rows = await self.scope.db.rows(_STANDINGS, parent_ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}


async def fetch_moderation_actions(
    db: Reader, viewer: Viewer | None, request: PageRequest
) -> list[ModerationActionRow]:
    """What moderators did, newest first, for moderators: one row more than asked for."""
    return await db.rows(_ALL, viewer_id=viewer_id_of(viewer), after=after_or_end(request), limit=request.fetch_count)
