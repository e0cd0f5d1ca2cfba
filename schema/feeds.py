"""Feeds and the home feed live."""

import strawberry

from resolvers import feeds
from resolvers.arguments import Cursor, EventCursor
from schema.base import PageInfo, relation
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
