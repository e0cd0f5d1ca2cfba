"""Feeds as documents name them."""

from enum import Enum
from typing import NamedTuple

import strawberry

from actions.feed_refs import FeedRef
from core import ids
from core.errors import Problem, ValidationError
from models import feeds as models

_PATH = ("feed", "id")
_KINDS_OF_IDS = {models.FeedKind.LIST: ids.Kind.LIST, models.FeedKind.HASHTAG: ids.Kind.HASHTAG}


@strawberry.enum(description="A kind of feed.")
class FeedKind(Enum):
    """By the names of models.feeds.FeedKind."""

    HOME = strawberry.enum_value("HOME", description="The home feed.")
    LIST = strawberry.enum_value("LIST", description="The feed of a list of people, by its id.")
    HASHTAG = strawberry.enum_value("HASHTAG", description="The posts with a hashtag, by its id.")
    PUBLIC = strawberry.enum_value("PUBLIC", description="Everybody's public posts.")
    FOR_YOU = strawberry.enum_value("FOR_YOU", description="What is chosen for the viewer.")


class NamedFeed(NamedTuple):
    """A feed as an input names it."""

    kind: FeedKind
    id: strawberry.ID | None


def feed_ref(named: NamedFeed) -> FeedRef:
    """The feed that is named. Raises ValidationError if it has no id and needs one, or has one and needs none.

    What is no id of such a thing leads to ids.NOBODY, where there is nothing.
    """
    kind = models.FeedKind[named.kind.name]
    if kind not in models.TARGETED:
        if named.id is not None:
            raise ValidationError(Problem(_PATH, "UNEXPECTED", f"There is one feed of the kind {kind.name}: no id."))
        return FeedRef(kind)
    if named.id is None:
        raise ValidationError(Problem(_PATH, "NEEDED", f"A feed of the kind {kind.name} needs an id."))
    return FeedRef(kind, ids.number_of(_KINDS_OF_IDS[kind], named.id))
