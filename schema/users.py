"""Users and the viewer."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from compiler import Attribute, lookup
from core import ids
from loaders.rows import Following, PostRow, UserRow
from resolvers import blocks as block_resolvers
from resolvers import bookmarks as bookmark_resolvers
from resolvers import circles as circle_resolvers
from resolvers import feed_preferences as preference_resolvers
from resolvers import (
    feeds,
    filters,
    hashtags,
    known_followers,
    moderation,
    mutes,
    payloads,
    posts,
    reports,
    threads,
    users,
)
from resolvers import follow_requests as request_resolvers
from resolvers import lists as list_resolvers
from resolvers import read_positions as position_resolvers
from resolvers import settings as setting_resolvers
from resolvers.arguments import Cursor, Url, user_number
from resolvers.context import Info
from resolvers.entities import entities_of
from schema.base import Node, PageInfo, node_id, part, relation, view_of
from schema.errors import INPUT, Refusable

if TYPE_CHECKING:
    from schema.bookmarks import BookmarkConnection, BookmarkFolderConnection
    from schema.circles import CircleConnection
    from schema.entities import Entity
    from schema.feed_preferences import FeedPreferenceConnection
    from schema.feeds import FeedConnection
    from schema.filters import FilterConnection
    from schema.hashtags import HashtagConnection
    from schema.lists import ListConnection
    from schema.moderation import ModerationActionConnection, WarningConnection
    from schema.mutes import MuteConnection, UserMute
    from schema.posts import Post, PostConnection, PostRefConnection
    from schema.read_positions import ReadPositionConnection
    from schema.reports import ReportConnection
    from schema.settings import Settings

LazyFeedConnection = Annotated["FeedConnection", strawberry.lazy("schema.feeds")]
LazyListConnection = Annotated["ListConnection", strawberry.lazy("schema.lists")]
LazyPost = Annotated["Post", strawberry.lazy("schema.posts")]
LazyPostConnection = Annotated["PostConnection", strawberry.lazy("schema.posts")]
LazyPostRefConnection = Annotated["PostRefConnection", strawberry.lazy("schema.posts")]


@strawberry.enum(description="How the viewer stands to a user.")
class FollowState(Enum):
    """Shows a rows.Following."""

    NONE = strawberry.enum_value("NONE", description="Not following, and not asked to.")
    REQUESTED = strawberry.enum_value("REQUESTED", description="Asked to follow a private account; no answer yet.")
    FOLLOWING = strawberry.enum_value("FOLLOWING", description="Following.")


_FOLLOW_STATES: Mapping[int, FollowState] = {following: FollowState[following.name] for following in Following}


def _follow_state(following: int | None) -> FollowState:
    return _FOLLOW_STATES[following or Following.NONE]


def _listed(found: list[PostRow] | None) -> list[PostRow]:
    return found or []


@strawberry.type(description="A line of a profile: pronouns, a job, another place to be found.")
class ProfileField:
    """View of rows.ProfileField."""

    name: str = strawberry.field(description="What it is about.")
    value: str = strawberry.field(description="What they say.")


@strawberry.type(description="A person on Rookery.")
@view_of(UserRow)
class User(Node):
    """View of UserRow."""

    id = node_id(ids.Kind.USER)
    handle: str = strawberry.field(description="The name in addresses and mentions: unique, whatever its case.")
    display_name: str = strawberry.field(description="The name to show.")
    bio: str = strawberry.field(description="What they say about themselves; may be empty.")
    bio_entities = relation(
        "user_details",
        key="id",
        then=Attribute("bio_entities", absent=(), then=entities_of),
        graphql_type=list[Annotated["Entity", strawberry.lazy("schema.entities")]],
        description="Mentions, hashtags and links in the bio, in order.",
    )
    fields = relation(
        "user_details",
        key="id",
        then=Attribute("profile_fields", absent=()),
        graphql_type=list[ProfileField],
        description="What else they say about themselves, in their order; at most 6.",
    )
    website = part(
        "user_details", "website", absent=None, graphql_type=Url | None, description="Their page, if they name one."
    )
    location = part(
        "user_details", "location", absent=None, graphql_type=str | None, description="Where they say they are."
    )
    is_bot: bool = part(
        "user_details", "is_bot", absent=False, graphql_type=bool, description="Whether a program posts here."
    )
    is_private: bool = part(
        "user_details",
        "is_private",
        absent=False,
        graphql_type=bool,
        description="Whether only followers, whom they have let in, see their posts and lists.",
    )
    avatar_url = part(
        "user_details",
        "avatar_url",
        absent=None,
        graphql_type=Url | None,
        description="Their picture, if they have one.",
    )
    header_url = part(
        "user_details",
        "header_url",
        absent=None,
        graphql_type=Url | None,
        description="The wide picture above their profile, if they have one.",
    )
    created_at: datetime = strawberry.field(description="When they joined.")
    post_count: int = part(
        "user_counts", "post_count", absent=0, graphql_type=int, description="Posts and replies, without reposts."
    )
    follower_count: int = part(
        "user_counts", "follower_count", absent=0, graphql_type=int, description="How many follow them."
    )
    following_count: int = part(
        "user_counts", "following_count", absent=0, graphql_type=int, description="How many they follow."
    )
    viewer_follow = relation(
        "viewer_follows",
        key="id",
        then=_follow_state,
        graphql_type=FollowState,
        description="Whether the viewer follows them, or has asked to.",
    )
    follows_viewer: bool = relation(
        "viewer_followers",
        key="id",
        then=bool,
        graphql_type=bool,
        description="Whether they follow the viewer.",
    )
    viewer_is_blocking: bool = strawberry.field(description="Whether the viewer blocks them.")
    viewer_note = relation(
        "viewer_notes",
        key="id",
        graphql_type=str | None,
        description="What the viewer has noted on them; nobody else sees it.",
    )
    viewer_is_muting: bool = relation(
        "viewer_mutes",
        key="id",
        then=bool,
        graphql_type=bool,
        description="Whether the viewer has muted them, be it only what they repost.",
    )
    viewer_mute = relation(
        "viewer_mutes",
        key="id",
        graphql_type=Annotated["UserMute", strawberry.lazy("schema.mutes")] | None,
        description="How the viewer has muted them; null if they have not.",
    )
    posts = strawberry.field(
        resolver=feeds.user_posts, graphql_type=LazyFeedConnection, description="What they posted, newest first."
    )
    pinned_posts = relation(
        "pinned_posts",
        key="id",
        then=_listed,
        graphql_type=list[LazyPost],
        description="What they show first on their profile, newest pin first; at most 5 posts.",
    )
    followers = strawberry.field(
        resolver=users.followers,
        graphql_type=Annotated["UserConnection", strawberry.lazy("schema.users")],
        description="Who follows them, newest follow first.",
    )
    following = strawberry.field(
        resolver=users.following,
        graphql_type=Annotated["UserConnection", strawberry.lazy("schema.users")],
        description="Whom they follow, newest follow first.",
    )
    followers_you_know = lookup(
        known_followers.followers_you_know,
        graphql_type=Annotated["UserConnection", strawberry.lazy("schema.users")],
        description="Who of those whom the viewer follows follows them, the viewer's newest follow first.",
    )
    lists = lookup(
        list_resolvers.user_lists,
        graphql_type=LazyListConnection,
        description="Their lists of people, newest first; private ones are seen by themselves alone.",
    )
    moderation_actions = lookup(
        moderation.actions_of_user,
        graphql_type=Annotated["ModerationActionConnection", strawberry.lazy("schema.moderation")],
        description="What moderators did about them, newest first; empty for everybody but moderators.",
    )


@strawberry.type(description="A user in a list.")
class UserEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: User = strawberry.field(description="The user.")


@strawberry.type(description="A page of users.")
class UserConnection:
    """View of connections.Connection."""

    edges: list[UserEdge] = strawberry.field(description="The users, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="The account that is signed in, and what only it may see.")
class Viewer:
    """View of access.viewer.Viewer."""

    user = strawberry.field(
        resolver=users.viewer_user, graphql_type=User | None, description="What others see of this account."
    )
    email = strawberry.field(
        resolver=users.viewer_email, graphql_type=str | None, description="The e-mail address; nobody else sees it."
    )
    settings = strawberry.field(
        resolver=setting_resolvers.viewer_settings,
        graphql_type=Annotated["Settings", strawberry.lazy("schema.settings")] | None,
        description="How this account wants to be treated; nobody else sees it.",
    )
    follow_requests = strawberry.field(
        resolver=request_resolvers.received,
        graphql_type=UserConnection,
        description="Who asks to follow this account, which is private; the latest first. Nobody else sees this list.",
    )
    sent_follow_requests = strawberry.field(
        resolver=request_resolvers.sent,
        graphql_type=UserConnection,
        description="Whom this account asks to let it follow; the latest first. Nobody else sees this list.",
    )
    likes = strawberry.field(
        resolver=posts.viewer_likes,
        graphql_type=LazyPostConnection,
        description="What this account has liked, newest like first; nobody else sees this list.",
    )
    muted_threads = strawberry.field(
        resolver=threads.muted_threads,
        graphql_type=LazyPostRefConnection,
        description="The threads that this account has muted, by their first posts; the latest mute first.",
    )
    followed_threads = strawberry.field(
        resolver=threads.followed_threads,
        graphql_type=LazyPostRefConnection,
        description="The threads that this account follows, by their first posts; the latest follow first.",
    )
    blocks = strawberry.field(
        resolver=block_resolvers.viewer_blocks,
        graphql_type=Annotated["UserConnection", strawberry.lazy("schema.users")],
        description="Whom this account blocks, newest block first; nobody else sees this list.",
    )
    mutes = strawberry.field(
        resolver=mutes.viewer_mutes,
        graphql_type=Annotated["MuteConnection", strawberry.lazy("schema.mutes")],
        description="Whom this account has muted, the latest mute first; nobody else sees this list.",
    )
    filters = lookup(
        filters.viewer_filters,
        graphql_type=Annotated["FilterConnection", strawberry.lazy("schema.filters")],
        description="The keyword filters of this account, newest first; at most 100, and nobody else sees them.",
    )
    bookmarks = strawberry.field(
        resolver=bookmark_resolvers.viewer_bookmarks,
        graphql_type=Annotated["BookmarkConnection", strawberry.lazy("schema.bookmarks")],
        description="The posts that this account keeps, newest first; nobody else sees this list.",
    )
    bookmark_folders = lookup(
        bookmark_resolvers.viewer_bookmark_folders,
        graphql_type=Annotated["BookmarkFolderConnection", strawberry.lazy("schema.bookmarks")],
        description="The folders of its bookmarks, newest first; nobody else sees them.",
    )
    lists = lookup(
        list_resolvers.viewer_lists,
        graphql_type=LazyListConnection,
        description="The lists of people that this account has made, newest first.",
    )
    circles = lookup(
        circle_resolvers.viewer_circles,
        graphql_type=Annotated["CircleConnection", strawberry.lazy("schema.circles")],
        description="The circles that this account posts to, newest first; nobody else sees them.",
    )
    followed_hashtags = strawberry.field(
        resolver=hashtags.followed_hashtags,
        graphql_type=Annotated["HashtagConnection", strawberry.lazy("schema.hashtags")],
        description="The hashtags that this account follows, newest follow first; nobody else sees this list.",
    )
    reports = lookup(
        reports.viewer_reports,
        graphql_type=Annotated["ReportConnection", strawberry.lazy("schema.reports")],
        description="What this account has reported, newest first, and what became of it.",
    )
    warnings = lookup(
        moderation.warnings,
        graphql_type=Annotated["WarningConnection", strawberry.lazy("schema.moderation")],
        description="What moderators did about this account and want it to know, newest first.",
    )
    read_positions = strawberry.field(
        resolver=position_resolvers.viewer_read_positions,
        graphql_type=Annotated["ReadPositionConnection", strawberry.lazy("schema.read_positions")],
        description="How far this account has read its feeds: home, then lists and hashtags, the oldest first.",
    )
    feed_preferences = strawberry.field(
        resolver=preference_resolvers.viewer_feed_preferences,
        graphql_type=Annotated["FeedPreferenceConnection", strawberry.lazy("schema.feed_preferences")],
        description="What this account wants to be left out of its feeds: those that there is one of, then lists and"
        " hashtags, the oldest first.",
    )
    is_moderator: bool = relation(
        "viewer_standing",
        key="account_id",
        then=Attribute("is_moderator", absent=False),
        graphql_type=bool,
        description="Whether this account moderates.",
    )
    suspended_at = relation(
        "viewer_standing",
        key="account_id",
        then=Attribute("suspended_at", absent=None),
        graphql_type=datetime | None,
        description="Since when this account is suspended, hidden from others and may only read; null if it is not.",
    )


@strawberry.type(description="What followUser gives.")
class FollowUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The user, followed or asked, with new counts; null if refused.")


@strawberry.type(description="What unfollowUser gives.")
class UnfollowUserPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The unfollowed user with new counts; null if refused.")


@strawberry.input(description="Whom to follow.")
class FollowUserInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


@strawberry.input(description="Whom to stop following.")
class UnfollowUserInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


async def follow_user(info: Info, input: Annotated[FollowUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await users.follow_user(info.context, user_number(input.user_id))


async def unfollow_user(info: Info, input: Annotated[UnfollowUserInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await users.unfollow_user(info.context, user_number(input.user_id))
