"""Gaps: a client that holds parts of a feed is told what is missing between them, and nothing where nothing is."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.paging import Listing, PageRequest, decode_cursor, encode_cursor
from tests.api.compiled import fallbacks_of
from tests.fixtures.api import Api
from tests.worlds import Person, World

LISTINGS = {
    "home": Listing.HOME_FEED,
    "public": Listing.PUBLIC_FEED,
    "hashtag": Listing.HASHTAG_POSTS,
    "profile": Listing.USER_POSTS,
}
_BEGIN = "query ($first: Int!, $after: Cursor, $until: Cursor)"
_ARGUMENTS = "(first: $first, after: $after, until: $until)"
_PAGE = "{ edges { cursor } pageInfo { hasNextPage endCursor } gaps { kind after until } }"
FEEDS = {
    "home": f"{_BEGIN} {{ feed: homeFeed{_ARGUMENTS} {_PAGE} }}",
    "public": f"{_BEGIN} {{ feed: publicFeed{_ARGUMENTS} {_PAGE} }}",
    "hashtag": f'{_BEGIN} {{ at: hashtag(name: "tea") {{ feed: posts{_ARGUMENTS} {_PAGE} }} }}',
    "profile": f'{_BEGIN} {{ at: user(handle: "bob") {{ feed: posts{_ARGUMENTS} {_PAGE} }} }}',
}
POSTS = 40
MOST_PAGES = 200


class Client:
    """Somebody who reads one feed part by part."""

    def __init__(self, api: Api, feed: str, person: Person) -> None:
        self._api = api
        self._feed = feed
        self._person = person
        self.page_count = 0

    async def page(self, first: int, *, after: int | None = None, until: int | None = None) -> Any:
        self.page_count += 1
        assert self.page_count <= MOST_PAGES, "the gaps never end"
        listing = LISTINGS[self._feed]
        places = {
            name: None if entry is None else encode_cursor(listing, entry)
            for name, entry in (("after", after), ("until", until))
        }
        data = await self._api.data(FEEDS[self._feed], by=self._person, first=first, **places)
        return data.get("at", data)["feed"]

    def entry(self, cursor: str) -> int:
        return decode_cursor(LISTINGS[self._feed], cursor)

    def entries(self, page: Any) -> list[int]:
        return [self.entry(edge["cursor"]) for edge in page["edges"]]

    async def between(self, first: int, *, after: int | None, until: int) -> list[int]:
        """What is missing between two places, gap by gap."""
        page = await self.page(first, after=after, until=until)
        found = self.entries(page)
        assert page["pageInfo"]["hasNextPage"] == bool(page["gaps"])
        for gap in page["gaps"]:
            assert gap["after"] == page["pageInfo"]["endCursor"]
            assert self.entry(gap["until"]) == until
            more = await self.between(first, after=self.entry(gap["after"]), until=until)
            # What the kinds promise: behind a proven gap something is missing.
            assert more or gap["kind"] == "THINNED"
            found += more
        return found

    async def rest(self, first: int, *, after: int | None) -> list[int]:
        """Everything behind a place, page by page."""
        found: list[int] = []
        while True:
            page = await self.page(first, after=after)
            found += self.entries(page)
            assert {gap["kind"] for gap in page["gaps"]} <= {"THINNED"}
            if not page["pageInfo"]["hasNextPage"]:
                assert page["gaps"] == []
                return found
            after = self.entry(page["pageInfo"]["endCursor"])


@pytest.fixture
async def thinned(api: Api, world: World) -> Api:
    """Feeds in which much is hidden from Alice, some of it in long rows: deleted, muted, and by who blocks her."""
    chance = random.Random(7)
    thread = await world.post(world.bob, "muted #tea")
    await world.mute_thread(world.alice, thread)
    for number in range(POSTS):
        is_in_row = 10 <= number < 26
        fate = "muted" if is_in_row else chance.choice(("shown", "shown", "shown", "muted", "deleted", "blocking"))
        author = world.carol if fate == "blocking" else world.bob
        post = await world.post(author, f"{number} #tea", reply_to=thread if fate == "muted" else None)
        if fate == "deleted":
            await world.delete(author, post)
        if is_in_row and number % 4 == 0:
            await world.post(world.carol, f"{number} #tea")
    await world.block(world.carol, world.alice)
    return api


PARTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 6)), max_size=4)


@pytest.mark.parametrize("feed", FEEDS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS, first=st.integers(1, 7))
async def test_who_holds_parts_of_a_feed_and_fills_all_gaps_holds_the_feed(
    thinned: Api, world: World, feed: str, parts: list[tuple[int, int]], first: int
) -> None:
    client = Client(thinned, feed, world.alice)
    whole = await client.rest(100, after=None)
    assert whole == sorted(set(whole), reverse=True)

    # Rows of neighbours, the newest first, as a client has them from earlier visits; each ends where the next begins.
    held: dict[int, int] = {}
    for start, length in parts:
        row = whole[start : start + length]
        held.update(itertools.pairwise(row))
        if row:
            held.setdefault(row[-1], 0)
    found: list[int] = []
    after = None
    for entry in sorted(held, reverse=True):
        if after is None or held[after] != entry:
            found += await client.between(first, after=after, until=entry)
        found.append(entry)
        after = entry
    found += await client.rest(first, after=after)

    assert found == whole


@pytest.mark.parametrize("feed", FEEDS)
async def test_no_gap_is_told_where_nothing_is_missing(api: Api, world: World, feed: str) -> None:
    oldest, *newer = [await world.post(world.bob, "some #tea") for _ in range(4)]
    client = Client(api, feed, world.alice)
    for first in (3, 4, 100):
        page = await client.page(first, until=oldest)
        assert (client.entries(page), page["gaps"]) == (newer[::-1], [])
        assert page["pageInfo"]["hasNextPage"] is False
    for first, after, until in (
        (1, None, newer[-1]),
        (5, newer[0], oldest),
        (5, oldest, newer[0]),
        (2, None, 2**63 - 1),
    ):
        page = await client.page(first, after=after, until=until)
        assert (page["edges"], page["gaps"], page["pageInfo"]["hasNextPage"]) == ([], [], False)
    for first in (1, 4, 100):
        assert (await client.page(first))["gaps"] == []


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_full_page_tells_the_gap_behind_it(api: Api, world: World, feed: str) -> None:
    oldest, *newer = [await world.post(world.bob, "some #tea") for _ in range(4)]
    client = Client(api, feed, world.alice)
    page = await client.page(2, until=oldest)
    assert client.entries(page) == newer[:0:-1]
    places = {"after": encode_cursor(LISTINGS[feed], newer[1]), "until": encode_cursor(LISTINGS[feed], oldest)}
    assert page["gaps"] == [{"kind": "UNLOADED", **places}]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": places["after"]}


async def test_what_only_hidden_entries_are_behind_is_no_gap(api: Api, world: World) -> None:
    held = await world.post(world.bob)
    thread = await world.post(world.bob)
    for _ in range(4):
        await world.post(world.bob, reply_to=thread)
    shown = await world.post(world.bob)
    await world.mute_thread(world.alice, thread)
    client = Client(api, "home", world.alice)
    page = await client.page(1, until=held)
    assert (client.entries(page), page["gaps"]) == ([shown], [])


async def test_where_too_much_is_hidden_to_tell_the_kind_says_so(api: Api, world: World) -> None:
    held = await world.post(world.bob)
    thread = await world.post(world.bob)
    for _ in range(sum(PageRequest(1).rounds)):
        await world.post(world.bob, reply_to=thread)
    await world.mute_thread(world.alice, thread)
    client = Client(api, "home", world.alice)
    page = await client.page(1, until=held)
    [gap] = page["gaps"]
    assert (gap["kind"], client.entry(gap["until"])) == ("THINNED", held)
    assert await client.between(1, after=client.entry(gap["after"]), until=held) == []
    page = await client.page(1)
    assert [(gap["kind"], gap["until"]) for gap in page["gaps"]] == [("THINNED", None)]
    assert await client.rest(1, after=None) == [held]


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_place_of_another_list_is_refused(api: Api, world: World, feed: str) -> None:
    await world.post(world.bob, "some #tea")
    for listing in Listing:
        if listing is not LISTINGS[feed]:
            answer = await api.run(FEEDS[feed], by=world.alice, first=1, until=encode_cursor(listing, 1))
            assert answer.codes == ["BAD_CURSOR"]


async def test_an_end_costs_no_statement_and_anonymous_readers_have_gaps_too(api: Api, world: World) -> None:
    oldest, *newer = [await world.post(world.bob) for _ in range(4)]
    with api.budget(sql=1):
        answer = await api.data(FEEDS["public"], first=2, until=encode_cursor(Listing.PUBLIC_FEED, oldest))
    assert [gap["kind"] for gap in answer["feed"]["gaps"]] == ["UNLOADED"]
    assert len(answer["feed"]["edges"]) == len(newer) - 1


@pytest.mark.parametrize("feed", FEEDS)
async def test_its_documents_run_compiled(api: Api, feed: str) -> None:
    assert fallbacks_of(api, FEEDS[feed], first=1) == []
