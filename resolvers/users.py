"""Users, their lists, and the viewer's own account."""

import strawberry

from access.viewer import Viewer
from actions import follows, inputs
from core.paging import Listing
from loaders.rows import UserRow
from loaders.users import fetch_own_account
from resolvers.ahead import load_for, wanted_page_of_user
from resolvers.arguments import DEFAULT_PAGE, After, First, Handle, page
from resolvers.connections import Connection
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as
from resolvers.user_lists import list_of_user


async def user(info: Info, handle: Handle) -> UserRow | None:
    if not inputs.is_handle(handle):
        return None
    loaders = info.context.loaders
    asked = wanted_page_of_user(info)
    # Without posts a plain load shares its statement with whatever else asks for handles.
    loader = loaders.users_by_handle if asked is None else loaders.users_with_posts(asked)
    key = handle.lower()
    found = await load_for(info, loader, key)
    return await loaders.users_by_former_handle.load(key) if found is None else found


async def viewer(info: Info) -> Viewer | None:
    return info.context.viewer


async def viewer_user(root: strawberry.Parent[Viewer], info: Info) -> UserRow | None:
    return await info.context.loaders.users.load(root.account_id)


async def viewer_email(root: strawberry.Parent[Viewer], info: Info) -> str | None:
    own = await fetch_own_account(info.context.resources.db, root)
    return None if own is None else own.email


async def followers(
    root: strawberry.Parent[UserRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    request = page(Listing.FOLLOWERS, first, after)
    return await list_of_user(info.context, root, Listing.FOLLOWERS, request, info.context.loaders.followers)


async def following(
    root: strawberry.Parent[UserRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[UserRow]:
    request = page(Listing.FOLLOWING, first, after)
    return await list_of_user(info.context, root, Listing.FOLLOWING, request, info.context.loaders.following)


@refusals_as(UserPayload)
async def follow_user(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    followee_id = await context.transact(follows.follow_user, viewer, user_id)
    await context.resources.home.forget(viewer.account_id)
    return UserPayload(await context.loaders.users.load_alone(followee_id))


@refusals_as(UserPayload)
async def unfollow_user(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    followee_id = await context.transact(follows.unfollow_user, viewer, user_id)
    await context.resources.home.forget(viewer.account_id)
    return UserPayload(await context.loaders.users.load_alone(followee_id))
