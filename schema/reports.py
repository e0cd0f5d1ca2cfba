"""Reports of users and posts."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from actions import reports as actions
from compiler import Attribute, derived
from core import ids
from loaders.reports import ReportRow
from models import reports as models
from resolvers import payloads, reports
from resolvers.arguments import Cursor, post_number, report_number, user_number
from resolvers.context import Info
from resolvers.reports import ReportState
from schema.base import Node, PageInfo, node_id, relation, view_of
from schema.errors import INPUT, Refusable
from schema.posts import Post
from schema.users import User


@strawberry.enum(description="What is wrong with what is reported.")
class ReportReason(Enum):
    """By the names of models.reports.ReportReason."""

    SPAM = strawberry.enum_value("SPAM", description="Unwanted advertising, or the same thing over and over.")
    HARASSMENT = strawberry.enum_value("HARASSMENT", description="It goes after somebody.")
    HATE = strawberry.enum_value("HATE", description="It demeans people for what they are.")
    VIOLENCE = strawberry.enum_value("VIOLENCE", description="It threatens, calls for violence or revels in it.")
    SEXUAL_CONTENT = strawberry.enum_value("SEXUAL_CONTENT", description="Sexual content where it does not belong.")
    SELF_HARM = strawberry.enum_value("SELF_HARM", description="Somebody may hurt themselves, or urges others to.")
    ILLEGAL = strawberry.enum_value("ILLEGAL", description="It breaks the law.")
    IMPERSONATION = strawberry.enum_value("IMPERSONATION", description="Somebody passes for somebody else.")
    OTHER = strawberry.enum_value("OTHER", description="Something else; the comment says what.")


@strawberry.enum(description="How a report is answered.")
class ReportOutcome(Enum):
    """The states in which a report ends."""

    ACTED_UPON = strawberry.enum_value("ACTED_UPON", description="Something was done about it.")
    DISMISSED = strawberry.enum_value("DISMISSED", description="Nothing is to be done about it.")


def _reason(number: int) -> ReportReason:
    return ReportReason[models.ReportReason(number).name]


def _state(number: int) -> ReportState:
    return ReportState[models.ReportState(number).name]


@strawberry.type(description="A report; only whoever made it and moderators see it, and never the reported user.")
@view_of(ReportRow)
class Report(Node):
    """View of ReportRow."""

    id = node_id(ids.Kind.REPORT)
    reporter = relation(
        "users", key="reporter_id", graphql_type=User | None, description="Who reported it; null if they are not seen."
    )
    user = relation(
        "users",
        key="account_id",
        graphql_type=User | None,
        description="Who is reported, or wrote the reported post; null if they are not seen any more.",
    )
    post = relation(
        "posts",
        key="post_id",
        graphql_type=Post | None,
        description="The reported post; null if a user is reported, or it is not seen any more.",
    )
    said: str | None = strawberry.field(description="What the post said when it was reported.")
    reason = derived(Attribute("reason", then=_reason), graphql_type=ReportReason, description="What is wrong with it.")
    comment: str | None = strawberry.field(description="What the reporter wrote beside it.")
    state = derived(Attribute("state", then=_state), graphql_type=ReportState, description="What became of it.")
    answer: str | None = strawberry.field(description="What moderators answered the reporter.")
    created_at: datetime = strawberry.field(description="When it was made.")
    resolved_at: datetime | None = strawberry.field(description="When it was answered; null while it is open.")


@strawberry.type(description="A report in a list.")
class ReportEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Report = strawberry.field(description="The report.")


@strawberry.type(description="A page of reports.")
class ReportConnection:
    """View of connections.RowConnection."""

    edges: list[ReportEdge] = strawberry.field(description="The reports, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What reportContent gives.")
class ReportContentPayload(Refusable):
    """View of payloads.ReportPayload."""

    report: Report | None = strawberry.field(description="The report, or the open one of the same; null if refused.")


@strawberry.type(description="What resolveReport gives.")
class ResolveReportPayload(Refusable):
    """View of payloads.ReportPayload."""

    report: Report | None = strawberry.field(description="The report with its answer; null if refused.")


@strawberry.input(description="What to report to the moderators: a user, or a post and so whoever wrote it.")
class ReportContentInput:
    """Becomes actions.reports.NewReport."""

    user_id: strawberry.ID | None = strawberry.field(default=None, description="The user's id, if no post is named.")
    post_id: strawberry.ID | None = strawberry.field(default=None, description="The post's id, if no user is named.")
    reason: ReportReason = strawberry.field(description="What is wrong.")
    comment: str | None = strawberry.field(
        default=None, description="What moderators should know, at most 1,000 characters."
    )


@strawberry.input(description="How to answer a report.")
class ResolveReportInput:
    """Names a report, and what becomes of it."""

    report_id: strawberry.ID = strawberry.field(description="The report's id.")
    state: ReportOutcome = strawberry.field(description="What became of it.")
    answer: str | None = strawberry.field(
        default=None, description="What the reporter is told, at most 1,000 characters."
    )


async def report_content(
    info: Info,
    input: Annotated[ReportContentInput, INPUT],  # noqa: A002
) -> payloads.ReportPayload:
    new = actions.NewReport(
        reason=models.ReportReason[input.reason.name],
        user_id=None if input.user_id is None else user_number(input.user_id),
        post_id=None if input.post_id is None else post_number(input.post_id),
        comment=input.comment,
    )
    return await reports.report_content(info.context, new)


async def resolve_report(
    info: Info,
    input: Annotated[ResolveReportInput, INPUT],  # noqa: A002
) -> payloads.ReportPayload:
    state = models.ReportState[input.state.name]
    return await reports.resolve_report(info.context, report_number(input.report_id), state=state, answer=input.answer)
