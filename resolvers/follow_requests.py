"""Requests to follow, and their answers; removing followers."""

from collections.abc import Awaitable, Callable

import strawberry

from access.viewer import Viewer
from actions import follow_requests
from core.database import Transaction
from core.paging import Listing
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as
from resolvers.user_lists import page_of_users


async def received(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    context, listing = info.context, Listing.FOLLOW_REQUESTS
    request = page(listing, first, after)
    return await page_of_users(context, root.account_id, listing, request, context.loaders.follow_requests)


async def sent(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    context, listing = info.context, Listing.SENT_FOLLOW_REQUESTS
    request = page(listing, first, after)
    return await page_of_users(context, root.account_id, listing, request, context.loaders.sent_follow_requests)


@refusals_as(UserPayload)
async def accept_follow_request(context: Context, user_id: int) -> UserPayload:
    return await _changed_follower(context, follow_requests.accept_follow_request, user_id)


@refusals_as(UserPayload)
async def reject_follow_request(context: Context, user_id: int) -> UserPayload:
    follower_id = await context.transact(follow_requests.reject_follow_request, context.require_viewer(), user_id)
    return UserPayload(await context.loaders.users.load_alone(follower_id))


@refusals_as(UserPayload)
async def remove_follower(context: Context, user_id: int) -> UserPayload:
    return await _changed_follower(context, follow_requests.remove_follower, user_id)


async def _changed_follower(
    context: Context, action: Callable[[Transaction, Viewer, int], Awaitable[int]], user_id: int
) -> UserPayload:
    """After an act that changes whom somebody else follows, their home feed is made anew."""
    follower_id = await context.transact(action, context.require_viewer(), user_id)
    await context.resources.home.forget(follower_id)
    return UserPayload(await context.loaders.users.load_alone(follower_id))
