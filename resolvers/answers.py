"""What one does about the answers that one's posts got: hiding replies, and detaching quotes."""

import compiler
from actions import answers
from core.paging import Listing
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context
from resolvers.payloads import PostPayload, refusals_as
from resolvers.posts import changed_post


def hidden_replies(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.hidden_replies(page(Listing.HIDDEN_REPLIES, first, after)), Listing.HIDDEN_REPLIES)


@refusals_as(PostPayload)
async def hide_reply(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(answers.hide_reply, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def unhide_reply(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(answers.unhide_reply, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def detach_quote(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(answers.detach_quote, context.require_viewer(), post_id))
