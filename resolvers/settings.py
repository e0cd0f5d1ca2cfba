"""The viewer's settings."""

import strawberry

from access.viewer import Viewer
from actions import settings
from loaders.users import AccountRow, fetch_own_account
from resolvers.context import Context, Info
from resolvers.payloads import ViewerPayload, refusals_as


async def viewer_settings(root: strawberry.Parent[Viewer], info: Info) -> AccountRow | None:
    return await fetch_own_account(info.context.resources.db, root)


@refusals_as(ViewerPayload)
async def update_settings(context: Context, change: settings.SettingsChange) -> ViewerPayload:
    viewer = context.require_viewer()
    await context.transact(settings.update_settings, viewer, change)
    return ViewerPayload(viewer)
