"""What trends."""

import strawberry

from compiler import Attribute, derived
from resolvers import trends
from resolvers.arguments import Cursor
from schema.base import PageInfo
from schema.hashtags import Hashtag
from schema.posts import Post

_SCORE = (
    "How much it trends: each account counts once, and half as much for each half-life since it last acted. Comparable"
    " within one page only."
)


@strawberry.type(description="A hashtag that trends.")
class TrendingHashtagEdge:
    """View of trends.TrendEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the ranking.")
    node: Hashtag = strawberry.field(description="The hashtag.")
    score: float = strawberry.field(description=_SCORE)
    post_count: int = derived(
        Attribute("act_count"),
        graphql_type=int,
        description="How many posts of the last three days were counted when the ranking was made.",
    )
    account_count: int = strawberry.field(description="How many accounts wrote these posts.")


@strawberry.type(description="A page of hashtags that trend.")
class TrendingHashtagConnection:
    """View of trends.TrendConnection."""

    edges: list[TrendingHashtagEdge] = strawberry.field(description="The hashtags, those that trend most first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="A post that trends.")
class TrendingPostEdge:
    """View of trends.TrendEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the ranking.")
    node: Post = strawberry.field(description="The post.")
    score: float = strawberry.field(description=_SCORE)
    act_count: int = strawberry.field(
        description="How many likes, reposts and quotes of the last three days were counted when the ranking was made."
    )
    account_count: int = strawberry.field(description="How many accounts did that.")


@strawberry.type(description="A page of posts that trend.")
class TrendingPostConnection:
    """View of trends.TrendConnection."""

    edges: list[TrendingPostEdge] = strawberry.field(description="The posts, those that trend most first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(
    description="What trends: what many have to do with lately. The rankings are at most some minutes old."
)
class Trends:
    """View of trends.Trends."""

    hashtags = strawberry.field(
        resolver=trends.trending_hashtags,
        graphql_type=TrendingHashtagConnection,
        description="Hashtags, by who has posted with them; those that trend most first, at most 200.",
    )
    posts = strawberry.field(
        resolver=trends.trending_posts,
        graphql_type=TrendingPostConnection,
        description="Public posts, by who likes, reposts or quotes them; those that trend most first, at most 200.",
    )
