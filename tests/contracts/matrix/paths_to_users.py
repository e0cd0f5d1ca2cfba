"""The paths to users."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from core.clock import utc_now
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, BLOCKER, NARROW, NEUTRAL, Target
from tests.contracts.matrix.paths import PAGE, PathToUsers, Shown, as_listed, as_reposter
from tests.contracts.matrix.stage import Stage, mention_of
from tests.worlds import post_id

_PAGED = "$first: Int!, $after: Cursor"
_AFTER = "first: $first, after: $after"
_EDGES = f"{{ edges {{ node {{ ...UserTarget }} }} {PAGE} }}"
_MENTIONS = "{ ... on MentionEntity { user { ...UserTarget } } }"
_POSTS = "query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Post {{ {} }} }} }}"
_POST = "query ($id: ID!, $first: Int!, $after: Cursor) {{ post(id: $id) {{ {} }} }}"


def through_public_post(viewer: str, author: str) -> Shown:
    """Whoever sees what somebody wrote sees who wrote it."""
    is_seen = oracle.sees(viewer, Target(author, "public", is_answer=False))
    return is_seen, is_seen, is_seen and oracle.sees_profile(viewer, author)


def as_followed_reposter(viewer: str, author: str) -> Shown:
    """Of one's home feed: what those have reposted whom one follows, and does not mute."""
    is_there = oracle.follows(viewer, author) and oracle.hears(viewer, author) and oracle.sees_profile(viewer, author)
    return is_there, is_there, is_there


def in_public(viewer: str, author: str) -> Shown:
    """As whoever wrote something in the public feed."""
    is_there = oracle.is_in_public_feed(viewer, Target(author, "public", is_answer=False))
    return is_there, is_there, is_there


def as_asking(viewer: str, author: str) -> Shown:
    """As somebody who asks the viewer, or whom the viewer asks; nobody asks themselves."""
    return (False, False, False) if viewer == author else as_listed(viewer, author)


def as_oneself(viewer: str, author: str) -> Shown:
    is_oneself = viewer == author
    return is_oneself, is_oneself, is_oneself


# Scenes.


async def mentions(stage: Stage) -> None:
    """Somebody whom all see mentions each author, in a post, in what it said before an edit, and in their bio."""
    rows = [{"body": f"@{author}", "entities": mention_of(stage.number(author))} for author in AUTHORS]
    stage.written[NEUTRAL] = await stage.write(NEUTRAL, rows)
    edits = [{"post_id": id_, "version": 1, **row} for id_, row in zip(stage.written[NEUTRAL], rows, strict=True)]
    await stage.insert("post_edit", edits)


async def mentions_in_bios(stage: Stage) -> None:
    """One bio mentions one of them; there are as many as authors."""
    for name, author in zip(BIOS, AUTHORS, strict=True):
        await stage.set_bio_entities(name, mention_of(stage.number(author)))


# Whose bios mention the authors, one each.
BIOS = (NEUTRAL, NARROW, BLOCKER)


async def likes(stage: Stage) -> None:
    rows = [{"account_id": stage.number(author), "post_id": stage.root_id} for author in AUTHORS]
    await stage.insert("post_like", rows)


async def reposts(stage: Stage) -> None:
    for author in AUTHORS:
        await stage.write(author, [{"body": None, "repost_of_id": stage.root_id}])


async def followers(stage: Stage) -> None:
    """The authors follow somebody on every stage; here they are followed back."""
    followed = [{"follower_id": stage.number(NEUTRAL), "followee_id": stage.number(author)} for author in AUTHORS]
    await stage.insert("follow", followed)


async def requests(stage: Stage) -> None:
    """Every viewer and every author ask each other to be let in among their followers."""
    pairs = [
        (stage.number(viewer), stage.number(author))
        for author in AUTHORS
        for viewer in stage.signed_in
        if viewer not in AUTHORS
    ]
    both_ways = [*pairs, *((author, viewer) for viewer, author in pairs)]
    await stage.insert("follow_request", [{"follower_id": one, "followee_id": other} for one, other in both_ways])


async def former_handles(stage: Stage) -> None:
    until = utc_now() + timedelta(days=1)
    rows = [
        {"handle": f"former_{author}"[:30], "account_id": stage.number(author), "until": until} for author in AUTHORS
    ]
    await stage.insert("former_handle", rows)


# Variables.


def handles(stage: Stage, viewer: str, *, prefix: str = "") -> Iterable[Mapping[str, Any]]:
    return [{"handle": f"{prefix}{author}"[:30]} for author in AUTHORS]


def each_user(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"id": stage.people[author].id} for author in AUTHORS]


def all_users(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"ids": [stage.people[author].id for author in AUTHORS]}]


def public_posts(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"ids": [post_id(stage.posts[Target(author, "public", is_answer=False)]) for author in AUTHORS]}]


def written(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"ids": [post_id(number) for number in stage.written[NEUTRAL]]}]


def root(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"id": post_id(stage.root_id)}]


def bios(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"handle": name} for name in BIOS]


# The paths.

_USER = "query ($handle: String!) { user(handle: $handle) { ...UserTarget } }"
_LISTS = (
    ("liked by", "likedBy", likes, as_listed),
    ("reposted by", "repostedBy", reposts, as_reposter),
)
PATHS_TO_USERS: tuple[PathToUsers, ...] = (
    PathToUsers("user", _USER, variables=handles),
    PathToUsers("user by a former handle", _USER, former_handles, partial(handles, prefix="former_")),
    PathToUsers("user as a node", "query ($id: ID!) { node(id: $id) { ...UserTarget } }", variables=each_user),
    PathToUsers("users as nodes", "query ($ids: [ID!]!) { nodes(ids: $ids) { ...UserTarget } }", variables=all_users),
    PathToUsers(
        "author",
        _POSTS.format("author { ...UserTarget }"),
        variables=public_posts,
        expects=through_public_post,
    ),
    PathToUsers("mentioned", _POSTS.format(f"entities {_MENTIONS}"), mentions, written, expects=as_listed),
    PathToUsers(
        "mentioned before an edit",
        _POSTS.format(f"edits {{ edges {{ node {{ entities {_MENTIONS} }} }} }}"),
        mentions,
        written,
        expects=as_listed,
    ),
    PathToUsers(
        "mentioned in a bio",
        f"query ($handle: String!) {{ user(handle: $handle) {{ bioEntities {_MENTIONS} }} }}",
        mentions_in_bios,
        bios,
        expects=as_listed,
    ),
    *(
        PathToUsers(name, _POST.format(f"{field}({_AFTER}) {_EDGES}"), scene, root, is_paged=True, expects=expects)
        for name, field, scene, expects in _LISTS
    ),
    *(
        PathToUsers(
            f"{field} of somebody",
            f'query ({_PAGED}) {{ user(handle: "{NEUTRAL}") {{ {field}({_AFTER}) {_EDGES} }} }}',
            followers,
            is_paged=True,
            expects=as_listed,
        )
        for field in ("followers", "following")
    ),
    PathToUsers(
        "search",
        f'query ({_PAGED}) {{ search(query: "author", kind: USERS, {_AFTER}) {_EDGES} }}',
        is_paged=True,
        expects=as_listed,
    ),
    PathToUsers(
        "reposter at home",
        f"query ({_PAGED}) {{ homeFeed({_AFTER}) {{ edges {{ repostedBy {{ ...UserTarget }} }} {PAGE} }} }}",
        reposts,
        is_paged=True,
        needs_viewer=True,
        expects=as_followed_reposter,
    ),
    PathToUsers(
        "reason of an entry",
        f"query ({_PAGED}) {{ publicFeed({_AFTER}) {{ edges {{ reason {{ user {{ ...UserTarget }} }} }} {PAGE} }} }}",
        is_paged=True,
        expects=in_public,
    ),
    *(
        PathToUsers(
            field,
            f"query ({_PAGED}) {{ viewer {{ {field}({_AFTER}) {_EDGES} }} }}",
            requests,
            is_paged=True,
            needs_viewer=True,
            expects=as_asking,
        )
        for field in ("followRequests", "sentFollowRequests")
    ),
    PathToUsers(
        "oneself",
        "{ viewer { user { ...UserTarget } } }",
        needs_viewer=True,
        expects=as_oneself,
    ),
)
