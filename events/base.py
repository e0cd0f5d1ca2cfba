"""What an event is: a frozen class named in the past tense, of ids only, that says which queues must hear of it."""

import dataclasses
from enum import StrEnum
from typing import Any, ClassVar

import orjson


class Queue(StrEnum):
    """The worker's queues. A slow one does not hold up the others.

    What has more than a page of followers goes on in LARGE_FANOUT, so that the others do not wait behind it.
    """

    FANOUT = "fanout"
    LARGE_FANOUT = "large_fanout"
    TIMELINES = "timelines"


@dataclasses.dataclass(frozen=True)
class Event:
    """The root of all events. A subclass is registered by its name, which the outbox stores: never rename one."""

    queues: ClassVar[tuple[Queue, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:  # whatever a metaclass may take
        super().__init_subclass__(**kwargs)
        _CLASSES[cls.__name__] = cls

    def facts(self) -> str:
        """The event's fields as JSON, for the outbox."""
        return orjson.dumps(dataclasses.asdict(self)).decode()


_CLASSES: dict[str, type[Event]] = {}


def event_of(name: str, facts: str) -> Event:
    """The event that `facts()` was taken from. Raises KeyError for a name this version does not know."""
    return _CLASSES[name](**orjson.loads(facts))
