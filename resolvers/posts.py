"""Posts, their threads, and what is done to them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import strawberry

import compiler
from access.viewer import Viewer
from actions import deletions, likes, posts, reposts
from core import ids
from core.paging import RANKED, Listing, PageRequest
from loaders.rows import PostRow
from resolvers.ahead import load_for, wanted_of_posts
from resolvers.arguments import DEFAULT_PAGE, REPLY_LISTINGS, After, First, NodeId, ReplySort, Sort, page, post_number
from resolvers.connections import (
    Connection,
    Scanned,
    connection,
    filled_page,
    full_page,
    page_of,
)
from resolvers.context import Context, Info
from resolvers.payloads import DeletedPostPayload, PostPayload, refusals_as


class UnavailablePost(NamedTuple):
    """The place of a post that the viewer does not see, and no word on why."""

    id: int


async def post(info: Info, id: NodeId) -> PostRow | None:  # noqa: A002 (the argument's name in the API)
    number = post_number(id)
    if number == ids.NOBODY:
        return None
    loaders = info.context.loaders
    wanted = wanted_of_posts(info)
    # Without replies a plain load shares its statement with whatever else asks for posts.
    return await load_for(info, loaders.posts if wanted.replies is None else loaders.posts_with_replies(wanted), number)


async def reference(context: Context, post_id: int | None) -> PostRow | UnavailablePost | None:
    """The post behind a reference, or its empty place; None where there is no reference."""
    if post_id is None:
        return None
    return await context.loaders.posts.load(post_id) or UnavailablePost(post_id)


async def reply_to(root: strawberry.Parent[PostRow], info: Info) -> PostRow | UnavailablePost | None:
    return await reference(info.context, root.reply_to_id)


async def thread_root(root: strawberry.Parent[PostRow], info: Info) -> PostRow | UnavailablePost | None:
    return await reference(info.context, root.root_id)


async def quote(root: strawberry.Parent[PostRow], info: Info) -> PostRow | UnavailablePost | None:
    return await _quoted(root, info.context)


async def source_reply_to(root: strawberry.Parent[deletions.Deleted], info: Info) -> PostRow | UnavailablePost | None:
    return await reference(info.context, root.reply_to_id)


async def source_quote(root: strawberry.Parent[deletions.Deleted], info: Info) -> PostRow | UnavailablePost | None:
    return await _quoted(root, info.context)


async def _quoted(quoting: PostRow | deletions.Deleted, context: Context) -> PostRow | UnavailablePost | None:
    """What a post quotes; an empty place for good once it is detached."""
    if quoting.quote_id is not None and quoting.quote_detached_at is not None:
        return UnavailablePost(quoting.quote_id)
    return await reference(context, quoting.quote_id)


def quotes(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.quotes(page(Listing.QUOTES, first, after)), Listing.QUOTES)


def replies(
    context: Context, first: First = DEFAULT_PAGE, after: After = None, sort: Sort = ReplySort.OLDEST
) -> compiler.Relation:
    listing = REPLY_LISTINGS[sort]
    request = page(listing, first, after)
    if listing in RANKED:
        ranked = context.loaders.ranked_replies(request, is_author_first=sort is ReplySort.AUTHOR_FIRST)
        return page_of(ranked, listing)
    return page_of(context.loaders.replies(request, is_newest_first=sort is ReplySort.NEWEST), listing)


async def ancestors(
    root: strawberry.Parent[PostRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[PostRow | UnavailablePost]:
    request = page(Listing.ANCESTORS, first, after)
    if root.reply_to_id is None:
        return connection(Listing.ANCESTORS, request, full_page(request, []))
    found = await info.context.loaders.ancestor_ids(request).load(root.id) or ()
    seen = await info.context.loaders.posts.load_all(found)
    above = [(post_id, row or UnavailablePost(post_id)) for post_id, row in zip(found, seen, strict=True)]
    return connection(Listing.ANCESTORS, request, full_page(request, above))


async def viewer_likes(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[PostRow]:
    request = page(Listing.VIEWER_LIKES, first, after)
    loaders = info.context.loaders

    async def scan(start: int | None, limit: int) -> Scanned[int]:
        # A PageRequest brings one item more than it asks for.
        links = await loaders.likes(PageRequest(limit - 1, start)).load(root.account_id) or ()
        is_end = len(links) < limit
        target_ids, keys = [link.target_id for link in links], [link.key for link in links]
        return Scanned(target_ids, keys, reached=keys[-1] if keys else 0, is_end=is_end)

    async def show(post_ids: Sequence[int]) -> Sequence[PostRow | None]:
        return await loaders.posts.load_all(post_ids)

    return connection(Listing.VIEWER_LIKES, request, await filled_page(request, scan, show))


@refusals_as(PostPayload)
async def create_post(context: Context, new_post: posts.NewPost) -> PostPayload:
    viewer = context.require_viewer()
    if new_post.language is None:
        new_post = replace(new_post, language=context.language_of(new_post.body))
    return await changed_post(context, await context.transact_in_one_write(posts.create_post, viewer, new_post))


@refusals_as(DeletedPostPayload)
async def delete_post(context: Context, post_id: int) -> DeletedPostPayload:
    deleted = await context.transact(deletions.delete_post, context.require_viewer(), post_id)
    return DeletedPostPayload(deleted.id, deleted)


@refusals_as(PostPayload)
async def restore_post(context: Context, post_id: int) -> PostPayload:
    viewer = context.require_viewer()
    return await changed_post(context, await context.transact(deletions.restore_post, viewer, post_id))


@refusals_as(PostPayload)
async def like_post(context: Context, post_id: int) -> PostPayload:
    viewer = context.require_viewer()
    return await changed_post(context, await context.transact_in_one_write(likes.like_post, viewer, post_id))


@refusals_as(PostPayload)
async def unlike_post(context: Context, post_id: int) -> PostPayload:
    viewer = context.require_viewer()
    return await changed_post(context, await context.transact_in_one_write(likes.unlike_post, viewer, post_id))


@refusals_as(PostPayload)
async def repost(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(reposts.repost, context.require_viewer(), post_id))


@refusals_as(PostPayload)
async def undo_repost(context: Context, post_id: int) -> PostPayload:
    return await changed_post(context, await context.transact(reposts.undo_repost, context.require_viewer(), post_id))


async def changed_post(context: Context, post_id: int) -> PostPayload:
    """The payload of an act on this post."""
    # An act has the loaders to itself: they are new, and its siblings wait.
    return PostPayload(await context.loaders.posts.load_alone(post_id))
