"""Who plays in the matrix: viewers by how they stand to every author, authors, and a post of each kind by each author.

Nothing here says who sees what; tests/contracts/matrix/oracle.py does.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from models.posts import Visibility

ANONYMOUS = "anonymous"


class Standing(NamedTuple):
    """How a viewer stands to each author, whoever it is."""

    follows: bool = False
    is_followed: bool = False
    is_in_circle: bool = False
    is_mentioned: bool = False  # by every post that mentions viewers
    is_blocked: bool = False
    blocks: bool = False
    mutes: bool = False
    moderates: bool = False


# Those whom a block keeps away have everything else that would let them see a post.
VIEWERS: Mapping[str, Standing] = {
    "follower": Standing(follows=True),
    "mutual": Standing(follows=True, is_followed=True),
    "circled": Standing(is_in_circle=True),
    "mentioned": Standing(is_mentioned=True),
    "stranger": Standing(),
    ANONYMOUS: Standing(),
    "blocked": Standing(follows=True, is_followed=True, is_in_circle=True, is_mentioned=True, is_blocked=True),
    "blocking": Standing(follows=True, is_followed=True, is_in_circle=True, is_mentioned=True, blocks=True),
    "muting": Standing(follows=True, is_followed=True, mutes=True),
    "moderator": Standing(moderates=True),
}


class Author(NamedTuple):
    """What is true of an author."""

    is_private: bool = False
    is_suspended: bool = False


OPEN, PRIVATE, SUSPENDED = "open_author", "private_author", "suspended_author"
AUTHORS: Mapping[str, Author] = {
    OPEN: Author(),
    PRIVATE: Author(is_private=True),
    SUSPENDED: Author(is_suspended=True),
}
# Open to everyone, and followed by every viewer: whoever writes and does what brings targets before viewers.
NEUTRAL = "neutral"
# Writes for followers only; those viewers follow it who follow the authors.
NARROW = "narrow"
# Blocks the stranger.
BLOCKER = "blocker"


class Above(Enum):
    """What a post replies to."""

    NOTHING = 0
    NARROW = 1  # a post by NARROW for its followers
    BLOCKER = 2  # a public post by BLOCKER
    DELETED = 3  # a public post by NEUTRAL, deleted since
    OWN = 4  # a reply by the stranger to the post by NARROW


class Kind(NamedTuple):
    """What makes a post differ from others by the same author."""

    visibility: Visibility = Visibility.PUBLIC
    mentions_viewers: bool = False
    is_deleted: bool = False
    is_taken_down: bool = False
    above: Above = Above.NOTHING


KINDS: Mapping[str, Kind] = {
    "public": Kind(),
    "unlisted": Kind(Visibility.UNLISTED),
    "followers": Kind(Visibility.FOLLOWERS),
    "mutuals": Kind(Visibility.MUTUALS),
    "circle": Kind(Visibility.CIRCLE),
    "circle-mentioning": Kind(Visibility.CIRCLE, mentions_viewers=True),
    "public-mentioning": Kind(mentions_viewers=True),
    "for-mentioned": Kind(Visibility.MENTIONED, mentions_viewers=True),
    "for-others-mentioned": Kind(Visibility.MENTIONED),
    "deleted": Kind(is_deleted=True),
    "taken-down": Kind(is_taken_down=True),
    "below-narrow": Kind(above=Above.NARROW),
    "below-blocker": Kind(above=Above.BLOCKER),
    "below-deleted": Kind(above=Above.DELETED),
    "below-own": Kind(above=Above.OWN),
}


class Target(NamedTuple):
    """A post that viewers see or do not see. `is_answer`: it replies to the neutral post that all see."""

    author: str
    kind_name: str
    is_answer: bool

    @property
    def kind(self) -> Kind:
        return KINDS[self.kind_name]

    @property
    def is_reply(self) -> bool:
        return self.is_answer or self.kind.above is not Above.NOTHING

    @property
    def word(self) -> str:
        """What its body says, and nothing else in the world says."""
        return f"<{self.author} {self.kind_name}{' answer' if self.is_answer else ''}>"


TARGETS = tuple(
    Target(author, name, is_answer)
    for author in AUTHORS
    for is_answer in (False, True)
    for name, kind in KINDS.items()
    if not is_answer or kind.above is Above.NOTHING
)
# Every reason there is for a post to be hidden, once: a document holds an act on each, or a page all of them.
EACH_REASON = (
    *(Target(OPEN, name, is_answer=False) for name in KINDS),
    Target(PRIVATE, "public", is_answer=False),
    Target(SUSPENDED, "public", is_answer=False),
)


def viewers_of(author: str) -> tuple[str, ...]:
    """Whose sight of an author and of their posts is looked at: every viewer's and the author's own."""
    return (*VIEWERS, author)
