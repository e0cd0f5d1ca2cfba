"""Who sees what, said once more, of the matrix's cast only: plainly, and by nothing that the product uses."""

from models.posts import Visibility
from tests.contracts.matrix.cast import AUTHORS, VIEWERS, Above, Standing, Target

NOBODY_IN_PARTICULAR = Standing()


def _standing(viewer: str) -> Standing:
    return VIEWERS.get(viewer, NOBODY_IN_PARTICULAR)


def sees(viewer: str, target: Target) -> bool:
    """Whether the viewer may see the post, by whatever path."""
    kind, author, standing = target.kind, AUTHORS[target.author], _standing(viewer)
    if kind.is_deleted:
        return False
    if viewer == target.author:
        return True
    if standing.is_blocked or standing.blocks:
        return False
    if (author.is_suspended or kind.is_taken_down) and not standing.moderates:
        return False
    return _is_for(viewer, target) and _sees_above(viewer, kind.above)


def _is_for(viewer: str, target: Target) -> bool:
    kind, standing = target.kind, _standing(viewer)
    if kind.mentions_viewers and standing.is_mentioned:
        return True
    match kind.visibility:
        case Visibility.PUBLIC | Visibility.UNLISTED:
            return standing.follows or not AUTHORS[target.author].is_private
        case Visibility.FOLLOWERS:
            return standing.follows
        case Visibility.MUTUALS:
            return standing.follows and standing.is_followed
        case Visibility.CIRCLE:
            return standing.is_in_circle
        case _:
            return False


def _sees_above(viewer: str, above: Above) -> bool:
    match above:
        case Above.NARROW:
            return _standing(viewer).follows
        case Above.BLOCKER:
            return viewer != "stranger"
        case Above.OWN:
            return _standing(viewer).follows or viewer == "stranger"
        case _:
            return True


def sees_profile(viewer: str, author: str) -> bool:
    """Whether the viewer sees all of the profile: its lists, and whatever else strangers do not get."""
    standing = _standing(viewer)
    if viewer == author:
        return True
    if standing.is_blocked or standing.blocks:
        return False
    if AUTHORS[author].is_suspended and not standing.moderates:
        return False
    return standing.follows or not AUTHORS[author].is_private


def sees_bio(viewer: str, author: str) -> bool:
    """Whether the viewer sees what a private account shows to strangers."""
    return sees_face(viewer, author) and not _standing(viewer).blocks


def sees_face(viewer: str, author: str) -> bool:
    """Whether the viewer sees the handle, by the profile's own address."""
    standing = _standing(viewer)
    if viewer == author:
        return True
    return not standing.is_blocked and (standing.moderates or not AUTHORS[author].is_suspended)


def blocks(viewer: str) -> bool:
    """Whether the viewer blocks every author."""
    return _standing(viewer).blocks


def moderates(viewer: str) -> bool:
    """Whether the viewer reads what is for moderators only."""
    return _standing(viewer).moderates


def hears(viewer: str, author: str) -> bool:
    """Whether feeds may have what this author wrote: mutes are for feeds only."""
    return not _standing(viewer).mutes or viewer == author


def follows(viewer: str, author: str) -> bool:
    return viewer == author or _standing(viewer).follows


def is_public(target: Target) -> bool:
    """Whether feeds bring it to people who do not know its author."""
    return target.kind.visibility is Visibility.PUBLIC and not AUTHORS[target.author].is_private


def counts_at_hashtags(target: Target) -> bool:
    """Whether everybody may know that it has its hashtags, but for whom a block or a mention concerns."""
    kind = target.kind
    is_there = not kind.is_deleted and not kind.is_taken_down and not AUTHORS[target.author].is_suspended
    return is_there and is_public(target) and kind.above not in {Above.NARROW, Above.OWN}


def is_in_home(viewer: str, target: Target) -> bool:
    return sees(viewer, target) and hears(viewer, target.author) and follows(viewer, target.author)


def is_in_home_by_hashtag(viewer: str, target: Target) -> bool:
    """The same for a viewer who follows the hashtag that all targets have."""
    if is_in_home(viewer, target):
        return True
    return sees(viewer, target) and hears(viewer, target.author) and is_public(target) and not target.is_reply


def is_in_home_by_repost(viewer: str, target: Target) -> bool:
    """The same for one who follows somebody who has reposted all targets."""
    return sees(viewer, target) and hears(viewer, target.author)


def is_in_list_feed(viewer: str, target: Target) -> bool:
    """The same of a list that the author is on, and that shows replies."""
    return sees(viewer, target) and hears(viewer, target.author)


def is_in_list_feed_without_replies(viewer: str, target: Target) -> bool:
    return is_in_list_feed(viewer, target) and not target.is_reply


def is_in_public_feed(viewer: str, target: Target) -> bool:
    return is_in_hashtag_feed(viewer, target) and not target.is_reply


def is_in_hashtag_feed(viewer: str, target: Target) -> bool:
    return sees(viewer, target) and hears(viewer, target.author) and is_public(target)


def is_on_profile(viewer: str, target: Target) -> bool:
    return sees(viewer, target) and sees_profile(viewer, target.author)
