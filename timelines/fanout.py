"""Fan-out: what somebody posts reaches the timelines and open subscriptions of those who follow them or its hashtags.

Handlers of events, run by the worker, at least once. Doing a batch twice changes nothing in a timeline, and a
subscription drops a message whose event it has seen.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial

from core.database import Database
from core.tasks import end_tasks
from events import bus, channels, outbox
from events.follows import FollowChanged, FollowersAdmitted
from events.hashtags import HashtagFollowChanged
from events.posts import EntryAdded, EntryRemoved, PostEdited
from events.pulled_authors import AuthorPushedAgain
from events.read_positions import ReadPositionMoved
from events.relations import HomeChanged, SightChanged
from loaders.feeds import is_entry_there
from loaders.readers import ReaderPage, fetch_delivery, fetch_hashtag_ids, fetch_readers_after
from timelines.pulled_authors import PulledAuthors, let_go
from timelines.store import Act, TimelineStore

FOLLOWERS_PER_BATCH = 1_000
# What is delivered where a message is all.
_NO_ENTRY = 0

# Notes how far a handler has come; False when the handler must stop, because somebody else goes on from there.
Advance = Callable[[int], Awaitable[bool]]
# Does to the readers of a page what the walk is for.
Meet = Callable[[ReaderPage], Awaitable[None]]


class FanOut:
    """The handlers that write timelines. Readers are followers who have read in the last `active_days`."""

    def __init__(
        self, db: Database, store: TimelineStore, pulled_authors: PulledAuthors, *, key_prefix: str, active_days: int
    ) -> None:
        self._db = db
        self._store = store
        self._pulled_authors = pulled_authors
        self._channel_prefix = channels.home_prefix(key_prefix)
        self._active_days = active_days

    async def on_entry_added(self, event: EntryAdded, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        if checkpoint == 0:
            await self._pulled_authors.consider(event.author_id)
        delivery = await fetch_delivery(self._db, event.entry_id, author_id=event.author_id)
        message = bus.HomeMessage(event_id=event_id, added_entry_id=event.entry_id, hashtag_ids=delivery.hashtag_ids)
        deliver = self._delivering(event.entry_id, message, Act.ADD, is_pulled=delivery.is_pulled)
        await self._walk(event.author_id, delivery.hashtag_ids, deliver, checkpoint=checkpoint, advance=advance)

    async def on_post_edited(self, event: PostEdited, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        """An edit may have given the post a hashtag: it is added where it is not listed yet."""
        delivery = await fetch_delivery(self._db, event.post_id, author_id=event.author_id)
        message = bus.HomeMessage(event_id=event_id, changed_entry_id=event.post_id, hashtag_ids=delivery.hashtag_ids)
        act = Act.ADD if delivery.hashtag_ids else Act.LEAVE
        deliver = self._delivering(event.post_id, message, act, is_pulled=delivery.is_pulled)
        await self._walk(event.author_id, delivery.hashtag_ids, deliver, checkpoint=checkpoint, advance=advance)

    async def on_entry_removed(self, event: EntryRemoved, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        """What was taken down stays where it is: hidden from most, and shown to moderators."""
        delivery = await fetch_delivery(self._db, event.entry_id, author_id=event.author_id)
        message = bus.HomeMessage(
            event_id=event_id,
            removed_entry_id=event.entry_id,
            author_id=event.author_id,
            post_id=event.post_id,
            hashtag_ids=delivery.hashtag_ids,
        )
        act = Act.LEAVE if delivery.is_listed else Act.REMOVE
        deliver = self._delivering(event.entry_id, message, act, is_pulled=delivery.is_pulled)
        is_end = await self._walk(
            event.author_id, delivery.hashtag_ids, deliver, checkpoint=checkpoint, advance=advance
        )
        if is_end and await is_entry_there(self._db, event.entry_id):
            # It was restored meanwhile, and may have been added before it was removed here.
            await self._db.transact(outbox.record, EntryAdded(entry_id=event.entry_id, author_id=event.author_id))

    async def on_author_pushed_again(self, event: AuthorPushedAgain, *, checkpoint: int, advance: Advance) -> None:
        """Timelines lack what was not pushed: all of them are made anew, and then nothing has to be merged."""

        async def forget(page: ReaderPage) -> None:
            if page.of_author:
                await self._store.forget(*page.of_author)

        if await self._walk(event.author_id, (), forget, checkpoint=checkpoint, advance=advance):
            await self._db.transact(let_go, event.author_id)

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

    async def on_sight_changed(self, event: SightChanged, *, event_id: int, checkpoint: int, advance: Advance) -> None:
        """Open subscriptions are told to read anew. Timelines stay as they are, for they list what is hidden, too; but
        what only a hashtag brings they lack, if it was posted, or they were made, while the account was private. When
        it opens, those are forgotten first.
        """
        hashtag_ids = await fetch_hashtag_ids(self._db, event.author_id, is_whole=event.has_opened)
        message = bus.HomeMessage(event_id=event_id, is_reset=True)
        tell = self._delivering(_NO_ENTRY, message, Act.LEAVE, is_pulled=False)

        async def meet(page: ReaderPage) -> None:
            if event.has_opened and page.of_hashtags:
                await self._store.forget(*page.of_hashtags)
            await tell(page)

        await self._walk(event.author_id, hashtag_ids, meet, checkpoint=checkpoint, advance=advance)

    async def on_read_position_moved(self, event: ReadPositionMoved, *, event_id: int) -> None:
        """The account's open subscriptions are told; its timeline stays as it is."""
        message = bus.HomeMessage(event_id=event_id, read_entry_id=event.entry_id)
        await self._store.tell(event.account_id, channel_prefix=self._channel_prefix, message=message.to_bytes())

    def _delivering(self, entry_id: int, message: bus.HomeMessage, act: Act, *, is_pulled: bool) -> Meet:
        """Does `act` in the timelines of those who are met, and tells them. Whom a pulled author leads to is told only;
        who comes by a hashtag follows no such author, and needs the entry.
        """
        deliver = partial(
            self._store.deliver, entry_id, channel_prefix=self._channel_prefix, message=message.to_bytes()
        )

        async def meet(page: ReaderPage) -> None:
            if is_pulled and page.of_author:
                await deliver(page.of_author, act=Act.LEAVE)
            account_ids = page.of_hashtags if is_pulled else [*page.of_author, *page.of_hashtags]
            if account_ids:
                await deliver(account_ids, act=act)

        return meet

    async def _walk(
        self, author_id: int, hashtag_ids: Sequence[int], meet: Meet, *, checkpoint: int, advance: Advance
    ) -> bool:
        """From the oldest follow to the newest, so that who follows meanwhile is still met at the end; False if it had
        to stop before. The author is met first, as one who follows.

        Nobody is met twice: who follows the author, or a hashtag before, is passed over where a hashtag leads to them.
        """
        async with aclosing(self._pages(author_id, hashtag_ids, after=checkpoint)) as pages:
            async for page in pages:
                await meet(page)
                if page.reached is not None and not await advance(page.reached):
                    return False
        return True

    async def _pages(self, author_id: int, hashtag_ids: Sequence[int], *, after: int) -> AsyncGenerator[ReaderPage]:
        """The pages of a walk, each but the first two fetched while the one before is dealt with: most walks have one,
        and of the others the first one ends in another queue.
        """

        async def fetch(after: int) -> ReaderPage:
            return await fetch_readers_after(
                self._db,
                author_id,
                hashtag_ids,
                after=after,
                limit=FOLLOWERS_PER_BATCH,
                active_days=self._active_days,
            )

        page = await fetch(after)
        yield page if after else page._replace(of_author=[author_id, *page.of_author])
        fetching: asyncio.Task[ReaderPage] | None = None
        try:
            while page.reached is not None:
                page = await (fetching or fetch(page.reached))
                fetching = None if page.reached is None else asyncio.create_task(fetch(page.reached))
                yield page
        finally:
            if fetching is not None:
                await end_tasks([fetching])
