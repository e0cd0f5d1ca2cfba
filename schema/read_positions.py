"""How far the viewer has read their feeds."""

from datetime import datetime
from typing import Annotated

import strawberry

from compiler import Attribute, derived
from loaders.read_positions import ReadPositionRow
from resolvers import read_positions
from resolvers.arguments import Cursor
from resolvers.context import Info
from resolvers.feed_refs import FeedKind
from resolvers.kept_feeds import kind_of
from schema.base import PageInfo, relation, view_of
from schema.errors import INPUT, Refusable
from schema.feed_refs import FeedRef, named
from schema.hashtags import Hashtag
from schema.lists import List


@strawberry.type(description="How far the viewer has read a feed, on whatever device.")
@view_of(ReadPositionRow)
class ReadPosition:
    """View of ReadPositionRow."""

    kind = derived(Attribute("feed", then=kind_of), graphql_type=FeedKind, description="What kind of feed.")
    list = relation(
        "lists", key="list_id", graphql_type=List | None, description="The list that is read; null of other kinds."
    )
    hashtag = relation(
        "hashtags",
        key="hashtag_id",
        graphql_type=Hashtag | None,
        description="The hashtag that is read; null of other kinds.",
    )
    read_position = derived(
        read_positions.cursor_of,
        graphql_type=Cursor,
        description="The newest entry that was read: a place in the feed.",
    )
    moved_at: datetime = strawberry.field(description="When it last moved.")


@strawberry.type(description="A read position in a list.")
class ReadPositionEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list of positions; not in the feed.")
    node: ReadPosition = strawberry.field(description="The position.")


@strawberry.type(description="A page of read positions.")
class ReadPositionConnection:
    """View of connections.Connection."""

    edges: list[ReadPositionEdge] = strawberry.field(description="The positions, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What moveReadPosition gives.")
class MoveReadPositionPayload(Refusable):
    """View of read_positions.ReadPositionPayload."""

    read_position: Cursor | None = strawberry.field(
        description="How far the feed is read now, by any device; null if refused."
    )
    has_moved: bool = strawberry.field(description="Whether that is further than it was before.")


@strawberry.input(description="How far a feed was read. Feeds that keep it: HOME, LIST, HASHTAG.")
class MoveReadPositionInput:
    """Names a feed and a place in it."""

    feed: FeedRef = strawberry.field(description="The feed.")
    cursor: Cursor = strawberry.field(
        description="The newest entry that was read: an edge's `cursor` of this feed. One ahead of now is taken as now."
    )


async def move_read_position(
    info: Info,
    input: Annotated[MoveReadPositionInput, INPUT],  # noqa: A002
) -> read_positions.ReadPositionPayload:
    return await read_positions.move_read_position(info.context, named(input.feed), input.cursor)
