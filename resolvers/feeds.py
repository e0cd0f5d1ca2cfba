"""Feeds: entries and pages of them; the feeds of everyone, of a user and of a hashtag. Home has modules of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import NamedTuple

import strawberry

from actions.feed_refs import FeedRef
from core import ids
from core.clock import utc_now
from core.paging import TRAILED, Listing, Page, PageRequest, RankedKey, decode_cursor, encode_cursor
from loaders.feeds import load_public_entries
from loaders.hashtags import HashtagRow
from loaders.pages import GREATEST_ID
from loaders.rows import PostRow, UserRow
from loaders.signals import Signal
from loaders.wanted import FeedEntry, Wanted
from models.feeds import FeedKind
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import (
    DEFAULT_PAGE,
    PROFILE_TABS,
    After,
    Cursor,
    EventCursor,
    First,
    Kind,
    Until,
    UserPostsKind,
    page,
)
from resolvers.connections import PageInfo, Scan, Scanned, cursor, ending_above, filled_page, new_tuple, page_info
from resolvers.context import Context, Info
from resolvers.feed_gaps import FeedGap, gaps_behind
from resolvers.feed_options import Options, tuned
from resolvers.folding import Folding
from resolvers.readings import KeptFeed, Newest, Reading, Show
from resolvers.user_lists import shows_lists

# Of functions within functions, whose annotations are made whenever they are: a subscript takes as long as an edge.
Start = int | None
ScannedEntries = Scanned[FeedEntry]
ScanEntries = Scan[FeedEntry]


@strawberry.enum(description="Why an entry is in a feed.")
class FeedReasonKind(Enum):
    """One reason for each entry: the first that holds, in this order."""

    REPOSTED = strawberry.enum_value("REPOSTED", description="`user` reposted it.")
    OWN = strawberry.enum_value("OWN", description="The viewer posted it.")
    FOLLOWED = strawberry.enum_value("FOLLOWED", description="Somebody whom the viewer follows posted it.")
    HASHTAG = strawberry.enum_value(
        "HASHTAG", description="It has `hashtag`; in the home feed: which the viewer follows."
    )
    LIST = strawberry.enum_value("LIST", description="Somebody on `list` posted it.")
    PROFILE = strawberry.enum_value("PROFILE", description="It is on this profile.")
    PUBLIC = strawberry.enum_value("PUBLIC", description="It is public.")
    RANKED = strawberry.enum_value("RANKED", description="The viewer may want to see it: `signals` say why.")


@dataclass(frozen=True, slots=True)
class FeedReason:
    """Why an entry is in a feed, which account brought it there, and by which hashtag or list, if by one.

    What is ranked has a score, and the signals that it is made of.
    """

    kind: FeedReasonKind
    user_id: int
    hashtag_id: int | None = None
    list_id: int | None = None
    score: float | None = None
    signals: Sequence[Signal] | None = None


class FeedEdge(NamedTuple):
    """An entry of a feed: the post that it shows, and why. What few documents ask for is made for those that do.

    `folding` is the walk that came upon it, in feeds that fold entries of one post.
    """

    listing: Listing
    entry: FeedEntry
    node: PostRow
    reason_of: Callable[[FeedEntry], FeedReason]
    folding: Folding | None = None

    @property
    def cursor(self) -> Cursor:
        entry_id, folding = self.entry.id, self.folding
        return cursor(self.listing, entry_id, () if folding is None else folding.trail(entry_id))

    @property
    def reason(self) -> FeedReason:
        return self.reason_of(self.entry)

    @property
    def reposter_ids(self) -> tuple[int, ...]:
        """Who reposted it, the newest repost first."""
        entry, folding = self.entry, self.folding
        if not entry.is_repost:
            return ()
        return (entry.author_id,) if folding is None else tuple(folding.reposter_ids(entry.id))


class RankedEdge(NamedTuple):
    """An entry of a feed that is sorted by a rank. It is a post, never a repost."""

    listing: Listing
    key: RankedKey
    entry: FeedEntry
    node: PostRow
    reason: FeedReason

    @property
    def cursor(self) -> Cursor:
        return cursor(self.listing, self.key)

    @property
    def reposter_ids(self) -> tuple[int, ...]:
        return ()


def event_cursor_of_now() -> EventCursor:
    return event_cursor_of(utc_now())


def event_cursor_of(moment: datetime) -> EventCursor:
    return EventCursor(encode_cursor(Listing.EVENTS, ids.first_at(moment)))


class FeedConnection(NamedTuple):
    """A page of a feed. `began_at` was taken before the ids were read, so page and subscription miss nothing.

    `until` is the place before which it ends, `reading` how far the viewer has read the feed, where that is kept.
    """

    edges: Sequence[FeedEdge] | Sequence[RankedEdge]
    page_info: PageInfo
    began_at: datetime
    is_cut_short: bool = False
    until: int | None = None
    reading: Reading | None = None

    @property
    def event_cursor(self) -> EventCursor:
        return event_cursor_of(self.began_at)

    @property
    def gaps(self) -> list[FeedGap]:
        return gaps_behind(self.page_info, is_cut_short=self.is_cut_short, until=self.until)

    @property
    def feed_ref(self) -> FeedRef | None:
        return None if self.reading is None else self.reading.ref

    @property
    def newest(self) -> Newest | None:
        """What the page knows of the top of the feed; None if it begins below that, or ends above its own end."""
        found = self.page_info
        if found.has_previous_page or self.until is not None:
            return None
        reached = found.end_key if found.has_next_page else 0
        assert isinstance(reached, int)
        trail = () if found.trail_of is None else found.trail_of(reached)
        return Newest([edge.entry.id for edge in self.edges], reached, trail)


async def unread_count(root: strawberry.Parent[FeedConnection], info: Info) -> int | None:
    return None if root.reading is None else await root.reading.unread_count(info.context, root.newest)


async def public_feed(
    info: Info, first: First = DEFAULT_PAGE, after: After = None, until: Until = None, options: Options = None
) -> FeedConnection:
    context = info.context
    request = page(Listing.PUBLIC_FEED, first, after)
    wanted = wanted_of_entries(info)._replace(tuned=tuned(FeedKind.PUBLIC, options, context.viewer))

    async def scan(start: Start, limit: int) -> ScannedEntries:
        before = GREATEST_ID if start is None else start
        return scanned(await load_public_entries(context.loaders, wanted, before=before, limit=limit), limit)

    return await feed_page(context, Listing.PUBLIC_FEED, request, scan, _public_reason, until=until)


def _public_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.PUBLIC, entry.author_id)


async def user_posts(
    root: strawberry.Parent[UserRow],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    kind: Kind = UserPostsKind.POSTS,
    until: Until = None,
) -> FeedConnection:
    context = info.context
    tab, listing = PROFILE_TABS[kind]
    request = page(listing, first, after)
    wanted = wanted_of_entries(info)

    async def scan(start: Start, limit: int) -> ScannedEntries:
        if not shows_lists(root):
            return scanned((), limit)
        # A PageRequest brings one item more than it asks for.
        loader = context.loaders.entries(PageRequest(limit - 1, start), wanted, tab=tab)
        return scanned(await loader.load(root.id) or [], limit)

    return await feed_page(context, listing, request, scan, _profile_reason, until=until)


def _profile_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.REPOSTED if entry.is_repost else FeedReasonKind.PROFILE, entry.author_id)


async def hashtag_posts(
    root: strawberry.Parent[HashtagRow],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    until: Until = None,
    options: Options = None,
) -> FeedConnection:
    context = info.context
    request = page(Listing.HASHTAG_POSTS, first, after)
    wanted = wanted_of_entries(info)._replace(tuned=tuned(FeedKind.HASHTAG, options, context.viewer))

    def scan_of(wanted: Wanted) -> ScanEntries:
        async def scan(start: Start, limit: int) -> ScannedEntries:
            # A PageRequest brings one item more than it asks for.
            loader = context.loaders.hashtag_entries(PageRequest(limit - 1, start), wanted)
            return scanned(await loader.load(root.id) or [], limit)

        return scan

    ref = FeedRef(FeedKind.HASHTAG, root.id)
    kept = None if context.viewer is None else KeptFeed(ref, scan_of, wanted)
    listing = Listing.HASHTAG_POSTS
    return await feed_page(context, listing, request, scan_of(wanted), hashtag_reason, until=until, kept=kept)


def hashtag_reason(entry: FeedEntry) -> FeedReason:
    return FeedReason(FeedReasonKind.HASHTAG, entry.author_id, entry.hashtag_id)


def scanned(entries: Sequence[FeedEntry], limit: int) -> ScannedEntries:
    keys = [entry.id for entry in entries]
    is_end = len(entries) < limit or is_seen_below(entries)
    return Scanned(entries, keys, reached=keys[-1] if keys else 0, is_end=is_end)


def is_seen_below(entries: Sequence[FeedEntry]) -> bool:
    """Whether what follows these entries is not to be shown because it was seen."""
    return bool(entries) and entries[-1].is_seen


async def feed_page(
    context: Context,
    listing: Listing,
    request: PageRequest,
    scan: ScanEntries,
    reason_of: Callable[[FeedEntry], FeedReason],
    *,
    until: Cursor | None = None,
    kept: KeptFeed | None = None,
) -> FeedConnection:
    """A page of a feed, above the place `until` if there is one. `kept`: it is kept how far the viewer has read it."""
    began_at = utc_now()
    floor = None if until is None else decode_cursor(listing, until)
    if floor is not None:
        scan = ending_above(floor, scan, at_least=request.fetch_count)

    folding = _walk(listing, request)
    show = partial(edges_of, context, listing, reason_of=reason_of, folding=folding)
    filled: Page[tuple[int, FeedEdge]] = await filled_page(request, scan, show)
    items = filled.items
    start = items[0][0] if items else None
    return FeedConnection(
        edges=[edge for _, edge in items],
        page_info=page_info(
            listing,
            request,
            start=start,
            has_next=filled.has_next,
            end=filled.end,
            trail_of=None if folding is None else folding.trail,
        ),
        began_at=began_at,
        is_cut_short=filled.is_cut_short,
        until=floor,
        reading=None if kept is None else Reading(kept, partial(_show_of, context, listing, reason_of)),
    )


def _walk(listing: Listing, request: PageRequest) -> Folding | None:
    return Folding(request.first, request.trail) if listing in TRAILED else None


def _show_of(
    context: Context, listing: Listing, reason_of: Callable[[FeedEntry], FeedReason], request: PageRequest
) -> Show:
    """What shows the entries of another page of the feed."""
    return partial(edges_of, context, listing, reason_of=reason_of, folding=_walk(listing, request))


async def edges_of(
    context: Context,
    listing: Listing,
    entries: Sequence[FeedEntry],
    reason_of: Callable[[FeedEntry], FeedReason],
    folding: Folding | None = None,
) -> list[FeedEdge | None]:
    """The edges of entries; None for one that is not to be shown, or whose post the viewer does not see, or that is
    folded into another one.
    """
    posts = await context.loaders.posts.load_all([entry.post_id for entry in entries])
    edges: list[FeedEdge | None] = [
        None if post is None or not entry.is_shown else new_tuple(FeedEdge, (listing, entry, post, reason_of, folding))
        for entry, post in zip(entries, posts, strict=True)
    ]
    if folding is None:
        return edges
    return [None if edge is None or folding.is_folded(edge.entry) else edge for edge in edges]
