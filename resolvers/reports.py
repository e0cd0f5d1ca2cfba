"""Reports: one's own, and the moderators' queue."""

from enum import Enum
from typing import Annotated

import strawberry

import compiler
from actions import reports
from core.paging import Listing
from loaders.reports import ReportRow, fetch_reports
from models.reports import ReportState as State
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import RowConnection, page_of
from resolvers.context import Context, Info
from resolvers.payloads import ReportPayload, refusals_as


@strawberry.enum(description="What became of a report.")
class ReportState(Enum):
    """By the names of models.reports.ReportState."""

    OPEN = strawberry.enum_value("OPEN", description="It waits for a moderator.")
    ACTED_UPON = strawberry.enum_value("ACTED_UPON", description="Moderators did something about it.")
    DISMISSED = strawberry.enum_value("DISMISSED", description="Moderators found that nothing is to be done.")


InState = Annotated[ReportState, strawberry.argument(description="Only reports in this state.")]


async def queue(
    info: Info, state: InState = ReportState.OPEN, first: First = DEFAULT_PAGE, after: After = None
) -> RowConnection[ReportRow]:
    request = page(Listing.REPORTS, first, after)
    context = info.context
    rows = await fetch_reports(context.resources.db, context.viewer, request, state=State[state.name])
    return RowConnection(Listing.REPORTS, request, rows)


def viewer_reports(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.own_reports(page(Listing.OWN_REPORTS, first, after))
    return page_of(loader, Listing.OWN_REPORTS, key="account_id")


@refusals_as(ReportPayload)
async def report_content(context: Context, new: reports.NewReport) -> ReportPayload:
    viewer = context.require_viewer()
    return await _report(context, await context.transact(reports.report_content, viewer, new))


@refusals_as(ReportPayload)
async def resolve_report(context: Context, report_id: int, *, state: State, answer: str | None) -> ReportPayload:
    viewer = context.require_viewer()
    resolve = reports.resolve_report
    return await _report(context, await context.transact(resolve, viewer, report_id, state=state, answer=answer))


async def _report(context: Context, report_id: int) -> ReportPayload:
    return ReportPayload(await context.loaders.reports.load_alone(report_id))
