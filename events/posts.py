"""What happens to posts and reposts, as far as timelines and open subscriptions must hear of it.

An entry is what a home feed lists: a post, a reply or a repost, by its own id.
"""

from dataclasses import dataclass
from typing import ClassVar

from events.base import Event, Queue


@dataclass(frozen=True)
class EntryAdded(Event):
    """`author_id` has posted, replied or reposted."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.FANOUT,)

    entry_id: int
    author_id: int


@dataclass(frozen=True)
class PostEdited(Event):
    """`author_id` has changed what a post of theirs says."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.FANOUT,)

    post_id: int
    author_id: int


@dataclass(frozen=True)
class EntryRemoved(Event):
    """`author_id` has deleted a post or undone a repost; `post_id` is the post that it showed."""

    queues: ClassVar[tuple[Queue, ...]] = (Queue.FANOUT,)

    entry_id: int
    author_id: int
    post_id: int
