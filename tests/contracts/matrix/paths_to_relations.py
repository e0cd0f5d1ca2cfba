"""The paths to users by lists, circles and suggestions, and by whom one knows of them."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, BLOCKER, NEUTRAL, Target
from tests.contracts.matrix.groups import (
    circles,
    list_of_all,
    own_circles,
    own_lists,
    private_lists,
    public_lists,
    read_private_lists,
    read_public_lists,
)
from tests.contracts.matrix.paths import PathToUsers, Shown, as_listed
from tests.contracts.matrix.paths_to_users import as_oneself, handles
from tests.contracts.matrix.stage import Stage
from tests.worlds import post_id

_EDGES = "edges { node { ...UserTarget } }"
_OWNER = "owner { ...UserTarget }"
_MEMBERS = f"members(first: 20) {{ {_EDGES} }}"


def as_owner(viewer: str, author: str) -> Shown:
    """What somebody has made is there for those who see all of their profile."""
    is_seen = oracle.sees_profile(viewer, author)
    return is_seen, is_seen, is_seen


def as_suggested(viewer: str, author: str) -> Shown:
    """Nobody is suggested whom one follows or blocks, nor a suspended account, not even to moderators."""
    if oracle.follows(viewer, author) or oracle.blocks(viewer) or AUTHORS[author].is_suspended:
        return False, False, False
    return oracle.sees_face(viewer, author), oracle.sees_bio(viewer, author), oracle.sees_profile(viewer, author)


def as_leading_on(viewer: str, author: str) -> Shown:
    """Somebody is suggested by whom one follows, and neither mutes nor blocks."""
    is_other = viewer != author and oracle.follows(viewer, author) and oracle.hears(viewer, author)
    is_there = is_other and oracle.sees_profile(viewer, author)
    return is_there, is_there, is_there


def as_known(viewer: str, author: str) -> Shown:
    """Of followers, those whom the viewer follows."""
    is_known = viewer != author and oracle.follows(viewer, author)
    return as_listed(viewer, author) if is_known else (False, False, False)


async def followed_by_authors(stage: Stage) -> None:
    """The authors follow somebody whom no viewer follows."""
    followed = [{"follower_id": stage.number(author), "followee_id": stage.number(BLOCKER)} for author in AUTHORS]
    await stage.insert("follow", followed)


def each_group(stage: Stage, viewer: str, *, owners: Iterable[str] = AUTHORS) -> Iterable[Mapping[str, Any]]:
    return [{"id": stage.groups[owner]} for owner in owners]


def posts_to_circles(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"ids": [post_id(stage.posts[Target(author, "circle", is_answer=False)]) for author in AUTHORS]}]


_LISTS = (
    ("list", f"query ($id: ID!) {{ list(id: $id) {{ {_OWNER} }} }}", each_group),
    ("list as a node", f"query ($id: ID!) {{ node(id: $id) {{ ... on List {{ {_MEMBERS} }} }} }}", each_group),
    (
        "list of a user",
        f"query ($handle: String!) {{ user(handle: $handle) {{ lists {{ edges {{ node {{ {_OWNER} }} }} }} }} }}",
        handles,
    ),
)
_READ_LISTS = f"{{ viewer {{ readPositions(first: 100) {{ edges {{ node {{ list {{ {_OWNER} }} }} }} }} }} }}"
_TUNED_LISTS = f"{{ viewer {{ feedPreferences(first: 100) {{ edges {{ node {{ list {{ {_OWNER} }} }} }} }} }} }}"
PATHS_BY_LISTS = (
    *(PathToUsers(name, document, public_lists, variables, expects=as_owner) for name, document, variables in _LISTS),
    *(
        PathToUsers(f"private {name}", document, private_lists, variables, expects=as_oneself)
        for name, document, variables in _LISTS
    ),
    PathToUsers(
        "members of a list",
        f"query ($id: ID!) {{ list(id: $id) {{ {_MEMBERS} }} }}",
        list_of_all,
        partial(each_group, owners=[NEUTRAL]),
        expects=as_listed,
    ),
    PathToUsers(
        "lists of one's own",
        f"{{ viewer {{ lists {{ edges {{ node {{ {_OWNER} }} }} }} }} }}",
        public_lists,
        needs_viewer=True,
        expects=as_oneself,
    ),
    PathToUsers(
        "members of lists of one's own",
        f"{{ viewer {{ lists {{ edges {{ node {{ {_MEMBERS} }} }} }} }} }}",
        own_lists,
        needs_viewer=True,
        expects=as_listed,
    ),
    PathToUsers("lists that were read", _READ_LISTS, read_public_lists, needs_viewer=True, expects=as_owner),
    PathToUsers("private lists that were read", _READ_LISTS, read_private_lists, needs_viewer=True, expects=as_oneself),
    PathToUsers("lists that are tuned", _TUNED_LISTS, read_public_lists, needs_viewer=True, expects=as_owner),
    PathToUsers(
        "private lists that are tuned", _TUNED_LISTS, read_private_lists, needs_viewer=True, expects=as_oneself
    ),
)
_OWN_CIRCLES = f"{{ viewer {{ circles {{ edges {{ node {{ {_MEMBERS} }} }} }} }} }}"
PATHS_BY_CIRCLES = (
    PathToUsers("circles of one's own", _OWN_CIRCLES, circles, needs_viewer=True, expects=as_oneself),
    PathToUsers("members of circles", _OWN_CIRCLES, own_circles, needs_viewer=True, expects=as_listed),
    PathToUsers(
        "circle as a node",
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Circle {{ {_MEMBERS} }} }} }}",
        circles,
        each_group,
        expects=as_oneself,
    ),
    PathToUsers(
        "circle of a post",
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Post {{ circle {{ {_MEMBERS} }} }} }} }}",
        circles,
        posts_to_circles,
        expects=as_oneself,
    ),
)
PATHS_BY_FOLLOWS = (
    PathToUsers(
        "suggestions",
        f"{{ suggestions(first: 100) {{ {_EDGES} }} }}",
        needs_viewer=True,
        expects=as_suggested,
    ),
    PathToUsers(
        "by whom one comes to a suggestion",
        "{ suggestions(first: 100) { edges { via { ...UserTarget } } } }",
        followed_by_authors,
        needs_viewer=True,
        expects=as_leading_on,
    ),
    PathToUsers(
        "followers one knows",
        f'{{ user(handle: "{NEUTRAL}") {{ followersYouKnow {{ {_EDGES} }} }} }}',
        expects=as_known,
    ),
)
PATHS_TO_RELATIONS: tuple[PathToUsers, ...] = (*PATHS_BY_LISTS, *PATHS_BY_CIRCLES, *PATHS_BY_FOLLOWS)
