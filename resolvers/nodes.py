"""Anything by its id."""

import asyncio
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Annotated, Any

import strawberry

from access.filters import Filter
from core import ids
from core.errors import BadInputError
from loaders.base import BatchLoader
from loaders.bookmarks import BookmarkFolderRow
from loaders.circles import CircleRow
from loaders.hashtags import HashtagRow
from loaders.lists import ListRow
from loaders.moderation import ModerationActionRow
from loaders.registry import Loaders
from loaders.reports import ReportRow
from loaders.rows import PostRow, UserRow
from resolvers.arguments import NodeId
from resolvers.context import Context, Info

MOST_NODES = 100

NodeRow = (
    PostRow | UserRow | HashtagRow | BookmarkFolderRow | ListRow | CircleRow | Filter | ReportRow | ModerationActionRow
)
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]


async def node(info: Info, id: NodeId) -> NodeRow | None:  # noqa: A002 (the argument's name in the API)
    return await _load(info.context, id)


async def nodes(info: Info, ids: Ids) -> list[NodeRow | None]:
    if len(ids) > MOST_NODES:
        raise BadInputError(f"`ids` has at most {MOST_NODES} items, not {len(ids)}.")
    loads = [_load(info.context, node_id) for node_id in ids]
    return list(await asyncio.gather(*loads))


# Whose loader knows what has an id of such a kind; other kinds are never looked up by their ids.
_LOADERS: Mapping[ids.Kind, Callable[[Loaders], BatchLoader[int, Any]]] = {
    ids.Kind.USER: attrgetter("users"),
    ids.Kind.POST: attrgetter("posts"),
    ids.Kind.HASHTAG: attrgetter("hashtags"),
    ids.Kind.BOOKMARK_FOLDER: attrgetter("bookmark_folders"),
    ids.Kind.LIST: attrgetter("lists"),
    ids.Kind.CIRCLE: attrgetter("circles"),
    ids.Kind.FILTER: attrgetter("filters"),
    ids.Kind.REPORT: attrgetter("reports"),
    ids.Kind.MODERATION_ACTION: attrgetter("moderation_actions"),
}


async def _load(context: Context, node_id: str) -> NodeRow | None:
    try:
        kind, number = ids.decode(node_id)
    except ids.MalformedIdError:
        return None
    loader_of = _LOADERS.get(kind)
    if loader_of is None:
        return None
    found: NodeRow | None = await loader_of(context.loaders).load(number)
    return found
