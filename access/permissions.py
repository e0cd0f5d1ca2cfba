"""What one may do to a post that one sees, and why not. `can_…` gives reasons, none if one may; `require_…` raises.

Who replies, quotes and reposts is for the post's author to say, by a policy for each (models.posts.Admission). The
author may whatever it says; of all others,

    EVERYONE       who sees the post
    FOLLOWERS      who follows its author
    FOLLOWING      whom its author follows
    MENTIONED      whom it mentions
    NOBODY         nobody

and only what is open to everyone, with everything above it, is quoted and reposted by others: nobody is led to a post
that they could not see.

A reply is hidden by who wrote what it replies to, or the first post of the thread; a quote is detached by who wrote
what it quotes. They may do so whomever they block: a block of one's own takes nothing out of one's hands that stays in
the eyes of others. The rest is for the author of a post.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from access import policy
from access.facts import POLICY_BITS, Acted, ActFact
from access.viewer import Viewer
from core.errors import NotAllowedError
from models.posts import Admission


class Reason(Enum):
    """Why somebody may not do something to a post."""

    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    NOT_AUTHOR = "NOT_AUTHOR"
    NOT_OPEN = "NOT_OPEN"
    ONLY_FOLLOWERS = "ONLY_FOLLOWERS"
    ONLY_FOLLOWED = "ONLY_FOLLOWED"
    ONLY_MENTIONED = "ONLY_MENTIONED"
    NOBODY = "NOBODY"
    NOT_A_REPLY = "NOT_A_REPLY"
    NOT_AUTHOR_ABOVE = "NOT_AUTHOR_ABOVE"
    NOT_A_QUOTE = "NOT_A_QUOTE"
    NOT_QUOTED_AUTHOR = "NOT_QUOTED_AUTHOR"


Reasons = tuple[Reason, ...]


class Permissions(NamedTuple):
    """What keeps somebody from each act on a post; nothing where they may."""

    reply: Reasons
    quote: Reasons
    repost: Reasons
    edit: Reasons
    delete: Reasons
    pin: Reasons
    hide_reply: Reasons
    detach_quote: Reasons


# Of those who are not signed in.
PERMISSIONS_OF_NOBODY = Permissions(*[(Reason.NOT_SIGNED_IN,)] * len(Permissions._fields))
_OWN_ONLY: Reasons = (Reason.NOT_AUTHOR,)
_POLICY = (1 << POLICY_BITS) - 1
# Whom a policy lets in has the fact; whom it does not is told the reason.
_ADMITS = {
    Admission.FOLLOWERS: (int(ActFact.FOLLOWED), Reason.ONLY_FOLLOWERS),
    Admission.FOLLOWING: (int(ActFact.FOLLOWS), Reason.ONLY_FOLLOWED),
    Admission.MENTIONED: (int(ActFact.MENTIONED), Reason.ONLY_MENTIONED),
    Admission.NOBODY: (0, Reason.NOBODY),
}
# How a refusal begins; the verb of the act follows.
_REFUSALS = {
    Reason.NOT_OPEN: "This post is not open to everyone: only its author can",
    Reason.ONLY_FOLLOWERS: "Only people who follow its author can",
    Reason.ONLY_FOLLOWED: "Only people whom its author follows can",
    Reason.ONLY_MENTIONED: "Only people whom it mentions can",
    Reason.NOBODY: "Nobody but its author can",
}


def can_reply(facts: int) -> Reasons:
    """Why the viewer of these ActFacts may not reply to the post."""
    return _reasons_of(facts, ActFact.REPLY_POLICY)


def can_quote(facts: int) -> Reasons:
    """Why they may not quote it."""
    return _not_open(facts) + _reasons_of(facts, ActFact.QUOTE_POLICY)


def can_repost(facts: int) -> Reasons:
    """Why they may not repost it."""
    return _not_open(facts) + _reasons_of(facts, ActFact.REPOST_POLICY)


def _not_open(facts: int) -> Reasons:
    return (Reason.NOT_OPEN,) if facts & ActFact.NARROW else ()


def _reasons_of(facts: int, lowest_bit: int) -> Reasons:
    admission = facts // lowest_bit & _POLICY
    if admission == Admission.EVERYONE:
        return ()
    admitting, reason = _ADMITS[Admission(admission)]
    return () if facts & admitting else (reason,)


def can_hide_reply(viewer: Viewer, post: Acted) -> Reasons:
    """Why the viewer may not hide the post from the replies that it is one of, or show it there again."""
    if post.parent_author_id is None:
        return (Reason.NOT_A_REPLY,)
    is_author_above = viewer.account_id in {post.parent_author_id, post.root_author_id}
    return () if is_author_above else (Reason.NOT_AUTHOR_ABOVE,)


def can_detach_quote(viewer: Viewer, post: Acted) -> Reasons:
    """Why the viewer may not take what the post quotes out of it."""
    if post.quoted_author_id is None:
        return (Reason.NOT_A_QUOTE,)
    return () if viewer.account_id == post.quoted_author_id else (Reason.NOT_QUOTED_AUTHOR,)


def permissions_of(viewer: Viewer, post: Acted) -> Permissions:
    """What the viewer may do to a post that they see."""
    return Permissions(
        reply=can_reply(post.facts),
        quote=can_quote(post.facts),
        repost=can_repost(post.facts),
        edit=() if policy.can_edit_post(viewer, post) else _OWN_ONLY,
        delete=() if policy.can_delete_post(viewer, post) else _OWN_ONLY,
        pin=() if policy.can_pin_post(viewer, post) else _OWN_ONLY,
        hide_reply=can_hide_reply(viewer, post),
        detach_quote=can_detach_quote(viewer, post),
    )


def require_repliable_post(facts: int, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer of these ActFacts may not reply to the post."""
    _require(can_reply, facts, "reply to it", path)


def require_quotable_post(facts: int, *, path: tuple[str, ...]) -> None:
    """The same for quoting it."""
    _require(can_quote, facts, "quote it", path)


def require_repostable_post(facts: int, *, path: tuple[str, ...]) -> None:
    """The same for reposting it."""
    _require(can_repost, facts, "repost it", path)


def _require(can: Callable[[int], Reasons], facts: int, act: str, path: tuple[str, ...]) -> None:
    if facts and (reasons := can(facts)):
        raise NotAllowedError(f"{_REFUSALS[reasons[0]]} {act}.", path=path)


def require_hideable_reply(viewer: Viewer, post: Acted, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer may not hide the post from replies."""
    match can_hide_reply(viewer, post):
        case (Reason.NOT_A_REPLY,):
            raise NotAllowedError("This post replies to nothing.", path=path)
        case (Reason.NOT_AUTHOR_ABOVE,):
            raise NotAllowedError(
                "Only who wrote what it replies to, or the first post of the thread, can hide a reply.", path=path
            )


def require_detachable_quote(viewer: Viewer, post: Acted, *, path: tuple[str, ...]) -> None:
    """Raises NotAllowedError at `path` of the input if the viewer may not take what the post quotes out of it."""
    match can_detach_quote(viewer, post):
        case (Reason.NOT_A_QUOTE,):
            raise NotAllowedError("This post quotes nothing.", path=path)
        case (Reason.NOT_QUOTED_AUTHOR,):
            raise NotAllowedError("Only who wrote what it quotes can take that out of a post.", path=path)
