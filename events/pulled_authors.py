"""What happens to authors who are pulled (models.feeds.PulledAuthor), as far as timelines must hear of it."""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class AuthorPushedAgain(Event):
    """`author_id` is pushed from now on, and still pulled: timelines lack what was not pushed."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.LARGE_FANOUT,)

    author_id: int
