"""Muting people, and the list of those whom the viewer has muted."""

from collections.abc import Sequence
from typing import NamedTuple

import strawberry

from access.viewer import Viewer
from actions import mutes
from core.paging import Listing, PageRequest
from loaders.mutes import MuteRow
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, Cursor, First, page
from resolvers.connections import PageInfo, Scanned, cursor, filled_page, page_info
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as


class MuteEdge(NamedTuple):
    """A mute, and whom it keeps quiet."""

    mute: MuteRow
    node: UserRow

    @property
    def cursor(self) -> Cursor:
        return cursor(Listing.MUTES, self.mute.id)


class MuteConnection(NamedTuple):
    """A page of mutes."""

    edges: Sequence[MuteEdge]
    page_info: PageInfo


async def viewer_mutes(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> MuteConnection:
    request = page(Listing.MUTES, first, after)
    loaders = info.context.loaders

    async def scan(start: int | None, limit: int) -> Scanned[MuteRow]:
        # A PageRequest brings one item more than it asks for.
        rows = await loaders.mutes(PageRequest(limit - 1, start)).load(root.account_id) or ()
        keys = [row.id for row in rows]
        return Scanned(rows, keys, reached=keys[-1] if keys else 0, is_end=len(rows) < limit)

    async def show(rows: Sequence[MuteRow]) -> Sequence[MuteEdge | None]:
        users = await loaders.users.load_all([row.muted_id for row in rows])
        return [user and MuteEdge(row, user) for row, user in zip(rows, users, strict=True)]

    filled = await filled_page(request, scan, show)
    edges = [edge for _, edge in filled.items]
    start = edges[0].mute.id if edges else None
    return MuteConnection(
        edges, page_info(Listing.MUTES, request, start=start, has_next=filled.has_next, end=filled.end)
    )


@refusals_as(UserPayload)
async def mute_user(context: Context, user_id: int, options: mutes.MuteOptions) -> UserPayload:
    viewer = context.require_viewer()
    muted_id = await context.transact(mutes.mute_user, viewer, user_id, options)
    return UserPayload(await context.loaders.users.load_alone(muted_id))


@refusals_as(UserPayload)
async def unmute_user(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    unmuted_id = await context.transact(mutes.unmute_user, viewer, user_id)
    return UserPayload(await context.loaders.users.load_alone(unmuted_id))
