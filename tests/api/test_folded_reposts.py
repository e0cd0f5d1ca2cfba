"""An original that several people repost is one entry, in the home feed and in feeds of lists."""

import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from app.worker import Worker
from core.paging import Listing, decode_cursor, decode_trailed_cursor, encode_cursor
from tests.api.lists import new_list
from tests.api.mutes import mute
from tests.api.paging import walk
from tests.fixtures.api import Api
from tests.worlds import Person, World

_PAGE = """{
  edges { cursor node { body } reason { kind user { handle } } repostedBy { handle } }
  pageInfo { hasNextPage endCursor } unreadCount
}"""
_BEGIN = "query ($first: Int!, $after: Cursor, $until: Cursor"
HOME = f"{_BEGIN}) {{ feed: homeFeed(first: $first, after: $after, until: $until) {_PAGE} }}"
LIST = f"""{_BEGIN}, $id: ID!) {{
  node(id: $id) {{ ... on List {{ feed: posts(first: $first, after: $after, until: $until) {_PAGE} }} }}
}}"""
LISTINGS = {"timeline": Listing.HOME_FEED, "sql": Listing.HOME_FEED, "list": Listing.LIST_FEED}

Told = tuple[str, list[str]]


class Feed(NamedTuple):
    """Alice's feed of bob and carol, by one of the ways to it."""

    read: Callable[..., Awaitable[Any]]
    listing: Listing

    async def told(self, **page: Any) -> list[Told]:
        """What the edges of a page show, and who reposted it."""
        return told_of(await self.read(**page))


def told_of(page: Any) -> list[Told]:
    return [(edge["node"]["body"], [by["handle"] for by in edge["repostedBy"]]) for edge in page["edges"]]


@pytest.fixture(params=["timeline", "sql", "list"])
async def feed(request: pytest.FixtureRequest, api: Api, world: World, worker: Worker) -> Feed:
    way: str = request.param
    list_id = await new_list(api, "Birds", world.bob, world.carol, by=world.alice)
    home = api.services.resources.home

    async def read(first: int = 100, after: str | None = None, until: str | None = None) -> Any:
        named = {"first": first, "after": after, "until": until}
        if way == "list":
            return (await api.data(LIST, by=world.alice, id=list_id, **named))["node"]["feed"]
        if way == "timeline":
            await worker.settle()
            await home.rebuild(world.alice.account_id)
        else:
            await home.forget(world.alice.account_id)
        return (await api.data(HOME, by=world.alice, **named))["feed"]

    return Feed(read, LISTINGS[way])


async def repost(world: World, post: int, *people: Person) -> None:
    for person in people:
        await world.repost(person, post)


async def test_reposts_of_one_post_are_one_entry_with_all_who_reposted(world: World, feed: Feed) -> None:
    by_eve = await world.post(world.eve, "by eve")
    other = await world.post(world.dan, "by dan")
    await repost(world, by_eve, world.bob)
    await world.post(world.bob, "in between")
    await repost(world, other, world.carol)
    await repost(world, by_eve, world.carol)
    page = await feed.read()
    assert told_of(page) == [("by eve", ["carol", "bob"]), ("by dan", ["carol"]), ("in between", [])]
    assert page["edges"][0]["reason"] == {"kind": "REPOSTED", "user": {"handle": "carol"}}
    assert page["unreadCount"] == 3


async def test_a_post_folds_into_a_repost_of_it(world: World, feed: Feed) -> None:
    by_bob = await world.post(world.bob, "by bob")
    await world.post(world.carol, "in between")
    await repost(world, by_bob, world.carol, world.bob)
    page = await feed.read()
    assert told_of(page) == [("by bob", ["bob", "carol"]), ("in between", [])]
    assert page["edges"][0]["reason"] == {"kind": "REPOSTED", "user": {"handle": "bob"}}


@pytest.mark.parametrize(("between", "count"), [(39, 1), (40, 2)])
async def test_it_is_shown_again_behind_forty_others(world: World, feed: Feed, between: int, count: int) -> None:
    by_eve = await world.post(world.eve, "by eve")
    await repost(world, by_eve, world.bob)
    for number in range(between):
        await world.post(world.bob, f"post {number}")
    await repost(world, by_eve, world.carol)
    shown = [told for told in await feed.told() if told[0] == "by eve"]
    assert shown == [("by eve", ["carol"]), ("by eve", ["bob"])] if count == 2 else [("by eve", ["carol", "bob"])]
    for first in (1, 7, 41):
        pages = await walk(lambda after, first=first: feed.read(first=first, after=after))  # type: ignore[misc]  # bound
        assert [body for page in pages for body, _ in told_of(page)].count("by eve") == count


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_what_a_page_has_shown_later_ones_do_not(world: World, feed: Feed, first: int) -> None:
    """By the page's end as by the cursor of an entry, and a page is the same whichever way leads to it."""
    posts = [await world.post(world.eve, f"post {number}") for number in range(5)]
    for person in (world.bob, world.carol):
        for post in posts:
            await repost(world, post, person)
    pages = await walk(lambda after: feed.read(first=first, after=after))
    bodies = [body for page in pages for body, _ in told_of(page)]
    assert bodies == [f"post {number}" for number in (4, 3, 2, 1, 0)]
    edges = [edge for page in pages for edge in page["edges"]]
    for place, edge in enumerate(edges):
        behind = [body for body, _ in await feed.told(after=edge["cursor"])]
        assert behind == bodies[place + 1 :]
    assert pages[0]["pageInfo"]["endCursor"] == pages[0]["edges"][-1]["cursor"]
    # Whoever begins in the middle has seen nothing yet.
    place = decode_cursor(feed.listing, edges[0]["cursor"])
    assert len(await feed.told(after=encode_cursor(feed.listing, place))) == 5


async def test_who_reposted_is_told_down_to_the_next_entry(world: World, feed: Feed) -> None:
    """However far is looked, which is further for a page that ends above something."""
    by_eve, by_dan = await world.post(world.eve, "by eve"), await world.post(world.dan, "by dan")
    await world.post(world.bob, "oldest")
    await repost(world, by_eve, world.carol)
    await repost(world, by_dan, world.carol)
    await repost(world, by_eve, world.bob)
    [oldest] = (await feed.read())["edges"][-1:]
    for until in (None, oldest["cursor"]):
        assert await feed.told(first=1, until=until) == [("by eve", ["bob"])]
        assert await feed.told(first=2, until=until) == [("by eve", ["bob", "carol"]), ("by dan", ["carol"])]


async def test_a_repost_that_is_hidden_folds_nothing_and_is_not_told(api: Api, world: World, feed: Feed) -> None:
    by_eve = await world.post(world.eve, "by eve")
    await repost(world, by_eve, world.bob)
    await world.post(world.bob, "in between")
    await repost(world, by_eve, world.carol)
    assert await feed.told() == [("by eve", ["carol", "bob"]), ("in between", [])]
    await mute(api, world.carol, by=world.alice)
    assert await feed.told() == [("in between", []), ("by eve", ["bob"])]


@pytest.mark.parametrize("is_first_page", [True, False])
async def test_folding_asks_for_nothing(api: Api, world: World, worker: Worker, *, is_first_page: bool) -> None:
    for number in range(11):
        await repost(world, await world.post(world.eve, f"post {number}"), world.bob)
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    document = """
    query ($first: Int!, $after: Cursor) {
      homeFeed(first: $first, after: $after) { edges { node { body } repostedBy { id } } pageInfo { endCursor } }
    }
    """
    page = (await api.data(document, by=world.alice, first=5))["homeFeed"]
    after = None if is_first_page else page["pageInfo"]["endCursor"]
    with api.budget(sql=2, redis=1):  # one is for those who reposted
        page = (await api.data(document, by=world.alice, first=5, after=after))["homeFeed"]
    assert len(page["edges"]) == 5


async def test_a_page_that_reposts_thin_out_is_filled_up_in_few_rounds(api: Api, world: World, worker: Worker) -> None:
    """Two thirds of this feed fold, and what the reader reposts themself folds like the rest."""
    for number in range(21):
        post = await world.post(world.eve, f"post {number}")
        await repost(world, post, world.bob, world.carol, world.alice)
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    document = """
    {
      homeFeed(first: 20) {
        edges { node { body } reason { kind user { handle } } repostedBy { handle } }
        pageInfo { hasNextPage }
        gaps { kind }
      }
    }
    """
    with api.budget(sql=5, redis=3):  # one is for `reason`, one for the others who reposted
        page = (await api.data(document, by=world.alice))["homeFeed"]
    assert told_of(page) == [(f"post {number}", ["alice", "carol", "bob"]) for number in range(20, 0, -1)]
    assert page["edges"][0]["reason"] == {"kind": "REPOSTED", "user": {"handle": "alice"}}
    assert (page["pageInfo"]["hasNextPage"], page["gaps"]) == (True, [])


class Entry(NamedTuple):
    """A post in the feed, and whose repost brought it, if one did."""

    body: str
    by: str | None


def expected(entries: list[Entry], *, behind: int, first: int) -> tuple[list[Told], list[int]]:
    """The page behind so many of these entries, newest first, and the places of what it shows."""
    starts, told = list[int](), dict[int, Told]()
    last_start: dict[str, int] = {}
    for place, (body, by) in enumerate(entries):
        if all(above.body != body for above in entries[max(0, place - 40) : place]):
            last_start[body] = place
            if place >= behind:
                starts.append(place)
            if len(starts) > first:
                break
        start = last_start[body]
        if place >= behind and start >= behind:
            told.setdefault(start, (body, []))
            if by is not None:
                told[start][1].append(by)
    starts = starts[:first]
    return [told[start] for start in starts], starts


@pytest.mark.parametrize("seed", range(2))
async def test_every_page_is_that_of_the_whole_feed(world: World, feed: Feed, seed: int) -> None:
    """Pages of any length from any entry, and those behind them."""
    chance = random.Random(seed)
    originals = {f"by eve {number}": await world.post(world.eve, f"by eve {number}") for number in range(12)}
    entries: list[Entry] = []
    reposted: set[tuple[str, str]] = set()
    for number in range(110):
        person = chance.choice([world.bob, world.carol])
        body = chance.choice([*originals][-chance.choice([12, 12, 100]) :])
        if chance.random() < 0.6 and (body, person.handle) not in reposted:
            reposted.add((body, person.handle))
            await repost(world, originals[body], person)
            entries.insert(0, Entry(body, person.handle))
        else:
            body = f"post {number}"
            originals[body] = await world.post(person, body)
            entries.insert(0, Entry(body, None))
    whole = [edge for page in await walk(lambda after: feed.read(after=after)) for edge in page["edges"]]
    told, starts = expected(entries, behind=0, first=len(entries))
    assert told_of({"edges": whole}) == told
    assert len(told) < len(entries)
    assert len({body for body, _ in told}) < len(told), "nothing comes again behind forty others"
    for _ in range(12):
        shown = chance.randrange(len(whole))
        behind, after = starts[shown] + 1, whole[shown]["cursor"]
        for _ in range(3):
            first = chance.choice([1, 2, 5, 30])
            page = await feed.read(first=first, after=after)
            told, starts_here = expected(entries, behind=behind, first=first)
            assert told_of(page) == told, (behind, first)
            if not told:
                break
            behind, after = starts_here[-1] + 1, page["pageInfo"]["endCursor"]


async def test_only_what_may_repeat_makes_cursors_longer(world: World, feed: Feed) -> None:
    by_eve, by_dan = await world.post(world.eve, "by eve"), await world.post(world.dan, "by dan")
    for number in range(3):
        await world.post(world.bob, f"post {number}")
    page = await feed.read(first=2)
    key, trail = decode_trailed_cursor(feed.listing, page["pageInfo"]["endCursor"])
    assert (page["pageInfo"]["endCursor"], trail) == (encode_cursor(feed.listing, key), ())
    await repost(world, by_eve, world.bob, world.carol)
    await repost(world, by_dan, world.carol)
    page = await feed.read(first=3)
    _, trail = decode_trailed_cursor(feed.listing, page["pageInfo"]["endCursor"])
    assert {mark.post_id for mark in trail} == {by_eve, by_dan}
