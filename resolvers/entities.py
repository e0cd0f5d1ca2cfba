"""Entities as values: what of a text is a mention, a hashtag or a link, and where it stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from core.entities import EntityKind, normalised_hashtag


class TextRange(NamedTuple):
    """From the unit `start` to before the unit `end`."""

    start: int
    end: int


class MentionEntity(NamedTuple):
    """An account is mentioned."""

    range: TextRange
    utf16_range: TextRange
    user_id: int


class HashtagEntity(NamedTuple):
    """A hashtag is used; `name` as it is written here."""

    range: TextRange
    utf16_range: TextRange
    name: str

    @property
    def normalised_name(self) -> str:
        return normalised_hashtag(self.name)


class LinkEntity(NamedTuple):
    """A page is linked."""

    range: TextRange
    utf16_range: TextRange
    url: str


Entity = MentionEntity | HashtagEntity | LinkEntity

_CLASSES: Mapping[EntityKind, Callable[..., Entity]] = {
    EntityKind.MENTION: MentionEntity,
    EntityKind.HASHTAG: HashtagEntity,
    EntityKind.LINK: LinkEntity,
}


def entities_of(stored: str | None) -> Sequence[Entity]:
    """Entities as actions.entities stores them: [kind, start, end, the same two in UTF-16, what it names], in order."""
    if stored is None:
        return ()
    rows: list[tuple[int, int, int, int, int, Any]] = orjson.loads(stored)
    return [
        _CLASSES[EntityKind(kind)](TextRange(start, end), TextRange(start16, end16), target)
        for kind, start, end, start16, end16, target in rows
    ]
