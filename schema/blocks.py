"""Blocking: acts, their inputs and payloads."""

from typing import Annotated

import strawberry

from resolvers import blocks, payloads
from resolvers.arguments import user_number
from resolvers.context import Info
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.type(description="What blockUser gives.")
class BlockUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(
        description="The blocked user, of whom little is seen from now on; null if refused."
    )


@strawberry.type(description="What unblockUser gives.")
class UnblockUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(
        description="The user who is not blocked any more; null if refused, or if they are hidden for another reason."
    )


@strawberry.input(description="Whom to block.")
class BlockUserInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


@strawberry.input(description="Whom to block no more.")
class UnblockUserInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


async def block_user(info: Info, input: Annotated[BlockUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await blocks.block_user(info.context, user_number(input.user_id))


async def unblock_user(info: Info, input: Annotated[UnblockUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await blocks.unblock_user(info.context, user_number(input.user_id))
