"""The feed of what somebody may want to see: what is in it and why, what never is, and pages that hold still."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import utc_now
from models.posts import Visibility
from tests.api import filters, hashtags
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.relations import block_, make_private, mute_, suspend
from tests.fixtures.api import Api
from tests.worlds import Person, World

FEED = """
query (
  $first: Int! = 100, $after: Cursor, $weights: ForYouWeights, $since: DateTime, $onePerAuthor: Boolean! = false
) {
  forYouFeed(first: $first, after: $after, weights: $weights, since: $since, onePerAuthor: $onePerAuthor) {
    edges {
      cursor
      node { id body author { handle } viewerHasLiked }
      repostedBy { handle }
      reason {
        kind score user { handle } hashtag { name }
        signals { kind value weight contribution count user { handle } hashtag { name } }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    eventCursor
  }
}
"""
REASON_AT_HOME = "{ homeFeed(first: 1) { edges { reason { kind score signals { kind } } } } }"
NOTHING = dict.fromkeys(
    ("likesByFollowed", "repostsByFollowed", "followedByFollowed", "hashtags", "freshness", "popularity"), 0
)


async def edges_of(api: Api, person: Person, **variables: Any) -> list[Any]:
    """The whole feed of a person, in one page."""
    edges: list[Any] = (await api.data(FEED, by=person, **variables))["forYouFeed"]["edges"]
    return edges


async def bodies(api: Api, person: Person, **variables: Any) -> list[str]:
    return [edge["node"]["body"] for edge in await edges_of(api, person, **variables)]


def speaking(edge: Any) -> dict[str, tuple[Any, ...]]:
    """(count, handle, hashtag) of the signals that say something, besides freshness."""
    return {
        signal["kind"]: (
            signal["count"],
            signal["user"] and signal["user"]["handle"],
            signal["hashtag"] and signal["hashtag"]["name"],
        )
        for signal in edge["reason"]["signals"]
        if signal["value"] and signal["kind"] != "FRESHNESS"
    }


@pytest.fixture
async def friends(world: World) -> list[Person]:
    """Three people whom eve follows."""
    made = [await world.join(f"friend{number}") for number in range(3)]
    for friend in made:
        await world.follow(world.eve, friend)
    return made


async def liked(world: World, author: Person, body: str, likers: Sequence[Person], **new: Any) -> int:
    """A post that these people like."""
    number = await world.post(author, body, **new)
    for liker in likers:
        await world.like(liker, number)
    return number


async def test_each_source_brings_posts_with_its_signals(api: Api, world: World, friends: list[Person]) -> None:
    await liked(world, world.alice, "liked", friends)
    await world.repost(friends[0], await world.post(world.alice, "reposted"))
    near = await world.join("near")
    for friend in friends[:2]:
        await world.follow(friend, near)
    await world.post(near, "near")
    await hashtags.follow(api, "tea", by=world.eve)
    await world.post(world.eve, "my #cake")
    await world.post(world.bob, "#tea and #cake and #soup")
    await world.post(world.bob, "nothing of it")
    found = {edge["node"]["body"]: edge for edge in await edges_of(api, world.eve)}
    assert {body: speaking(edge) for body, edge in found.items()} == {
        "liked": {"LIKES_BY_FOLLOWED": (3, None, None), "POPULARITY": (3, None, None)},
        "reposted": {"REPOSTS_BY_FOLLOWED": (1, "friend0", None)},
        "near": {"FOLLOWED_BY_FOLLOWED": (2, "friend1", None)},
        "#tea and #cake and #soup": {"HASHTAGS": (2, None, "tea")},
    }
    for edge in found.values():
        reason = edge["reason"]
        assert (reason["kind"], reason["user"], reason["hashtag"]) == ("RANKED", edge["node"]["author"], None)
        assert edge["repostedBy"] == []
        assert [signal["kind"] for signal in reason["signals"]] == [
            "LIKES_BY_FOLLOWED",
            "REPOSTS_BY_FOLLOWED",
            "FOLLOWED_BY_FOLLOWED",
            "HASHTAGS",
            "FRESHNESS",
            "POPULARITY",
        ]
        assert [signal["weight"] for signal in reason["signals"]] == [3, 3, 2, 2, 2, 1]
        total = sum(signal["contribution"] for signal in reason["signals"])
        assert reason["score"] == pytest.approx(total, abs=1.1e-4)


async def test_weights_decide_the_order_and_a_score_is_what_they_make_of_it(
    api: Api, world: World, friends: list[Person]
) -> None:
    await liked(world, world.alice, "liked", friends)
    await world.repost(friends[0], await world.post(world.alice, "reposted"))
    for weight, first in (("likesByFollowed", "liked"), ("repostsByFollowed", "reposted")):
        found = await edges_of(api, world.eve, weights={**NOTHING, weight: 2})
        assert found[0]["node"]["body"] == first
        assert found[1]["reason"]["score"] == 0
    # Where nothing counts, the newest are first.
    assert await bodies(api, world.eve, weights=NOTHING) == ["reposted", "liked"]
    assert await bodies(api, world.eve, weights={}) == await bodies(api, world.eve)


@pytest.mark.parametrize("weight", [-0.1, 10.1, 1e300])
async def test_weights_have_bounds(api: Api, world: World, weight: float) -> None:
    answer = await api.run(FEED, by=world.eve, weights={"freshness": weight})
    assert answer.codes == ["BAD_INPUT"]


async def test_who_follows_one_person_does_not_learn_what_that_one_likes(api: Api, world: World) -> None:
    await world.follow(world.eve, world.carol)
    await liked(world, world.bob, "only carol likes it", [world.carol])
    assert await bodies(api, world.eve) == []
    # Not by a post that is there for another reason, either.
    await hashtags.follow(api, "tea", by=world.eve)
    await liked(world, world.bob, "#tea", [world.carol])
    [edge] = await edges_of(api, world.eve)
    assert speaking(edge) == {"HASHTAGS": (1, None, "tea"), "POPULARITY": (1, None, None)}
    # Nor whom that one follows.
    await world.follow(world.carol, world.dan)
    await world.post(world.dan, "by dan")
    assert await bodies(api, world.eve) == ["#tea"]


async def test_never_ones_own_nor_what_one_has_liked_or_reposted_already(
    api: Api, world: World, friends: list[Person]
) -> None:
    await liked(world, world.eve, "own", friends)
    await liked(world, world.alice, "liked", [*friends, world.eve])
    await world.repost(world.eve, await liked(world, world.alice, "reposted", friends))
    await liked(world, world.alice, "new", friends)
    assert await bodies(api, world.eve) == ["new"]


@pytest.mark.parametrize(
    "new",
    [{"visibility": visibility} for visibility in (Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.MUTUALS)],
    ids=str,
)
async def test_only_public_posts_are_there(api: Api, world: World, friends: list[Person], new: dict[str, Any]) -> None:
    for friend in (*friends, world.eve):
        await world.follow(friend, world.alice)
        await world.follow(world.alice, friend)
    await liked(world, world.alice, "narrow", friends, **new)
    await liked(world, world.alice, "a reply", friends, reply_to=await world.post(world.bob))
    assert await bodies(api, world.eve) == []


async def test_what_is_hidden_muted_filtered_or_gone_is_not_there(
    api: Api, world: World, friends: list[Person]
) -> None:
    names = ("blocked", "blocking", "muted", "suspended", "private", "open")
    people = {name: await world.join(name) for name in names}
    for name, person in people.items():
        await liked(world, person, name, friends)
    for word in ("deleted", "filtered", "thread"):
        number = await liked(world, people["open"], word, friends)
        if word == "deleted":
            await world.delete(people["open"], number)
        if word == "thread":
            await world.mute_thread(world.eve, number)
    await filters.new_filter(api, "filtered", by=world.eve, contexts=["PUBLIC"])
    await block_(world, world.eve, people["blocked"])
    await block_(world, people["blocking"], world.eve)
    await mute_(world, world.eve, people["muted"])
    await suspend(world, people["suspended"])
    await make_private(world, people["private"])
    assert await bodies(api, world.eve) == ["open"]


async def test_nobody_leads_on_who_is_hidden_or_muted(api: Api, world: World, friends: list[Person]) -> None:
    await liked(world, world.alice, "liked", friends[:2])
    await world.repost(friends[0], await world.post(world.alice, "reposted"))
    assert sorted(await bodies(api, world.eve)) == ["liked", "reposted"]
    await mute_(world, world.eve, friends[0])
    assert await bodies(api, world.eve) == []


async def test_a_suspended_friend_leads_nowhere(api: Api, world: World, friends: list[Person]) -> None:
    await liked(world, world.alice, "liked", friends[:2])
    await world.repost(friends[0], await world.post(world.alice, "reposted"))
    await suspend(world, friends[0])
    assert await bodies(api, world.eve) == []


async def test_one_per_author_is_the_best_of_each_in_the_whole_list(
    api: Api, world: World, friends: list[Person]
) -> None:
    for number in range(4):
        for author in (world.alice, world.bob, world.carol):
            await liked(world, author, f"{author.handle} {number}", friends[: 2 + number % 2])
    weights = {**NOTHING, "likesByFollowed": 1}

    async def like_and_reload() -> None:
        """The reader likes all that there is: none of it comes back as somebody's second best."""
        for edge in await edges_of(api, world.eve, weights=weights):
            await api.data(LIKE, by=world.eve, input={"postId": edge["node"]["id"]})

    pages = await pages_of(api, world.eve, first=1, between=like_and_reload, weights=weights, onePerAuthor=True)
    assert nodes(pages) == ["carol 3", "bob 3", "alice 3"]


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_where_the_best_of_an_author_is_left_out_the_next_best_takes_its_place(
    api: Api, world: World, friends: list[Person], first: int
) -> None:
    """On whatever page it is, and only if no better one of theirs was on an earlier page."""
    posts = ["alice: spoiler", "alice: best", "bob: best", "bob: spoiler", "bob: third", "alice: third", "dan: spoiler"]
    for body in reversed(posts):
        author = {person.handle: person for person in (world.alice, world.bob, world.dan)}[body.partition(":")[0]]
        await liked(world, author, body, friends)
    await filters.new_filter(api, "spoiler", by=world.eve, contexts=["PUBLIC"])
    weights = {**NOTHING, "likesByFollowed": 1}
    pages = await pages_of(api, world.eve, first=first, weights=weights, onePerAuthor=True)
    assert nodes(pages) == ["alice: best", "bob: best"]


async def test_since_is_for_catching_up(api: Api, world: World, friends: list[Person]) -> None:
    now = utc_now()
    for hours in (1, 5, 48, 13 * 24, 15 * 24):
        await liked(world, world.alice, f"{hours} hours", friends, at=now - timedelta(hours=hours))
    weights = {**NOTHING, "freshness": 1}
    everything = ["1 hours", "5 hours", "48 hours", "312 hours"]
    assert await bodies(api, world.eve, weights=weights) == everything
    since = (now - timedelta(hours=6)).isoformat()
    assert await bodies(api, world.eve, weights=weights, since=since) == everything[:2]
    for ancient in ("0001-01-01T00:00:00Z", datetime(1999, 1, 1, tzinfo=UTC).isoformat(), "1999-01-01T00:00:00"):
        assert await bodies(api, world.eve, weights=weights, since=ancient) == everything
    for future in ("9999-12-31T23:59:59Z", (now + timedelta(hours=1)).isoformat()):
        assert await bodies(api, world.eve, weights=weights, since=future) == []


LIKE = "mutation ($input: LikePostInput!) { likePost(input: $input) { errors { message } } }"


async def pages_of(api: Api, person: Person, *, between: Any = None, **variables: Any) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(FEED, by=person, after=after, **variables))["forYouFeed"]

    return await walk(fetch, between=between)


@pytest.mark.parametrize("first", [1, 2, 3, 7])
async def test_pages_hold_still_while_everybody_posts_likes_and_follows(
    api: Api, world: World, friends: list[Person], first: int
) -> None:
    authors = [world.alice, world.bob, world.carol, world.dan]
    numbers = [await liked(world, authors[number % 4], f"post {number}", friends[: number % 4]) for number in range(16)]
    for number in numbers[:6]:
        await world.repost(friends[number % 3], number)
    for friend in friends[:2]:
        await world.follow(friend, world.dan)
    expected = await bodies(api, world.eve)
    assert len(expected) > 8
    turn = 0

    async def live_on() -> None:
        nonlocal turn
        turn += 1
        newcomer = await world.join(f"newcomer{turn}")
        await world.follow(world.eve, newcomer)
        await liked(world, newcomer, f"new {turn}", [*friends, newcomer])
        for number in numbers[turn % 3 :: 3]:
            await world.like(newcomer, number)
        await world.repost(newcomer, numbers[turn % 16])
        for friend in friends:
            await world.follow(friend, newcomer)
        if turn == 1:
            await world.follow(world.eve, world.dan)
            await world.like(world.eve, numbers[7])
            await hashtags.follow(api, "tea", by=world.eve)

    pages = await pages_of(api, world.eve, first=first, between=live_on)
    assert nodes(pages) == expected
    assert pages[0]["pageInfo"]["hasPreviousPage"] is False
    assert all(page["pageInfo"]["hasPreviousPage"] for page in pages[1:])
    # A new list tells of all that.
    assert "new 1" in await bodies(api, world.eve)


async def test_hidden_posts_leave_full_pages(api: Api, world: World, friends: list[Person]) -> None:
    for number in range(12):
        await liked(world, world.alice, f"{number} {'spoiler' if number % 2 else 'good'}", friends)
    await filters.new_filter(api, "spoiler", by=world.eve, contexts=["PUBLIC"])
    pages = await pages_of(api, world.eve, first=2)
    assert [len(page["edges"]) for page in pages] == [2, 2, 2]
    assert nodes(pages) == [f"{number} good" for number in (10, 8, 6, 4, 2, 0)]


async def test_anonymous_callers_have_no_such_feed(api: Api) -> None:
    assert (await api.run(FEED)).codes == ["UNAUTHENTICATED"]


async def test_a_newcomer_has_an_empty_one(api: Api, world: World) -> None:
    await world.post(world.bob, "#tea")
    assert await edges_of(api, await world.join("newcomer")) == []


async def test_what_it_costs(api: Api, world: World, friends: list[Person]) -> None:
    for number in range(5):
        await world.repost(friends[0], await liked(world, world.alice, f"{number} #tea", friends))
    await hashtags.follow(api, "tea", by=world.eve)
    plain = "{ forYouFeed { edges { node { body author { handle } likeCount } reason { kind score } } } }"
    for document in (FEED, plain):
        await api.data(document, by=world.eve)
        assert fallbacks_of(api, document) == []
    with api.budget(sql=2):
        await api.data(plain, by=world.eve)
    # The people and the hashtags behind signals.
    with api.budget(sql=4):
        await api.data(FEED, by=world.eve)


async def test_other_feeds_have_neither_score_nor_signals(api: Api, world: World) -> None:
    await world.post(world.eve)
    [edge] = (await api.data(REASON_AT_HOME, by=world.eve))["homeFeed"]["edges"]
    assert edge["reason"] == {"kind": "OWN", "score": None, "signals": None}


async def test_it_keeps_no_position_and_has_no_gaps(api: Api, world: World, friends: list[Person]) -> None:
    for number in range(3):
        await liked(world, world.alice, f"{number}", friends)
    document = "{ forYouFeed(first: 1) { readPosition unreadCount gaps { kind } pageInfo { hasNextPage } } }"
    assert (await api.data(document, by=world.eve))["forYouFeed"] == {
        "readPosition": None,
        "unreadCount": None,
        "gaps": [],
        "pageInfo": {"hasNextPage": True},
    }


async def test_many_may_read_at_once(api: Api, world: World, friends: list[Person]) -> None:
    for number in range(6):
        await liked(world, world.alice, f"{number}", friends)
    found = await asyncio.gather(*(pages_of(api, world.eve, first=2) for _ in range(6)))
    assert [nodes(pages) for pages in found] == [[f"{number}" for number in (5, 4, 3, 2, 1, 0)]] * 6


@pytest.mark.parametrize("after", ["", "nonsense", "AQ==", "' OR 1=1"])
async def test_cursors_of_nothing_are_refused(api: Api, world: World, after: str) -> None:
    assert (await api.run(FEED, by=world.eve, after=after)).codes == ["BAD_CURSOR"]


async def test_a_cursor_of_another_feed_is_refused(api: Api, world: World, friends: list[Person]) -> None:
    await liked(world, world.alice, "hello", friends)
    [edge] = await edges_of(api, world.eve)
    home = "query ($after: Cursor) { homeFeed(after: $after) { edges { cursor } } }"
    assert (await api.run(home, by=world.eve, after=edge["cursor"])).codes == ["BAD_CURSOR"]
