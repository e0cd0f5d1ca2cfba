"""What happens between accounts and hashtags, as far as timelines must hear of it."""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class HashtagFollowChanged(Event):
    """`follower_id` has followed or unfollowed a hashtag: their home feed lists other entries now."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.TIMELINES,)

    follower_id: int
    hashtag_id: int
