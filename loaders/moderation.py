"""What moderators did: all of it for moderators, and for an account what was done about itself.

No moderator reads here, or among reports, what is about themselves: whoever is reported sees nothing of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core import ids
from core.database import Reader, rows_of
from core.paging import PageRequest
from loaders.base import BatchLoader, viewer_id_of
from loaders.facts import VIEWER_ID, is_moderator
from loaders.pages import AFTER, LIMIT, RowPageLoader, after_or_end, parents, select_rows
from models.accounts import account
from models.reports import ModerationKind, moderation_action

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
_IS_SEEN = sa.and_(is_moderator(), moderation_action.c.account_id != VIEWER_ID)
_IS_SEEN_OF_PARENT = sa.and_(is_moderator(), parents.c.id != VIEWER_ID)
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


class ModerationActionByIdLoader(BatchLoader[int, ModerationActionRow]):
    """The act with an id, for moderators."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ModerationActionRow]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}


class ModerationActionsByAccountLoader(RowPageLoader[ModerationActionRow]):
    """What was done about each account, newest first, for moderators."""

    row = ModerationActionRow
    statement = select_rows(_COLUMNS, of_parent=moderation_action.c.account_id, is_seen=_IS_SEEN_OF_PARENT)


class WarningsByAccountLoader(RowPageLoader[WarningRow]):
    """What the viewer is told of what was done about them, newest first, by the viewer's account."""

    row = WarningRow
    statement = select_rows(
        [moderation_action.c[name] for name in WarningRow._fields],
        of_parent=moderation_action.c.account_id,
        where=[moderation_action.c.kind.in_([sa.literal_column(str(int(kind))) for kind in _TOLD])],
    )


_STANDINGS = rows_of(
    sa.select(parents.c.id, is_moderator(), account.c.suspended_at)
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
