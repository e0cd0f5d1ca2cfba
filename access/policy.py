"""The rules. `can_…` asks, `require_…` raises; both are pure functions over facts that the caller has fetched.

What is hidden answers as what does not exist: a caller never tells the two apart.

Who sees a post: the first line that says something decides.

    deleted                        nobody
    one's own                      oneself, whatever else is true
    a block stands between         nobody, whoever of the two blocks
    its author is suspended        moderators; to others it is not there
    taken down                     moderators; to others it is not there
    PUBLIC, UNLISTED               everyone; of a private account, as FOLLOWERS
    FOLLOWERS                      followers, and whom it mentions
    MUTUALS                        followers whom its author follows, and whom it mentions
    CIRCLE                         those in the circle, and whom it mentions
    MENTIONED                      whom it mentions

    a reply                        whoever sees it by this table, and whom blocks and audiences let see every post above
                                   it, up to the first one of their own. That one above was deleted or taken down, or
                                   its author suspended, takes nothing from those who answered.
    an earlier version             whoever sees the post; who sees it only as one of those whom it mentions, if that
                                   version mentions them, too
    a repost                       an entry of feeds, never seen by itself: there for those who see the post and have a
                                   full sight of who reposted it

How much of an account one sees, likewise:

    one's own                      FULL
    it blocks the viewer           NONE
    it is suspended                NONE; moderators go on
    the viewer blocks it           BARE
    private, and not followed      LIMITED
    else                           FULL

Mutes and filters are preferences, not access: they leave things out of feeds and are not asked about here.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from access.facts import AUDIENCE_BITS, FactsOfPost, PostFact, UserFact
from access.viewer import Viewer
from core.errors import NotAllowedError, NotFoundError, UnauthenticatedError
from models.posts import Visibility


class Authored(Protocol):
    """Whatever has an author."""

    @property
    def author_id(self) -> int: ...


class PostFacts(Authored, Protocol):
    """What the rules about a post need to know of its row."""

    @property
    def deleted_at(self) -> datetime | None: ...
    @property
    def repost_of_id(self) -> int | None: ...


class ListFacts(Protocol):
    """What the rules about a list need to know of its row."""

    @property
    def account_id(self) -> int: ...
    @property
    def is_private(self) -> bool: ...


class Sight(IntEnum):
    """How much of an account the viewer sees.

    BARE is the face by which one finds whom one blocks, to unblock them: handle, name and picture. LIMITED is what a
    private account shows to strangers: that, the bio, and counts. Neither has posts or lists.
    """

    NONE = 0
    BARE = 1
    LIMITED = 2
    FULL = 3


# As plain numbers: combining flags takes longer than a whole decision.
_IS_VIEWER, _SUSPENDED, _BLOCKS_VIEWER, _BLOCKED, _PRIVATE, _FOLLOWED, _FOR_MODERATOR = map(int, UserFact)
_BLOCK = _BLOCKS_VIEWER | _BLOCKED
_POST_FOLLOWED, _POST_FOLLOWS, _IN_CIRCLE, _MENTIONED, _TAKEN_DOWN, _SHOWN_TAKEN_DOWN = map(int, PostFact)
_MUTUAL = _POST_FOLLOWED | _POST_FOLLOWS
# The facts of which each audience needs one kind, all of it.
ADMITS = {
    Visibility.FOLLOWERS: _POST_FOLLOWED,
    Visibility.MUTUALS: _MUTUAL,
    Visibility.CIRCLE: _IN_CIRCLE,
    Visibility.MENTIONED: _MENTIONED,
}


def sight_of_user(facts: int) -> Sight:
    """How much of an account the viewer sees; 0 are the facts of one that nothing restricts."""
    if facts == 0 or facts & _IS_VIEWER:
        return Sight.FULL
    if facts & _BLOCKS_VIEWER or (facts & _SUSPENDED and not facts & _FOR_MODERATOR):
        return Sight.NONE
    if facts & _BLOCKED:
        return Sight.BARE
    if facts & _PRIVATE and not facts & _FOLLOWED:
        return Sight.LIMITED
    return Sight.FULL


def can_see_post(post: PostFacts | None, facts: FactsOfPost) -> bool:
    """Whether the viewer of these facts may see the post."""
    if post is None or post.deleted_at is not None or post.repost_of_id is not None:
        return False
    return facts is None or could_see_post(facts)


def can_see_post_past_own_blocks(post: PostFacts | None, facts: FactsOfPost) -> bool:
    """Whether the viewer might see the post if they blocked nobody: nothing else keeps it from them."""
    return can_see_post(post, facts and [fact if at % 2 else fact & ~_BLOCKED for at, fact in enumerate(facts)])


def could_see_post(facts: Sequence[int]) -> bool:
    """The same of a post that is there, or was there until it was deleted."""
    author, audience = facts[0], facts[1]
    if audience & _TAKEN_DOWN and not audience & _SHOWN_TAKEN_DOWN and not author & _IS_VIEWER:
        return False
    return may_have_seen_post(facts)


def may_have_seen_post(facts: Sequence[int]) -> bool:
    """The same of a post that was there until it was deleted or taken down."""
    author = facts[0]
    if author & _IS_VIEWER:
        return True
    if author & _SUSPENDED and not author & _FOR_MODERATOR:
        return False
    # Each pair is of a post: first itself, then those above it.
    return all(_is_admitted(facts[at], facts[at + 1]) for at in range(0, len(facts), 2))


def _is_admitted(author: int, audience: int) -> bool:
    """Whether neither a block nor the audience keeps the viewer from a post of somebody else."""
    if author & _BLOCK:
        return False
    narrowed = audience & AUDIENCE_BITS
    if narrowed == 0 or audience & _MENTIONED:
        return True
    needed = ADMITS[Visibility(narrowed)]
    return audience & needed == needed


def is_for_mentions_only(facts: FactsOfPost) -> bool:
    """Whether a viewer who sees a post sees it because it mentions them, and not by its audience.

    What it said while it did not mention them was not for them.
    """
    if facts is None or facts[0] & _IS_VIEWER:
        return False
    narrowed = facts[1] & AUDIENCE_BITS
    if narrowed == 0:
        return False
    needed = ADMITS[Visibility(narrowed)]
    return narrowed == Visibility.MENTIONED or facts[1] & needed != needed


def can_see_repost(reposter_facts: int) -> bool:
    """Whether the viewer, who may see a post, may also see that this account has reposted it."""
    return sight_of_user(reposter_facts) is Sight.FULL


def can_mention(facts: int) -> bool:
    """Whether the author of a text may mention the account: not one that they see nothing of, or block."""
    return sight_of_user(facts) > Sight.BARE


def can_see_hashtag(*, post_count: int, follower_count: int) -> bool:
    """Whether a hashtag is there for anybody: somebody follows it, or a post that everyone may see has it.

    Else its name would tell what hidden posts say.
    """
    return post_count > 0 or follower_count > 0


def can_see_list(viewer: Viewer | None, list_: ListFacts, owner_facts: int) -> bool:
    """Whether the viewer may see the list and who is on it: a private one is its owner's alone."""
    if viewer is not None and viewer.account_id == list_.account_id:
        return True
    return not list_.is_private and sight_of_user(owner_facts) is Sight.FULL


def can_delete_post(viewer: Viewer | None, post: Authored) -> bool:
    """Whether the viewer may delete the post: its author may."""
    return viewer is not None and viewer.account_id == post.author_id


def can_edit_post(viewer: Viewer | None, post: Authored) -> bool:
    """Whether the viewer may edit the post: its author may."""
    return viewer is not None and viewer.account_id == post.author_id


def can_pin_post(viewer: Viewer | None, post: Authored) -> bool:
    """Whether the viewer may pin the post, or unpin it: its author may, to their own profile."""
    return viewer is not None and viewer.account_id == post.author_id


def require_viewer(viewer: Viewer | None) -> Viewer:
    """The viewer. Raises UnauthenticatedError for an anonymous caller."""
    if viewer is None:
        raise UnauthenticatedError("Sign in first: this needs an access token.")
    return viewer


def require_standing(*, is_suspended: bool) -> None:
    """Raises NotAllowedError for a suspended viewer: they read, and do nothing."""
    if is_suspended:
        raise NotAllowedError("Your account is suspended.")


def require_moderator(*, is_moderator: bool) -> None:
    """Raises NotAllowedError for everybody but moderators."""
    if not is_moderator:
        raise NotAllowedError("Only moderators can do this.")


def require_visible_post(post: PostFacts | None, facts: FactsOfPost, *, path: tuple[str, ...]) -> None:
    """Raises NotFoundError at `path` of the input if the viewer of these facts may not see the post."""
    if not can_see_post(post, facts):
        raise NotFoundError("There is no such post.", path=path)


def require_visible_user(facts: int | None, *, path: tuple[str, ...]) -> Sight:
    """How much the viewer sees of an account with these facts, None if there is none.

    Raises NotFoundError at `path` of the input if that is nothing.
    """
    sight = Sight.NONE if facts is None else sight_of_user(facts)
    if sight is Sight.NONE:
        raise NotFoundError("There is no such user.", path=path)
    return sight


def require_unblocked_user(facts: int | None, *, path: tuple[str, ...]) -> Sight:
    """The same for an act that a block forbids both ways. Raises NotFoundError, NotAllowedError."""
    sight = require_visible_user(facts, path=path)
    if sight is Sight.BARE:
        raise NotAllowedError("You block this user. Unblock them first.", path=path)
    return sight


def require_deletable_post(viewer: Viewer, post: PostFacts, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer may not delete the visible post."""
    if not can_delete_post(viewer, post):
        raise NotAllowedError("Only its author can delete a post.", path=path)


def require_editable_post(viewer: Viewer, post: PostFacts, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer may not edit the visible post."""
    if not can_edit_post(viewer, post):
        raise NotAllowedError("Only its author can edit a post.", path=path)


def require_pinnable_post(viewer: Viewer, post: PostFacts, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer may not pin the visible post."""
    if not can_pin_post(viewer, post):
        raise NotAllowedError("Only its author can pin a post.", path=path)


def require_other_account(viewer: Viewer, account_id: int, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError if the account is the viewer's own: nobody does this to themselves."""
    if viewer.account_id == account_id:
        raise NotAllowedError("You cannot do this to yourself.", path=path)
