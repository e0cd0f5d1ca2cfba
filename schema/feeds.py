"""Feeds and the home feed live."""

import strawberry

from resolvers import feed_gaps, feeds, read_positions
from resolvers.arguments import Cursor, EventCursor
from schema.base import PageInfo, relation
from schema.for_you import FeedSignal
from schema.hashtags import Hashtag
from schema.lists import List
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
    score: float | None = strawberry.field(
        description="Of what is ranked: the sum of what its signals contribute, rounded down to ten-thousandths."
    )
    signals: list[FeedSignal] | None = strawberry.field(
        description="Of what is ranked: all that speaks for it; one of each kind, also where it says nothing."
    )
    # Last, because behind it the name means something else.
    list = relation(
        "lists",
        key="list_id",
        graphql_type=List | None,
        description="The list whose feed this is; null in all other feeds.",
    )


@strawberry.type(description="An entry of a feed: a post, and why it is here.")
class FeedEdge:
    """View of feeds.FeedEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the feed.")
    node: Post = strawberry.field(description="The post; of a repost, the original.")
    reason: FeedReason = strawberry.field(description="Why it is here.")
    reposted_by = relation(
        "users_together",
        key="reposter_ids",
        graphql_type=list[User],
        description="Who reposted it, the newest repost first, if that is why it is here. In the home feed and in feeds"
        " of lists a post is shown once within 40 entries, with all its reposts on the page.",
    )


@strawberry.type(
    description="A hole in what a client holds of a feed: `after` and `until` are the arguments that fill it."
)
class FeedGap:
    """View of feed_gaps.FeedGap."""

    kind: feed_gaps.FeedGapKind = strawberry.field(description="Why entries are missing.")
    after: Cursor = strawberry.field(description="Where it begins: the `after` of the page that fills it.")
    until: Cursor | None = strawberry.field(
        description="Where it ends: the `until` of that page; null if it is open to the end of the feed."
    )


@strawberry.type(description="A page of a feed.")
class FeedConnection:
    """View of feeds.FeedConnection."""

    edges: list[FeedEdge] = strawberry.field(description="The entries, newest first; what is ranked, the best first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")
    event_cursor: EventCursor = strawberry.field(
        description="The moment before the page was read: subscribe from here, and nothing falls in between."
    )
    read_position = relation(
        "read_positions",
        key="feed_ref",
        then=read_positions.cursor_of,
        graphql_type=Cursor | None,
        description="The newest entry that the viewer has read, on whatever device: null if they never have, and in"
        " feeds that do not keep it.",
    )
    unread_count = strawberry.field(
        resolver=feeds.unread_count,
        graphql_type=int | None,
        description="How many entries above the read position the viewer would see. 100 means 100 or more. Where much"
        " is hidden looking stops early, as it does for pages. Null in feeds that keep no position.",
    )
    gaps: list[FeedGap] = strawberry.field(
        description="What is missing between this page and `until`: fetch `after` and `until` of each gap until there"
        " is none. Where nothing is missing there is no gap."
    )
