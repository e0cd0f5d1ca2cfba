"""Muting threads and following them."""

from typing import Annotated

import strawberry

from resolvers import payloads, threads
from resolvers.arguments import post_number
from resolvers.context import Info
from schema.errors import INPUT, Refusable
from schema.posts import Post


@strawberry.type
class _ThreadPayload(Refusable):
    """View of payloads.PostPayload."""

    post: Post | None = strawberry.field(description="The post that named the thread; null if it is not shown.")


@strawberry.type(description="What muteThread gives.")
class MuteThreadPayload(_ThreadPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What unmuteThread gives.")
class UnmuteThreadPayload(_ThreadPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What followThread gives.")
class FollowThreadPayload(_ThreadPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What unfollowThread gives.")
class UnfollowThreadPayload(_ThreadPayload):
    """View of payloads.PostPayload."""


@strawberry.input(description="Which thread to mute.")
class MuteThreadInput:
    """Names a thread."""

    post_id: strawberry.ID = strawberry.field(description="The id of any post of the thread.")


@strawberry.input(description="Which thread to hear of again.")
class UnmuteThreadInput:
    """Names a thread."""

    post_id: strawberry.ID = strawberry.field(
        description="The id of any post of the thread, or of its root, shown or not."
    )


@strawberry.input(description="Which thread to follow.")
class FollowThreadInput:
    """Names a thread."""

    post_id: strawberry.ID = strawberry.field(description="The id of any post of the thread.")


@strawberry.input(description="Which thread to stop following.")
class UnfollowThreadInput:
    """Names a thread."""

    post_id: strawberry.ID = strawberry.field(
        description="The id of any post of the thread, or of its root, shown or not."
    )


async def mute_thread(info: Info, input: Annotated[MuteThreadInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await threads.mute_thread(info.context, post_number(input.post_id))


async def unmute_thread(info: Info, input: Annotated[UnmuteThreadInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await threads.unmute_thread(info.context, post_number(input.post_id))


async def follow_thread(info: Info, input: Annotated[FollowThreadInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await threads.follow_thread(info.context, post_number(input.post_id))


async def unfollow_thread(info: Info, input: Annotated[UnfollowThreadInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await threads.unfollow_thread(info.context, post_number(input.post_id))
