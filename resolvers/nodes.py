"""Anything by its id."""

import asyncio
from typing import Annotated

import strawberry

from core import ids
from core.errors import BadInputError
from loaders.bookmarks import BookmarkFolderRow
from loaders.hashtags import HashtagRow
from loaders.rows import PostRow, UserRow
from resolvers.arguments import NodeId
from resolvers.context import Context, Info

MOST_NODES = 100

NodeRow = PostRow | UserRow | HashtagRow | BookmarkFolderRow
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]


async def node(info: Info, id: NodeId) -> NodeRow | None:  # noqa: A002 (the argument's name in the API)
    return await _load(info.context, id)


async def nodes(info: Info, ids: Ids) -> list[NodeRow | None]:
    if len(ids) > MOST_NODES:
        raise BadInputError(f"`ids` has at most {MOST_NODES} items, not {len(ids)}.")
    loads = [_load(info.context, node_id) for node_id in ids]
    return list(await asyncio.gather(*loads))


async def _load(context: Context, node_id: str) -> NodeRow | None:
    try:
        kind, number = ids.decode(node_id)
    except ids.MalformedIdError:
        return None
    match kind:
        case ids.Kind.USER:
            return await context.loaders.users.load(number)
        case ids.Kind.POST:
            return await context.loaders.posts.load(number)
        case ids.Kind.HASHTAG:
            return await context.loaders.hashtags.load(number)
        case ids.Kind.BOOKMARK_FOLDER:
            return await context.loaders.bookmark_folders.load(number)
        case _:  # kinds that are never looked up by their ids
            return None
