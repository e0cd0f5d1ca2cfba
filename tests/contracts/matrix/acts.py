"""Acts that name a post or a user: what somebody is told who names one that is hidden from them.

To add an act is to add a line to ACTS_ON_POSTS or ACTS_ON_USERS.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from core import ids
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, KINDS, OPEN, PRIVATE, SUSPENDED, VIEWERS, Target
from tests.contracts.matrix.paths import FRAGMENTS, Scene, nothing
from tests.contracts.matrix.paths_to_users import requests
from tests.contracts.matrix.stage import Stage
from tests.worlds import post_id

ABSENT = 1
_ERRORS = "errors { __typename message code path }"


@dataclass(frozen=True, slots=True)
class Act:
    """A mutation. `key` is the field of its input that names the target, `more` the rest of the input.

    `selected` has the one spread where a target that is acted on would appear. `is_for_own`: one's own is there
    even if it is deleted, and what is others' is not.
    """

    name: str
    key: str
    selected: str
    more: str = ""
    is_for_own: bool = False
    scene: Scene = nothing

    def call(self, target_id: str) -> str:
        """The mutation, done to the target with this id, or to what a variable holds."""
        return f"{self.name}(input: {{ {self.key}: {target_id} {self.more} }}) {{ {self.selected} {_ERRORS} }}"

    @property
    def fragment(self) -> str:
        return FRAGMENTS["PostTarget" if "...PostTarget" in self.selected else "UserTarget"]

    @property
    def document(self) -> str:
        """The act with its target in a variable."""
        return f"mutation ($id: ID!) {{ {self.call('$id')} }} {self.fragment}"

    def document_on(self, target_ids: list[str]) -> str:
        """The act, done to one target after the other."""
        calls = [f"on{number}: {self.call(json.dumps(target_id))}" for number, target_id in enumerate(target_ids)]
        return f"mutation {{ {' '.join(calls)} }} {self.fragment}"


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
        ),
    ),
    Act("restorePost", "postId", "post { ...PostTarget }", is_for_own=True),
    _on_post("editPost", "isSensitive: true"),
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
        for name in ("followUser", "unfollowUser", "rejectFollowRequest", "removeFollower")
    ),
    Act("acceptFollowRequest", "userId", "user { ...UserTarget }", scene=requests),
)
ACTS = (*ACTS_ON_POSTS, *ACTS_ON_USERS)

# Every reason there is for a post to be hidden; a document holds so many acts.
_NAMED_POSTS = (
    *(Target(OPEN, name, is_answer=False) for name in KINDS),
    Target(PRIVATE, "public", is_answer=False),
    Target(SUSPENDED, "public", is_answer=False),
)


@dataclass(frozen=True, slots=True)
class Named:
    """Something that an act names, and whether the viewer sees that it is there."""

    word: str
    id: str
    is_visible: bool


def named(stage: Stage, act: Act, viewer: str) -> list[Named]:
    """What the viewer does the act to: the authors last, for what they do to their own changes what is there."""
    if act.key == "userId":
        return [
            Named(author, stage.people[author].id, oracle.sees_face(viewer, author))
            for author in AUTHORS
            if viewer in VIEWERS
        ]
    return [
        Named(target.word, post_id(stage.posts[target]), _is_there_for(act, viewer, target))
        for target in _NAMED_POSTS
        if viewer in VIEWERS or viewer == target.author
    ]


def _is_there_for(act: Act, viewer: str, target: Target) -> bool:
    return viewer == target.author if act.is_for_own else oracle.sees(viewer, target)


def absent(act: Act) -> str:
    """The id of something of the kind that the act names, and that is not there."""
    return ids.encode(ids.Kind.USER, ABSENT) if act.key == "userId" else post_id(ABSENT)


def actors(stage: Stage, act: Act) -> Iterator[str]:
    for viewer in stage.signed_in:
        if named(stage, act, viewer):
            yield viewer
