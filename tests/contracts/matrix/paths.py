"""Paths of the schema that can reach a post or a user: the table that every such field must be in.

To add a path is to add an entry to one of the tables in this package: a document with one spread of `PostTarget` or
`UserTarget` where targets would appear, what sets the scene for it, and who should see which target there. An entry
claims the fields that lead to the spread (tests/contracts/matrix/walk.py).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, TARGETS, Target
from tests.contracts.matrix.stage import Stage

FRAGMENTS = {
    "PostTarget": "fragment PostTarget on Post { id body }",
    "UserTarget": "fragment UserTarget on User { id handle bio website }",
}
PAGE = "pageInfo { hasNextPage endCursor }"

Scene = Callable[[Stage], Awaitable[None]]
# The variables of each document that a viewer sends, beside `first` and `after`.
Variables = Callable[[Stage, str], Iterable[Mapping[str, Any]]]


async def nothing(stage: Stage) -> None:
    """The scene of a path that needs none."""


def once(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    """One document for each viewer."""
    return [{}]


@dataclass(frozen=True, slots=True)
class Path:
    """A way to what may be hidden. `expects` tells of a viewer and a target whether it is to be there.

    `is_paged` documents have `$first` and `$after` and are read to their end, by large pages and by small ones.
    `keeps_places`: ids of what is hidden stay visible (Unavailable), and nothing else of it.
    """

    name: str
    document: str
    scene: Scene = nothing
    variables: Variables = once
    is_paged: bool = False
    keeps_places: bool = False
    needs_viewer: bool = False


@dataclass(frozen=True, slots=True)
class PathToPosts(Path):
    """One that leads to posts, to these of all targets."""

    expects: Callable[[str, Target], bool] = oracle.sees
    targets: tuple[Target, ...] = TARGETS


# Whether the handle of a user is to be there, the bio, and the website; None where both will do.
Shown = tuple[bool | None, bool, bool]


def as_itself(viewer: str, author: str) -> Shown:
    """By the user's own address, or as the author of what the viewer sees."""
    return oracle.sees_face(viewer, author), oracle.sees_bio(viewer, author), oracle.sees_profile(viewer, author)


def as_listed(viewer: str, author: str) -> Shown:
    """Among others. Whom the viewer blocks may be there with no more than a face, or not at all."""
    face, bio, website = as_itself(viewer, author)
    return None if oracle.blocks(viewer) and face else face, bio, website


def as_reposter(viewer: str, author: str) -> Shown:
    """That somebody has reposted is for those who see all of their profile."""
    is_seen = oracle.sees_profile(viewer, author)
    return is_seen, is_seen, is_seen


@dataclass(frozen=True, slots=True)
class PathToUsers(Path):
    """One that leads to users: to each author."""

    expects: Callable[[str, str], Shown] = as_itself
    targets: tuple[str, ...] = tuple(AUTHORS)
