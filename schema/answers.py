"""What one does about the answers that one's posts got: hiding replies, and detaching quotes."""

from typing import Annotated

import strawberry

from resolvers import answers, payloads
from resolvers.arguments import post_number
from resolvers.context import Info
from schema.errors import INPUT
from schema.posts import PostPayload


@strawberry.type(description="What hideReply gives.")
class HideReplyPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What unhideReply gives.")
class UnhideReplyPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What detachQuote gives.")
class DetachQuotePayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.input(description="Which reply to hide.")
class HideReplyInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The id of a reply to a post of one's own, or in its thread.")


@strawberry.input(description="Which hidden reply to put back.")
class UnhideReplyInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The reply's id.")


@strawberry.input(description="Which quote to detach.")
class DetachQuoteInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The id of the post that quotes one of one's own.")


async def hide_reply(info: Info, input: Annotated[HideReplyInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await answers.hide_reply(info.context, post_number(input.post_id))


async def unhide_reply(info: Info, input: Annotated[UnhideReplyInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await answers.unhide_reply(info.context, post_number(input.post_id))


async def detach_quote(info: Info, input: Annotated[DetachQuoteInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await answers.detach_quote(info.context, post_number(input.post_id))
