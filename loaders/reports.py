"""Reports: for whoever made them and for moderators; never for the account that they are about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core import ids
from core.database import Reader, Statement, rows_of
from core.paging import PageRequest
from loaders.base import BatchLoader, PageLoader, viewer_id_of
from loaders.facts import VIEWER_ID
from loaders.hydration import as_it_is
from loaders.moderation import IS_MODERATOR
from loaders.pages import AFTER, LIMIT, after_or_end, after_or_start, parents
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
_IS_FOR_MODERATOR = sa.and_(IS_MODERATOR, report.c.account_id != VIEWER_ID)
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


def _own() -> Statement[Any]:
    page = (
        sa.select(*_COLUMNS)
        .where(report.c.reporter_id == parents.c.id, report.c.id < AFTER)
        .order_by(report.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    own = sa.select(parents.c.id, *page.c).select_from(parents.join(page, sa.true())).where(parents.c.id == VIEWER_ID)
    return Statement(own.order_by(page.c.id.desc()), as_it_is)


_OWN = _own()


class ReportByIdLoader(BatchLoader[int, ReportRow]):
    """The report with an id, for its reporter and for moderators."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ReportRow]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}


class ReportsByReporterLoader(PageLoader[ReportRow]):
    """What the viewer has reported, newest first, by the viewer's account."""

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, ReportRow]]:
        request = self.request
        records = await self.scope.db.rows(
            _OWN,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(record[0], ReportRow._make(record[1:])) for record in records]


async def fetch_reports(
    db: Reader, viewer: Viewer | None, request: PageRequest, *, state: ReportState
) -> list[ReportRow]:
    """The reports in a state, oldest first, for moderators: one row more than asked for."""
    return await db.rows(
        _QUEUES[state], viewer_id=viewer_id_of(viewer), after=after_or_start(request), limit=request.fetch_count
    )
