"""What moderators do about users and posts, and what these are told."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from actions import moderation as actions
from compiler import Attribute, derived
from core import ids
from loaders.moderation import ModerationActionRow
from models import reports as models
from resolvers import moderation, payloads
from resolvers.arguments import Cursor, post_number, report_number, user_number
from resolvers.context import Info
from schema.base import Node, PageInfo, node_id, relation, view_of
from schema.errors import INPUT, Refusable
from schema.posts import Post
from schema.reports import Report
from schema.users import User


@strawberry.enum(description="What a moderator did.")
class ModerationKind(Enum):
    """By the names of models.reports.ModerationKind."""

    WARN = strawberry.enum_value("WARN", description="Told a user what not to do.")
    HIDE_POST = strawberry.enum_value("HIDE_POST", description="Took a post down; only its author still sees it.")
    SHOW_POST = strawberry.enum_value("SHOW_POST", description="Put a post back that was taken down.")
    SUSPEND = strawberry.enum_value("SUSPEND", description="Suspended a user, who is hidden and may only read.")
    LIFT_SUSPENSION = strawberry.enum_value("LIFT_SUSPENSION", description="Ended a suspension.")
    RESOLVE_REPORT = strawberry.enum_value("RESOLVE_REPORT", description="Answered a report.")


@strawberry.enum(description="What a moderator can do about a user or a post.")
class ActionKind(Enum):
    """The kinds that takeAction takes."""

    WARN = strawberry.enum_value("WARN", description="Tells a user what not to do.")
    HIDE_POST = strawberry.enum_value("HIDE_POST", description="Takes a post down; only its author still sees it.")
    SHOW_POST = strawberry.enum_value("SHOW_POST", description="Puts a post back that was taken down.")
    SUSPEND = strawberry.enum_value(
        "SUSPEND", description="Hides a user from everybody, signs them out everywhere, and lets them only read."
    )
    LIFT_SUSPENSION = strawberry.enum_value("LIFT_SUSPENSION", description="Ends a suspension.")


def _kind(number: int) -> ModerationKind:
    return ModerationKind[models.ModerationKind(number).name]


@strawberry.type(description="What a moderator did; only moderators see it, and never what is about themselves.")
@view_of(ModerationActionRow)
class ModerationAction(Node):
    """View of ModerationActionRow."""

    id = node_id(ids.Kind.MODERATION_ACTION)
    kind = derived(Attribute("kind", then=_kind), graphql_type=ModerationKind, description="What was done.")
    moderator = relation(
        "users",
        key="moderator_id",
        graphql_type=User | None,
        description="Who did it; null if it was done on the server's command line.",
    )
    user = relation(
        "users", key="account_id", graphql_type=User | None, description="About whom; null if they are not seen."
    )
    post = relation(
        "posts",
        key="post_id",
        graphql_type=Post | None,
        description="About which post; null if about none, or it is not seen.",
    )
    report = relation(
        "reports", key="report_id", graphql_type=Report | None, description="The report that led to it, if one did."
    )
    note: str | None = strawberry.field(description="What the user is told; of an answered report, the answer.")
    created_at: datetime = strawberry.field(description="When it was done.")


@strawberry.type(description="A moderator's act in a list.")
class ModerationActionEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: ModerationAction = strawberry.field(description="The act.")


@strawberry.type(description="A page of what moderators did. Empty for everybody but moderators.")
class ModerationActionConnection:
    """View of connections.RowConnection."""

    edges: list[ModerationActionEdge] = strawberry.field(description="The acts, newest first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What an account is told of what was done about it: not by whom.")
class Warning:  # noqa: A001 (the name in the API)
    """View of WarningRow."""

    kind = derived(
        Attribute("kind", then=_kind), graphql_type=ModerationKind, description="WARN, HIDE_POST or SUSPEND."
    )
    post = relation(
        "posts",
        key="post_id",
        graphql_type=Post | None,
        description="About which post; null if about none, or it is deleted.",
    )
    note: str | None = strawberry.field(description="What the moderators say.")
    created_at: datetime = strawberry.field(description="When it was done.")


@strawberry.type(description="A warning in a list.")
class WarningEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Warning = strawberry.field(description="The warning.")


@strawberry.type(description="A page of warnings.")
class WarningConnection:
    """View of connections.RowConnection."""

    edges: list[WarningEdge] = strawberry.field(description="The warnings, newest first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What takeAction gives.")
class TakeActionPayload(Refusable):
    """View of payloads.ModerationActionPayload."""

    action: ModerationAction | None = strawberry.field(
        description="What was done; the latest such act if it was done already; null if refused."
    )


@strawberry.input(
    description="What to do, and about whom: a user, a post and so its author, or what a report is about."
)
class TakeActionInput:
    """Becomes actions.moderation.NewAction."""

    kind: ActionKind = strawberry.field(description="What to do.")
    user_id: strawberry.ID | None = strawberry.field(default=None, description="The user's id.")
    post_id: strawberry.ID | None = strawberry.field(
        default=None, description="The post's id; HIDE_POST and SHOW_POST need one, or a report of one."
    )
    report_id: strawberry.ID | None = strawberry.field(
        default=None, description="The report that leads to it; it stays open until it is answered."
    )
    note: str | None = strawberry.field(default=None, description="What the user is told, at most 1,000 characters.")


async def take_action(
    info: Info,
    input: Annotated[TakeActionInput, INPUT],  # noqa: A002
) -> payloads.ModerationActionPayload:
    new = actions.NewAction(
        kind=models.ModerationKind[input.kind.name],
        user_id=None if input.user_id is None else user_number(input.user_id),
        post_id=None if input.post_id is None else post_number(input.post_id),
        report_id=None if input.report_id is None else report_number(input.report_id),
        note=input.note,
    )
    return await moderation.take_action(info.context, new)
