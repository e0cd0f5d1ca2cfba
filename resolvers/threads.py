"""Muted threads and followed ones."""

from collections.abc import Awaitable, Callable

import strawberry

from access.viewer import Viewer
from actions import threads
from core.database import Transaction
from core.paging import Listing, PageRequest
from loaders.pages import LinkPageLoader
from loaders.rows import PostRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, connection, full_page
from resolvers.context import Context, Info
from resolvers.payloads import PostPayload, refusals_as
from resolvers.posts import UnavailablePost

RootConnection = Connection[PostRow | UnavailablePost]


async def muted_threads(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> RootConnection:
    request = page(Listing.MUTED_THREADS, first, after)
    return await _roots(info.context, root, Listing.MUTED_THREADS, request, info.context.loaders.muted_threads(request))


async def followed_threads(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> RootConnection:
    request = page(Listing.FOLLOWED_THREADS, first, after)
    loader = info.context.loaders.followed_threads(request)
    return await _roots(info.context, root, Listing.FOLLOWED_THREADS, request, loader)


async def _roots(
    context: Context, viewer: Viewer, listing: Listing, request: PageRequest, loader: LinkPageLoader
) -> RootConnection:
    links = await loader.load(viewer.account_id) or ()
    seen = await context.loaders.posts.load_all([link.target_id for link in links])
    roots = [(link.key, row or UnavailablePost(link.target_id)) for link, row in zip(links, seen, strict=True)]
    return connection(listing, request, full_page(request, roots))


@refusals_as(PostPayload)
async def mute_thread(context: Context, post_id: int) -> PostPayload:
    return await _act(context, threads.mute_thread, post_id)


@refusals_as(PostPayload)
async def unmute_thread(context: Context, post_id: int) -> PostPayload:
    return await _act(context, threads.unmute_thread, post_id)


@refusals_as(PostPayload)
async def follow_thread(context: Context, post_id: int) -> PostPayload:
    return await _act(context, threads.follow_thread, post_id)


@refusals_as(PostPayload)
async def unfollow_thread(context: Context, post_id: int) -> PostPayload:
    return await _act(context, threads.unfollow_thread, post_id)


async def _act(
    context: Context, action: Callable[[Transaction, Viewer, int], Awaitable[int]], post_id: int
) -> PostPayload:
    named_id = await context.transact(action, context.require_viewer(), post_id)
    return PostPayload(await context.loaders.posts.load_alone(named_id))
