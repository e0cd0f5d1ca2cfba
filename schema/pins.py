"""Pinning posts to one's profile."""

from typing import Annotated

import strawberry

from resolvers import payloads, pins
from resolvers.arguments import post_number
from resolvers.context import Info
from schema.errors import INPUT
from schema.posts import PostPayload


@strawberry.type(description="What pinPost gives.")
class PinPostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What unpinPost gives.")
class UnpinPostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.input(description="Which post to pin.")
class PinPostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The id of a post or reply of one's own.")


@strawberry.input(description="Which post to unpin.")
class UnpinPostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


async def pin_post(info: Info, input: Annotated[PinPostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await pins.pin_post(info.context, post_number(input.post_id))


async def unpin_post(info: Info, input: Annotated[UnpinPostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await pins.unpin_post(info.context, post_number(input.post_id))
