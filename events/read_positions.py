"""How far accounts read, as far as their other sessions must hear of it."""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class ReadPositionMoved(Event):
    """`account_id` has read its home feed up to `entry_id`."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    account_id: int
    entry_id: int
