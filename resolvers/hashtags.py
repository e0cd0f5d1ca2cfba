"""Hashtags, and following them."""

from typing import Annotated

import strawberry

from access.viewer import Viewer
from actions import hashtags
from core.paging import Listing
from loaders.hashtags import HashtagRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, connection, full_page
from resolvers.context import Context, Info
from resolvers.payloads import HashtagPayload, refusals_as

HashtagName = Annotated[
    str, strawberry.argument(description="The hashtag in any case and width, with or without its sign.")
]


async def hashtag(info: Info, name: HashtagName) -> HashtagRow | None:
    spelling = hashtags.spelling_of(name)
    return None if spelling is None else await info.context.loaders.hashtags_by_name.load(spelling.name)


async def followed_hashtags(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[HashtagRow]:
    request = page(Listing.FOLLOWED_HASHTAGS, first, after)
    loaders = info.context.loaders
    links = await loaders.followed_hashtags(request).load(root.account_id) or ()
    rows = await loaders.hashtags.load_all([link.target_id for link in links])
    keyed = [(link.key, row) for link, row in zip(links, rows, strict=True) if row is not None]
    return connection(Listing.FOLLOWED_HASHTAGS, request, full_page(request, keyed))


@refusals_as(HashtagPayload)
async def follow_hashtag(context: Context, name: str) -> HashtagPayload:
    viewer = context.require_viewer()
    return await _changed(context, viewer, await context.transact(hashtags.follow_hashtag, viewer, name))


@refusals_as(HashtagPayload)
async def unfollow_hashtag(context: Context, name: str) -> HashtagPayload:
    viewer = context.require_viewer()
    return await _changed(context, viewer, await context.transact(hashtags.unfollow_hashtag, viewer, name))


async def _changed(context: Context, viewer: Viewer, hashtag_id: int) -> HashtagPayload:
    await context.resources.home.forget(viewer.account_id)
    return HashtagPayload(await context.loaders.hashtags.load_alone(hashtag_id))
