"""Posts, their threads, and what is done to them."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, NamedTuple

import strawberry

from access.viewer import Viewer
from actions import likes, posts, reposts
from core import ids
from core.paging import Listing, PageRequest
from loaders.hydration import PostRow
from resolvers.arguments import DEFAULT_PAGE, After, First, NodeId, page, post_number
from resolvers.connections import Connection, Scanned, connection, filled_page, full_page
from resolvers.context import Context, Info
from resolvers.payloads import DeletedPostPayload, PostPayload, refusals_as


class UnavailablePost(NamedTuple):
    """The place of a post that the viewer does not see, and no word on why."""

    id: int


@strawberry.enum(description="The order of replies.")
class ReplySort(Enum):
    """By the time they were written."""

    OLDEST = strawberry.enum_value("OLDEST", description="As they were written.")
    NEWEST = strawberry.enum_value("NEWEST", description="The newest first.")


Sort = Annotated[ReplySort, strawberry.argument(description="The order of the replies.")]
_LISTINGS = {ReplySort.OLDEST: Listing.REPLIES_OLDEST_FIRST, ReplySort.NEWEST: Listing.REPLIES_NEWEST_FIRST}


async def post(info: Info, id: NodeId) -> PostRow | None:  # noqa: A002 (the argument's name in the API)
    number = post_number(id)
    return None if number == ids.NOBODY else await info.context.loaders.posts.load(number)


async def reference(context: Context, post_id: int | None) -> PostRow | UnavailablePost | None:
    """The post behind a reference, or its empty place; None where there is no reference."""
    if post_id is None:
        return None
    return await context.loaders.posts.load(post_id) or UnavailablePost(post_id)


async def reply_to(root: strawberry.Parent[PostRow], info: Info) -> PostRow | UnavailablePost | None:
    return await reference(info.context, root.reply_to_id)


async def thread_root(root: strawberry.Parent[PostRow], info: Info) -> PostRow | UnavailablePost | None:
    return await reference(info.context, root.root_id)


async def replies(
    root: strawberry.Parent[PostRow],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    sort: Sort = ReplySort.OLDEST,
) -> Connection[PostRow]:
    listing = _LISTINGS[sort]
    request = page(listing, first, after)
    loaders = info.context.loaders
    loader = loaders.replies_oldest_first if sort is ReplySort.OLDEST else loaders.replies_newest_first
    found = await loader.load((root.id, request)) or ()
    return connection(listing, request, full_page(request, [(reply.id, reply) for reply in found]))


async def ancestors(
    root: strawberry.Parent[PostRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[PostRow | UnavailablePost]:
    request = page(Listing.ANCESTORS, first, after)
    if root.reply_to_id is None:
        return connection(Listing.ANCESTORS, request, full_page(request, []))
    found = await info.context.loaders.ancestor_ids.load((root.id, request)) or ()
    seen = await info.context.loaders.posts.load_many(found)
    above = [(post_id, row or UnavailablePost(post_id)) for post_id, row in zip(found, seen, strict=True)]
    return connection(Listing.ANCESTORS, request, full_page(request, above))


async def viewer_likes(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[PostRow]:
    request = page(Listing.VIEWER_LIKES, first, after)
    loaders = info.context.loaders

    async def scan(start: int | None, limit: int) -> Scanned[int]:
        # A PageRequest brings one item more than it asks for.
        links = await loaders.likes.load((root.account_id, PageRequest(limit - 1, start))) or ()
        is_end = len(links) < limit
        return Scanned([(link.key, link.target_id) for link in links], links[-1].key if links else 0, is_end)

    async def show(post_ids: Sequence[int]) -> Sequence[PostRow | None]:
        return await loaders.posts.load_many(post_ids)

    return connection(Listing.VIEWER_LIKES, request, await filled_page(request, scan, show))


@refusals_as(PostPayload)
async def create_post(context: Context, new_post: posts.NewPost) -> PostPayload:
    return await _changed(context, await context.transact(posts.create_post, context.require_viewer(), new_post))


@refusals_as(DeletedPostPayload)
async def delete_post(context: Context, post_id: int) -> DeletedPostPayload:
    return DeletedPostPayload(await context.transact(posts.delete_post, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def like_post(context: Context, post_id: int) -> PostPayload:
    return await _changed(context, await context.transact(likes.like_post, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def unlike_post(context: Context, post_id: int) -> PostPayload:
    return await _changed(context, await context.transact(likes.unlike_post, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def repost(context: Context, post_id: int) -> PostPayload:
    return await _changed(context, await context.transact(reposts.repost, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def undo_repost(context: Context, post_id: int) -> PostPayload:
    return await _changed(context, await context.transact(reposts.undo_repost, context.require_viewer(), post_id))


async def _changed(context: Context, post_id: int) -> PostPayload:
    return PostPayload(await context.loaders.posts.load(post_id))
