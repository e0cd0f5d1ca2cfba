"""Hashtags."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

import compiler
from core import ids
from loaders.hashtags import HashtagRow
from resolvers import feeds, hashtags, payloads
from resolvers.arguments import Cursor
from resolvers.context import Info
from schema.base import Node, PageInfo, node_id, relation, view_of
from schema.errors import INPUT, Refusable

if TYPE_CHECKING:
    from schema.feeds import FeedConnection


@strawberry.type(description="How much a hashtag was used on one day.")
class HashtagDay:
    """View of hashtags.HashtagDay."""

    day: date = strawberry.field(description="The day, in UTC.")
    post_count: int = strawberry.field(
        description="How many posts of that day have the hashtag; of a busier day, the newest 2,000 are counted."
    )
    account_count: int = strawberry.field(description="How many accounts wrote the posts that are counted.")


@strawberry.type(description="A hashtag, whatever the case, width and accents that it is written with.")
@view_of(HashtagRow)
class Hashtag(Node):
    """View of HashtagRow."""

    id = node_id(ids.Kind.HASHTAG)
    name: str = compiler.derived(
        compiler.Attribute("shown"),
        graphql_type=str,
        description="The hashtag as it was first written where everybody could read it, without its sign.",
    )
    post_count: int = strawberry.field(description="How many posts have it; exact.")
    follower_count: int = strawberry.field(description="How many follow it; exact.")
    viewer_follows: bool = strawberry.field(description="Whether the viewer follows it.")
    history: list[HashtagDay] = relation(
        "hashtag_histories",
        key="id",
        graphql_type=list[HashtagDay],
        description="How much it was used on each of the last seven days, today first. Today is not over yet.",
    )
    posts = strawberry.field(
        resolver=feeds.hashtag_posts,
        graphql_type=Annotated["FeedConnection", strawberry.lazy("schema.feeds")],
        description="The public posts that have it, replies too, newest first.",
    )


@strawberry.type(description="A hashtag in a list.")
class HashtagEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Hashtag = strawberry.field(description="The hashtag.")


@strawberry.type(description="A page of hashtags.")
class HashtagConnection:
    """View of connections.Connection."""

    edges: list[HashtagEdge] = strawberry.field(description="The hashtags, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What followHashtag gives.")
class FollowHashtagPayload(Refusable):
    """View of payloads.HashtagPayload."""

    hashtag: Hashtag | None = strawberry.field(description="The hashtag with its new count; null if refused.")


@strawberry.type(description="What unfollowHashtag gives.")
class UnfollowHashtagPayload(Refusable):
    """View of payloads.HashtagPayload."""

    hashtag: Hashtag | None = strawberry.field(description="The hashtag with its new count; null if refused.")


@strawberry.input(description="Which hashtag to follow; nobody need have used it yet. At most 200 can be followed.")
class FollowHashtagInput:
    """Names a hashtag."""

    name: str = strawberry.field(description="The hashtag in any case and width, with or without its sign.")


@strawberry.input(description="Which hashtag to stop following.")
class UnfollowHashtagInput:
    """Names a hashtag."""

    name: str = strawberry.field(description="The hashtag in any case and width, with or without its sign.")


async def follow_hashtag(info: Info, input: Annotated[FollowHashtagInput, INPUT]) -> payloads.HashtagPayload:  # noqa: A002
    return await hashtags.follow_hashtag(info.context, input.name)


async def unfollow_hashtag(info: Info, input: Annotated[UnfollowHashtagInput, INPUT]) -> payloads.HashtagPayload:  # noqa: A002
    return await hashtags.unfollow_hashtag(info.context, input.name)
