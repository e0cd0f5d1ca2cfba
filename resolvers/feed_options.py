"""What is to be left out of a feed: as documents ask for it, and as acts keep it."""

from typing import Annotated

import strawberry

from access.viewer import Viewer
from actions.feed_preferences import wanted_languages
from actions.read_positions import LISTINGS
from core.errors import BadInputError, ValidationError
from loaders.tuning import AS_KEPT, FeedOptions, Tuned
from models.feeds import FeedKind


@strawberry.input(
    name="FeedOptions",
    description="What is left out of a feed. Null: as the viewer's preference of the feed says; in tuneFeed: as it is."
    " What the viewer posted stays, unless it was seen.",
)
class FeedOptionsInput:
    """Becomes loaders.tuning.FeedOptions."""

    hide_replies: bool | None = strawberry.field(default=None, description="Replies, but not reposts of replies.")
    hide_reposts: bool | None = strawberry.field(default=None, description="Reposts.")
    hide_quotes: bool | None = strawberry.field(
        default=None, description="Posts that quote a post, but not reposts of them."
    )
    hide_seen: bool | None = strawberry.field(
        default=None,
        description="Everything down from the read position, of feeds that have one: HOME, LIST, HASHTAG.",
    )
    languages: list[str] | None = strawberry.field(
        default=None,
        description="What is known to be in none of these languages, at most 20 tags as in BCP 47: `en` stands for"
        " en-GB, too. By an empty list nothing is left out.",
    )


Options = Annotated[
    FeedOptionsInput | None, strawberry.argument(description="What is left out; the same for each page of a feed.")
]


def feed_options(given: FeedOptionsInput, *, path: tuple[str, ...]) -> FeedOptions:
    """The options that an input has. Raises ValidationError for languages that are none, below `path`."""
    languages = given.languages
    return FeedOptions(
        given.hide_replies,
        given.hide_reposts,
        given.hide_quotes,
        given.hide_seen,
        None if languages is None else wanted_languages(languages, path=(*path, "languages")),
    )


def tuned(feed: FeedKind, given: FeedOptionsInput | None, viewer: Viewer | None) -> Tuned | None:
    """The feed as it is to be read; None if nothing can be left out. Raises BadInputError."""
    if given is None:
        return None if viewer is None else Tuned(feed)
    if given.hide_seen and feed not in LISTINGS:
        raise BadInputError(f"`hideSeen`: how far a feed of the kind {feed.name} was read is not kept.")
    try:
        options = feed_options(given, path=("options",))
    except ValidationError as error:
        raise BadInputError(f"`languages`: {error}") from error
    return None if viewer is None and options == AS_KEPT else Tuned(feed, options)
