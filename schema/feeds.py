"""Feeds and the home feed live."""

from typing import Annotated

import strawberry

from core import ids
from resolvers import feeds
from resolvers.arguments import Cursor, EventCursor
from schema.base import PageInfo, encoded, relation, view_of
from schema.hashtags import Hashtag
from schema.posts import Post
from schema.users import User


@strawberry.type(description="Why an entry is in a feed.")
class FeedReason:
    """View of feeds.FeedReason."""

    kind: feeds.FeedReasonKind = strawberry.field(description="The reason.")
    user = relation(
        "users", key="user_id", graphql_type=User | None, description="The account that brought the entry here."
    )
    hashtag = relation(
        "hashtags",
        key="hashtag_id",
        graphql_type=Hashtag | None,
        description="The hashtag that brought the entry here, if that is why; the oldest of several.",
    )


@strawberry.type(description="An entry of a feed: a post, and why it is here.")
class FeedEdge:
    """View of feeds.FeedEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the feed.")
    node: Post = strawberry.field(description="The post; of a repost, the original.")
    reason: FeedReason = strawberry.field(description="Why it is here.")
    reposted_by = relation(
        "users", key="reposter_id", graphql_type=User | None, description="Who reposted it, if that is why it is here."
    )


@strawberry.type(description="A page of a feed.")
class FeedConnection:
    """View of feeds.FeedConnection."""

    edges: list[FeedEdge] = strawberry.field(description="The entries, newest first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")
    event_cursor: EventCursor = strawberry.field(
        description="The moment before the page was read: subscribe from here, and nothing falls in between."
    )


@strawberry.type(description="The subscription listens; always its first event.")
@view_of(feeds.Started)
class Started:
    """View of feeds.Started."""

    cursor: EventCursor = strawberry.field(description="Whatever happens behind this is told.")


@strawberry.type(description="An entry has come into the feed.")
@view_of(feeds.PostAdded)
class PostAdded:
    """View of feeds.PostAdded."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    edge: FeedEdge = strawberry.field(description="The entry, as a page of the feed shows it.")


@strawberry.type(description="An entry has gone from the feed: its post was deleted, or its repost undone.")
@view_of(feeds.PostRemoved)
class PostRemoved:
    """View of feeds.PostRemoved."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    edge_cursor: Cursor = strawberry.field(description="The place that the entry had in the feed.")
    post_id = encoded(
        ids.Kind.POST, "post_id", graphql_type=strawberry.ID, description="The post that the entry showed."
    )


@strawberry.type(description="A post in the feed has changed.")
@view_of(feeds.PostChanged)
class PostChanged:
    """View of feeds.PostChanged."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    post: Post = strawberry.field(description="The post as it is now.")


@strawberry.type(description="The viewer has read further, here or on another device.")
@view_of(feeds.ReadPositionMoved)
class ReadPositionMoved:
    """View of feeds.ReadPositionMoved."""

    cursor: EventCursor = strawberry.field(description="The event's place.")
    read_position: Cursor = strawberry.field(description="The newest entry that was read.")


@strawberry.type(description="Something may have been missed, or has been taken away: read the feed anew.")
@view_of(feeds.Reset)
class Reset:
    """View of feeds.Reset."""

    cursor: EventCursor = strawberry.field(description="The event's place.")


HomeFeedEvent = Annotated[
    Started | PostAdded | PostRemoved | PostChanged | ReadPositionMoved | Reset,
    strawberry.union("HomeFeedEvent", description="What happens in a home feed."),
]
