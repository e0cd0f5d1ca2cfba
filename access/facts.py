"""The facts that the rules decide by, as Postgres gathers them: a number of bits about an account, and about a post.

`user_facts` and `post_facts` (migrations) make them, for one viewer. Nearly all accounts and posts have nothing that
could restrict anybody; statements see that at a glance and give 0, or None, without asking for the facts at all.
"""

from collections.abc import Sequence
from enum import IntFlag
from typing import NamedTuple


class UserFact(IntFlag):
    """What is known of an account and a viewer. FOLLOWED is only looked up of a PRIVATE account."""

    IS_VIEWER = 1
    SUSPENDED = 2
    BLOCKS_VIEWER = 4
    BLOCKED = 8  # by the viewer
    PRIVATE = 16
    FOLLOWED = 32  # by the viewer
    FOR_MODERATOR = 64  # SUSPENDED, and the viewer is a moderator


# The bits that say whom a post is for: 0 for everyone, else a Visibility from FOLLOWERS on (models.posts).
AUDIENCE_BITS = 7


class PostFact(IntFlag):
    """What is known of a post and a viewer, beside its audience. All but the last two are only looked up where the
    audience is not everyone.
    """

    FOLLOWED = 8  # The viewer follows its author.
    FOLLOWS = 16  # Its author follows the viewer; only looked up for MUTUALS.
    IN_CIRCLE = 32  # The viewer is in the circle that it is for.
    MENTIONED = 64  # It mentions the viewer.
    TAKEN_DOWN = 128  # By a moderator.
    FOR_MODERATOR = 256  # TAKEN_DOWN, and the viewer is a moderator.


# Facts of a UserFact and of a PostFact in turn: those of the post, then those of each post above it that may restrict
# anybody, up to the first one that the viewer wrote. None: nothing restricts.
FactsOfPost = Sequence[int] | None


# How many bits one policy of a post takes (models.posts.Admission).
POLICY_BITS = 3


class ActFact(IntFlag):
    """What is known of a post and a viewer who may want to answer it or show it around. No bit is set where nothing
    restricts that, as nearly always, and where the post is the viewer's own.

    The post's policies are there as numbers of POLICY_BITS each, the lowest bit of which is named here.
    """

    # Not open to everyone: by its audience or that of something above it, for a private author there or of itself, for
    # a suspended one, or taken down.
    NARROW = 1
    FOLLOWED = 2  # The viewer follows its author.
    FOLLOWS = 4  # Its author follows the viewer.
    MENTIONED = 8  # It mentions the viewer.
    REPLY_POLICY = 16
    QUOTE_POLICY = 128
    REPOST_POLICY = 1024


class Acted(NamedTuple):
    """A post that somebody may want to act on: the ActFacts, and who wrote what it answers, None if it answers nothing.

    The author of what it replies to is `parent_author_id`, of what it quotes `quoted_author_id`, and of the first post
    of its thread, unless that is itself, `root_author_id`.
    """

    id: int
    author_id: int
    facts: int
    parent_author_id: int | None
    root_author_id: int | None
    quoted_author_id: int | None
