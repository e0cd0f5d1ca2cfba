"""The home feed beside a plain model of it, while people act at random and timelines come and go."""

import itertools
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from app.worker import Worker
from core import ids
from core.database import Transaction, command, rows_of, values_of
from core.paging import Listing, decode_cursor
from models.feeds import pulled_author
from models.follows import follow
from models.hashtags import hashtag_follow, post_hashtag
from models.posts import post
from models.threads import thread_mute
from resolvers import folding
from tests.fixtures.api import Api
from tests.worlds import NAMES, Person, World, post_id
from timelines import fanout, keys, pulled_authors

FEED = """
query ($first: Int!, $after: Cursor) {
  homeFeed(first: $first, after: $after) { edges { cursor } pageInfo { hasNextPage endCursor } }
}
"""
POST = """
mutation ($body: String!, $id: ID) {
  createPost(input: {body: $body, replyToId: $id}) { post { id } errors { code } }
}
"""
EDIT = """
mutation ($id: ID!, $body: String!) { editPost(input: {postId: $id, body: $body}) { post { id } errors { code } } }
"""
HASHTAGS = ("tea", "milk", "sugar")
ACTS = {
    "delete": "mutation ($id: ID!) { deletePost(input: {postId: $id}) { errors { code } } }",
    "repost": "mutation ($id: ID!) { repost(input: {postId: $id}) { errors { code } } }",
    "undo": "mutation ($id: ID!) { undoRepost(input: {postId: $id}) { errors { code } } }",
    "follow": "mutation ($id: ID!) { followUser(input: {userId: $id}) { errors { code } } }",
    "mute": "mutation ($id: ID!) { muteThread(input: {postId: $id}) { errors { code } } }",
    "unmute": "mutation ($id: ID!) { unmuteThread(input: {postId: $id}) { errors { code } } }",
    "unfollow": "mutation ($id: ID!) { unfollowUser(input: {userId: $id}) { errors { code } } }",
    "follow hashtag": "mutation ($name: String!) { followHashtag(input: {name: $name}) { errors { code } } }",
    "unfollow hashtag": "mutation ($name: String!) { unfollowHashtag(input: {name: $name}) { errors { code } } }",
}
MOST_PAGES = 400
FOLDED_WITHIN = 5


class Seen(NamedTuple):
    """An entry, and the post that it shows."""

    id: int
    post_id: int


_READER = sa.bindparam("reader", type_=sa.BigInteger)
_original = post.alias("original")
_root_id = sa.func.coalesce(_original.c.root_id, _original.c.id, post.c.root_id, post.c.id)
_muted = sa.select(thread_mute.c.root_id).where(thread_mute.c.account_id == _READER)
_has_followed_hashtag = sa.exists().where(
    post_hashtag.c.post_id == post.c.id,
    post_hashtag.c.hashtag_id == hashtag_follow.c.hashtag_id,
    hashtag_follow.c.account_id == _READER,
)
# Nothing clever: every entry of own and followed accounts, and every post with a followed hashtag that is no reply, if
# it is still there and its thread is not muted.
_NAIVE = rows_of(
    sa.select(post.c.id, sa.func.coalesce(post.c.repost_of_id, post.c.id))
    .outerjoin(_original, _original.c.id == post.c.repost_of_id)
    .where(
        post.c.deleted_at.is_(None),
        _original.c.deleted_at.is_(None),
        sa.or_(
            post.c.author_id == _READER,
            post.c.author_id.in_(sa.select(follow.c.followee_id).where(follow.c.follower_id == _READER)),
            sa.and_(post.c.reply_to_id.is_(None), _has_followed_hashtag),
        ),
        sa.or_(post.c.author_id == _READER, _root_id.not_in(_muted)),
    )
    .order_by(post.c.id.desc()),
    Seen,
)
_ALIVE = values_of(sa.select(post.c.id).where(post.c.deleted_at.is_(None), post.c.repost_of_id.is_(None)), int)
_AUTHOR = values_of(sa.select(post.c.author_id).where(post.c.id == sa.bindparam("entry", type_=sa.BigInteger)), int)
_OWN = values_of(sa.select(post.c.id).where(post.c.author_id == _READER), int)


_GOING = pulled_author.c.leaves_at < sa.literal_column("'infinity'::timestamptz")
_HURRY = command(sa.update(pulled_author).where(_GOING).values(leaves_at=sa.func.now()))


async def _hurry(tx: Transaction) -> None:
    """As if the time had passed that whoever is going has to wait."""
    await tx.run(_HURRY)


def folded(truth: Iterable[Seen]) -> list[int]:
    """The entries of which no post is shown by one of the FOLDED_WITHIN entries above."""
    above: deque[int] = deque(maxlen=FOLDED_WITHIN)
    shown = []
    for entry in truth:
        if entry.post_id not in above:
            shown.append(entry.id)
        above.append(entry.post_id)
    return shown


def is_explained(found: list[int], truth: list[Seen], may_be_late: set[int]) -> bool:
    """Whether these entries are found if some of those that may be late are."""
    missing = [entry for entry in truth if entry.id not in found and entry.id in may_be_late]
    posts = Counter(entry.post_id for entry in truth)
    # What is missing and shows a post that nothing else shows is late; of the rest it may be folded, too.
    surely = {entry.id for entry in missing if posts[entry.post_id] == 1}
    perhaps = [entry.id for entry in missing if entry.id not in surely]
    choices = itertools.product((False, True), repeat=len(perhaps))
    late = (surely | set(itertools.compress(perhaps, choice)) for choice in choices)
    return any(folded(entry for entry in truth if entry.id not in each) == found for each in late)


async def page(api: Api, reader: Person, first: int, after: str | None) -> tuple[list[int], bool, str | None]:
    """A page's entries, whether there is more, and where."""
    data = (await api.data(FEED, by=reader, first=first, after=after))["homeFeed"]
    entries = [decode_cursor(Listing.HOME_FEED, edge["cursor"]) for edge in data["edges"]]
    return entries, data["pageInfo"]["hasNextPage"], data["pageInfo"]["endCursor"]


async def whole_feed(api: Api, reader: Person, size: Callable[[], int]) -> list[int]:
    """Every entry, page after page."""
    entries: list[int] = []
    has_next, after = True, None
    for _ in range(MOST_PAGES):
        if not has_next:
            return entries
        found, has_next, after = await page(api, reader, size(), after)
        entries += found
    raise AssertionError(f"more than {MOST_PAGES} pages")


class Crowd:
    """People who act at random, and what a feed may still lack: what others posted since the worker last settled."""

    def __init__(self, api: Api, world: World, worker: Worker, *, seed: int) -> None:
        self.api = api
        self.world = world
        self.worker = worker
        self.random = random.Random(seed)
        self.unsettled: set[int] = set()
        self.history: list[str] = []

    def anybody(self) -> Person:
        return self.world.people[self.random.choice(NAMES)]

    async def step(self) -> None:
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.write: 8,
            self.edit: 3,
            self.act_on_post: 10,
            self.act_on_user: 3,
            self.act_on_hashtag: 2,
            self.settle: 3,
            self.forget: 1,
            self.rebuild: 2,
            self.keep: 1,
            self.cross: 3,
            self.go: 1,
            self.compare: 6,
        }
        [act] = self.random.choices(list(acts), list(acts.values()))
        await act()

    async def entries(self) -> set[int]:
        """Every entry there is."""
        found = [await self.api.services.db.rows(_OWN, reader=p.account_id) for p in self.world.people.values()]
        return {entry for some in found for entry in some}

    async def write(self) -> None:
        author = self.anybody()
        parent = await self.some_post() if self.random.random() < 0.3 else None
        body = self.body()
        self.history.append(f"{author.handle} writes {body}")
        await self.recording(POST, author, parent, body=body)

    def body(self) -> str:
        """A text with some hashtags or none."""
        names = self.random.sample(HASHTAGS, self.random.choice([0, 0, 1, 1, 2]))
        return " ".join(["b", *(f"#{name}" for name in names)])

    async def edit(self) -> None:
        """It may come into feeds by a hashtag that it gets."""
        target = await self.some_post()
        if target is None:
            return
        author_id = await self.api.services.db.row(_AUTHOR, entry=target)
        [author] = [person for person in self.world.people.values() if person.account_id == author_id]
        body = self.body()
        self.history.append(f"{author.handle} edits {target}: {body}")
        await self.api.data(EDIT, by=author, id=post_id(target), body=body)
        self.unsettled.add(target)

    async def act_on_post(self) -> None:
        kind = self.random.choice(["delete", "repost", "repost", "repost", "undo", "mute", "unmute"])
        person, target = self.anybody(), await self.some_post()
        if target is not None:
            self.history.append(f"{person.handle} {kind}s {target}")
            await self.recording(ACTS[kind], person, target)

    async def act_on_user(self) -> None:
        kind, person, other = self.random.choice(["follow", "follow", "unfollow"]), self.anybody(), self.anybody()
        self.history.append(f"{person.handle} {kind}s {other.handle}")
        await self.api.data(ACTS[kind], by=person, id=other.id)

    async def act_on_hashtag(self) -> None:
        kind, person = self.random.choice(["follow", "follow", "unfollow"]), self.anybody()
        name = self.random.choice(HASHTAGS)
        self.history.append(f"{person.handle} {kind}s #{name}")
        await self.api.data(ACTS[f"{kind} hashtag"], by=person, name=name)

    async def recording(self, document: str, person: Person, target: int | None, **rest: str) -> None:
        before = await self.entries()
        await self.api.data(document, by=person, id=None if target is None else post_id(target), **rest)
        self.unsettled |= await self.entries() - before

    async def some_post(self) -> int | None:
        alive = sorted(await self.api.services.db.rows(_ALIVE))
        return self.random.choice(alive[-15:]) if alive else None

    async def settle(self) -> None:
        self.history.append("settle")
        await self.worker.settle()
        self.unsettled.clear()

    async def forget(self) -> None:
        reader = self.anybody()
        self.history.append(f"forget {reader.handle}")
        await self.api.services.resources.home.forget(reader.account_id)

    async def rebuild(self) -> None:
        reader = self.anybody()
        self.history.append(f"rebuild {reader.handle}")
        await self.api.services.resources.home.rebuild(reader.account_id)

    async def keep(self) -> None:
        reader = self.anybody()
        self.history.append(f"keep {reader.handle}")
        await self.api.services.resources.home.keep(reader.account_id)

    async def cross(self) -> None:
        """Somebody begins to be pulled, or to be pushed again."""
        author, act = self.anybody(), self.random.choice([pulled_authors.enter, pulled_authors.leave])
        self.history.append(f"{author.handle}: {act.__name__}")
        await self.api.services.db.transact(act, author.account_id)

    async def go(self) -> None:
        """Whoever is pushed again, and misses in no timeline, is merged no more."""
        self.history.append("go")
        await self.api.services.db.transact(_hurry)
        await self.api.services.db.transact(pulled_authors.end_left)

    async def compare(self) -> None:
        """A feed is exact but for what others posted a moment ago; once the worker has settled it is exact."""
        reader = self.anybody()
        greatest = self.random.choice([1, 2, 5, 30])
        found = await whole_feed(self.api, reader, lambda: self.random.randint(1, greatest))
        truth = await self.api.services.db.rows(_NAIVE, reader=reader.account_id)
        own = set(await self.api.services.db.rows(_OWN, reader=reader.account_id))
        self.history.append(f"{reader.handle} reads {len(found)} of {len(truth)}")
        assert is_explained(found, truth, self.unsettled - own), self.history


async def run_crowd(crowd: Crowd, *, steps: int) -> None:
    for _ in range(steps):
        await crowd.step()
    await crowd.settle()
    await crowd.api.services.resources.home.rebuilt()
    for reader in crowd.world.people.values():
        truth = await crowd.api.services.db.rows(_NAIVE, reader=reader.account_id)
        for _ in range(2):
            assert await whole_feed(crowd.api, reader, lambda: 7) == folded(truth), crowd.history
            await crowd.api.services.resources.home.rebuilt()


@pytest.fixture
def small_timelines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timelines so short that everything happens at their ends; and bounds so low that some follow too much."""
    monkeypatch.setattr(keys, "LARGEST_TIMELINE", 12)
    monkeypatch.setattr(keys, "REBUILT_ENTRIES", 6)
    monkeypatch.setattr(keys, "MOST_FOLLOWED", 3)
    monkeypatch.setattr(keys, "MOST_PULLED", 2)
    monkeypatch.setattr(fanout, "FOLLOWERS_PER_BATCH", 2)
    monkeypatch.setattr(folding, "TRAIL_LENGTH", FOLDED_WITHIN)


@pytest.mark.parametrize("seed", range(4))
async def test_feed_equals_the_model(api: Api, world: World, worker: Worker, small_timelines: None, seed: int) -> None:
    await run_crowd(Crowd(api, world, worker, seed=seed), steps=120)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 125))
async def test_feed_equals_the_model_for_long(
    api: Api, world: World, worker: Worker, small_timelines: None, seed: int
) -> None:
    await run_crowd(Crowd(api, world, worker, seed=seed), steps=400)


async def test_paging_goes_on_in_sql_behind_the_timeline_without_gap_or_repeat(
    api: Api, world: World, worker: Worker
) -> None:
    posted = [await world.post((world.bob, world.carol, world.alice)[n % 3]) for n in range(keys.REBUILT_ENTRIES + 90)]
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    assert await whole_feed(api, world.alice, lambda: 37) == posted[::-1]


async def test_paging_while_others_post_misses_nothing_that_was_there_and_repeats_nothing(
    api: Api, world: World, worker: Worker, small_timelines: None
) -> None:
    posted = [await world.post((world.bob, world.alice)[n % 2]) for n in range(40)]
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    found, has_next, after = list[int](), True, None
    while has_next:
        entries, has_next, after = await page(api, world.alice, 3, after)
        found += entries
        await world.post(world.bob)
        await world.post(world.alice)
        await worker.settle()
    assert found == posted[::-1]


async def test_own_entries_that_are_not_fanned_out_do_not_end_the_feed_early(
    api: Api, world: World, worker: Worker
) -> None:
    """A timeline says it is complete; all that the reader added since is in SQL only, and some of it is hidden."""
    originals = [await world.post(world.eve) for _ in range(8)]
    await api.services.resources.home.rebuild(world.carol.account_id)
    for original in originals:
        await world.repost(world.carol, original)
    for original in originals[4:]:
        await world.delete(world.eve, original)
    truth = await api.services.db.rows(_NAIVE, reader=world.carol.account_id)
    assert len(truth) == 4
    for size in (1, 2, 3, 5, 10):
        assert await whole_feed(api, world.carol, itertools.repeat(size).__next__) == [entry.id for entry in truth]


async def test_entries_minted_in_the_same_millisecond_are_each_there_once(
    api: Api, world: World, worker: Worker
) -> None:
    moment = ids.time_of(await world.post(world.bob))
    posted = [await world.post(world.bob, at=moment) for _ in range(30)]
    assert len({entry >> ids.SEQUENCE_BITS for entry in posted}) == 1
    await api.services.resources.home.rebuild(world.alice.account_id)
    truth = [entry.id for entry in await api.services.db.rows(_NAIVE, reader=world.alice.account_id)]
    assert await whole_feed(api, world.alice, lambda: 7) == truth == sorted(truth, reverse=True)
