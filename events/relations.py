"""What changes in how accounts stand to each other, as far as home feeds must hear of it."""

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


@dataclass(frozen=True)
class SightChanged(Event):
    """Others see more or less of what `author_id` posts: the account was suspended or is it no more, became private or
    open.

    Whoever may show that in an open home feed is told to read it anew. If the account has become open (`has_opened`),
    what it has posted joins the feeds of those who follow its hashtags.
    """

    queues: ClassVar[tuple[Queue, ...]] = (Queue.FANOUT,)

    author_id: int
    has_opened: bool = False
