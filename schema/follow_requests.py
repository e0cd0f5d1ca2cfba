"""Answering requests to follow, and removing followers."""

from typing import Annotated

import strawberry

from resolvers import follow_requests, payloads
from resolvers.arguments import user_number
from resolvers.context import Info
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.type(description="What acceptFollowRequest gives.")
class AcceptFollowRequestPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The new follower with new counts; null if refused.")


@strawberry.type(description="What rejectFollowRequest gives.")
class RejectFollowRequestPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="Who asked; null if refused.")


@strawberry.type(description="What removeFollower gives.")
class RemoveFollowerPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="Who follows no more, with new counts; null if refused.")


@strawberry.input(description="Whom to let in.")
class AcceptFollowRequestInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The id of the user who asks.")


@strawberry.input(description="Whom to send away.")
class RejectFollowRequestInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The id of the user who asks.")


@strawberry.input(description="Who is to follow no more.")
class RemoveFollowerInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The follower's id.")


async def accept_follow_request(
    info: Info,
    input: Annotated[AcceptFollowRequestInput, INPUT],  # noqa: A002
) -> payloads.UserPayload:
    return await follow_requests.accept_follow_request(info.context, user_number(input.user_id))


async def reject_follow_request(
    info: Info,
    input: Annotated[RejectFollowRequestInput, INPUT],  # noqa: A002
) -> payloads.UserPayload:
    return await follow_requests.reject_follow_request(info.context, user_number(input.user_id))


async def remove_follower(info: Info, input: Annotated[RemoveFollowerInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await follow_requests.remove_follower(info.context, user_number(input.user_id))
