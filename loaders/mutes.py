"""Whom the viewer has muted. A mute that has ended is as none, though its row may still be there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from core import ids
from core.database import rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID, is_there
from loaders.pages import RowPageLoader, select_rows
from models.mutes import mute

_ACTS: sa.ColumnElement[bool] = sa.or_(mute.c.until.is_(None), mute.c.until > sa.func.now())


class MuteRow(NamedTuple):
    """A mute of the viewer's; the id is the time when it began."""

    id: int
    muted_id: int
    until: datetime | None
    only_reposts: bool
    hides_notifications: bool

    @property
    def muted_at(self) -> datetime:
        return ids.time_of(self.id)


_COLUMNS = (mute.c.id, mute.c.muted_id, mute.c.until, mute.c.is_only_of_reposts, mute.c.hides_notifications)


def is_by_muted(
    entry_id: sa.ColumnElement[int],
    entry_author_id: sa.ColumnElement[int],
    post_id: sa.ColumnElement[int],
    author_id: sa.ColumnElement[int],
) -> sa.ColumnElement[bool]:
    """Whether the viewer has muted who brought an entry into a feed, or who wrote the post that it shows.

    Most people mute nobody; for them one look into the index answers for all rows of a statement.
    """
    has_muted = is_there(mute.c.muter_id == VIEWER_ID)
    is_repost_by_muted = sa.and_(entry_id != post_id, mute.c.muted_id == entry_author_id)
    return sa.and_(
        has_muted,
        is_there(
            mute.c.muter_id == VIEWER_ID,
            mute.c.muted_id.in_([entry_author_id, author_id]),
            _ACTS,
            sa.or_(sa.not_(mute.c.is_only_of_reposts), is_repost_by_muted),
        ),
    )


_BY_USER = rows_of(
    sa.select(*_COLUMNS).where(
        mute.c.muter_id == VIEWER_ID,
        mute.c.muted_id == sa.any_(sa.bindparam("muted_ids", type_=sa.ARRAY(sa.BigInteger))),
        _ACTS,
    ),
    MuteRow,
)


class ViewerMuteByUserLoader(BatchLoader[int, MuteRow]):
    """The viewer's mute of each user; nothing is asked for an anonymous one."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, MuteRow]:
        if self.scope.viewer is None:
            return {}
        rows = await self.scope.db.rows(_BY_USER, muted_ids=list(keys), viewer_id=self.viewer_id)
        return {row.muted_id: row for row in rows}


class MutesByViewerLoader(RowPageLoader[MuteRow]):
    """The viewer's mutes, by the viewer's account, the latest first; of hidden users too, so guard those."""

    row = MuteRow
    statement = select_rows(_COLUMNS, of_parent=mute.c.muter_id, where=[_ACTS])
