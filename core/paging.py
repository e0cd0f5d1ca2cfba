"""Keyset paging: one place in a list, one page of it, and the opaque cursors between them.

    number (the sort key, a 64-bit id)  ->  Cursor(listing, number)  ->  "opaque text"

Nearly every list of ours is sorted by an id, which is unique and time-ordered, so the key alone is a total order. A few
are sorted by a rank first and by the id where ranks are equal; their keys and cursors have both.
A cursor says which kind of list gave it out, so that one of another list is refused, not misread.

Lists that fold what repeats within a stretch also say in their cursors what that stretch had: their trail.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import Any, Generic, NamedTuple, TypeVar

from core import opaque
from core.errors import BadCursorError, BadInputError

SMALLEST_PAGE = 1
LARGEST_PAGE = 100
# After so many rounds of topping up, a page that rules thin out stays short, even empty; the client goes on from where
# scanning stopped. Each round looks at so many times as many items as the one before, or at as many as one may: a short
# page says that something is hidden there, so it takes hundreds in a row to make one.
TOP_UP_ROUNDS = 5
TOP_UP_GROWTH = 4
MOST_IN_A_ROUND = 500

_VERSION = 1
_LAYOUT = struct.Struct(">BBq")
_RANKED_LAYOUT = struct.Struct(">BBqq")
_MARK_LAYOUT = struct.Struct(">Bq")

# How many places of a list a trail reaches back.
TRAIL_LENGTH = 40


class Listing(IntEnum):
    """The kinds of lists that page. Part of every cursor ever given out: never reuse a number."""

    HOME_FEED = 1
    PUBLIC_FEED = 2
    USER_POSTS = 3
    FOLLOWERS = 4
    FOLLOWING = 5
    VIEWER_LIKES = 6
    REPLIES_OLDEST_FIRST = 7
    REPLIES_NEWEST_FIRST = 8
    ANCESTORS = 9
    EVENTS = 10
    REPLIES_TOP = 11
    REPLIES_AUTHOR_FIRST = 12
    LIKED_BY = 13
    REPOSTED_BY = 14
    QUOTES = 15
    EDITS = 16
    BOOKMARKS = 17
    BOOKMARK_FOLDERS = 18
    HASHTAG_POSTS = 19
    FOLLOWED_HASHTAGS = 20
    MUTED_THREADS = 21
    FOLLOWED_THREADS = 22
    SEARCHED_USERS = 23
    SEARCHED_HASHTAGS = 24
    USER_QUOTES = 25
    FOLLOW_REQUESTS = 26
    BLOCKS = 27
    MUTES = 28
    FILTERS = 29
    LISTS = 30
    LIST_MEMBERS = 31
    CIRCLES = 32
    CIRCLE_MEMBERS = 33
    SUGGESTIONS = 34
    FOLLOWERS_YOU_KNOW = 35
    REPORTS = 36
    OWN_REPORTS = 37
    MODERATION_ACTIONS = 38
    HIDDEN_REPLIES = 39
    SENT_FOLLOW_REQUESTS = 40
    LIST_FEED = 41
    FOR_YOU_FEED = 42
    TRENDING_HASHTAGS = 43
    TRENDING_POSTS = 44
    READ_POSITIONS = 45
    FEED_PREFERENCES = 46


# The lists whose keys have a rank.
RANKED = frozenset(
    {
        Listing.REPLIES_TOP,
        Listing.REPLIES_AUTHOR_FIRST,
        Listing.SUGGESTIONS,
        Listing.FOR_YOU_FEED,
        Listing.TRENDING_HASHTAGS,
        Listing.TRENDING_POSTS,
    }
)


# The lists whose cursors have a trail.
TRAILED = frozenset({Listing.HOME_FEED, Listing.LIST_FEED})


class Mark(NamedTuple):
    """Something that may repeat: the post `post_id` was reposted `back` places above that of the cursor."""

    back: int
    post_id: int


# The nearest first, at most one of each place.
Trail = tuple[Mark, ...]


class RankedKey(NamedTuple):
    """The sort key of a list that is sorted by a rank, and by the id where ranks are equal."""

    rank: int
    id: int


SortKey = int | RankedKey


def encode_cursor(listing: Listing, key: SortKey, trail: Trail = ()) -> str:
    """The opaque cursor of one place in a list."""
    if isinstance(key, RankedKey):
        return opaque.to_text(_RANKED_LAYOUT.pack(_VERSION, listing, *key))
    place = _LAYOUT.pack(_VERSION, listing, key)
    return opaque.to_text(place + b"".join(_MARK_LAYOUT.pack(*mark) for mark in trail) if trail else place)


def decode_cursor(listing: Listing, text: str) -> int:
    """The sort key inside a cursor. Raises BadCursorError for one that this kind of list never gave out."""
    return decode_trailed_cursor(listing, text)[0]


def decode_trailed_cursor(listing: Listing, text: str) -> tuple[int, Trail]:
    """The sort key and the trail inside a cursor. Raises BadCursorError as `decode_cursor`."""
    packed = _bytes_of(text)
    (key,) = _unpacked(listing, packed[: _LAYOUT.size], _LAYOUT)
    marks = packed[_LAYOUT.size :]
    if not marks:
        return key, ()
    if listing not in TRAILED or len(marks) % _MARK_LAYOUT.size or len(marks) > TRAIL_LENGTH * _MARK_LAYOUT.size:
        raise BadCursorError
    trail = tuple(Mark(*mark) for mark in _MARK_LAYOUT.iter_unpack(marks))
    backs = [mark.back for mark in trail]
    if backs != sorted(set(backs)) or backs[-1] >= TRAIL_LENGTH or any(mark.post_id < 0 for mark in trail):
        raise BadCursorError
    return key, trail


def decode_ranked_cursor(listing: Listing, text: str) -> RankedKey:
    """The same for a list that is sorted by a rank first."""
    return RankedKey(*_unpacked(listing, _bytes_of(text), _RANKED_LAYOUT))


def _bytes_of(text: str) -> bytes:
    try:
        return opaque.to_bytes(text)
    except ValueError as error:
        raise BadCursorError from error


def _unpacked(listing: Listing, packed: bytes, layout: struct.Struct) -> tuple[int, ...]:
    try:
        version, found, *key = layout.unpack(packed)
    except struct.error as error:
        raise BadCursorError from error
    if version != _VERSION or found != listing or min(key) < 0:
        raise BadCursorError
    return tuple(key)


class PageRequest(NamedTuple):
    """The part of a list that was asked for: at most `first` items behind the place `after`.

    `after` is an id; `after_rank` is the rank of that place in a list that is sorted by one first, `trail` what the
    places above it had in a list that folds what repeats.
    """

    first: int
    after: int | None = None
    after_rank: int | None = None
    trail: Trail = ()

    @property
    def fetch_count(self) -> int:
        """One more than asked for: whether it exists answers `hasNextPage`."""
        return self.first + 1

    @property
    def rounds(self) -> Iterator[int]:
        """How many items each round that fills the page may look at."""
        count = self.fetch_count
        for _ in range(TOP_UP_ROUNDS):
            yield count
            count = min(count * TOP_UP_GROWTH, MOST_IN_A_ROUND)


def page_request(listing: Listing, *, first: int, after: str | None) -> PageRequest:
    """Checks the two paging arguments. Raises BadInputError or BadCursorError."""
    if not SMALLEST_PAGE <= first <= LARGEST_PAGE:
        raise BadInputError(f"`first` must be between {SMALLEST_PAGE} and {LARGEST_PAGE}, not {first}.")
    if after is None:
        return PageRequest(first)
    if listing in RANKED:
        place = decode_ranked_cursor(listing, after)
        return PageRequest(first, place.id, place.rank)
    key, trail = decode_trailed_cursor(listing, after)
    return PageRequest(first, key, trail=trail)


T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """Some items of a list, and where to go on: `end` is the key up to which the list was scanned.

    `is_cut_short`: scanning stopped there before the page was full, so whether more is shown behind it is not known.
    """

    items: Sequence[T]
    has_next: bool
    end: SortKey | None
    is_cut_short: bool = False


K = TypeVar("K", bound=SortKey)

# What `Page(…)` does, without a Python function around it: a feed makes one for the replies to each post.
_page: Callable[..., Page[Any]] = tuple.__new__


def page_of_shown(
    request: PageRequest,
    shown: Sequence[tuple[K, T]],
    *,
    is_end: bool = False,
    reached: SortKey | None = None,
) -> Page[tuple[K, T]]:
    """The page made of what may be shown, as pairs of sort key and item: one more than asked for, or all there is.

    `is_end`: the list has nothing else. If it may have, and this is too little, scanning stopped at the key `reached`.
    """
    if len(shown) > request.first:
        kept = shown[: request.first]
        return _page(Page, (kept, True, kept[-1][0], False))
    if is_end:
        return _page(Page, (shown, False, shown[-1][0] if shown else None, False))
    return Page(shown, has_next=True, end=reached, is_cut_short=True)
