"""Blocking, and whom one blocks."""

import strawberry

from access.viewer import Viewer
from actions import blocks
from core.paging import Listing
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as
from resolvers.user_lists import page_of_users


async def viewer_blocks(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    context, listing = info.context, Listing.BLOCKS
    request = page(listing, first, after)
    return await page_of_users(context, root.account_id, listing, request, context.loaders.blocks)


@refusals_as(UserPayload)
async def block_user(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    blocked_id = await context.transact(blocks.block_user, viewer, user_id)
    for account_id in (viewer.account_id, blocked_id):
        await context.resources.home.forget(account_id)
    return UserPayload(await context.loaders.users.load_alone(blocked_id))


@refusals_as(UserPayload)
async def unblock_user(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    unblocked_id = await context.transact(blocks.unblock_user, viewer, user_id)
    return UserPayload(await context.loaders.users.load_alone(unblocked_id))
