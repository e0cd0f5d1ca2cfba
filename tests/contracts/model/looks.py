"""What somebody is told everywhere, and what the model says that they should be told."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any

from tests.contracts.model.reference import FULL, NONE, Model, Shown
from tests.contracts.model.steps import HASHTAG, MOST_ENTRIES, NOBODY, PEOPLE, Play
from tests.fixtures.api import Api

_PAGE = f"(first: {MOST_ENTRIES})"
_ENTRIES = "{ edges { node { id } repostedBy { handle } } }"
_FEED = f"{_PAGE} {_ENTRIES}"
_POSTS = f"{_PAGE} {{ edges {{ node {{ id }} }} }}"
_USERS = f"(first: {len(PEOPLE)}) {{ edges {{ node {{ handle }} }} }}"
_REF = "{ ... on Post { id } ... on Unavailable { unavailable: id } }"


def _of_everybody(selection: str) -> str:
    return " ".join(f'{name}: user(handle: "{name}") {{ {selection} }}' for name in PEOPLE)


# Apart, because together they cost more than is allowed.
READ_FEEDS = f"""
query ($isSignedIn: Boolean!) {{
  homeFeed{_PAGE} @include(if: $isSignedIn) {_ENTRIES}
  publicFeed{_FEED}
  hashtag(name: "{HASHTAG}") {{ posts{_FEED} }}
  {_of_everybody(f"posts{_FEED}")}
}}
"""
READ_PEOPLE = f"""
{{
  viewer {{ followRequests{_USERS} likes{_POSTS} bookmarks{_POSTS} }}
  {
    _of_everybody(
        f"followers{_USERS} following{_USERS} lists(first: 1) {{ edges {{ node {{ members{_USERS} posts{_FEED} }} }} }}"
    )
}
}}
"""
READ_POSTS = f"""
query ($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    ... on Post {{
      quote {_REF} replies{_POSTS} quotes(first: 20) {{ edges {{ node {{ id }} }} }} likedBy{_USERS} repostedBy{_USERS}
      ancestors(first: 20) {{ edges {{ node {_REF} }} }}
    }}
  }}
}}
"""
Told = dict[str, Any]
# What one asks for by a document: gives what the API says of each thing that the model knows by the same name.
Surface = Callable[[Api, Play, str], Awaitable[Told]]


def _feed(connection: Any) -> list[Shown]:
    edges = connection["edges"] if connection else []
    return [(edge["node"]["id"], tuple(by["handle"] for by in edge["repostedBy"])) for edge in edges]


def _ids(connection: Any) -> list[str | None]:
    """None where a place is empty."""
    return [edge["node"].get("id") for edge in connection["edges"]]


def _handles(connection: Any) -> list[str]:
    return [edge["node"]["handle"] for edge in connection["edges"]]


async def feeds(api: Api, play: Play, viewer: str) -> Told:
    by = play.world.people.get(viewer)
    data = await api.data(READ_FEEDS, by=by, isSignedIn=by is not None)
    found = {"public": _feed(data["publicFeed"]), "hashtag": _feed(data["hashtag"]["posts"])}
    if by is not None:
        found["home"] = _feed(data["homeFeed"])
    return found | {f"profile of {name}": data[name] and _feed(data[name]["posts"]) for name in PEOPLE}


async def people(api: Api, play: Play, viewer: str) -> Told:
    by = play.world.people.get(viewer)
    data = await api.data(READ_PEOPLE, by=by)
    found: Told = {name: data[name] and _told_of_user(data[name]) for name in PEOPLE}
    if by is not None:
        found["asking"] = _handles(data["viewer"]["followRequests"])
        found |= {name: _ids(data["viewer"][name]) for name in ("likes", "bookmarks")}
    return found


def _told_of_user(user: Any) -> Told:
    lists = [edge["node"] for edge in user["lists"]["edges"]]
    return {
        "followers": _handles(user["followers"]),
        "following": _handles(user["following"]),
        "lists": [{"members": _handles(list_["members"]), "posts": _feed(list_["posts"])} for list_ in lists],
    }


async def posts(api: Api, play: Play, viewer: str) -> Told:
    names = [*play.model.posts]
    nodes = (await api.data(READ_POSTS, by=play.world.people.get(viewer), ids=names))["nodes"]
    return {name: node and _told_of_post(node) for name, node in zip(names, nodes, strict=True)}


SURFACES: Sequence[Surface] = (feeds, people, posts)


def _told_of_post(node: Any) -> Told:
    return {
        "quote": node["quote"] and node["quote"].get("id", "unavailable"),
        "replies": _ids(node["replies"]),
        "quotes": _ids(node["quotes"]),
        "likers": _handles(node["likedBy"]),
        "reposters": _handles(node["repostedBy"]),
        "above": _ids(node["ancestors"]),
    }


def expected(model: Model, viewer: str) -> Told:
    """What the model says."""
    found: Told = {"public": model.public(viewer), "hashtag": model.hashtag(viewer)}
    if viewer != NOBODY:
        found |= {"home": model.home(viewer), "asking": model.asking(viewer)}
        found |= {"likes": model.kept(viewer, model.likes), "bookmarks": model.kept(viewer, model.bookmarks)}
    for name in PEOPLE:
        is_there = model.sight(viewer, name) != NONE
        found[f"profile of {name}"] = model.profile(viewer, name) if is_there else None
        found[name] = _expected_of_user(model, viewer, name) if is_there else None
    return found | {post: _expected_of_post(model, viewer, post) for post in model.posts}


def _expected_of_user(model: Model, viewer: str, user: str) -> Told:
    list_ = {"members": model.members(viewer, user), "posts": model.list_feed(viewer, user)}
    return {
        "followers": model.followers(viewer, user),
        "following": model.following(viewer, user),
        "lists": [list_] if model.sight(viewer, user) == FULL else [],
    }


def _expected_of_post(model: Model, viewer: str, post: str) -> Told | None:
    if not model.sees(viewer, post):
        return None
    quoted = model.posts[post].quoted
    is_quote_shown = quoted is not None and post not in model.detached and model.sees(viewer, quoted)
    return {
        "quote": quoted if is_quote_shown else quoted and "unavailable",
        "replies": model.replies(viewer, post),
        "quotes": model.quotes(viewer, post),
        "likers": model.likers(viewer, post),
        "reposters": model.reposters(viewer, post),
        "above": [each if model.sees(viewer, each) else None for each in model.above(post)],
    }


async def look(
    api: Api, play: Play, viewer: str, surfaces: Iterable[Surface] = SURFACES, *, late: Collection[str] = ()
) -> None:
    """Compares the two, but for `late` posts in the home feed; waits until the timeline is made that was missing."""
    true = expected(play.model, viewer)
    for surface in surfaces:
        found = await surface(api, play, viewer)
        for name, value in found.items():
            what, ought = value, true[name]
            if name == "home":
                what, ought = ([each for each in feed if each[0] not in late] for feed in (what, ought))
            assert what == ought, (viewer, name, what, ought, play.model, play.history)
    await api.services.resources.home.rebuilt()
