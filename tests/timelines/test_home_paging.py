"""Every page of the home feed, the public feed and a list's, at any cursor, beside the statement of what is there:
while people post, delete, follow and block, and timelines come and go; one act after the other, and all at once.

Nobody reposts here: what folds has a model of its own (test_home_model).
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from app.worker import Worker
from core import ids
from core.database import Statement, rows_of, values_of
from core.paging import Listing, decode_cursor, encode_cursor
from models.blocks import block
from models.follows import follow
from models.lists import list_, list_member
from models.outbox import outbox
from models.posts import post
from tests.api.lists import change, new_list
from tests.fixtures.api import Api
from tests.timelines.test_redis_faults import running, until_handled
from tests.worlds import NAMES, Person, World, post_id
from timelines import fanout, keys

_PAGE = "edges { cursor } pageInfo { hasNextPage endCursor }"
_ABOUT_USER = {
    act: f"mutation ($id: ID!) {{ {act}(input: {{userId: $id}}) {{ errors {{ code }} }} }}"
    for act in ("followUser", "unfollowUser", "blockUser", "unblockUser")
}
DELETE = "mutation ($id: ID!) { deletePost(input: {postId: $id}) { errors { code } } }"
MOST_PAGES = 400

_READER = sa.bindparam("reader", type_=sa.BigInteger)
_LIST = sa.bindparam("list", type_=sa.BigInteger)


class Entry(NamedTuple):
    """A post, and whose it is."""

    id: int
    author_id: int


def _blocked(one: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    ways = ((block.c.blocker_id, block.c.blocked_id), (block.c.blocked_id, block.c.blocker_id))
    return sa.exists().where(sa.or_(*(sa.and_(by == one, of == other) for by, of in ways)))


def _truth(*conditions: sa.ColumnElement[bool]) -> Statement[Entry]:
    return rows_of(
        sa.select(post.c.id, post.c.author_id)
        .where(post.c.deleted_at.is_(None), ~_blocked(_READER, post.c.author_id), *conditions)
        .order_by(post.c.id.desc()),
        Entry,
    )


_FOLLOWED = sa.select(follow.c.followee_id).where(follow.c.follower_id == _READER)
_MEMBERS = (
    sa.select(list_member.c.account_id)
    .join(list_, list_.c.id == list_member.c.list_id)
    .where(list_.c.id == _LIST, ~_blocked(_READER, list_.c.account_id))
)
_UNHANDLED = values_of(
    sa.select(sa.cast(outbox.c.facts["entry_id"].astext, sa.BigInteger)).where(
        outbox.c.event == "EntryAdded", outbox.c.done_at.is_(None)
    ),
    int,
)


_EVERYTHING = rows_of(sa.select(post.c.id, post.c.author_id), Entry)


class Feed(NamedTuple):
    """A feed, and what is in it."""

    listing: Listing
    document: str
    truth: Statement[Entry]


HOME = Feed(
    Listing.HOME_FEED,
    f"query ($first: Int!, $after: Cursor) {{ feed: homeFeed(first: $first, after: $after) {{ {_PAGE} }} }}",
    _truth(sa.or_(post.c.author_id == _READER, post.c.author_id.in_(_FOLLOWED))),
)
PUBLIC = Feed(
    Listing.PUBLIC_FEED,
    f"query ($first: Int!, $after: Cursor) {{ feed: publicFeed(first: $first, after: $after) {{ {_PAGE} }} }}",
    _truth(),
)
LIST = Feed(
    Listing.LIST_FEED,
    f"""
    query ($first: Int!, $after: Cursor, $list: ID!) {{
      at: list(id: $list) {{ feed: posts(first: $first, after: $after) {{ {_PAGE} }} }}
    }}
    """,
    _truth(post.c.author_id.in_(_MEMBERS)),
)


class Page(NamedTuple):
    entries: list[int]
    has_next: bool
    end: str | None


class Walk:
    """Somebody on the way through a feed, and of whose entries it cannot be said any more what they should find."""

    def __init__(self, reader: Person, disturbed: set[int]) -> None:
        self.reader = reader
        self.disturbed = disturbed


class Town:
    """The people of the world, who follow, list and block each other at random."""

    def __init__(self, api: Api, world: World, worker: Worker, list_id: str, *, seed: int) -> None:
        self.api = api
        self.world = world
        self.worker = worker
        self.random = random.Random(seed)
        self.list_id = list_id
        # Posted, and perhaps not pushed yet.
        self.late: set[int] = set()
        self.posted: list[Entry] = []
        self.history: list[str] = []
        self._walks: list[Walk] = []
        self._changing: list[tuple[int, int]] = []

    def anybody(self) -> Person:
        return self.world.people[self.random.choice(NAMES)]

    async def write(self) -> None:
        """A post, or some; half of them in the millisecond of an earlier one."""
        at: datetime | None = None
        if self.posted and self.random.random() < 0.5:
            at = ids.time_of(self.random.choice(self.posted[-20:]).id)
        for _ in range(self.random.choice([1, 1, 4])):
            author = self.anybody()
            entry = Entry(await self.world.post(author, at=at), author.account_id)
            self.history.append(f"{author.handle} writes {entry.id}")
            self.posted.append(entry)
            self.late.add(entry.id)

    async def delete(self) -> None:
        if self.posted:
            entry = self.random.choice(self.posted[-30:])
            author = next(person for person in self.world.people.values() if person.account_id == entry.author_id)
            self.history.append(f"{author.handle} deletes {entry.id}")
            await self.api.data(DELETE, by=author, id=post_id(entry.id))

    async def relate(self) -> None:
        act = self.random.choices([*_ABOUT_USER], [8, 3, 1, 6])[0]
        person, other = self.anybody(), self.anybody()
        self.history.append(f"{person.handle} {act} {other.handle}")
        with self._changing_between(person, other):
            await self.api.data(_ABOUT_USER[act], by=person, id=other.id)

    async def add_to_list(self) -> None:
        """Whoever was blocked by its owner was taken off it."""
        owner, member = self.world.alice, self.anybody()
        self.history.append(f"{member.handle} comes onto the list")
        with self._changing_between(owner, member):
            await change(self.api, "addToList", by=owner, listId=self.list_id, userIds=[member.id])

    async def rebuild(self) -> None:
        await self.api.services.resources.home.rebuild(self.anybody().account_id)

    async def forget(self) -> None:
        await self.api.services.resources.home.forget(self.anybody().account_id)

    async def settle(self) -> None:
        self.history.append("settle")
        await self.worker.settle()
        self.late.clear()

    async def truth(self, feed: Feed, reader: Person) -> list[Entry]:
        list_id = ids.number_of(ids.Kind.LIST, self.list_id)
        wanted: dict[str, Any] = {"reader": reader.account_id} | ({"list": list_id} if feed is LIST else {})
        return await self.api.services.db.rows(feed.truth, **wanted)

    async def page(self, feed: Feed, reader: Person, *, first: int, after: str | None) -> Page:
        wanted = {"list": self.list_id} if feed is LIST else {}
        data = await self.api.data(feed.document, by=reader, first=first, after=after, **wanted)
        found = data.get("at", data)
        if found is None:  # the list's owner is blocked
            return Page([], has_next=False, end=None)
        entries = [decode_cursor(feed.listing, edge["cursor"]) for edge in found["feed"]["edges"]]
        info = found["feed"]["pageInfo"]
        return Page(entries, info["hasNextPage"], info["endCursor"])

    async def look(self) -> None:
        """A page at any place: of an entry, between two, above and below all."""
        feed, reader = self.random.choice([HOME, HOME, PUBLIC, LIST]), self.anybody()
        truth = await self.truth(feed, reader)
        somewhere = self.random.choice(self.posted).id if self.posted else 1
        before = self.random.choice([None, somewhere, somewhere + 1, somewhere - 1, 2**62, 0])
        first = self.random.choice([1, 2, 3, 7, 40])
        after = None if before is None else encode_cursor(feed.listing, before)
        page = await self.page(feed, reader, first=first, after=after)
        late = self.late if feed is HOME else set()
        below = [entry for entry in truth if before is None or entry.id < before]
        certain = [e.id for e in below if e.id not in late or e.id in page.entries or e.author_id == reader.account_id]
        told = (feed.listing.name, reader.handle, before, first, self.history)
        found = page.entries
        while len(found) < first and page.has_next:
            assert feed is not HOME, "only what blocks hide thins a page out, and that is not at home"
            page = await self.page(feed, reader, first=first - len(found), after=page.end)
            found += page.entries
        assert found == certain[:first], told
        assert page.has_next or len(certain) <= first, told
        assert not page.has_next or feed is not HOME or len(below) > first, told

    async def walk(self, feed: Feed, reader: Person, *, size: Callable[[], int]) -> int:
        """From the top to the end, whatever others do; gives the number of pages.

        Each entry is there at most once, in order. All are there that were there, and handled, before the first page,
        and are there behind the last one; and nothing that was neither there nor new.
        """
        assert feed is not LIST or reader == self.world.alice, "who is blocked by its owner sees no list at all"
        db = self.api.services.db
        with self._walking(reader) as walk:
            known = {entry.id for entry in await db.rows(_EVERYTHING)}
            before = await self.truth(feed, reader)
            unhandled = set(await db.rows(_UNHANDLED)) if feed is HOME else set()
            found, pages, page = list[int](), 0, Page([], has_next=True, end=None)
            while page.has_next:
                page = await self.page(feed, reader, first=size(), after=page.end)
                found += page.entries
                pages += 1
                assert pages <= MOST_PAGES
            behind = await self.truth(feed, reader)
        told = (feed.listing.name, reader.handle, walk.disturbed, found, before, behind, unhandled)
        assert found == sorted(set(found), reverse=True), told
        steady = {entry.id for entry in before if entry.author_id not in walk.disturbed}
        assert (steady & {entry.id for entry in behind}) - unhandled <= set(found), told
        explained = {entry.id for entry in (*before, *behind)}
        for entry in await db.rows(_EVERYTHING):
            if entry.id not in known or entry.author_id in walk.disturbed:
                explained.add(entry.id)
        assert set(found) <= explained, told
        return pages

    @contextmanager
    def _walking(self, reader: Person) -> Iterator[Walk]:
        changing = {other for one, other in self._changing if one == reader.account_id}
        walk = Walk(reader, changing)
        self._walks.append(walk)
        try:
            yield walk
        finally:
            self._walks.remove(walk)

    @contextmanager
    def _changing_between(self, person: Person, other: Person) -> Iterator[None]:
        ways = [(person.account_id, other.account_id), (other.account_id, person.account_id)]
        self._changing += ways
        for reader, author in ways:
            for walk in self._walks:
                if walk.reader.account_id == reader:
                    walk.disturbed.add(author)
        try:
            yield
        finally:
            for way in ways:
                self._changing.remove(way)

    async def step(self) -> None:
        acts = {
            self.write: 9,
            self.delete: 3,
            self.relate: 5,
            self.add_to_list: 1,
            self.rebuild: 3,
            self.forget: 1,
            self.settle: 3,
            self.look: 15,
        }
        [act] = self.random.choices(list(acts), list(acts.values()))
        await act()

    async def bustle(self, over: asyncio.Event) -> None:
        """Acts as long as it is not over, but looks at nothing."""
        acts = [self.write, self.write, self.delete, self.relate, self.relate, self.add_to_list, self.rebuild]
        while not over.is_set():
            await self.random.choice(acts)()


@pytest.fixture
def small_timelines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timelines so short that most pages are near their ends, and fan-outs of several batches."""
    monkeypatch.setattr(keys, "LARGEST_TIMELINE", 24)
    monkeypatch.setattr(keys, "REBUILT_ENTRIES", 12)
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 2)


@pytest.fixture
async def list_id(api: Api, world: World) -> str:
    return await new_list(api, "Birds", world.bob, world.carol, world.dan, by=world.alice)


@pytest.mark.parametrize("seed", range(4))
async def test_every_page_equals_the_statement_at_any_cursor(
    api: Api, world: World, worker: Worker, list_id: str, small_timelines: None, seed: int
) -> None:
    town = Town(api, world, worker, list_id, seed=seed)
    for _ in range(250):
        await town.step()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
async def test_every_page_equals_the_statement_at_any_cursor_for_long(
    api: Api, world: World, worker: Worker, list_id: str, small_timelines: None, seed: int
) -> None:
    town = Town(api, world, worker, list_id, seed=seed)
    for _ in range(1_000):
        await town.step()


@pytest.mark.parametrize("seed", range(2))
async def test_walks_find_each_entry_once_while_all_of_it_happens_at_once(
    api: Api, world: World, worker: Worker, list_id: str, small_timelines: None, seed: int
) -> None:
    town = Town(api, world, worker, list_id, seed=seed)
    for _ in range(80):
        await town.write()
    await worker.settle()
    there = len(town.posted)
    over = asyncio.Event()
    async with running(worker):
        bustling = [asyncio.create_task(town.bustle(over)) for _ in range(2)]
        try:
            pages = await asyncio.gather(
                *(town.walk(HOME, reader, size=lambda: town.random.randint(1, 2)) for reader in world.people.values()),
                *(
                    town.walk(feed, world.alice, size=lambda: town.random.randint(1, 2))
                    for feed in (HOME, PUBLIC, LIST)
                ),
            )
        finally:
            over.set()
            await asyncio.gather(*bustling)
        await until_handled(api.services)
    assert max(pages) >= 50
    assert len(town.posted) > there
    town.late.clear()
    for _ in range(80):
        await town.look()
