"""The home feed live."""

from typing import Annotated

import strawberry

from core import ids
from resolvers import home_events
from resolvers.arguments import Cursor, EventCursor
from schema.base import encoded, view_of
from schema.feeds import FeedEdge
from schema.posts import Post


@strawberry.type(description="The subscription listens; always its first event.")
@view_of(home_events.Started)
class Started:
    """View of home_events.Started."""

    cursor: EventCursor = strawberry.field(description="Whatever happens behind this is told.")


@strawberry.type(description="An entry has come into the feed.")
@view_of(home_events.PostAdded)
class PostAdded:
    """View of home_events.PostAdded."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    edge: FeedEdge = strawberry.field(description="The entry, as a page of the feed shows it.")


@strawberry.type(description="An entry has gone from the feed: its post was deleted, or its repost undone.")
@view_of(home_events.PostRemoved)
class PostRemoved:
    """View of home_events.PostRemoved."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    edge_cursor: Cursor = strawberry.field(description="The place that the entry had in the feed.")
    post_id = encoded(
        ids.Kind.POST, "post_id", graphql_type=strawberry.ID, description="The post that the entry showed."
    )


@strawberry.type(description="A post in the feed has changed.")
@view_of(home_events.PostChanged)
class PostChanged:
    """View of home_events.PostChanged."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    post: Post = strawberry.field(description="The post as it is now.")


@strawberry.type(description="The viewer has read further, here or on another device.")
@view_of(home_events.ReadPositionMoved)
class ReadPositionMoved:
    """View of home_events.ReadPositionMoved."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    read_position: Cursor = strawberry.field(description="The newest entry that was read.")


@strawberry.type(description="Something may have been missed, was taken away, or came back: read the feed anew.")
@view_of(home_events.Reset)
class Reset:
    """View of home_events.Reset."""

    cursor: EventCursor = strawberry.field(description="The event's place.")


HomeFeedEvent = Annotated[
    Started | PostAdded | PostRemoved | PostChanged | ReadPositionMoved | Reset,
    strawberry.union("HomeFeedEvent", description="What happens in a home feed."),
]
