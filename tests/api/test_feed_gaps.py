"""Gaps: a client that holds parts of a feed is told what is missing between them, and nothing where nothing is."""

import itertools
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.paging import Listing, PageRequest, decode_cursor, encode_cursor
from tests.api.compiled import fallbacks_of
from tests.api.lists import new_list
from tests.fixtures.api import Answer, Api
from tests.worlds import Person, World

LISTINGS = {
    "home": Listing.HOME_FEED,
    "list": Listing.LIST_FEED,
    "public": Listing.PUBLIC_FEED,
    "hashtag": Listing.HASHTAG_POSTS,
    "profile": Listing.USER_POSTS,
}
_BEGIN = "query ($first: Int!, $after: Cursor, $until: Cursor)"
_BEGIN_OF_LIST = "query ($first: Int!, $after: Cursor, $until: Cursor, $id: ID!)"
_ARGUMENTS = "(first: $first, after: $after, until: $until)"
_PAGE = "{ edges { cursor } pageInfo { hasNextPage endCursor } gaps { kind after until } }"
FEEDS = {
    "home": f"{_BEGIN} {{ feed: homeFeed{_ARGUMENTS} {_PAGE} }}",
    "list": f"{_BEGIN_OF_LIST} {{ at: list(id: $id) {{ feed: posts{_ARGUMENTS} {_PAGE} }} }}",
    "public": f"{_BEGIN} {{ feed: publicFeed{_ARGUMENTS} {_PAGE} }}",
    "hashtag": f'{_BEGIN} {{ at: hashtag(name: "tea") {{ feed: posts{_ARGUMENTS} {_PAGE} }} }}',
    "profile": f'{_BEGIN} {{ at: user(handle: "bob") {{ feed: posts{_ARGUMENTS} {_PAGE} }} }}',
}
# Those in which an original is one entry, however many repost it.
FOLDING = ("home", "list")
POSTS = 40
MOST_PAGES = 200

# A cursor, or the id of an entry, which stands for the place alone: it does not tell what was shown above.
Place: TypeAlias = str | int


class Client:
    """Somebody who reads one feed part by part, and goes by the cursors that pages have given."""

    def __init__(self, api: Api, feed: str, person: Person, list_id: str) -> None:
        self._api = api
        self._feed = feed
        self._person = person
        self._given = {"id": list_id} if feed == "list" else {}
        self.page_count = 0

    async def run(self, first: int, *, after: str | None = None, until: str | None = None) -> Answer:
        return await self._api.run(
            FEEDS[self._feed], by=self._person, first=first, after=after, until=until, **self._given
        )

    async def page(self, first: int, *, after: Place | None = None, until: Place | None = None) -> Any:
        self.page_count += 1
        assert self.page_count <= MOST_PAGES, "the gaps never end"
        answer = await self.run(first, after=self._cursor(after), until=self._cursor(until))
        assert answer.errors == []
        return answer.data.get("at", answer.data)["feed"]

    def entries(self, cursors: list[str]) -> list[int]:
        return [decode_cursor(LISTINGS[self._feed], cursor) for cursor in cursors]

    async def between(self, first: int, *, after: Place | None, until: Place) -> list[str]:
        """What is missing between two places, gap by gap."""
        page = await self.page(first, after=after, until=until)
        found = cursors_of(page)
        assert page["pageInfo"]["hasNextPage"] == bool(page["gaps"])
        for gap in page["gaps"]:
            assert gap["after"] == page["pageInfo"]["endCursor"]
            assert self.entries([gap["until"]]) == self.entries([self._cursor(until) or ""])
            more = await self.between(first, after=gap["after"], until=gap["until"])
            # What the kinds promise: behind a proven gap something is missing.
            assert more or gap["kind"] == "THINNED"
            found += more
        return found

    async def rest(self, first: int, *, after: Place | None) -> list[str]:
        """Everything behind a place, page by page."""
        found: list[str] = []
        while True:
            page = await self.page(first, after=after)
            found += cursors_of(page)
            assert {gap["kind"] for gap in page["gaps"]} <= {"THINNED"}
            if not page["pageInfo"]["hasNextPage"]:
                assert page["gaps"] == []
                return found
            after = page["pageInfo"]["endCursor"]

    def _cursor(self, place: Place | None) -> str | None:
        return encode_cursor(LISTINGS[self._feed], place) if isinstance(place, int) else place


def cursors_of(page: Any) -> list[str]:
    return [edge["cursor"] for edge in page["edges"]]


# Alice as a reader of a feed.
Reader = Callable[[str], Client]


@pytest.fixture
async def alice_of(api: Api, world: World) -> Reader:
    """She follows bob, carol and dan, and has them on a list, whose feed is like her home feed."""
    await world.follow(world.alice, world.dan)
    followed = (world.bob, world.carol, world.dan)
    list_id = await new_list(api, "Birds", *followed, by=world.alice, replies="TO_MEMBERS")
    return lambda feed: Client(api, feed, world.alice, list_id)


@pytest.fixture
async def thinned(alice_of: Reader, world: World) -> Reader:
    """Feeds in which much is hidden from Alice, some of it in long rows: deleted, muted, and by who blocks her. Bob and
    Dan repost some of what is shown, now and then the same.
    """
    chance = random.Random(7)
    others = [await world.post(world.eve, "by eve") for _ in range(3)]
    reposted: set[tuple[str, int]] = set()
    thread = await world.post(world.bob, "muted #tea")
    await world.mute_thread(world.alice, thread)
    for number in range(POSTS):
        is_in_row = 10 <= number < 26
        fate = "muted" if is_in_row else chance.choice(("shown", "shown", "shown", "muted", "deleted", "blocking"))
        author = world.carol if fate == "blocking" else world.bob
        post = await world.post(author, f"{number} #tea", reply_to=thread if fate == "muted" else None)
        if fate == "deleted":
            await world.delete(author, post)
        elif fate == "shown":
            others.append(post)
        if is_in_row and number % 4 == 0:
            await world.post(world.carol, f"{number} #tea")
        by, original = chance.choice((world.bob, world.dan)), chance.choice(others[-4:])
        if not is_in_row and (by.handle, original) not in reposted:
            reposted.add((by.handle, original))
            await world.repost(by, original)
    await world.block(world.carol, world.alice)
    return alice_of


PARTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 6)), max_size=4)


@pytest.mark.parametrize("feed", FEEDS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS, first=st.integers(1, 7))
async def test_who_holds_parts_of_a_feed_and_fills_all_gaps_holds_the_feed(
    thinned: Reader, feed: str, parts: list[tuple[int, int]], first: int
) -> None:
    client = thinned(feed)
    whole = await client.rest(100, after=None)
    entries = client.entries(whole)
    assert entries == sorted(set(entries), reverse=True)

    # Rows of neighbours, the newest first, as a client has them from earlier visits; each ends where the next begins.
    held: dict[str, str] = {}
    for start, length in parts:
        row = whole[start : start + length]
        held.update(itertools.pairwise(row))
        if row:
            held.setdefault(row[-1], "")
    found: list[str] = []
    after = None
    for cursor in sorted(held, key=whole.index):
        if after is None or held[after] != cursor:
            found += await client.between(first, after=after, until=cursor)
        found.append(cursor)
        after = cursor
    found += await client.rest(first, after=after)

    assert client.entries(found) == entries


@pytest.mark.parametrize("feed", FEEDS)
async def test_no_gap_is_told_where_nothing_is_missing(alice_of: Reader, world: World, feed: str) -> None:
    oldest, *newer = [await world.post(world.bob, "some #tea") for _ in range(4)]
    client = alice_of(feed)
    for first in (3, 4, 100):
        page = await client.page(first, until=oldest)
        assert (client.entries(cursors_of(page)), page["gaps"]) == (newer[::-1], [])
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
async def test_a_full_page_tells_the_gap_behind_it(alice_of: Reader, world: World, feed: str) -> None:
    oldest, *newer = [await world.post(world.bob, "some #tea") for _ in range(4)]
    client = alice_of(feed)
    page = await client.page(2, until=oldest)
    assert client.entries(cursors_of(page)) == newer[:0:-1]
    places = {"after": encode_cursor(LISTINGS[feed], newer[1]), "until": encode_cursor(LISTINGS[feed], oldest)}
    assert page["gaps"] == [{"kind": "UNLOADED", **places}]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": places["after"]}


@pytest.mark.parametrize("feed", FOLDING)
async def test_what_is_folded_into_an_entry_above_is_not_missing(alice_of: Reader, world: World, feed: str) -> None:
    """A repost of eve's post by dan, a post, and the repost of the same by bob, which folds into that of dan."""
    held, by_eve = await world.post(world.bob, "held"), await world.post(world.eve, "by eve")
    await world.repost(world.bob, by_eve)
    between = await world.post(world.bob, "between")
    await world.repost(world.dan, by_eve)
    client = alice_of(feed)
    by_dan, _, _ = await client.rest(100, after=None)
    for first in (2, 3, 100):
        page = await client.page(first, until=held)
        assert client.entries(cursors_of(page)) == [*client.entries([by_dan]), between]
        assert (page["gaps"], page["pageInfo"]["hasNextPage"]) == ([], False)
    page = await client.page(1, until=held)
    assert cursors_of(page) == [by_dan]
    assert [(gap["kind"], gap["after"], client.entries([gap["until"]])) for gap in page["gaps"]] == [
        ("UNLOADED", by_dan, [held])
    ]
    # The cursor tells what was shown above it; the bare place of the same entry does not.
    for after, count in ((by_dan, 1), (client.entries([by_dan])[0], 2)):
        assert len(await client.between(1, after=after, until=held)) == count


async def test_what_only_hidden_entries_are_behind_is_no_gap(alice_of: Reader, world: World) -> None:
    held = await world.post(world.bob)
    thread = await world.post(world.bob)
    for _ in range(4):
        await world.post(world.bob, reply_to=thread)
    shown = await world.post(world.bob)
    await world.mute_thread(world.alice, thread)
    client = alice_of("home")
    page = await client.page(1, until=held)
    assert (client.entries(cursors_of(page)), page["gaps"]) == ([shown], [])


async def test_where_too_much_is_hidden_to_tell_the_kind_says_so(alice_of: Reader, world: World) -> None:
    held = await world.post(world.bob)
    thread = await world.post(world.bob)
    for _ in range(sum(PageRequest(1).rounds)):
        await world.post(world.bob, reply_to=thread)
    await world.mute_thread(world.alice, thread)
    client = alice_of("home")
    page = await client.page(1, until=held)
    [gap] = page["gaps"]
    assert (gap["kind"], client.entries([gap["until"]])) == ("THINNED", [held])
    assert await client.between(1, after=gap["after"], until=held) == []
    page = await client.page(1)
    assert [(gap["kind"], gap["until"]) for gap in page["gaps"]] == [("THINNED", None)]
    assert client.entries(await client.rest(1, after=None)) == [held]


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_place_of_another_list_is_refused(alice_of: Reader, world: World, feed: str) -> None:
    await world.post(world.bob, "some #tea")
    client = alice_of(feed)
    for listing in Listing:
        if listing is not LISTINGS[feed]:
            answer = await client.run(1, until=encode_cursor(listing, 1))
            assert answer.codes == ["BAD_CURSOR"]


async def test_an_end_costs_no_statement_and_anonymous_readers_have_gaps_too(api: Api, world: World) -> None:
    oldest, *newer = [await world.post(world.bob) for _ in range(4)]
    with api.budget(sql=1):
        answer = await api.data(FEEDS["public"], first=2, until=encode_cursor(Listing.PUBLIC_FEED, oldest))
    assert [gap["kind"] for gap in answer["feed"]["gaps"]] == ["UNLOADED"]
    assert len(answer["feed"]["edges"]) == len(newer) - 1


@pytest.mark.parametrize("feed", FEEDS)
async def test_its_documents_run_compiled(api: Api, feed: str) -> None:
    assert fallbacks_of(api, FEEDS[feed], first=1, id="none") == []
