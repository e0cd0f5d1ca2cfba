"""Reports: for whoever made them and for moderators; never for the account that they are about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core import ids
from core.database import Reader, Statement, rows_of
from core.paging import PageRequest
from loaders.base import BatchLoader, viewer_id_of
from loaders.facts import VIEWER_ID, is_moderator
from loaders.pages import AFTER, LIMIT, RowPageLoader, after_or_start, select_rows
from models.reports import ReportState, report


class ReportRow(NamedTuple):
    """A report. `said` is what the post said when it was reported."""

    id: int
    reporter_id: int
    account_id: int
    post_id: int | None
    said: str | None
    reason: int
    comment: str | None
    state: int
    answer: str | None
    resolved_at: datetime | None

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


_COLUMNS = [report.c[name] for name in ReportRow._fields]
_IS_FOR_MODERATOR = sa.and_(is_moderator(), report.c.account_id != VIEWER_ID)
_BY_ID = rows_of(
    sa.select(*_COLUMNS).where(
        report.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
        sa.or_(report.c.reporter_id == VIEWER_ID, _IS_FOR_MODERATOR),
    ),
    ReportRow,
)


def _queue(is_wanted: sa.ColumnElement[bool]) -> Statement[ReportRow]:
    return rows_of(
        sa.select(*_COLUMNS)
        .where(_IS_FOR_MODERATOR, is_wanted, report.c.id > AFTER)
        .order_by(report.c.id)
        .limit(LIMIT),
        ReportRow,
    )


# With the state in the text of the statement, Postgres knows that the index of open reports serves it.
_QUEUES = {state: _queue(report.c.state == sa.literal_column(str(int(state)))) for state in ReportState}


class ReportByIdLoader(BatchLoader[int, ReportRow]):
    """The report with an id, for its reporter and for moderators."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ReportRow]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}


class ReportsByReporterLoader(RowPageLoader[ReportRow]):
    """What the viewer has reported, newest first, by the viewer's account."""

    row = ReportRow
    statement = select_rows(_COLUMNS, of_parent=report.c.reporter_id)


async def fetch_reports(
    db: Reader, viewer: Viewer | None, request: PageRequest, *, state: ReportState
) -> list[ReportRow]:
    """The reports in a state, oldest first, for moderators: one row more than asked for."""
    return await db.rows(
        _QUEUES[state], viewer_id=viewer_id_of(viewer), after=after_or_start(request), limit=request.fetch_count
    )
