"""Arguments that many fields take, with their descriptions; and the scalars behind them."""

from enum import Enum
from typing import Annotated, NamedTuple, NewType

import strawberry

from core import ids
from core.paging import Listing, PageRequest, page_request
from loaders.tabs import Tab

Cursor = NewType("Cursor", str)
EventCursor = NewType("EventCursor", str)
Url = NewType("Url", str)

First = Annotated[
    int, strawberry.argument(description="How many items at most: 1 to 100. Page on by `hasNextPage`, not by length.")
]
After = Annotated[
    Cursor | None, strawberry.argument(description="Where to go on: an `endCursor` or an edge's `cursor` of this list.")
]
Until = Annotated[
    Cursor | None,
    strawberry.argument(
        description="The newest entry that the client holds: the page ends before it, and `gaps` tell what is missing"
        " between the two."
    ),
]

NodeId = Annotated[strawberry.ID, strawberry.argument(description="The id of the thing.")]
Handle = Annotated[str, strawberry.argument(description="The user's handle, in any case, without an @.")]

DEFAULT_PAGE = 20


@strawberry.enum(description="The order of replies.")
class ReplySort(Enum):
    """By time, by what people make of them, or as the thread's author goes on."""

    OLDEST = strawberry.enum_value("OLDEST", description="As they were written.")
    NEWEST = strawberry.enum_value("NEWEST", description="The newest first.")
    TOP = strawberry.enum_value(
        "TOP",
        description="By the sum of their likes, replies, reposts and quotes, the highest first; of equals the oldest.",
    )
    AUTHOR_FIRST = strawberry.enum_value(
        "AUTHOR_FIRST",
        description="Replies by the author of the thread's first post, then all others; the oldest first in both.",
    )


Sort = Annotated[ReplySort, strawberry.argument(description="The order of the replies.")]
REPLY_LISTINGS = {
    ReplySort.OLDEST: Listing.REPLIES_OLDEST_FIRST,
    ReplySort.NEWEST: Listing.REPLIES_NEWEST_FIRST,
    ReplySort.TOP: Listing.REPLIES_TOP,
    ReplySort.AUTHOR_FIRST: Listing.REPLIES_AUTHOR_FIRST,
}


def page(listing: Listing, first: int, after: Cursor | None) -> PageRequest:
    """The checked paging arguments. Raises BadInputError, BadCursorError."""
    return page_request(listing, first=first, after=after)


def post_number(post_id: strawberry.ID) -> int:
    """The number behind a post's id; ids.NOBODY if it is no post's id."""
    return ids.number_of(ids.Kind.POST, post_id)


def user_number(user_id: strawberry.ID) -> int:
    """The number behind a user's id; ids.NOBODY if it is no user's id."""
    return ids.number_of(ids.Kind.USER, user_id)


def folder_number(folder_id: strawberry.ID) -> int:
    """The number behind a folder's id; ids.NOBODY if it is no folder's id."""
    return ids.number_of(ids.Kind.BOOKMARK_FOLDER, folder_id)


def circle_number(circle_id: strawberry.ID) -> int:
    """The number behind a circle's id; ids.NOBODY if it is no circle's id."""
    return ids.number_of(ids.Kind.CIRCLE, circle_id)


def report_number(report_id: strawberry.ID) -> int:
    """The number behind a report's id; ids.NOBODY if it is no report's id."""
    return ids.number_of(ids.Kind.REPORT, report_id)


@strawberry.enum(description="A part of what a user has posted.")
class UserPostsKind(Enum):
    """The tabs of a profile."""

    POSTS = strawberry.enum_value("POSTS", description="Posts and reposts, without replies.")
    REPLIES = strawberry.enum_value("REPLIES", description="Replies only.")
    QUOTES = strawberry.enum_value("QUOTES", description="Posts and replies that quote another post.")


Kind = Annotated[UserPostsKind, strawberry.argument(description="Which part of what the user has posted.")]


class ProfileTab(NamedTuple):
    """Where a part of what a user has posted comes from, and which cursors it has."""

    tab: Tab
    listing: Listing


PROFILE_TABS = {
    UserPostsKind.POSTS: ProfileTab(Tab.POSTS, Listing.USER_POSTS),
    UserPostsKind.REPLIES: ProfileTab(Tab.REPLIES, Listing.USER_POSTS),
    UserPostsKind.QUOTES: ProfileTab(Tab.QUOTES, Listing.USER_QUOTES),
}
