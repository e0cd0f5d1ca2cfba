"""Pinning posts to one's profile."""

from actions import pins
from resolvers.context import Context
from resolvers.payloads import PostPayload, refusals_as
from resolvers.posts import changed_post


@refusals_as(PostPayload)
async def pin_post(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(pins.pin_post, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def unpin_post(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(pins.unpin_post, context.require_viewer(), post_id))
