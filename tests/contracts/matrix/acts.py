"""Acts that name a post, a user, a list, a circle, a hashtag or a report: what somebody is told who names one that is
hidden.

To add an act is to add a line to ACTS_ON_POSTS, ACTS_ON_USERS, ACTS_ON_GROUPS, ACTS_ON_HASHTAGS, ACTS_ON_FEEDS or
ACTS_ON_REPORTS.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from core import ids
from core.ids import Kind
from core.paging import Listing
from resolvers.connections import cursor
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, EACH_REASON, VIEWERS, Target, viewers_of
from tests.contracts.matrix.groups import circles, lists_of_both_kinds, own_circles, own_lists, word_of
from tests.contracts.matrix.hashtags import hashtags_of_posts, name_of, spelling_of
from tests.contracts.matrix.paths import FRAGMENTS, Scene, nothing
from tests.contracts.matrix.paths_of_moderation import OF_MODERATOR, few_reports
from tests.contracts.matrix.paths_to_users import requests
from tests.contracts.matrix.stage import Stage
from tests.worlds import post_id

ABSENT = 1
_ERRORS = "errors { __typename message code path }"
_MEMBERS = "{} {{ members(first: 20) {{ edges {{ node {{ ...UserTarget }} }} }} }}"
# What other fields name are posts.
_KINDS = {
    "userId": Kind.USER,
    "userIds": Kind.USER,
    "listId": Kind.LIST,
    "circleId": Kind.CIRCLE,
    "reportId": Kind.REPORT,
    "name": Kind.HASHTAG,
}
_OPTIONS = "options: { hideReplies: true }"


@dataclass(frozen=True, slots=True)
class Act:
    """A mutation. `key` is the field of its input that names the target, with a dot before what is within another;
    `more` is the rest of the input. Of a feed that is named, `feed` is of what.

    `selected` has the one spread where a target that is acted on would appear, if it leads to one. `is_for_own`: one's
    own is there even if it is deleted, and what is others' is not. `asks_nothing`: what is not there is passed over, or
    made.
    `is_for_moderators`: others are refused before anything is looked up. `done_by` is who has done what the act takes
    back; they may do that to whoever is hidden.
    """

    name: str
    key: str
    selected: str
    more: str = ""
    is_for_own: bool = False
    asks_nothing: bool = False
    is_for_moderators: bool = False
    done_by: str | None = None
    feed: Kind | None = None
    scene: Scene = nothing

    def call(self, target_id: str) -> str:
        """The mutation, done to the target with this id, or to what a variable holds."""
        named = f"[{target_id}]" if self.key == "userIds" else target_id
        *within, key = self.key.split(".")
        given = f"{key}: {named}" if self.feed is None else f"{key}: {named}, kind: {self.feed.name}"
        for name in reversed(within):
            given = f"{name}: {{ {given} }}"
        return f"{self.name}(input: {{ {given} {self.more} }}) {{ {self.selected} {_ERRORS} }}"

    @property
    def is_within_own(self) -> bool:
        """Whether it is done within a list or a circle of the actor's own."""
        return "$own" in self.more

    @property
    def leads(self) -> bool:
        """Whether what it gives can lead to a post or a user."""
        return "..." in self.selected

    @property
    def fragment(self) -> str:
        return next((text for name, text in FRAGMENTS.items() if f"...{name}" in self.selected), "")

    @property
    def document(self) -> str:
        """The act with its target in a variable."""
        own = ", $own: ID!" if self.is_within_own else ""
        kind = "String" if self.key == "name" else "ID"
        return f"mutation ($id: {kind}!{own}) {{ {self.call('$id')} }} {self.fragment}"

    def document_on(self, target_ids: list[str]) -> str:
        """The act, done to one target after the other."""
        calls = [f"on{number}: {self.call(json.dumps(target_id))}" for number, target_id in enumerate(target_ids)]
        own = "($own: ID!)" if self.is_within_own else ""
        return f"mutation {own} {{ {' '.join(calls)} }} {self.fragment}"

    def variables(self, stage: Stage, actor: str) -> Mapping[str, str]:
        """What both documents need beside targets."""
        return {"own": stage.groups[actor]} if self.is_within_own else {}


def _on_post(name: str, more: str = "") -> Act:
    return Act(name, "postId", "post { ...PostTarget }", more)


ACTS_ON_POSTS = (
    Act("createPost", "replyToId", "post { replyTo { ...PostTarget } }", 'body: "a reply"'),
    Act("createPost", "quoteId", "post { quote { ...PostTarget } }", 'body: "a quote"'),
    *map(
        _on_post,
        (
            "likePost",
            "unlikePost",
            "repost",
            "undoRepost",
            "muteThread",
            "unmuteThread",
            "followThread",
            "unfollowThread",
            "bookmarkPost",
            "removeBookmark",
            "pinPost",
            "unpinPost",
            "hideReply",
            "unhideReply",
            "detachQuote",
        ),
    ),
    Act("restorePost", "postId", "post { ...PostTarget }", is_for_own=True),
    _on_post("editPost", "isSensitive: true"),
    _on_post("updatePostPolicies", "replyPolicy: FOLLOWERS"),
    Act("reportContent", "postId", "report { post { ...PostTarget } }", "reason: SPAM"),
    Act("takeAction", "postId", "action { post { ...PostTarget } }", "kind: WARN", is_for_moderators=True),
    Act("deletePost", "postId", "source { replyTo { ...PostTarget } }"),
)
# What a deleted post of one's own referred to, by the column that says so.
SOURCES = {
    "reply_to_id": Act("deletePost", "postId", "source { replyTo { ...PostTarget } }"),
    "quote_id": Act("deletePost", "postId", "source { quote { ...PostTarget } }"),
}
ACTS_ON_USERS = (
    *(
        Act(name, "userId", "user { ...UserTarget }")
        for name in (
            "followUser",
            "unfollowUser",
            "rejectFollowRequest",
            "removeFollower",
            "dismissSuggestion",
            "blockUser",
            "muteUser",
        )
    ),
    Act("acceptFollowRequest", "userId", "user { ...UserTarget }", scene=requests),
    Act("unblockUser", "userId", "user { ...UserTarget }", done_by="blocking"),
    Act("unmuteUser", "userId", "user { ...UserTarget }", done_by="muting"),
    Act("setUserNote", "userId", "user { ...UserTarget }", 'note: "a note"'),
    Act("reportContent", "userId", "report { user { ...UserTarget } }", "reason: SPAM"),
    Act("takeAction", "userId", "action { user { ...UserTarget } }", "kind: WARN", is_for_moderators=True),
    Act("addToList", "userIds", _MEMBERS.format("list"), "listId: $own", scene=own_lists),
    Act("removeFromList", "userIds", _MEMBERS.format("list"), "listId: $own", asks_nothing=True, scene=own_lists),
    Act("addToCircle", "userIds", _MEMBERS.format("circle"), "circleId: $own", scene=own_circles),
    Act(
        "removeFromCircle", "userIds", _MEMBERS.format("circle"), "circleId: $own", asks_nothing=True, scene=own_circles
    ),
)
ACTS_ON_GROUPS = (
    *(
        Act(name, "listId", selected, more, is_for_own=True, scene=lists_of_both_kinds)
        for name, selected, more in (
            ("updateList", "list { owner { ...UserTarget } }", "isExclusive: true"),
            ("addToList", _MEMBERS.format("list"), "userIds: []"),
            ("removeFromList", _MEMBERS.format("list"), "userIds: []"),
            ("deleteList", "deletedListId", ""),
        )
    ),
    *(
        Act(name, "circleId", selected, more, is_for_own=True, scene=circles)
        for name, selected, more in (
            ("createPost", f"post {{ {_MEMBERS.format('circle')} }}", 'body: "for some", visibility: CIRCLE'),
            ("updateCircle", _MEMBERS.format("circle"), 'name: "closer"'),
            ("addToCircle", _MEMBERS.format("circle"), "userIds: []"),
            ("removeFromCircle", _MEMBERS.format("circle"), "userIds: []"),
            ("deleteCircle", "deletedCircleId", ""),
        )
    ),
)
ACTS_ON_REPORTS = tuple(
    Act(name, "reportId", f"{field} {{ post {{ ...PostTarget }} }}", more, is_for_moderators=True, scene=few_reports)
    for name, field, more in (("resolveReport", "report", "state: DISMISSED"), ("takeAction", "action", "kind: WARN"))
)
_HASHTAG = "hashtag { postCount followerCount viewerFollows }"
ACTS_ON_HASHTAGS = (
    Act("followHashtag", "name", _HASHTAG, asks_nothing=True, scene=hashtags_of_posts),
    Act("unfollowHashtag", "name", _HASHTAG, scene=hashtags_of_posts),
)


def _on_feed(feed: Kind, name: str, selected: str, more: str) -> Act:
    scene = lists_of_both_kinds if feed is Kind.LIST else hashtags_of_posts
    return Act(name, "feed.id", selected, more, feed=feed, scene=scene)


def _place(listing: Listing) -> str:
    """Anywhere in a feed, as what else moving a position there needs."""
    return f"cursor: {json.dumps(cursor(listing, ABSENT))}"


ACTS_ON_FEEDS = (
    _on_feed(Kind.LIST, "tuneFeed", "preference { list { owner { ...UserTarget } } }", _OPTIONS),
    _on_feed(Kind.HASHTAG, "tuneFeed", "preference { hashtag { name } }", _OPTIONS),
    _on_feed(Kind.LIST, "moveReadPosition", "readPosition", _place(Listing.LIST_FEED)),
    _on_feed(Kind.HASHTAG, "moveReadPosition", "readPosition", _place(Listing.HASHTAG_POSTS)),
)
ACTS = (*ACTS_ON_POSTS, *ACTS_ON_USERS, *ACTS_ON_GROUPS, *ACTS_ON_HASHTAGS, *ACTS_ON_FEEDS, *ACTS_ON_REPORTS)


@dataclass(frozen=True, slots=True)
class Named:
    """Something that an act names: whether it is there for the viewer to be acted on, and whether they see it."""

    word: str
    id: str
    is_there: bool
    is_seen: bool


def named(stage: Stage, act: Act, viewer: str) -> list[Named]:
    """What the viewer does the act to: what is hidden first, for the act may change what is told of the rest."""
    found = sorted(_named(stage, act, viewer), key=lambda target: target.is_there)
    return found if is_for(act, viewer) else [replace(each, is_there=False, is_seen=False) for each in found]


def is_for(act: Act, viewer: str) -> bool:
    """Whether the viewer may do this to anything at all."""
    return oracle.moderates(viewer) or not act.is_for_moderators


def _named(stage: Stage, act: Act, viewer: str) -> Iterator[Named]:
    match kind_of(act):
        case Kind.USER:
            for author in AUTHORS if viewer in VIEWERS else ():
                is_seen = oracle.sees_face(viewer, author)
                yield Named(author, stage.people[author].id, is_seen or viewer == act.done_by, is_seen)
        case Kind.LIST | Kind.CIRCLE:
            yield from _named_groups(stage, act, viewer)
        case Kind.HASHTAG:
            yield from _named_hashtags(stage, act)
        case Kind.REPORT:
            yield from _named_reports(stage, viewer)
        case _:
            for target in EACH_REASON:
                if viewer in viewers_of(target.author):
                    is_there = _is_there_for(act, viewer, target)
                    yield Named(target.word, post_id(stage.posts[target]), is_there, is_there)


def _named_groups(stage: Stage, act: Act, viewer: str) -> Iterator[Named]:
    """One's own, and of feeds the public lists of others."""
    for owner, group_id in stage.groups.items():
        is_read = act.feed is not None and owner in AUTHORS and oracle.sees_profile(viewer, owner)
        is_there = viewer == owner or is_read
        yield Named(word_of(owner), group_id, is_there, is_there)


def _named_hashtags(stage: Stage, act: Act) -> Iterator[Named]:
    for target, hashtag_id in stage.hashtags.items():
        is_there = oracle.counts_at_hashtags(target)
        yield Named(spelling_of(target), name_of(target) if act.key == "name" else hashtag_id, is_there, is_there)


def _named_reports(stage: Stage, viewer: str) -> Iterator[Named]:
    """Reports of what is hidden from a moderator are there for them; those about themselves are not."""
    for target, number in stage.reports.items() if viewer in VIEWERS else ():
        is_there = target is not OF_MODERATOR
        is_seen = is_there and oracle.sees(viewer, target)
        yield Named(target.word, ids.encode(Kind.REPORT, number), is_there, is_seen)


def kind_of(act: Act) -> Kind:
    """Of what it names."""
    return act.feed or _KINDS.get(act.key, Kind.POST)


def _is_there_for(act: Act, viewer: str, target: Target) -> bool:
    return viewer == target.author if act.is_for_own else oracle.sees(viewer, target)


def absent(act: Act) -> str:
    """The id of something of the kind that the act names, or its name, and that is not there."""
    if act.key == "name":
        return "absent"
    return ids.encode(kind_of(act), ABSENT)


def actors(stage: Stage, act: Act) -> Iterator[str]:
    """Who does the act: the authors last, for what they do to their own changes what is there."""
    for viewer in stage.signed_in:
        if named(stage, act, viewer):
            yield viewer
