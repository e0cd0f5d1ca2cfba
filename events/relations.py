"""What changes in how an account stands to others, as far as its home feed must hear of it."""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class HomeChanged(Event):
    """Entries have gone from the home feed of `account_id`, and nobody can say which: a block, a follow that ended.

    Its timeline is made anew, and whoever has the feed open is told to read it anew.
    """

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    account_id: int
