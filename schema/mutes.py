"""Muting people."""

from datetime import datetime
from typing import Annotated

import strawberry

from actions.mutes import MuteOptions
from resolvers import mutes, payloads
from resolvers.arguments import Cursor, user_number
from resolvers.context import Info
from schema.base import PageInfo
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.type(description="How the viewer has muted a user; nobody else is told.")
class UserMute:
    """View of mutes.MuteRow."""

    until: datetime | None = strawberry.field(description="When it ends; null if it does not.")
    hides_notifications: bool = strawberry.field(description="Whether notifications of what they do are hidden, too.")
    only_reposts: bool = strawberry.field(description="Whether it is only what they repost that is left out.")
    muted_at: datetime = strawberry.field(description="Since when they are muted.")


@strawberry.type(description="A muted user in a list.")
class MuteEdge:
    """View of mutes.MuteEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: User = strawberry.field(description="Who is muted.")
    mute: UserMute = strawberry.field(description="How they are muted.")


@strawberry.type(description="A page of muted users.")
class MuteConnection:
    """View of mutes.MuteConnection."""

    edges: list[MuteEdge] = strawberry.field(description="The users, the latest mute first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What muteUser gives.")
class MuteUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The muted user; null if refused.")


@strawberry.type(description="What unmuteUser gives.")
class UnmuteUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The user; null if refused, or if they are not shown.")


@strawberry.input(description="Whom to mute, and how. Muting again replaces all of it.")
class MuteUserInput:
    """Names a user; the rest becomes actions.mutes.MuteOptions."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")
    until: datetime | None = strawberry.field(
        default=None, description="When it ends; never by default. A time without an offset is taken as UTC."
    )
    hides_notifications: bool = strawberry.field(
        default=True, description="Whether to hide notifications of what they do, too."
    )
    only_reposts: bool = strawberry.field(default=False, description="Whether to leave out only what they repost.")


@strawberry.input(description="Whom to hear again.")
class UnmuteUserInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


async def mute_user(info: Info, input: Annotated[MuteUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    options = MuteOptions(
        until=input.until, only_reposts=input.only_reposts, hides_notifications=input.hides_notifications
    )
    return await mutes.mute_user(info.context, user_number(input.user_id), options)


async def unmute_user(info: Info, input: Annotated[UnmuteUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await mutes.unmute_user(info.context, user_number(input.user_id))
