"""Feeds: pages of entries, and the home feed live."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, NamedTuple

import strawberry

from access.viewer import Viewer
from core import ids
from core.clock import utc_now
from core.errors import UnavailableError
from core.paging import Listing, Page, PageRequest, decode_cursor, encode_cursor
from events import channels
from events.bus import Gap, HomeMessage
from loaders.feeds import load_public_entries
from loaders.hashtags import HashtagRow
from loaders.pages import GREATEST_ID
from loaders.rows import PostRow, UserRow
from loaders.wanted import WHOLE_POSTS, FeedEntry
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import (
    DEFAULT_PAGE,
    PROFILE_TABS,
    After,
    Cursor,
    EventCursor,
    First,
    Kind,
    UserPostsKind,
    page,
)
from resolvers.connections import PageInfo, Scanned, cursor, filled_page, new_tuple, page_info
from resolvers.context import Context, Info
from resolvers.removals import may_have_shown
from resolvers.user_lists import shows_lists

# A message that is delivered twice is dropped if it is among so many of the last.
REMEMBERED_EVENTS = 256


@strawberry.enum(description="Why an entry is in a feed.")
class FeedReasonKind(Enum):
    """One reason for each entry: the first that holds, in this order."""

    REPOSTED = strawberry.enum_value("REPOSTED", description="`user` reposted it.")
    OWN = strawberry.enum_value("OWN", description="The viewer posted it.")
    FOLLOWED = strawberry.enum_value("FOLLOWED", description="Somebody whom the viewer follows posted it.")
    HASHTAG = strawberry.enum_value(
        "HASHTAG", description="It has `hashtag`; in the home feed: which the viewer follows."
    )
    PROFILE = strawberry.enum_value("PROFILE", description="It is on this profile.")
    PUBLIC = strawberry.enum_value("PUBLIC", description="It is public.")


@dataclass(frozen=True, slots=True)
class FeedReason:
    """Why an entry is in a feed, which account brought it there, and by which hashtag, if that is why."""

    kind: FeedReasonKind
    user_id: int
    hashtag_id: int | None = None


class FeedEdge(NamedTuple):
    """An entry of a feed: the post that it shows, and why. What few documents ask for is made for those that do."""

    listing: Listing
    entry: FeedEntry
    node: PostRow
    reason_of: Callable[[FeedEntry], FeedReason]

    @property
    def cursor(self) -> Cursor:
        return cursor(self.listing, self.entry.id)

    @property
    def reason(self) -> FeedReason:
        return self.reason_of(self.entry)

    @property
    def reposter_id(self) -> int | None:
        return self.entry.author_id if self.entry.is_repost else None


class FeedConnection(NamedTuple):
    """A page of a feed. `began_at` was taken before the ids were read, so page and subscription miss nothing."""

    edges: Sequence[FeedEdge]
    page_info: PageInfo
    began_at: datetime

    @property
    def event_cursor(self) -> EventCursor:
        return _event_cursor_of(self.began_at)


ResumeAfter = Annotated[
    EventCursor | None,
    strawberry.argument(
        description="The last event that the client has seen. If what came since cannot be replayed, `Reset` says so."
    ),
]


async def home_feed(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> FeedConnection:
    context = info.context
    viewer = context.require_viewer()
    request = page(Listing.HOME_FEED, first, after)
    home = context.loaders.home_entries(viewer, wanted_of_entries(info))

    async def scan(start: int | None, limit: int) -> Scanned[FeedEntry]:
        part = await context.resources.home.scan(home, before=GREATEST_ID if start is None else start, limit=limit)
        return Scanned(part.entries, [entry.id for entry in part.entries], part.reached, part.is_end)

    return await _feed(context, Listing.HOME_FEED, request, scan, home_reason(viewer.account_id))


async def public_feed(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> FeedConnection:
    context = info.context
    request = page(Listing.PUBLIC_FEED, first, after)
    wanted = wanted_of_entries(info)

    async def scan(start: int | None, limit: int) -> Scanned[FeedEntry]:
        before = GREATEST_ID if start is None else start
        return _scanned(await load_public_entries(context.loaders, wanted, before=before, limit=limit), limit)

    return await _feed(context, Listing.PUBLIC_FEED, request, scan, _public_reason)


def _public_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.PUBLIC, entry.author_id)


async def user_posts(
    root: strawberry.Parent[UserRow],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    kind: Kind = UserPostsKind.POSTS,
) -> FeedConnection:
    context = info.context
    tab, listing = PROFILE_TABS[kind]
    request = page(listing, first, after)
    wanted = wanted_of_entries(info)

    async def scan(start: int | None, limit: int) -> Scanned[FeedEntry]:
        if not shows_lists(root):
            return _scanned((), limit)
        # A PageRequest brings one item more than it asks for.
        loader = context.loaders.entries(PageRequest(limit - 1, start), wanted, tab=tab)
        return _scanned(await loader.load(root.id) or [], limit)

    return await _feed(context, listing, request, scan, _profile_reason)


def _profile_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.REPOSTED if entry.is_repost else FeedReasonKind.PROFILE, entry.author_id)


async def hashtag_posts(
    root: strawberry.Parent[HashtagRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> FeedConnection:
    context = info.context
    request = page(Listing.HASHTAG_POSTS, first, after)
    wanted = wanted_of_entries(info)

    async def scan(start: int | None, limit: int) -> Scanned[FeedEntry]:
        # A PageRequest brings one item more than it asks for.
        loader = context.loaders.hashtag_entries(PageRequest(limit - 1, start), wanted)
        return _scanned(await loader.load(root.id) or [], limit)

    return await _feed(context, Listing.HASHTAG_POSTS, request, scan, _hashtag_reason)


def _hashtag_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.HASHTAG, entry.author_id, entry.hashtag_id)


def home_reason(viewer_id: int) -> Callable[[FeedEntry], FeedReason]:
    """Why an entry is in this viewer's home feed."""

    def reason(entry: FeedEntry) -> FeedReason:
        if entry.is_repost:
            return FeedReason(FeedReasonKind.REPOSTED, entry.author_id)
        if entry.hashtag_id is not None:
            return _hashtag_reason(entry)
        is_own = entry.author_id == viewer_id
        return FeedReason(FeedReasonKind.OWN if is_own else FeedReasonKind.FOLLOWED, entry.author_id)

    return reason


def _scanned(entries: Sequence[FeedEntry], limit: int) -> Scanned[FeedEntry]:
    keys = [entry.id for entry in entries]
    return Scanned(entries, keys, reached=keys[-1] if keys else 0, is_end=len(entries) < limit)


async def _feed(
    context: Context,
    listing: Listing,
    request: PageRequest,
    scan: Callable[[int | None, int], Awaitable[Scanned[FeedEntry]]],
    reason_of: Callable[[FeedEntry], FeedReason],
) -> FeedConnection:
    began_at = utc_now()

    async def show(entries: Sequence[FeedEntry]) -> Sequence[FeedEdge | None]:
        return await _edges(context, listing, entries, reason_of)

    filled: Page[tuple[int, FeedEdge]] = await filled_page(request, scan, show)
    items = filled.items
    start = items[0][0] if items else None
    return FeedConnection(
        edges=[edge for _, edge in items],
        page_info=page_info(listing, request, start=start, has_next=filled.has_next, end=filled.end),
        began_at=began_at,
    )


async def _edges(
    context: Context, listing: Listing, entries: Sequence[FeedEntry], reason_of: Callable[[FeedEntry], FeedReason]
) -> list[FeedEdge | None]:
    """The edges of entries; None for one that is not to be shown, or whose post the viewer does not see."""
    posts = await context.loaders.posts.load_all([entry.post_id for entry in entries])
    return [
        None if post is None or not entry.is_shown else new_tuple(FeedEdge, (listing, entry, post, reason_of))
        for entry, post in zip(entries, posts, strict=True)
    ]


# The home feed live.


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


async def home_feed_events(info: Info, after: ResumeAfter = None) -> AsyncIterator[HomeFeedEvent]:
    context = info.context
    viewer = context.require_viewer()
    if after is not None:
        decode_cursor(Listing.EVENTS, after)
    channel = channels.home(context.resources.channel_prefix, viewer.account_id)
    async with context.resources.bus.listen(channel) as messages:
        yield Started(_event_cursor_of_now())
        if after is not None:
            # Nothing proves that what came since can be replayed, and a hole is never silent.
            yield Reset(_event_cursor_of_now())
        seen: OrderedDict[int, None] = OrderedDict()
        async for raw in messages:
            context.forget_loaded()
            if isinstance(raw, Gap):
                yield Reset(_event_cursor_of_now())
                continue
            message = HomeMessage.from_bytes(raw)
            if message.event_id in seen:
                continue
            seen[message.event_id] = None
            if len(seen) > REMEMBERED_EVENTS:
                seen.popitem(last=False)
            try:
                event = await _home_event(context, viewer, message)
            except UnavailableError:
                event = Reset(_event_cursor_of_now())
            if event is not None:
                yield event


async def _home_event(context: Context, viewer: Viewer, message: HomeMessage) -> HomeFeedEvent | None:
    """What the viewer is told of a message, by today's rules: they may have changed since it was sent."""
    event_cursor = EventCursor(encode_cursor(Listing.EVENTS, message.event_id))
    if message.is_reset:
        return Reset(event_cursor)
    if message.removed_entry_id is not None:
        if not await may_have_shown(context, viewer, message):
            return None
        assert message.post_id is not None
        return PostRemoved(event_cursor, cursor(Listing.HOME_FEED, message.removed_entry_id), message.post_id)
    entry_id = message.changed_entry_id or message.added_entry_id
    assert entry_id is not None
    home = context.loaders.home_entries(viewer, WHOLE_POSTS)
    entries = await home.among([entry_id], since=0, before=GREATEST_ID, own_limit=0)
    for edge in await _edges(context, Listing.HOME_FEED, entries, home_reason(viewer.account_id)):
        if edge is not None:
            has_changed = message.changed_entry_id is not None
            return PostChanged(event_cursor, edge.node) if has_changed else PostAdded(event_cursor, edge)
    return None


def _event_cursor_of_now() -> EventCursor:
    return _event_cursor_of(utc_now())


def _event_cursor_of(moment: datetime) -> EventCursor:
    return EventCursor(encode_cursor(Listing.EVENTS, ids.first_at(moment)))
