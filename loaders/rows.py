"""What statements bring of posts and users: rows, which everyone shares, and parts, by the id of their post or user.

Rows, counts, and facts about the viewer are values of their own, so that they are never mixed up. A statement brings
the parts that are asked for and no others; a Layout says where in its records they are.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from access.facts import FactsOfPost, UserFact
from core import ids


class UserRow(NamedTuple):
    """The public face of an account, and what the rules need to know of it and the viewer (access.facts.UserFact)."""

    id: int
    handle: str
    display_name: str
    bio: str
    facts: int = 0

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)

    @property
    def viewer_is_blocking(self) -> bool:
        return self.facts & UserFact.BLOCKED > 0


class UserCounts(NamedTuple):
    """How many posts, followers and followees an account has, exactly, now."""

    post_count: int
    follower_count: int
    following_count: int


class ProfileField(NamedTuple):
    """A line of a profile."""

    name: str
    value: str


class UserDetails(NamedTuple):
    """What a profile shows beside name and bio. `bio_entities` and `fields` are JSON as it is stored."""

    bio_entities: str | None
    fields: str
    website: str | None
    location: str | None
    is_bot: bool
    is_private: bool
    avatar_url: str | None
    header_url: str | None

    @property
    def profile_fields(self) -> list[ProfileField]:
        return [ProfileField(name, value) for name, value in orjson.loads(self.fields)]


class Following(IntEnum):
    """How the viewer follows an account. NONE for an anonymous one."""

    NONE = 0
    REQUESTED = 1
    FOLLOWING = 2


class PostRow(NamedTuple):
    """A post, and what the rules need to know of it and the viewer (access.facts).

    A deleted one keeps its place in a thread; a repost has neither body nor a view.
    """

    id: int
    author_id: int
    body: str | None
    reply_to_id: int | None
    root_id: int | None
    repost_of_id: int | None
    quote_id: int | None
    deleted_at: datetime | None
    # Since when the quote shows nothing of what it quotes.
    quote_detached_at: datetime | None
    facts: FactsOfPost = None

    @property
    def thread_id(self) -> int:
        """The id of the thread's first post, which is this one if nothing is above it."""
        return self.root_id or self.id

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class PostCounts(NamedTuple):
    """How often a post was liked, replied to, reposted and quoted, exactly, now."""

    like_count: int
    reply_count: int
    repost_count: int
    quote_count: int


class PostDetails(NamedTuple):
    """What belongs to a post's body. `entities` are JSON as it is stored, None if there are none."""

    entities: str | None
    content_warning: str | None
    is_sensitive: bool
    language: str | None
    version: int
    edited_at: datetime | None


class PostAudience(NamedTuple):
    """Whom a post is for, and who may answer it, as numbers (models.posts)."""

    visibility: int
    reply_policy: int
    quote_policy: int
    repost_policy: int


class Part(StrEnum):
    """What a statement may bring beside the rows of posts and users, by the name of the loader that has it.

    Facts about the viewer are bools, False for an anonymous one; but VIEWER_FOLLOWS are Followings.
    """

    POST_COUNTS = "post_counts"
    POST_DETAILS = "post_details"
    POST_AUDIENCE = "post_audience"
    REPLY_HIDINGS = "reply_hidings"
    VIEWER_LIKES = "viewer_likes"
    VIEWER_REPOSTS = "viewer_reposts"
    VIEWER_BOOKMARKS = "viewer_bookmarks"
    USER_COUNTS = "user_counts"
    USER_DETAILS = "user_details"
    VIEWER_FOLLOWS = "viewer_follows"
    VIEWER_FOLLOWERS = "viewer_followers"


Parts = frozenset[Part]
EVERYTHING: Parts = frozenset(Part)

# What each part is made of: a tuple of columns, or the one column that it is (None). In the order of the columns.
SHAPES_OF_POSTS: Mapping[Part, type[Any] | None] = {
    Part.POST_COUNTS: PostCounts,
    Part.POST_DETAILS: PostDetails,
    Part.POST_AUDIENCE: PostAudience,
    Part.REPLY_HIDINGS: None,
    Part.VIEWER_LIKES: None,
    Part.VIEWER_REPOSTS: None,
    Part.VIEWER_BOOKMARKS: None,
}
SHAPES_OF_USERS: Mapping[Part, type[Any] | None] = {
    Part.USER_COUNTS: UserCounts,
    Part.USER_DETAILS: UserDetails,
    Part.VIEWER_FOLLOWS: None,
    Part.VIEWER_FOLLOWERS: None,
}
PARTS_OF_POSTS: Parts = frozenset(SHAPES_OF_POSTS)
PARTS_OF_USERS: Parts = frozenset(SHAPES_OF_USERS)

_POST_ROW = slice(0, len(PostRow._fields))
_USER_ROW_COLUMNS = len(UserRow._fields)


class Place(NamedTuple):
    """Where in a record a part is: one column, or a slice that becomes a `shape`."""

    at: int | slice
    shape: type[Any] | None


class Layout(NamedTuple):
    """Where in the records of a statement everything is. The columns of the user (of a post, its author) begin at
    `user`; what the statement adds (`.add_columns`) begins at `end`.
    """

    of_posts: Mapping[Part, Place]
    of_users: Mapping[Part, Place]
    user: int
    end: int


@lru_cache
def layout_of(parts: Parts) -> Layout:
    """The layout of a statement that brings posts and their authors, with these parts of them."""
    of_posts, user = _places(SHAPES_OF_POSTS, parts, start=len(PostRow._fields))
    of_users, end = _places(SHAPES_OF_USERS, parts, start=user + _USER_ROW_COLUMNS)
    return Layout(of_posts, of_users, user, end)


@lru_cache
def layout_of_users(parts: Parts) -> Layout:
    """The layout of a statement that brings users alone, with these parts of them."""
    of_users, end = _places(SHAPES_OF_USERS, parts, start=_USER_ROW_COLUMNS)
    return Layout({}, of_users, 0, end)


def _places(shapes: Mapping[Part, type[Any] | None], parts: Parts, *, start: int) -> tuple[dict[Part, Place], int]:
    places: dict[Part, Place] = {}
    for part, shape in shapes.items():
        if part in parts:
            width = 1 if shape is None else len(shape._fields)
            places[part] = Place(start if shape is None else slice(start, start + width), shape)
            start += width
    return places, start


class Hydrated:
    """Rows and parts by id. Of parts that a statement did not bring there is nothing here.

    Nothing is hidden from anybody here until it has been guarded (loaders.guard); what is hidden is None then.
    """

    __slots__ = ("parts", "posts", "users")

    def __init__(self) -> None:
        self.posts: dict[int, PostRow | None] = {}
        self.users: dict[int, UserRow | None] = {}
        # By the id of the post or the user.
        self.parts: dict[Part, dict[int, Any]] = {}

    def add_posts(self, records: Sequence[Any], parts: Parts, *, layout: Layout | None = None) -> None:
        """Takes what `select_posts` gave: records of that layout, with these parts of them."""
        layout = layout or layout_of(parts)
        make = tuple.__new__  # what `_make` does, without a Python function around it
        self.posts |= {record[0]: make(PostRow, record[_POST_ROW]) for record in records}
        self._add(records, parts, layout.of_posts, key=0)
        self.add_users(records, parts, layout=layout)

    def add_users(self, records: Sequence[Any], parts: Parts, *, layout: Layout) -> None:
        """Takes users from records of that layout, with these parts of them."""
        make, start = tuple.__new__, layout.user
        row = slice(start, start + _USER_ROW_COLUMNS)
        self.users |= {record[start]: make(UserRow, record[row]) for record in records}
        self._add(records, parts, layout.of_users, key=start)

    def _add(self, records: Sequence[Any], parts: Parts, places: Mapping[Part, Place], *, key: int) -> None:
        make = tuple.__new__
        for part, (at, shape) in places.items():
            if part not in parts:
                continue
            if shape is None:
                values = {record[key]: record[at] for record in records}
            else:
                values = {record[key]: make(shape, record[at]) for record in records}
            known = self.parts.get(part)
            self.parts[part] = values if known is None else known | values
