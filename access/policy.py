"""The rules. `can_…` asks, `require_…` raises; both are pure functions over facts that the caller has fetched.

What is hidden answers as what does not exist: a caller never tells the two apart.
"""

from datetime import datetime
from typing import Protocol

from access.viewer import Viewer
from core.errors import NotAllowedError, NotFoundError, UnauthenticatedError


class PostFacts(Protocol):
    """What the rules about a post need to know of it."""

    @property
    def author_id(self) -> int: ...
    @property
    def deleted_at(self) -> datetime | None: ...
    @property
    def repost_of_id(self) -> int | None: ...


def can_see_post(viewer: Viewer | None, post: PostFacts | None) -> bool:  # noqa: ARG001 (audiences will ask who)
    """Whether the viewer may see the post. A repost is an entry of feeds, never a post to be seen by itself."""
    return post is not None and post.deleted_at is None and post.repost_of_id is None


def can_delete_post(viewer: Viewer | None, post: PostFacts) -> bool:
    """Whether the viewer may delete the post: its author may."""
    return viewer is not None and viewer.account_id == post.author_id


def can_edit_post(viewer: Viewer | None, post: PostFacts) -> bool:
    """Whether the viewer may edit the post: its author may."""
    return viewer is not None and viewer.account_id == post.author_id


def can_pin_post(viewer: Viewer | None, post: PostFacts) -> bool:
    """Whether the viewer may pin the post, or unpin it: its author may, to their own profile."""
    return viewer is not None and viewer.account_id == post.author_id


def require_viewer(viewer: Viewer | None) -> Viewer:
    """The viewer. Raises UnauthenticatedError for an anonymous caller."""
    if viewer is None:
        raise UnauthenticatedError("Sign in first: this needs an access token.")
    return viewer


def require_visible_post(viewer: Viewer | None, post: PostFacts | None, *, path: tuple[str, ...]) -> None:
    """Raises NotFoundError at `path` of the input if the viewer may not see the post."""
    if not can_see_post(viewer, post):
        raise NotFoundError("There is no such post.", path=path)


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
    """Raises NotAllowedError if the account is the viewer's own: nobody follows themselves."""
    if viewer.account_id == account_id:
        raise NotAllowedError("You cannot follow yourself.", path=path)
