"""Feeds as inputs name them."""

import strawberry

from resolvers.feed_refs import FeedKind, NamedFeed


@strawberry.input(description="Names a feed.")
class FeedRef:
    """Becomes feed_refs.NamedFeed."""

    kind: FeedKind = strawberry.field(description="What kind of feed.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the list or of the hashtag; of other kinds there is one feed, without id."
    )


def named(feed: FeedRef) -> NamedFeed:
    """What the input names, for resolvers to look at."""
    return NamedFeed(feed.kind, feed.id)
