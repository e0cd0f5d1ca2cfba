"""The facts that the rules decide by, as Postgres gathers them: a number of bits about an account, and about a post.

`user_facts` and `post_facts` (migrations) make them, for one viewer. Nearly all accounts and posts have nothing that
could restrict anybody; statements see that at a glance and give 0, or None, without asking for the facts at all.
"""

from collections.abc import Sequence
from enum import IntFlag


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
