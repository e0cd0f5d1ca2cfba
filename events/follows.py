"""What happens between accounts, as far as timelines must hear of it."""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class FollowChanged(Event):
    """`follower_id` has followed or unfollowed `followee_id`: the follower's home feed lists other entries now."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    follower_id: int
    followee_id: int
