"""Fan-out: what somebody posts reaches the timelines and open subscriptions of those who follow them or its hashtags.

Handlers of events, run by the worker, at least once. Doing a batch twice changes nothing in a timeline, and a
subscription drops a message whose event it has seen.
"""

from collections.abc import Awaitable, Callable, Sequence

from core.database import Database
from events import bus, channels, outbox
from events.follows import FollowChanged, FollowersAdmitted
from events.hashtags import HashtagFollowChanged
from events.posts import EntryAdded, EntryRemoved, PostEdited
from events.relations import HomeChanged
from loaders.feeds import is_entry_there
from loaders.follows import fetch_followers_after
from loaders.hashtag_feeds import Follower, fetch_followers_of_either_after, fetch_hashtags_of_entry
from timelines.store import Act, TimelineStore

FOLLOWERS_PER_BATCH = 500

# Notes how far a handler has come; False when the handler must stop, because another worker has taken over.
Advance = Callable[[int], Awaitable[bool]]


class FanOut:
    """The handlers that write timelines."""

    def __init__(self, db: Database, store: TimelineStore, *, key_prefix: str) -> None:
        self._db = db
        self._store = store
        self._channel_prefix = channels.home_prefix(key_prefix)

    async def on_entry_added(self, event: EntryAdded, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        hashtag_ids = await fetch_hashtags_of_entry(self._db, event.entry_id)
        message = bus.HomeMessage(event_id=event_id, added_entry_id=event.entry_id, hashtag_ids=hashtag_ids)
        await self._walk(event.author_id, event.entry_id, message, Act.ADD, checkpoint=checkpoint, advance=advance)

    async def on_post_edited(self, event: PostEdited, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        """An edit may have given the post a hashtag: it is added where it is not listed yet."""
        hashtag_ids = await fetch_hashtags_of_entry(self._db, event.post_id)
        message = bus.HomeMessage(event_id=event_id, changed_entry_id=event.post_id, hashtag_ids=hashtag_ids)
        act = Act.ADD if hashtag_ids else Act.LEAVE
        await self._walk(event.author_id, event.post_id, message, act, checkpoint=checkpoint, advance=advance)

    async def on_entry_removed(self, event: EntryRemoved, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        hashtag_ids = await fetch_hashtags_of_entry(self._db, event.entry_id)
        message = bus.HomeMessage(
            event_id=event_id,
            removed_entry_id=event.entry_id,
            author_id=event.author_id,
            post_id=event.post_id,
            hashtag_ids=hashtag_ids,
        )
        await self._walk(event.author_id, event.entry_id, message, Act.REMOVE, checkpoint=checkpoint, advance=advance)
        if await is_entry_there(self._db, event.entry_id):
            # It was restored meanwhile, and may have been added before it was removed here.
            await self._db.transact(outbox.record, EntryAdded(entry_id=event.entry_id, author_id=event.author_id))

    async def on_follow_changed(self, event: FollowChanged | HashtagFollowChanged) -> None:
        """The follower's timeline lists the wrong entries now. The next read makes it anew."""
        await self._store.forget(event.follower_id)

    async def on_followers_admitted(self, event: FollowersAdmitted) -> None:
        """The same of all of them."""
        await self._store.forget(*event.follower_ids)

    async def on_home_changed(self, event: HomeChanged, *, event_id: int) -> None:
        """The same, and open subscriptions show what is not in the feed any more: they are told after it is forgotten,
        so that who reads the feed then does not find it there.
        """
        await self._store.forget(event.account_id)
        message = bus.HomeMessage(event_id=event_id, is_reset=True)
        await self._store.tell(event.account_id, channel_prefix=self._channel_prefix, message=message.to_bytes())

    async def _walk(
        self, author_id: int, entry_id: int, message: bus.HomeMessage, act: Act, *, checkpoint: int, advance: Advance
    ) -> None:
        """From the oldest follow to the newest, so that who follows meanwhile is still met at the end.

        Nobody is told twice: who follows the author, or a hashtag before, is passed over where a hashtag leads to them.
        """
        is_first = checkpoint == 0
        while True:
            followers = await self._followers_after(checkpoint, author_id, message.hashtag_ids)
            account_ids = [follower.account_id for follower in followers if not follower.is_met_elsewhere]
            if is_first:
                account_ids.append(author_id)
                is_first = False
            if account_ids:
                await self._store.deliver(
                    entry_id,
                    account_ids,
                    act=act,
                    channel_prefix=self._channel_prefix,
                    message=message.to_bytes(),
                )
            if len(followers) < FOLLOWERS_PER_BATCH:
                return
            checkpoint = followers[-1].key
            if not await advance(checkpoint):
                return

    async def _followers_after(self, after: int, author_id: int, hashtag_ids: Sequence[int]) -> list[Follower]:
        if hashtag_ids:
            return await fetch_followers_of_either_after(
                self._db, author_id, hashtag_ids, after=after, limit=FOLLOWERS_PER_BATCH
            )
        links = await fetch_followers_after(self._db, author_id, after=after, limit=FOLLOWERS_PER_BATCH)
        return [Follower(link.key, link.target_id, is_met_elsewhere=False) for link in links]
