"""Whom posts are for."""

from enum import Enum

import strawberry

from models.posts import Visibility


@strawberry.enum(description="Whom a post is for. Whoever it mentions sees it, too, and a block keeps from every post.")
class PostVisibility(Enum):
    """Visibility (models.posts), by name."""

    PUBLIC = strawberry.enum_value(
        "PUBLIC", description="For everyone, in public feeds and on hashtags' pages as well. FOLLOWERS while private."
    )
    UNLISTED = strawberry.enum_value(
        "UNLISTED", description="For everyone who comes across it, and in no public list. FOLLOWERS while private."
    )
    FOLLOWERS = strawberry.enum_value("FOLLOWERS", description="For the author's followers.")
    MUTUALS = strawberry.enum_value("MUTUALS", description="For those of them whom the author follows.")
    CIRCLE = strawberry.enum_value("CIRCLE", description="For those in one of the author's circles.")
    MENTIONED = strawberry.enum_value("MENTIONED", description="For nobody but whom it mentions.")


_VISIBILITIES = {visibility: PostVisibility[visibility.name] for visibility in Visibility}


def visibility_of(number: int) -> PostVisibility:
    """A stored visibility."""
    return _VISIBILITIES[Visibility(number)]


def stored_visibility(visibility: PostVisibility) -> Visibility:
    """A visibility as it is stored."""
    return Visibility[visibility.name]
