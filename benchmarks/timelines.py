"""What home timelines cost: fan-out beside bare writes to Redis, memory, reads by SQL beside the bare statement, pulled
authors, lists, and how long a small author's post takes while a large fan-out runs.

Both sides of each ratio take turns in one process, or in the same processes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import uvloop
from rich.console import Console

from access.viewer import Viewer
from actions import posts
from app.embedded.servers import EmbeddedServers
from app.services import ProcessServices
from app.worker import Worker
from benchmarks import world
from benchmarks.data import Size, World
from benchmarks.goals import Verdict
from benchmarks.report import Sheet, show_sheets
from benchmarks.runner import Options
from benchmarks.timeline_worlds import DATABASE, Place, copied, imported, working
from core.clock import utc_now
from events.bus import Bell
from loaders.home import fetch_home_among, fetch_home_entries
from loaders.pages import GREATEST_ID
from timelines import keys
from timelines.store import member_of

PAGE = 20
FEWEST_OF_FULL = 0.5
MOST_BYTES = 12 * 1024
MOST_OF_BARE_READ = 1.3
MOST_OF_IDLE = 1.5
FOLLOWS = (50, 500, 5_000)
MEMBERS = (500, 5_000)
PULLED = 50
# In the standard world; a smaller one has a smaller crowd, but one that is more than a page of a walk.
LARGE_FOLLOWERS = 50_000
FEWEST_IN_CROWD = 2_000
LARGE_ENTRIES = 100
# Readers of the generated world's largest author whose timelines are filled; the others have none, as in life.
MOST_FILLED = 10_000
RAW_AT_ONCE = 1_000
FANOUTS = 7
READS = 150
DELIVERIES = 150
DELIVERED_WITHIN_S = 30.0
SAMPLED_KEYS = 200

# Heads, then lateral, over follows alone: what a reader without anything else needs of a feed (docs/timelines.md).
_BARE = """
WITH followed AS MATERIALIZED (
  SELECT followee_id FROM follow WHERE follower_id = $1 UNION ALL SELECT $1
), head AS MATERIALIZED (
  SELECT followed.followee_id, newest.id FROM followed CROSS JOIN LATERAL (
    SELECT id FROM post WHERE author_id = followed.followee_id AND id < $2 AND deleted_at IS NULL
    ORDER BY id DESC LIMIT 1
  ) newest ORDER BY newest.id DESC LIMIT $3
), lowest AS MATERIALIZED (SELECT CASE WHEN count(*) >= $3 THEN min(id) ELSE 0 END AS id FROM head)
SELECT entry.id, entry.author_id FROM head CROSS JOIN LATERAL (
  SELECT id, author_id FROM post
  WHERE author_id = head.followee_id AND id < $2 AND id >= (SELECT id FROM lowest) AND deleted_at IS NULL
  ORDER BY id DESC LIMIT $3
) entry ORDER BY entry.id DESC LIMIT $3
"""
_LARGEST = "SELECT followee_id FROM follow GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
_FOLLOWERS = "SELECT follower_id FROM follow WHERE followee_id = $1 LIMIT $2"
_BUSY = "SELECT author_id FROM post GROUP BY 1 HAVING count(*) > 3 ORDER BY random() LIMIT $1"


class Row(NamedTuple):
    """Something that was measured, beside what it is compared with; `goal` is that of their ratio, or of itself."""

    name: str
    found: str
    beside: str = ""
    ratio: float | None = None
    goal: str = ""
    is_reached: bool | None = None

    @property
    def verdict(self) -> Verdict | None:
        return None if self.is_reached is None else Verdict(f"{self.name} {self.goal}", self.is_reached)


def run(
    options: Options, *, graph: Path | None, console: Console, report: Callable[[str], None], is_markdown: bool
) -> Sequence[Verdict]:
    """Measures, and prints what was found; gives the verdicts. Raises RuntimeError when something does not come to an
    end.
    """
    with EmbeddedServers(options.data_dir, durable=True, report=report) as servers:
        rows = uvloop.run(_measured(servers, options, graph, report))
    sheet = Sheet(
        title="Timelines",
        headings=("what", "found", "beside", "ratio", "goal", ""),
        texts=1,
        rows=[
            (
                row.name,
                row.found,
                row.beside,
                "" if row.ratio is None else f"{row.ratio:.2f}",
                row.goal,
                "" if row.verdict is None else str(row.verdict),
            )
            for row in rows
        ],
    )
    show_sheets([sheet], console=console, is_markdown=is_markdown)
    return [row.verdict for row in rows if row.verdict is not None]


async def _measured(
    servers: EmbeddedServers, options: Options, graph: Path | None, report: Callable[[str], None]
) -> list[Row]:
    assert servers.postgres is not None
    whole = World(options.seed, Size.scaled(options.scale))
    await world.prepare(servers, whole, report=report)
    url, admin = servers.postgres.url(DATABASE), servers.admin_url
    rows: list[Row] = []

    async def take(name: str, measuring: Awaitable[Sequence[Row]]) -> None:
        report(f"{name} …")
        rows.extend(await measuring)

    if graph is not None:
        report("Importing the graph …")
        async with imported(admin, url, servers.redis_url, graph=graph) as place:
            await take("fan-out over the graph", _fan_out(place, f"graph of {graph.parent.name}"))
    async with copied(admin, world.DATABASE, url, servers.redis_url) as place:
        await take("fan-out", _fan_out(place, "generated graph"))
        await take("reads by SQL", _cold_reads(place, Random(options.seed)))
        await take("pulled authors", _merged(place))
        await take("lists", _lists(place))
        crowd = max(FEWEST_IN_CROWD, int(LARGE_FOLLOWERS * min(options.scale, 1)))
        await take("a small author beside a large one", _delays(place, crowd))
    return rows


async def _fan_out(place: Place, name: str) -> list[Row]:
    """One post of the largest author, to timelines that are full; and the same number of bare writes."""
    [author] = await place.numbers(_LARGEST)
    followers = await place.numbers(_FOLLOWERS, author, MOST_FILLED)
    await place.read(followers)
    await place.fill(followers, entries=keys.LARGEST_TIMELINE)
    sizes = [await place.redis.memory_usage(place.key(reader), samples=0) or 0 for reader in followers[:SAMPLED_KEYS]]
    worker = Worker(place.settings)
    await worker.open()
    walks, writes = [], []
    try:
        await worker.settle()
        for _ in range(FANOUTS):
            post = await _post(place, author)
            began_s = time.perf_counter()
            await worker.settle()
            walks.append(len(followers) / (time.perf_counter() - began_s))
            writes.append(len(followers) / await _written_bare(place, followers, post + 1))
    finally:
        await worker.close()
    steps, raw = median(walks), median(writes)
    ratio = median(walk / write for walk, write in zip(walks, writes, strict=True))
    size = max(sizes)
    return [
        Row(
            f"fan-out, {name}, {len(followers):,} readers: readers/s",
            f"{steps:,.0f}",
            f"{raw:,.0f} bare writes/s",
            ratio,
            f">= {FEWEST_OF_FULL:g}",
            ratio >= FEWEST_OF_FULL,
        ),
        Row(
            f"bytes of {keys.LARGEST_TIMELINE} entries, {name}",
            f"{size:,}",
            goal=f"<= {MOST_BYTES:,}",
            is_reached=size <= MOST_BYTES,
        ),
    ]


async def _written_bare(place: Place, followers: Sequence[int], entry_id: int) -> float:
    """Seconds that ZADD and trimming take, in pipelines of a thousand timelines."""
    member = member_of(entry_id)
    began_s = time.perf_counter()
    for start in range(0, len(followers), RAW_AT_ONCE):
        pipeline = place.redis.pipeline(transaction=False)
        for reader in followers[start : start + RAW_AT_ONCE]:
            pipeline.zadd(place.key(reader), {member: 0})
            pipeline.zremrangebyrank(place.key(reader), keys.LARGEST_TIMELINE, -3)
        await pipeline.execute()
    return time.perf_counter() - began_s


async def _post(place: Place, author_id: int) -> int:
    viewer = Viewer(author_id, 0, utc_now() + timedelta(hours=1))
    return await place.db.transact_in_one_write(posts.create_post, viewer, posts.NewPost("a new post"))


async def _cold_reads(place: Place, rng: Random) -> list[Row]:
    """A first page by SQL as the loader has it, and the bare statement; no GraphQL on either side, no posts."""
    accounts = await place.numbers("SELECT id FROM account")
    rows = []
    for count in FOLLOWS:
        readers = await place.join(5, prefix=f"reader_of_{count}_")
        for reader in readers:
            await place.follow([reader], rng.sample(accounts, min(count, len(accounts))))
    await place.rows("ANALYZE follow")
    for count in FOLLOWS:
        readers = await place.numbers("SELECT id FROM account WHERE handle LIKE $1", f"reader_of_{count}_%")

        async def ours(number: int, readers: Sequence[int] = readers) -> None:
            reader = readers[number % len(readers)]
            await fetch_home_entries(place.db, reader, before=GREATEST_ID, limit=PAGE)

        async def bare(number: int, readers: Sequence[int] = readers) -> None:
            await place.rows(_BARE, readers[number % len(readers)], GREATEST_ID, PAGE)

        rows.append(_compared(f"first page by SQL, {count:,} follows: p50 ms", await _in_turns(ours, bare)))
    return rows


def _compared(name: str, took_s: tuple[float, float]) -> Row:
    ours, bare = took_s
    ratio = ours / bare
    return Row(
        name,
        f"{ours * 1_000:.2f}",
        f"{bare * 1_000:.2f} the bare statement",
        ratio,
        f"<= {MOST_OF_BARE_READ:g}",
        ratio <= MOST_OF_BARE_READ,
    )


async def _in_turns(
    one: Callable[[int], Awaitable[None]], other: Callable[[int], Awaitable[None]]
) -> tuple[float, float]:
    """The median seconds of each, one after the other, after a while of getting warm."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(READS + READS // 5):
        for act, seconds in zip((one, other), took, strict=True):
            began_s = time.perf_counter()
            await act(number)
            if number >= READS // 5:
                seconds.append(time.perf_counter() - began_s)
    return median(took[0]), median(took[1])


async def _merged(place: Place) -> list[Row]:
    """Looking up a page of a timeline: of somebody who follows fifty pulled authors among 500, and who follows none."""
    authors = await place.numbers(_BUSY, 500 + PULLED)
    pulled = min(PULLED, len(authors) // 2)  # in a small world somebody has to be left
    readers = await place.join(2, prefix="reader_of_pulled_")
    await place.rows("INSERT INTO pulled_author (account_id) SELECT unnest($1::bigint[])", authors[:pulled])
    lookups = []
    for reader, followed in zip(readers, (authors[:500], authors[pulled:]), strict=True):
        await place.follow([reader], followed)
        page = [entry.id for entry in await fetch_home_entries(place.db, reader, before=GREATEST_ID, limit=PAGE)]

        async def look_up(_number: int, reader: int = reader, page: Sequence[int] = page) -> None:
            await fetch_home_among(place.db, reader, page, since=page[-1], before=GREATEST_ID, merged_limit=PAGE)

        lookups.append(look_up)
    await place.rows("ANALYZE pulled_author, follow")
    merged, plain = await _in_turns(*lookups)
    await place.rows("DELETE FROM pulled_author")
    return [
        Row(
            f"looking up a page, {pulled} pulled authors merged: p50 ms",
            f"{merged * 1_000:.2f}",
            f"{plain * 1_000:.2f} with none",
            merged / plain,
        )
    ]


async def _lists(place: Place) -> list[Row]:
    """A page of a list's feed by GraphQL, in this process: all that a server does but HTTP."""
    services = ProcessServices(place.settings)
    await services.start()
    rows = []
    try:
        for count in MEMBERS:
            members = await place.numbers("SELECT author_id FROM post GROUP BY 1 ORDER BY random() LIMIT $1", count)
            [owner] = await place.join(1, prefix=f"owner_of_{count}_")
            [list_id] = await place.numbers(
                "INSERT INTO list (account_id, name, is_private, replies) VALUES ($1, 'bench', false, 0) RETURNING id",
                owner,
            )
            await place.rows(
                "INSERT INTO list_member (list_id, account_id) SELECT $1, unnest($2::bigint[])", list_id, members
            )
            await place.rows("ANALYZE list_member")
            took = [await _asked(services, owner) for _ in range(READS)]
            rows.append(Row(f"a page of a list of {len(members):,}: p50 ms", f"{median(took) * 1_000:.2f}"))
    finally:
        await services.stop()
    return rows


async def _asked(services: ProcessServices, owner_id: int) -> float:
    document = "{ viewer { lists(first: 1) { edges { node { posts(first: 20) { edges { node { id body } } } } } } } }"
    context = services.open_context(
        Viewer(owner_id, 0, utc_now() + timedelta(hours=1)), client_ip="", request_id="benchmark"
    )
    began_s = time.perf_counter()
    try:
        result = await services.schema.execute(document, context_value=context)
    finally:
        await context.close()
    if result.errors:
        raise RuntimeError(f"A list could not be read: {result.errors}")
    return time.perf_counter() - began_s


async def _delays(place: Place, large_followers: int) -> list[Row]:
    """How long a small author's post takes to its reader's timeline, by a worker process: alone, and while posts of an
    author with very many readers are handed out one after the other.
    """
    small, reader, large = await place.join(3, prefix="delay_")
    crowd = await place.join(large_followers, prefix="crowd_")
    await place.follow([reader], [small])
    await place.follow(crowd, [large])
    await place.read([reader, small, *crowd])
    await place.rows("ANALYZE")
    await place.fill([reader], entries=LARGE_ENTRIES)
    await place.fill(crowd, entries=LARGE_ENTRIES)
    bell = Bell(place.cache)
    ringing = asyncio.create_task(bell.run())
    try:
        async with working(place):
            idle = [await _delay(place, bell, small, reader) for _ in range(DELIVERIES)]
            busy: list[float] = []
            pushing = asyncio.create_task(_post_for_ever(place, bell, large, crowd[-1]))
            try:
                while len(busy) < DELIVERIES:
                    busy.append(await _delay(place, bell, small, reader))
                    if pushing.done():
                        await pushing
            finally:
                pushing.cancel()
    finally:
        ringing.cancel()
    rows = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        alone, beside = _quantile(idle, share), _quantile(busy, share)
        ratio = beside / alone
        rows.append(
            Row(
                f"a small author's post beside {large_followers:,} readers: {name} ms",
                f"{beside * 1_000:.1f}",
                f"{alone * 1_000:.1f} alone",
                ratio,
                f"<= {MOST_OF_IDLE:g}" if name == "p99" else "",
                ratio <= MOST_OF_IDLE if name == "p99" else None,
            )
        )
    return rows


async def _post_for_ever(place: Place, bell: Bell, author_id: int, last: int) -> None:
    """The next one when the one before has come to the last reader."""
    while True:
        await _delay(place, bell, author_id, last)


async def _delay(place: Place, bell: Bell, author_id: int, reader_id: int) -> float:
    """Seconds from the commit of a post until it is in a reader's timeline."""
    post = await _post(place, author_id)
    began_s = time.perf_counter()
    bell.ring()
    key, member = place.key(reader_id), member_of(post)
    while await place.redis.zscore(key, member) is None:
        if time.perf_counter() - began_s > DELIVERED_WITHIN_S:
            raise RuntimeError(f"A post did not come to its reader within {DELIVERED_WITHIN_S:g} s.")
        await asyncio.sleep(0.001)
    return time.perf_counter() - began_s


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
