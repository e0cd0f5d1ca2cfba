"""Leaks that are planted: each leaves the rules out in one place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from actions import recounts
from core import ids
from loaders.posts import PostByIdLoader, fetch_posts_by_id
from loaders.rows import PostRow
from models.counts import Counter
from resolvers import feeds, home_events
from resolvers.context import Context

Plant = Callable[[pytest.MonkeyPatch], None]


async def _fetch_unguarded(loader: PostByIdLoader, keys: Sequence[int]) -> Mapping[int, PostRow | None]:
    return (await fetch_posts_by_id(loader.scope.db, keys, viewer_id=loader.viewer_id)).posts


async def _load_unguarded(context: Context, post_id: int | None) -> PostRow | None:
    return None if post_id is None else (await _fetch_unguarded(context.loaders.posts, [post_id])).get(post_id)


def posts_by_id_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PostByIdLoader, "fetch", _fetch_unguarded)


def pages_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("loaders.guard._guard_posts", lambda _found, _restricted: None)


def strangers_see_all_of_an_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("loaders.guard._narrow", lambda _found, _user_id, _sight: None)


def references_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("resolvers.posts.reference", _load_unguarded)


def nodes_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    async def load(context: Context, node_id: str) -> Any:
        return await _load_unguarded(context, ids.number_of(ids.Kind.POST, node_id))

    patch.setattr("resolvers.nodes._load", load)


def replies_count_whoever_sees_them(patch: pytest.MonkeyPatch) -> None:
    counter = Counter.POST_REPLIES
    patch.setattr(recounts, "TRUTHS", {**recounts.TRUTHS, counter: recounts.TRUTHS[counter]._replace(conditions=())})
    patch.setitem(recounts._REPAIR, counter, recounts._repair(counter))


def live_posts_are_not_guarded(patch: pytest.MonkeyPatch) -> None:
    """The rules are asked when somebody subscribes, and not when something is delivered."""
    edges = feeds.edges_of

    async def unguarded(context: Context, listing: Any, entries: Sequence[Any], reason_of: Any) -> Any:
        for entry in entries:
            row = await _load_unguarded(context, entry.post_id)
            context.loaders.posts.clear(entry.post_id).prime(entry.post_id, row)
        return await edges(context, listing, entries, reason_of)

    patch.setattr(home_events, "edges_of", unguarded)
