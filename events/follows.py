"""What happens between accounts, as far as timelines must hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class FollowChanged(Event):
    """`follower_id` has followed or unfollowed `followee_id`: the follower's home feed lists other entries now."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    follower_id: int
    followee_id: int


@dataclass(frozen=True)
class FollowersAdmitted(Event):
    """All of `follower_ids` follow `followee_id` now, who has stopped being private while they waited."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    followee_id: int
    follower_ids: Sequence[int]


@dataclass(frozen=True)
class RequestsLeft(Event):
    """`followee_id` has stopped being private, and more people wait than were let in at once."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    followee_id: int
