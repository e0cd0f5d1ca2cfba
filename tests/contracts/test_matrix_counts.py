"""Counts tell nothing of what is hidden: each is one number for all, of what all see who see the counted thing."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema

from actions import recounts
from models.counts import Counter
from models.posts import Visibility
from schema.documents import core_schema
from schema.root import build_schema
from tests.contracts.matrix import oracle, plants
from tests.contracts.matrix.cast import AUTHORS, OPEN, TARGETS, VIEWERS, Above, Target
from tests.contracts.matrix.paths_to_users import reposts
from tests.contracts.matrix.stage import HASHTAG, Stage, set_stage
from tests.fixtures.api import Api
from tests.worlds import post_id

# Every count of the schema: those that hidden posts could change, and those of acts that are counted whoever does them.
COUNTS_OF_POSTS = frozenset(
    {
        "Post.replyCount",
        "Post.repostCount",
        "Post.quoteCount",
        "User.postCount",
        "Hashtag.postCount",
        "HashtagDay.postCount",
        "HashtagDay.accountCount",
    }
)
COUNTS_OF_ACTS = frozenset(
    {
        "Post.likeCount",
        "User.followerCount",
        "User.followingCount",
        "Hashtag.followerCount",
        # Of the viewer's own follows.
        "SuggestionEdge.viaCount",
    }
)
# Of what the viewer would see of a feed, and nobody else is told.
COUNTS_OF_FEEDS = frozenset({"FeedConnection.unreadCount"})
# Of what is for everyone, counted by the worker (tests/worker/test_trend_rankings.py tells what does not count).
COUNTS_OF_TRENDS = frozenset(
    {
        "TrendingHashtagEdge.accountCount",
        "TrendingHashtagEdge.postCount",
        "TrendingPostEdge.accountCount",
        "TrendingPostEdge.actCount",
    }
)
UNREAD = f"""
{{
  homeFeed(first: 1) {{ unreadCount }}
  wholeHome: homeFeed(first: 100) {{ edges {{ cursor }} pageInfo {{ hasNextPage }} }}
  hashtag(name: "{HASHTAG}") {{ posts(first: 1) {{ unreadCount }} }}
}}
"""
READ = f"""
query ($root: ID!, $quoted: ID!) {{
  root: post(id: $root) {{ replyCount repostCount }}
  quoted: post(id: $quoted) {{ quoteCount }}
  user(handle: "{OPEN}") {{ postCount }}
  hashtag(name: "{HASHTAG}") {{ postCount history {{ postCount accountCount }} }}
}}
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=True))


def test_every_count_is_told_of_here(schema: GraphQLSchema) -> None:
    found = {
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name in kind.fields
        if name.endswith("Count")
    }
    assert found == COUNTS_OF_POSTS | COUNTS_OF_ACTS | COUNTS_OF_FEEDS | COUNTS_OF_TRENDS


def is_for_all(target: Target) -> bool:
    """Whether all see the post who see what it answers, quotes or names; blocks of single people apart."""
    kind, author = target.kind, AUTHORS[target.author]
    is_open = kind.visibility in {Visibility.PUBLIC, Visibility.UNLISTED} and not author.is_private
    is_there = not (kind.is_deleted or kind.is_taken_down or author.is_suspended)
    return is_open and is_there and kind.above not in {Above.NARROW, Above.OWN}


async def recount(stage: Stage) -> None:
    """The stage was not set by acts, so its counts are made from its rows."""
    posts, users = [stage.root_id, stage.quoted_id], [stage.number(OPEN)]
    for counter, subjects in (
        (Counter.POST_REPLIES, posts),
        (Counter.POST_REPOSTS, posts),
        (Counter.POST_QUOTES, posts),
        (Counter.ACCOUNT_POSTS, users),
        (Counter.HASHTAG_POSTS, [stage.hashtag_id]),
    ):
        await stage.services.db.transact(recounts.repair, counter, subjects)


async def read(api: Api, stage: Stage, viewer: str) -> Any:
    variables = {"root": post_id(stage.root_id), "quoted": post_id(stage.quoted_id)}
    return await api.data(READ, by=stage.person(viewer), **variables)


async def test_counts_are_one_number_for_all_and_of_what_all_see(api: Api) -> None:
    stage = await set_stage(api.services)
    await reposts(stage)
    await recount(stage)
    for_all = [target for target in TARGETS if is_for_all(target)]
    named = [target for target in for_all if target.kind.visibility is Visibility.PUBLIC]
    for viewer in (*VIEWERS, *AUTHORS):
        told = await read(api, stage, viewer)
        assert told["root"] == {"replyCount": sum(target.is_answer for target in for_all), "repostCount": 1}, viewer
        assert told["quoted"] == {"quoteCount": len(for_all)}, viewer
        assert told["user"] in (None, {"postCount": len(for_all)}), viewer
        today = told["hashtag"]["history"][0]
        assert told["hashtag"]["postCount"] == today["postCount"] == len(named), viewer
        assert today["accountCount"] == 1, viewer


async def test_what_is_unread_is_what_the_viewer_would_see(api: Api) -> None:
    stage = await set_stage(api.services)
    counts = set()
    for viewer in stage.signed_in:
        told = await api.data(UNREAD, by=stage.person(viewer))
        seen = [target for target in TARGETS if oracle.is_in_hashtag_feed(viewer, target)]
        assert told["hashtag"]["posts"]["unreadCount"] == len(seen), viewer
        assert told["wholeHome"]["pageInfo"]["hasNextPage"] is False
        count = told["homeFeed"]["unreadCount"]
        assert count == len(told["wholeHome"]["edges"]), viewer
        counts.add(count)
    assert len(counts) > 1


async def with_and_without_hidden(api: Api) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What each viewer is told on a stage, and on the same one with everything taken away that not all see."""
    stage = await set_stage(api.services)
    await recount(stage)
    before = {viewer: await read(api, stage, viewer) for viewer in VIEWERS}
    await stage.erase([target for target in TARGETS if not is_for_all(target)])
    await recount(stage)
    return before, {viewer: await read(api, stage, viewer) for viewer in VIEWERS}


async def test_what_is_hidden_changes_no_count(api: Api) -> None:
    told, told_without = await with_and_without_hidden(api)
    assert told == told_without


async def test_a_planted_leak_in_a_count_is_seen(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    plants.replies_count_whoever_sees_them(monkeypatch)
    told, told_without = await with_and_without_hidden(api)
    assert all(told[viewer]["root"] != told_without[viewer]["root"] for viewer in VIEWERS)
