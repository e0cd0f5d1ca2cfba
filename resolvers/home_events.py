"""The home feed live."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

import strawberry

from access.viewer import Viewer
from core.errors import UnavailableError
from core.paging import Listing, decode_cursor, encode_cursor
from events import channels
from events.bus import Gap, HomeMessage
from loaders.pages import GREATEST_ID
from loaders.rows import PostRow
from loaders.tuning import Tuned
from loaders.wanted import WHOLE_POSTS
from models.feeds import FeedKind
from resolvers.arguments import Cursor, EventCursor
from resolvers.connections import cursor
from resolvers.context import Context, Info
from resolvers.feeds import FeedEdge, edges_of, event_cursor_of_now
from resolvers.home_feed import home_reason
from resolvers.removals import may_have_shown

# A message that is delivered twice is dropped if it is among so many of the last.
REMEMBERED_EVENTS = 256

ResumeAfter = Annotated[
    EventCursor | None,
    strawberry.argument(
        description="The last event that the client has seen. If what came since cannot be replayed, `Reset` says so."
    ),
]


@dataclass(frozen=True, slots=True)
class Started:
    """The subscription listens: whatever happens behind `cursor` will be told."""

    cursor: EventCursor


@dataclass(frozen=True, slots=True)
class PostAdded:
    """An entry has come into the feed."""

    cursor: EventCursor
    edge: FeedEdge


@dataclass(frozen=True, slots=True)
class PostRemoved:
    """An entry has gone from the feed."""

    cursor: EventCursor
    edge_cursor: Cursor
    post_id: int


@dataclass(frozen=True, slots=True)
class PostChanged:
    """A post in the feed has changed."""

    cursor: EventCursor
    post: PostRow


@dataclass(frozen=True, slots=True)
class ReadPositionMoved:
    """The viewer has read further."""

    cursor: EventCursor
    read_position: Cursor


@dataclass(frozen=True, slots=True)
class Reset:
    """Something may have been missed: read the feed anew."""

    cursor: EventCursor


HomeFeedEvent = Started | PostAdded | PostRemoved | PostChanged | ReadPositionMoved | Reset


class _Heard:
    """What a subscription has told already."""

    def __init__(self) -> None:
        self._events: OrderedDict[int, None] = OrderedDict()
        self._read_entry_id = 0

    def is_news(self, message: HomeMessage) -> bool:
        """Whether the message is to be told; asked once for each."""
        if message.event_id in self._events:
            return False
        self._events[message.event_id] = None
        if len(self._events) > REMEMBERED_EVENTS:
            self._events.popitem(last=False)
        if message.read_entry_id is None:
            return True
        # The worker may handle two moves in either order; a position only moves ahead.
        is_ahead = message.read_entry_id > self._read_entry_id
        self._read_entry_id = max(self._read_entry_id, message.read_entry_id)
        return is_ahead


async def home_feed_events(info: Info, after: ResumeAfter = None) -> AsyncIterator[HomeFeedEvent]:
    context = info.context
    viewer = context.require_viewer()
    if after is not None:
        decode_cursor(Listing.EVENTS, after)
    channel = channels.home(context.resources.channel_prefix, viewer.account_id)
    async with (
        context.resources.bus.listen(channel) as messages,
        context.resources.home.listening(viewer.account_id),
    ):
        yield Started(event_cursor_of_now())
        if after is not None:
            # Nothing proves that what came since can be replayed, and a hole is never silent.
            yield Reset(event_cursor_of_now())
        heard = _Heard()
        async for raw in messages:
            context.forget_loaded()
            if isinstance(raw, Gap):
                yield Reset(event_cursor_of_now())
                continue
            message = HomeMessage.from_bytes(raw)
            if not heard.is_news(message):
                continue
            try:
                event = await _home_event(context, viewer, message)
            except UnavailableError:
                event = Reset(event_cursor_of_now())
            if event is not None:
                yield event


async def _home_event(context: Context, viewer: Viewer, message: HomeMessage) -> HomeFeedEvent | None:
    """What the viewer is told of a message, by today's rules: they may have changed since it was sent."""
    event_cursor = EventCursor(encode_cursor(Listing.EVENTS, message.event_id))
    if message.is_reset:
        return Reset(event_cursor)
    if message.read_entry_id is not None:
        return ReadPositionMoved(event_cursor, cursor(Listing.HOME_FEED, message.read_entry_id))
    if message.removed_entry_id is not None:
        if not await may_have_shown(context, viewer, message):
            return None
        assert message.post_id is not None
        return PostRemoved(event_cursor, cursor(Listing.HOME_FEED, message.removed_entry_id), message.post_id)
    entry_id = message.changed_entry_id or message.added_entry_id
    assert entry_id is not None
    has_changed = message.changed_entry_id is not None
    # A client may hold what is left out by now: it read it, or a document asked for it.
    tuned = None if has_changed else Tuned(FeedKind.HOME)
    home = context.loaders.home_entries(viewer, WHOLE_POSTS._replace(tuned=tuned))
    entries = await home.among([entry_id], since=0, before=GREATEST_ID, merged_limit=0)
    for edge in await edges_of(context, Listing.HOME_FEED, entries, home_reason(viewer.account_id)):
        if edge is not None:
            return PostChanged(event_cursor, edge.node) if has_changed else PostAdded(event_cursor, edge)
    return None
