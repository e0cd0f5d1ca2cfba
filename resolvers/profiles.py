"""Changing one's profile and one's handle."""

from actions import handles, profiles
from resolvers.context import Context
from resolvers.payloads import UserPayload, refusals_as


@refusals_as(UserPayload)
async def update_profile(context: Context, change: profiles.ProfileChange) -> UserPayload:
    account_id = await context.transact(profiles.update_profile, context.require_viewer(), change)
    return UserPayload(await context.loaders.users.load_alone(account_id))


@refusals_as(UserPayload)
async def change_handle(context: Context, new: str) -> UserPayload:
    account_id = await context.transact(handles.change_handle, context.require_viewer(), new)
    return UserPayload(await context.loaders.users.load_alone(account_id))
