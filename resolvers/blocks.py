"""Blocking, and whom one blocks."""

from collections.abc import Sequence

import strawberry

from access.viewer import Viewer
from actions import blocks
from core.paging import Listing, PageRequest
from loaders.pages import Link
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as


async def viewer_blocks(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    loaders = info.context.loaders
    request = page(Listing.BLOCKS, first, after)

    async def scan(start: int | None, limit: int) -> Scanned[Link]:
        # A PageRequest brings one item more than it asks for.
        links = await loaders.blocks(PageRequest(limit - 1, start)).load(root.account_id) or ()
        keys = [link.key for link in links]
        return Scanned(links, keys, reached=keys[-1] if keys else 0, is_end=len(links) < limit)

    async def show(links: Sequence[Link]) -> Sequence[UserRow | None]:
        return await loaders.users.load_all([link.target_id for link in links])

    return connection(Listing.BLOCKS, request, await filled_page(request, scan, show))


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
