"""How the viewer wants their feeds."""

from typing import Annotated

import strawberry

from compiler import Attribute, derived
from loaders.feed_preferences import FeedPreferenceRow
from resolvers import feed_preferences
from resolvers.arguments import Cursor
from resolvers.context import Info
from resolvers.feed_options import FeedOptionsInput
from resolvers.feed_refs import FeedKind
from resolvers.kept_feeds import kind_of
from schema.base import PageInfo, relation, view_of
from schema.errors import INPUT, Refusable
from schema.feed_refs import FeedRef, named
from schema.hashtags import Hashtag
from schema.lists import List


@strawberry.type(
    description="What the viewer wants to be left out of a feed, wherever a document does not say otherwise."
)
@view_of(FeedPreferenceRow)
class FeedPreference:
    """View of FeedPreferenceRow."""

    kind = derived(Attribute("feed", then=kind_of), graphql_type=FeedKind, description="What kind of feed.")
    hashtag = relation(
        "hashtags",
        key="hashtag_id",
        graphql_type=Hashtag | None,
        description="The hashtag whose feed it is; null of other kinds.",
    )
    hide_replies = derived(
        Attribute("hides_replies"),
        graphql_type=bool,
        description="Whether replies are left out, but for reposts of them.",
    )
    hide_reposts = derived(Attribute("hides_reposts"), graphql_type=bool, description="Whether reposts are left out.")
    hide_quotes = derived(
        Attribute("hides_quotes"),
        graphql_type=bool,
        description="Whether quotes are left out, but for reposts of them.",
    )
    hide_seen = derived(
        Attribute("hides_seen"),
        graphql_type=bool,
        description="Whether everything down from the read position is left out.",
    )
    languages: list[str] = strawberry.field(
        description="The only languages that are wanted, beside what has none; all if this is empty."
    )
    # Last, because behind it the name means something else.
    list = relation(
        "lists", key="list_id", graphql_type=List | None, description="The list whose feed it is; null of other kinds."
    )


@strawberry.type(description="A preference in a list.")
class FeedPreferenceEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list of preferences.")
    node: FeedPreference = strawberry.field(description="The preference.")


@strawberry.type(description="A page of preferences.")
class FeedPreferenceConnection:
    """View of connections.Connection."""

    edges: list[FeedPreferenceEdge] = strawberry.field(description="The preferences, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What tuneFeed gives.")
class TuneFeedPayload(Refusable):
    """View of feed_preferences.FeedPreferencePayload."""

    preference: FeedPreference | None = strawberry.field(description="How the feed is wanted now; null if refused.")


@strawberry.input(description="How a feed is wanted from now on.")
class TuneFeedInput:
    """Names a feed and what is to be left out of it."""

    feed: FeedRef = strawberry.field(description="The feed.")
    options: FeedOptionsInput = strawberry.field(
        description="What is to be left out. Null leaves that as it is; false and an empty list take it back."
    )


async def tune_feed(
    info: Info,
    input: Annotated[TuneFeedInput, INPUT],  # noqa: A002
) -> feed_preferences.FeedPreferencePayload:
    return await feed_preferences.tune_feed(info.context, named(input.feed), input.options)
