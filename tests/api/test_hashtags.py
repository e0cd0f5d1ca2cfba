"""Hashtags: one for all spellings, exact counts, a page of posts, a week's history; and who follows them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from actions.hashtags import MOST_FOLLOWED
from app.worker import Worker
from compiler import CompiledExecutor
from core import ids
from core.clock import utc_now
from loaders import hashtags as hashtag_loaders
from models.posts import Visibility
from tests.api.hashtags import HOME, act, act_document, follow, seen
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import World

PAGE = """
query ($name: String!, $first: Int!, $after: Cursor) {
  hashtag(name: $name) {
    name postCount
    posts(first: $first, after: $after) {
      edges {
        cursor
        reason { kind user { handle } hashtag { name } }
        node { body likeCount author { handle followerCount } replies(first: 2) { edges { node { body } } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
HISTORY = "query ($name: String!) { hashtag(name: $name) { history { day postCount accountCount } } }"
FOLLOWED = """
query ($first: Int!, $after: Cursor) {
  viewer {
    followedHashtags(first: $first, after: $after) {
      edges { cursor node { name viewerFollows followerCount history { postCount } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { id __typename ... on Hashtag { name viewerFollows } } }"
NO_HASHTAGS = [
    "",
    "#",
    "##tea",
    "tea#",
    "two words",
    "tea-time",
    "123",
    "_",
    "t" * 101,
    "\x00",
    "tea\x00",
    "'; DROP TABLE hashtag; --",
    "%",
    "💀",
    "\u202etea",
]


async def test_all_spellings_of_a_name_are_one_hashtag_shown_as_it_was_written_first(api: Api, world: World) -> None:
    await world.post(world.alice, "#CaféCrème")
    await world.post(world.bob, "#cafecreme")
    names = ("CaféCrème", "#cafecreme", "CAFECREME", "\uff03\uff23afécreme", " #cafe\u0301creme ", "cafe\u200ccreme")
    found = [await seen(api, name) for name in names]
    assert found == [found[0]] * 6
    assert (found[0]["name"], found[0]["postCount"]) == ("CaféCrème", 2)


async def test_a_hashtag_that_nobody_used_is_null(api: Api, world: World) -> None:
    await world.post(world.alice, "#tea")
    for name in ("coffee", "te", "teas", "t_a"):
        assert await seen(api, name) is None


@pytest.mark.parametrize("name", NO_HASHTAGS)
async def test_what_is_no_hashtag_is_null_and_cannot_be_followed(api: Api, world: World, name: str) -> None:
    await world.post(world.alice, "#tea")
    assert await seen(api, name) is None
    for doing in ("followHashtag", "unfollowHashtag"):
        payload = await act(api, doing, name, by=world.alice)
        assert payload["hashtag"] is None
        assert refusals(payload) == [("ValidationError", ["name"])]
    async with api.services.db._connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM hashtag") == 1


async def test_page_lists_posts_quotes_and_replies_newest_first_and_says_why(api: Api, world: World) -> None:
    first = await world.post(world.bob, "one #tea")
    await world.post(world.bob, "without")
    await world.post(world.eve, "a reply #Tea #milk", reply_to=first)
    gone = await world.post(world.carol, "gone #tea")
    await world.post(world.carol, "only #milk")
    await world.delete(world.carol, gone)
    await world.repost(world.dan, first)
    for viewer in (world.alice, None):
        page = (await api.data(PAGE, by=viewer, name="tea", first=10))["hashtag"]
        edges = page["posts"]["edges"]
        assert [edge["node"]["body"] for edge in edges] == ["a reply #Tea #milk", "one #tea"]
        assert [edge["reason"] for edge in edges] == [
            {"kind": "HASHTAG", "user": {"handle": name}, "hashtag": {"name": "tea"}} for name in ("eve", "bob")
        ]
        assert edges[1]["node"]["replies"]["edges"] == [{"node": {"body": "a reply #Tea #milk"}}]


async def test_pages_of_posts_have_neither_gap_nor_repeat(api: Api, world: World) -> None:
    posts = [await world.post(world.bob, f"{number} #tea") for number in range(11)]
    await world.delete(world.bob, posts[4])
    bodies: list[str] = []
    has_next, after, pages = True, None, 0
    while has_next:
        page = (await api.data(PAGE, name="tea", first=3, after=after))["hashtag"]["posts"]
        bodies += [edge["node"]["body"] for edge in page["edges"]]
        has_next, after, pages = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"], pages + 1
    assert bodies == [f"{number} #tea" for number in reversed(range(11)) if number != 4]
    assert pages == 4


async def test_cursor_of_another_list_is_refused(api: Api, world: World) -> None:
    await world.post(world.bob, "#tea")
    feed = await api.data("{ publicFeed(first: 1) { pageInfo { endCursor } } }")
    answer = await api.run(PAGE, name="tea", first=3, after=feed["publicFeed"]["pageInfo"]["endCursor"])
    assert answer.codes == ["BAD_CURSOR"]


@pytest.mark.parametrize("count", [10, 60])
async def test_a_page_costs_three_statements_for_any_number_of_posts(api: Api, world: World, count: int) -> None:
    for number in range(count):
        await world.post((world.bob, world.eve)[number % 2], f"{number} #tea")
    with api.budget(sql=3):  # the hashtag, its posts with all of theirs, the hashtag that is their reason
        page = (await api.data(PAGE, by=world.alice, name="tea", first=count))["hashtag"]
    assert len(page["posts"]["edges"]) == count
    with api.budget(sql=2):
        await api.data(PAGE.replace("hashtag { name }", ""), by=world.alice, name="tea", first=count)


async def test_counts_are_exact_before_and_after_they_are_folded(api: Api, world: World, worker: Worker) -> None:
    for author in (world.alice, world.bob):
        await world.post(author, "#tea #milk")
    await follow(api, "tea", by=world.alice)
    for _ in range(2):
        assert (await seen(api, "tea"))["postCount"] == 2
        assert (await seen(api, "tea"))["followerCount"] == 1
        assert (await seen(api, "milk"))["followerCount"] == 0
        await worker.settle()


async def test_history_counts_posts_and_accounts_of_each_of_the_last_seven_days(api: Api, world: World) -> None:
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    moments = {
        "today": [midnight],
        "yesterday": [midnight - timedelta(milliseconds=1), midnight - timedelta(days=1)],
        "six days ago": [midnight - timedelta(days=6)],
        "a week ago": [midnight - timedelta(days=6, milliseconds=1)],
    }
    for at in [moment for day in moments.values() for moment in day]:
        for author in (world.alice, world.alice, world.bob):
            await world.post(author, "#tea", at=at)
        await world.post(world.alice, "#other", at=at)
    gone = await world.post(world.carol, "#tea", at=midnight)
    await world.delete(world.carol, gone)
    history = (await api.data(HISTORY, name="tea"))["hashtag"]["history"]
    days = [(midnight - timedelta(days=ago)).date().isoformat() for ago in range(7)]
    expected = [(3, 2), (6, 2), (0, 0), (0, 0), (0, 0), (0, 0), (3, 2)]
    assert history == [
        {"day": day, "postCount": posts, "accountCount": accounts}
        for day, (posts, accounts) in zip(days, expected, strict=True)
    ]


async def test_of_a_busy_day_only_so_many_posts_are_counted(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashtag_loaders, "MOST_COUNTED_A_DAY", 3)
    for _ in range(2):
        await world.post(world.alice, "#tea")
    for _ in range(3):
        await world.post(world.bob, "#tea")
    today = (await api.data(HISTORY, name="tea"))["hashtag"]["history"][0]
    assert (today["postCount"], today["accountCount"]) == (3, 1), "the newest ones"


async def test_following_twice_is_once_and_unfollowing_twice_is_once(api: Api, world: World, worker: Worker) -> None:
    await world.post(world.bob, "#Tea")
    for name in ("#tea", "TEA"):
        payload = await act(api, "followHashtag", name, by=world.alice)
        assert payload["errors"] == []
        assert (payload["hashtag"]["name"], payload["hashtag"]["followerCount"]) == ("Tea", 1)
        assert payload["hashtag"]["viewerFollows"] is True
    await worker.settle()
    for viewer, follows in ((world.alice, True), (world.bob, False), (None, False)):
        found = await seen(api, "tea", by=viewer)
        assert (found["followerCount"], found["viewerFollows"]) == (1, follows)
    for _ in range(2):
        payload = await act(api, "unfollowHashtag", "tea", by=world.alice)
        assert (payload["errors"], payload["hashtag"]["followerCount"]) == ([], 0)
        assert payload["hashtag"]["viewerFollows"] is False


async def test_what_nobody_has_used_can_be_followed_ahead_but_not_unfollowed(api: Api, world: World) -> None:
    payload = await act(api, "unfollowHashtag", "Launch2027", by=world.alice)
    assert refusals(payload) == [("NotFoundError", ["name"])]
    payload = await act(api, "followHashtag", "#Launch2027", by=world.alice)
    assert payload["errors"] == []
    assert (payload["hashtag"]["name"], payload["hashtag"]["postCount"]) == ("Launch2027", 0)
    await world.post(world.eve, "#LAUNCH2027")
    found = await seen(api, "launch2027", by=world.alice)
    assert (found["name"], found["postCount"], found["viewerFollows"]) == ("Launch2027", 1, True)


@pytest.mark.parametrize("is_private", [True, False])
async def test_a_hashtag_of_hidden_posts_cannot_be_unfollowed_any_more_than_one_that_nobody_used(
    api: Api, world: World, *, is_private: bool
) -> None:
    await world.make_private(world.eve, is_private=is_private)
    await world.post(world.eve, "#SecretThing")
    used, unused = [await act(api, "unfollowHashtag", name, by=world.alice) for name in ("secretthing", "coffee")]
    assert refusals(unused) == [("NotFoundError", ["name"])]
    if is_private:
        assert used == unused
    else:
        assert (used["errors"], used["hashtag"]["name"]) == ([], "SecretThing")
    await follow(api, "secretthing", by=world.alice)
    assert (await act(api, "unfollowHashtag", "secretthing", by=world.alice))["errors"] == []
    assert await act(api, "unfollowHashtag", "secretthing", by=world.alice) == used


async def write_private(world: World) -> None:
    await world.make_private(world.eve)
    await world.post(world.eve, "#JoeIsIll")


async def write_for_followers(world: World) -> None:
    narrow = await world.post(world.eve, "for some", visibility=Visibility.FOLLOWERS)
    await world.post(world.eve, "below #JoeIsIll", reply_to=narrow)


async def edit_private(world: World) -> None:
    await world.make_private(world.eve)
    await world.edit(world.eve, await world.post(world.eve, "plain"), "#JoeIsIll")


HIDDEN = [write_private, write_for_followers, edit_private]


@pytest.mark.parametrize("hide", HIDDEN)
async def test_nobody_is_told_how_a_hidden_post_spells_a_hashtag(
    api: Api, world: World, hide: Callable[[World], Awaitable[None]]
) -> None:
    await hide(world)
    await follow(api, "joeisILL", by=world.alice)
    assert (await seen(api, "joeisill"))["name"] == "joeisILL"
    await act(api, "unfollowHashtag", "joeisill", by=world.alice)
    await world.post(world.bob, "#JOEISILL")
    assert (await seen(api, "joeisill"))["name"] == "joeisILL", "as it was first written where everybody may read it"


@pytest.mark.parametrize("hide", HIDDEN)
async def test_a_public_post_or_edit_after_a_hidden_one_spells_the_hashtag(
    api: Api, world: World, hide: Callable[[World], Awaitable[None]]
) -> None:
    await hide(world)
    plain = await world.post(world.carol, "plain")
    await world.edit(world.carol, plain, "#joeIsIll")
    await world.post(world.bob, "#joeisill")
    await world.make_private(world.eve, is_private=False)
    assert (await seen(api, "joeisill"))["name"] == "joeIsIll"


async def test_a_hashtag_whose_posts_only_now_show_is_shown_by_the_name_that_its_spellings_share(
    api: Api, world: World
) -> None:
    await write_private(world)
    assert await seen(api, "joeisill") is None
    await world.make_private(world.eve, is_private=False)
    assert (await seen(api, "joeisill"))["name"] == "joeisill"
    await world.post(world.bob, "#Joeisill")
    assert (await seen(api, "joeisill"))["name"] == "Joeisill"


async def test_two_who_spell_a_hashtag_at_once_after_a_hidden_post_agree(api: Api, world: World) -> None:
    await write_private(world)
    spellings = ["JOEisill", "joeISill", "joeisILL"]
    await asyncio.gather(*(world.post(author, f"#{name}") for author in (world.bob, world.dan) for name in spellings))
    found = await seen(api, "joeisill")
    assert (found["name"] in spellings, found["postCount"]) == (True, 6)


@pytest.mark.parametrize("name", ["followHashtag", "unfollowHashtag"])
async def test_needs_a_viewer(api: Api, world: World, name: str) -> None:
    await world.post(world.bob, "#tea")
    answer = await api.run(act_document(name), input={"name": "tea"})
    assert answer.codes == ["UNAUTHENTICATED"]
    assert (await seen(api, "tea"))["followerCount"] == 0
    assert await seen(api, "coffee") is None


async def test_a_hundred_at_once_by_one_person_follow_once(api: Api, world: World, worker: Worker) -> None:
    payloads = await asyncio.gather(*(act(api, "followHashtag", "tea", by=world.alice) for _ in range(100)))
    assert all(payload["errors"] == [] for payload in payloads)
    assert len({payload["hashtag"]["id"] for payload in payloads}) == 1
    for _ in range(2):
        assert (await seen(api, "tea"))["followerCount"] == 1
        await worker.settle()


async def test_follows_and_unfollows_at_once_count_what_is_left(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.bob)
    names = ("followHashtag", "unfollowHashtag") * 10
    await asyncio.gather(*(act(api, name, "tea", by=world.alice) for name in names))
    for _ in range(2):
        found = await seen(api, "tea", by=world.alice)
        assert found["followerCount"] == 1 + int(found["viewerFollows"])
        await worker.settle()


async def test_no_more_than_two_hundred_are_followed_even_by_two_acts_at_once(api: Api, world: World) -> None:
    async with api.services.db._connection() as connection:
        await connection.execute(
            "INSERT INTO hashtag_follow (hashtag_id, account_id) SELECT made.id, $1 FROM hashtag_ids($2, $2) AS made",
            world.alice.account_id,
            [f"tag{number:03}" for number in range(1, MOST_FOLLOWED)],
        )
    payloads = await asyncio.gather(*(act(api, "followHashtag", f"more{n}", by=world.alice) for n in range(8)))
    done = [payload for payload in payloads if not payload["errors"]]
    assert len(done) == 1
    refused = next(payload for payload in payloads if payload["errors"])
    assert refusals(refused) == [("ValidationError", ["name"])]
    assert refused["errors"][0]["code"] == "TOO_MANY"
    assert (await act(api, "followHashtag", "tag002", by=world.alice))["errors"] == [], "already followed"
    assert (await act(api, "followHashtag", "more9", by=world.bob))["errors"] == [], "bob follows none"
    async with api.services.db._connection() as connection:
        made = await connection.fetchval("SELECT count(*) FROM hashtag WHERE name LIKE 'more%'")
    assert made == 2, "what was refused has made nothing"


def names_of(connection: Any) -> list[str]:
    return [edge["node"]["name"] for edge in connection["edges"]]


async def test_followed_hashtags_are_listed_newest_follow_first_without_gap_or_repeat(api: Api, world: World) -> None:
    names = [f"tag{number}" for number in range(7)]
    for name in names:
        await follow(api, name, by=world.alice)
    await follow(api, "other", by=world.bob)
    found: list[str] = []
    has_next, after = True, None
    while has_next:
        page = (await api.data(FOLLOWED, by=world.alice, first=3, after=after))["viewer"]["followedHashtags"]
        assert all(edge["node"]["viewerFollows"] for edge in page["edges"])
        found += names_of(page)
        has_next, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert found == names[::-1]
    assert names_of((await api.data(FOLLOWED, by=world.eve, first=3))["viewer"]["followedHashtags"]) == []
    assert (await api.data(FOLLOWED, first=3))["viewer"] is None


async def test_the_histories_of_all_hashtags_of_a_page_are_one_statement(api: Api, world: World) -> None:
    for number in range(12):
        await follow(api, f"tag{number}", by=world.alice)
    await world.post(world.eve, "#tag11")
    for first in (3, 12):
        with api.budget(sql=3):
            page = (await api.data(FOLLOWED, by=world.alice, first=first))["viewer"]["followedHashtags"]
        assert [edge["node"]["history"][0]["postCount"] for edge in page["edges"]] == [1] + [0] * (first - 1)


async def test_documents_about_hashtags_run_compiled(api: Api, world: World) -> None:
    await world.post(world.bob, "#tea")
    left_before = CompiledExecutor.plans.fallback_count
    await follow(api, "tea", by=world.alice)
    await api.data(PAGE, by=world.alice, name="tea", first=10)
    await api.data(HISTORY, by=world.alice, name="tea")
    await api.data(FOLLOWED, by=world.alice, first=10)
    await api.data(HOME, by=world.alice, first=10)
    assert CompiledExecutor.plans.fallback_count == left_before


async def test_a_hashtag_is_a_node(api: Api, world: World) -> None:
    await follow(api, "tea", by=world.alice)
    found = await seen(api, "tea")
    assert ids.decode(found["id"])[0] is ids.Kind.HASHTAG
    expected = {"id": found["id"], "__typename": "Hashtag", "name": "tea", "viewerFollows": True}
    assert (await api.data(NODE, by=world.alice, id=found["id"]))["node"] == expected
    absent = ids.encode(ids.Kind.HASHTAG, world.alice.account_id)
    assert (await api.data(NODE, by=world.alice, id=absent))["node"] is None


async def test_following_costs_seven_statements(api: Api, world: World) -> None:
    with api.budget(sql=7, redis=2):
        await follow(api, "tea", by=world.alice)
    with api.budget(sql=4, redis=2):
        await follow(api, "tea", by=world.alice)
