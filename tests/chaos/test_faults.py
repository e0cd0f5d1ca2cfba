"""Servers, workers and Redis are killed at random while people post: what was acknowledged is stored, and stands once
in each follower's feed. Postgres stays: what it has committed is what is true.

A client whose answer was lost does not know whether its post was stored. So the number in a post's body says which
attempt it is: each that was acknowledged has to be there once, each that was not at most once.

A run in which less happened than it is to show fails: all posts have to be acknowledged in time, each kind of fault has
to have come, and authors to have become pulled.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from app.services import ProcessServices
from app.settings import Settings
from core.cache import CacheUnavailableError
from core.database import rows_of, values_of
from core.ids import Kind, first_at, number_of
from core.paging import Listing, decode_cursor
from loaders.pages import GREATEST_ID
from models.feeds import pulled_author
from models.follows import follow
from models.posts import post
from tests.chaos.fleet import Fleet, Program, Server
from tests.fixtures.chaos import TOLD, ChaosBounds
from tests.fixtures.live import environment_of, free_port
from tests.timelines.own_redis import OwnRedis
from tests.timelines.test_redis_faults import until_handled
from tests.worlds import Person, World
from timelines.home import HomeTimelines
from timelines.verifying import Verdict

POST = "mutation ($body: String!) { createPost(input: {body: $body}) { post { id } errors { code } } }"
FEED = """
query ($first: Int!, $after: Cursor) {
  homeFeed(first: $first, after: $after) { edges { cursor } pageInfo { hasNextPage endCursor } }
}
"""
WRITERS = 50
# How many writers each reader follows.
FOLLOWED = (1, 2, 3, 4, 10, 10, 25, 25, 50, 50)
LOOKING_AT_ONCE = 2
SERVERS = 2
WORKERS = 2
# So many posts are acknowledged from one fault to the next, and while Redis is away. The first of each kind come after
# the fewest, so a run of a thousand posts has them all.
POSTS_BETWEEN_FAULTS = (100, 400)
POSTS_WITHOUT_REDIS = (20, 120)
# A worker looks at an author once in five minutes. So one is killed, and comes back, when of all posts as large a share
# is there: by then the writers have posted what makes them pulled.
PULLED_FROM = 0.6
POSTS_BETWEEN_COMPARISONS = 50
POSTS_IN_PEACE = 4 * WRITERS
# What a killed worker had is free after 30 seconds.
HANDLED_WITHIN_S = 120.0
READ_BY_REDIS_WITHIN_S = 60.0

_READER = sa.bindparam("reader", type_=sa.BigInteger)


class Stored(NamedTuple):
    id: int
    author_id: int
    body: str


class Pulled(NamedTuple):
    author_id: int
    since: datetime


_STORED = rows_of(sa.select(post.c.id, post.c.author_id, post.c.body), Stored)
_PULLED = rows_of(sa.select(pulled_author.c.account_id, pulled_author.c.since), Pulled)
_IN_FEED = values_of(
    sa.select(post.c.id)
    .where(
        sa.or_(
            post.c.author_id == _READER,
            post.c.author_id.in_(sa.select(follow.c.followee_id).where(follow.c.follower_id == _READER)),
        )
    )
    .order_by(post.c.id.desc()),
    int,
)


class Crowd:
    """Writers who post until there is enough, or time is up. Meanwhile readers look, and timelines are compared with
    SQL: what is wrong now may be gone in the end, with the server that had it.
    """

    def __init__(
        self, fleet: Fleet, home: HomeTimelines, writers: list[Person], readers: list[Person], bounds: ChaosBounds
    ) -> None:
        self.fleet = fleet
        self.writers = writers
        self.readers = readers
        self.verdicts: Counter[str] = Counter()
        self.acknowledged: dict[int, int] = {}  # the attempt and the post's id
        self.unanswered: dict[int, Person] = {}
        self.is_over = False
        self._home = home
        self._bounds = bounds
        self._attempts = itertools.count()
        self._random = random.Random(bounds.seed)
        self._progress = asyncio.Condition()

    async def act(self) -> float:
        """Gives how many seconds it took."""
        began_s = time.monotonic()
        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(self._look()) for _ in range(LOOKING_AT_ONCE)]
            looking.append(group.create_task(self._compare()))
            async with asyncio.TaskGroup() as writing:
                for writer in self.writers:
                    writing.create_task(self._write(writer, until_s=began_s + self._bounds.seconds))
            for each in looking:
                each.cancel()
        return time.monotonic() - began_s

    async def post(self, writer: Person) -> None:
        attempt = next(self._attempts)
        data = await self.fleet.ask(POST, by=writer, body=f"post {attempt}")
        if data is None:
            self.unanswered[attempt] = writer
            return
        assert data["createPost"]["errors"] == []
        self.acknowledged[attempt] = number_of(Kind.POST, data["createPost"]["post"]["id"])

    async def after(self, posts: int) -> None:
        """Waits until so many more are acknowledged, or it is over."""
        goal = len(self.acknowledged) + posts
        async with self._progress:
            await self._progress.wait_for(lambda: self.is_over or len(self.acknowledged) >= goal)

    async def _write(self, writer: Person, *, until_s: float) -> None:
        while not self.is_over:
            await self.post(writer)
            self.is_over |= len(self.acknowledged) >= self._bounds.posts or time.monotonic() >= until_s
            async with self._progress:
                self._progress.notify_all()

    async def _look(self) -> None:
        """Two pages of somebody's feed, again and again."""
        while True:
            reader, after = self._random.choice(self.readers), None
            seen: list[int] = []
            for _ in range(2):
                data = await self.fleet.ask(FEED, by=reader, first=50, after=after)
                if data is None:
                    break
                seen += entries_of(data)
                after = data["homeFeed"]["pageInfo"]["endCursor"] or after
            assert seen == sorted(set(seen), reverse=True), reader.handle

    async def _compare(self) -> None:
        """A timeline after each of some posts."""
        while True:
            await self.after(POSTS_BETWEEN_COMPARISONS)
            if self.is_over:
                return
            reader = self._random.choice(self.readers)
            with suppress(CacheUnavailableError):
                verdict = await self._home.check(reader.account_id, repairs=False)
                self.verdicts[str(verdict)] += 1
                assert verdict is not Verdict.DIFFERENT, reader.handle


class Faults:
    """What happens to the processes and to Redis. Each waits for posts, so that there is something to lose."""

    def __init__(self, fleet: Fleet, redis: OwnRedis, crowd: Crowd, bounds: ChaosBounds) -> None:
        self._kinds = (
            self._kill_worker,
            self._kill_server,
            self._take_redis_back,
            self._empty_redis,
            self._freeze_redis,
        )
        self.counts = Counter({_told(fault): 0 for fault in self._kinds})
        self._fleet = fleet
        self._redis = redis
        self._crowd = crowd
        self._random = random.Random(bounds.seed)
        self._posts = bounds.posts

    async def run(self) -> None:
        """Until the crowd is done. All is running then. At first every kind comes once; of each eight faults that
        follow it is one or two.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._let_authors_be_pulled())
            for fault in self._kinds:
                await self._do(fault, after=POSTS_BETWEEN_FAULTS[0])
            faults = [*self._kinds, self._kill_worker, self._kill_server, self._take_redis_back]
            while not self._crowd.is_over:
                for fault in self._random.sample(faults, len(faults)):
                    await self._do(fault, after=self._random.randint(*POSTS_BETWEEN_FAULTS))

    async def _do(self, fault: Callable[[], Awaitable[None]], *, after: int) -> None:
        await self._crowd.after(after)
        if not self._crowd.is_over:
            self.counts[_told(fault)] += 1
            await fault()

    async def _let_authors_be_pulled(self) -> None:
        await self._do(self._kill_worker, after=int(self._posts * PULLED_FROM))

    async def _kill_server(self) -> None:
        self._kill_one(self._fleet.servers)

    async def _kill_worker(self) -> None:
        self._kill_one(self._fleet.workers)

    def _kill_one(self, programs: list[Any]) -> None:
        program: Program = self._random.choice(programs)
        program.kill()
        program.start()

    async def _empty_redis(self) -> None:
        """It comes back with nothing."""
        self._redis.kill()
        self._redis.lose_snapshot()
        await self._some_posts()
        self._redis.start()

    async def _take_redis_back(self) -> None:
        """It comes back without what was pushed last."""
        self._redis.save_snapshot()
        await self._some_posts()
        self._redis.kill()
        await self._some_posts()
        self._redis.start()

    async def _freeze_redis(self) -> None:
        self._redis.freeze()
        await self._some_posts()
        self._redis.thaw()

    async def _some_posts(self) -> None:
        await self._crowd.after(self._random.randint(*POSTS_WITHOUT_REDIS))


def _told(fault: Callable[[], Awaitable[None]]) -> str:
    """`_kill_server` as the words that it is."""
    return fault.__name__.strip("_").replace("_", " ")


def entries_of(data: Any) -> list[int]:
    return [decode_cursor(Listing.HOME_FEED, edge["cursor"]) for edge in data["homeFeed"]["edges"]]


async def whole_feed(fleet: Fleet, reader: Person) -> list[int]:
    """Every entry, page after page."""
    found: list[int] = []
    has_next, after = True, None
    while has_next:
        data = await fleet.ask(FEED, by=reader, first=100, after=after)
        found += entries_of(data)
        has_next, after = (data["homeFeed"]["pageInfo"][name] for name in ("hasNextPage", "endCursor"))
    return found


@pytest.fixture
def settings(settings: Settings, own_redis: OwnRedis) -> Settings:
    """With a Redis that this test may break."""
    return settings.model_copy(update={"redis_url": own_redis.url})


@pytest.fixture
async def fleet(settings: Settings, chaos_bounds: ChaosBounds, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Running servers and workers. In the course of the run writers come to be pulled."""
    environment = environment_of(settings) | {
        "LOG_LEVEL": "warning",
        "PULL_ABOVE_POSTS_PER_DAY": str(max(1, chaos_bounds.posts // WRITERS // 2)),
        # It would mend what is wrong, so that it could not be found.
        "TIMELINES_VERIFIED_PER_THOUSAND": "0",
    }
    servers = [Server(free_port(), environment=environment, log=tmp_path / f"server{n}.log") for n in range(SERVERS)]
    workers = [Program("worker", environment=environment, log=tmp_path / f"worker{n}.log") for n in range(WORKERS)]
    fleet = Fleet(servers, workers, seed=chaos_bounds.seed)
    try:
        fleet.start()
        await fleet.until_ready()
        yield fleet
    finally:
        await fleet.end()


async def people(world: World, *, seed: int) -> tuple[list[Person], list[Person]]:
    """Writers, of whom some follow others; and who reads, some of the writers among them."""
    choice = random.Random(seed)
    writers = [await world.join(f"writer{number}") for number in range(WRITERS)]
    readers = [await world.join(f"reader{number}") for number in range(len(FOLLOWED))]
    for reader, count in zip(readers, FOLLOWED, strict=True):
        for writer in choice.sample(writers, count):
            await world.follow(reader, writer)
    for writer, other in itertools.pairwise(writers[:4]):
        await world.follow(writer, other)
    return writers, [*readers, *writers[:3]]


async def until_read_by_redis(services: ProcessServices, fleet: Fleet, reader: Person) -> Verdict:
    """What a comparison of a reader's timeline with SQL finds, once there is one."""
    verdict = Verdict.ABSENT
    async with asyncio.timeout(READ_BY_REDIS_WITHIN_S):
        while verdict not in (Verdict.EQUAL, Verdict.DIFFERENT):
            await fleet.ask(FEED, by=reader, first=20)
            with suppress(CacheUnavailableError):  # it is left alone for a moment after a fault
                verdict = await services.resources.home.check(reader.account_id, repairs=False)
    return verdict


@pytest.mark.long
async def test_what_was_acknowledged_stands_once_in_each_feed_whatever_is_killed(
    services: ProcessServices,
    world: World,
    fleet: Fleet,
    own_redis: OwnRedis,
    chaos_bounds: ChaosBounds,
    record_property: Callable[[str, object], None],
) -> None:
    writers, readers = await people(world, seed=chaos_bounds.seed)
    crowd = Crowd(fleet, services.resources.home, writers, readers, chaos_bounds)
    faults = Faults(fleet, own_redis, crowd, chaos_bounds)
    async with asyncio.TaskGroup() as group:
        group.create_task(faults.run())
        took_s = await crowd.act()
    count = len(crowd.acknowledged)
    has_all = count >= chaos_bounds.posts
    reached = "all that were wanted" if has_all else "time was up"

    # Who reads now has a timeline, and what is posted now is pushed.
    await fleet.until_ready()
    for reader in readers:
        await fleet.ask(FEED, by=reader, first=20)
    await asyncio.gather(*(crowd.post(writer) for writer in itertools.islice(itertools.cycle(writers), POSTS_IN_PEACE)))
    await until_handled(services, within_s=HANDLED_WITHIN_S)

    stored = await services.db.rows(_STORED)
    assert len({each.body for each in stored}) == len(stored), "an attempt was stored twice"
    by_body = {each.body: each.id for each in stored}
    for attempt, post_id in crowd.acknowledged.items():
        assert by_body.get(f"post {attempt}") == post_id
    unknown = by_body.keys() - {f"post {attempt}" for attempt in crowd.acknowledged}
    assert unknown <= {f"post {attempt}" for attempt in crowd.unanswered}

    expected = {reader.handle: await services.db.rows(_IN_FEED, reader=reader.account_id) for reader in readers}
    assert crowd.verdicts[str(Verdict.EQUAL)] > 0
    for reader in readers:
        assert await until_read_by_redis(services, fleet, reader) is Verdict.EQUAL, reader.handle
    for is_redis_there in (True, False):
        if not is_redis_there:
            own_redis.kill()
        found = await asyncio.gather(*(whole_feed(fleet, reader) for reader in readers))
        for reader, entries in zip(readers, found, strict=True):
            assert len(entries) == len(set(entries)), reader.handle
            assert entries == expected[reader.handle], reader.handle
    for program in fleet.programs:
        assert "event failed" not in program.log_text()
        assert "Traceback" not in program.log_text()
    since = {author_id: first_at(moment) for author_id, moment in await services.db.rows(_PULLED)}
    merged = [each for each in stored if each.id >= since.get(each.author_id, GREATEST_ID)]
    record_property(
        TOLD,
        f"chaos: {count:,} posts of {chaos_bounds.posts:,} acknowledged in {took_s:.0f} s ({reached}); "
        f"{len(crowd.unanswered)} answers lost, {len(unknown)} of these stored; {dict(faults.counts)}; "
        f"{len(merged):,} posts by {len(since)} pulled authors; "
        f"timelines compared meanwhile: {dict(crowd.verdicts)}; "
        f"{len(readers)} feeds of {sum(map(len, expected.values())):,} entries right, by Redis and by SQL",
    )
    assert has_all, f"Time was up: {count:,} of {chaos_bounds.posts:,} posts were acknowledged in {took_s:.0f} s."
    missing = [fault for fault, times in faults.counts.items() if times == 0]
    assert missing == [], f"There was no {', '.join(missing)}: for every kind of fault it takes a thousand posts."
    assert merged, "No author became pulled, so nothing was shown of what is merged at read."
