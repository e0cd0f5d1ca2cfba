"""The feed of what somebody may want to see, and what speaks for a post in it."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from compiler import Attribute, derived
from loaders import signals
from resolvers import feeds, for_you
from resolvers.arguments import DEFAULT_PAGE, After, First
from resolvers.context import Info
from resolvers.feed_options import Options
from schema.base import relation
from schema.hashtags import Hashtag
from schema.users import User

_DEFAULTS = signals.Weights()


@strawberry.enum(description="What may speak for a post. More may come.")
class FeedSignalKind(Enum):
    """As signals.SignalKind."""

    LIKES_BY_FOLLOWED = strawberry.enum_value(
        "LIKES_BY_FOLLOWED",
        description="At least two people whom the viewer follows like it. Enough are 10. Nobody is named.",
    )
    REPOSTS_BY_FOLLOWED = strawberry.enum_value(
        "REPOSTS_BY_FOLLOWED", description="People whom the viewer follows have reposted it. Enough are 5."
    )
    FOLLOWED_BY_FOLLOWED = strawberry.enum_value(
        "FOLLOWED_BY_FOLLOWED",
        description="At least two people whom the viewer follows follow its author, whom the viewer does not. Enough"
        " are 20.",
    )
    HASHTAGS = strawberry.enum_value(
        "HASHTAGS", description="It has hashtags that the viewer follows, or has in their newest posts. Enough are 3."
    )
    FRESHNESS = strawberry.enum_value(
        "FRESHNESS", description="It is new: 1 at first, and half as much for each day since."
    )
    POPULARITY = strawberry.enum_value("POPULARITY", description="People like it, whoever they are. Enough are 200.")


def _shown(kind: signals.SignalKind) -> FeedSignalKind:
    return FeedSignalKind[kind.name]


@strawberry.type(description="One thing that speaks for a post.")
class FeedSignal:
    """View of signals.Signal."""

    kind: FeedSignalKind = derived(
        Attribute("kind", then=_shown), graphql_type=FeedSignalKind, description="What speaks for it."
    )
    value: float = strawberry.field(
        description="How much it does, from 0 to 1. Of what is counted: ln(1 + count) / ln(1 + enough), at most 1."
    )
    weight: float = strawberry.field(description="How much that counts: as `weights` say.")
    contribution: float = strawberry.field(description="Weight times value: its part of the score.")
    count: int | None = derived(
        Attribute("amount"),
        graphql_type=int | None,
        description="How many people, hashtags or likes it rests on; of POPULARITY at most 200, of FRESHNESS null.",
    )
    user = relation(
        "users",
        key="user_id",
        graphql_type=User | None,
        description="Of those who have reposted it or follow its author, the one whom the viewer followed last.",
    )
    hashtag = relation(
        "hashtags",
        key="hashtag_id",
        graphql_type=Hashtag | None,
        description="Of the hashtags that speak for it, the oldest.",
    )


@strawberry.input(description="How much each signal counts, from 0 to 10.")
class ForYouWeights:
    """As signals.Weights."""

    likes_by_followed: float = strawberry.field(
        default=_DEFAULTS.likes_by_followed, description="What people like whom the viewer follows."
    )
    reposts_by_followed: float = strawberry.field(
        default=_DEFAULTS.reposts_by_followed, description="What they have reposted."
    )
    followed_by_followed: float = strawberry.field(
        default=_DEFAULTS.followed_by_followed, description="What those post whom they follow."
    )
    hashtags: float = strawberry.field(
        default=_DEFAULTS.hashtags, description="Hashtags that the viewer follows or uses."
    )
    freshness: float = strawberry.field(default=_DEFAULTS.freshness, description="How new it is.")
    popularity: float = strawberry.field(default=_DEFAULTS.popularity, description="How many like it.")


Weighted = Annotated[
    ForYouWeights | None,
    strawberry.argument(description="What counts how much. The same for each page of a list."),
]
Since = Annotated[
    datetime | None,
    strawberry.argument(description="Only posts since then, to catch up: the best of what was missed."),
]
OnePerAuthor = Annotated[
    bool, strawberry.argument(description="Whether each author is in the whole list at most once, with the best post.")
]


async def for_you_feed(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    weights: Weighted = None,
    since: Since = None,
    one_per_author: OnePerAuthor = False,  # noqa: FBT002 (an argument of the field)
    options: Options = None,
) -> feeds.FeedConnection:
    chosen = weights or ForYouWeights()
    weighted = signals.Weights(*(getattr(chosen, name) for name in signals.Weights._fields))
    return await for_you.for_you_feed(info, first, after, for_you.Wishes(weighted, since, one_per_author, options))
