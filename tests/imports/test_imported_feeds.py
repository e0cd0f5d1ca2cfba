"""Home feeds after imports: whatever answers, it says what plain SQL says."""

import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import asyncpg
import pytest

from app.imports.graph import import_graph
from app.imports.posts import import_posts
from app.imports.snb import import_snb
from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from loaders.home import HomeEntries, fetch_home_entries
from loaders.pages import GREATEST_ID
from loaders.registry import Loaders
from loaders.wanted import WHOLE_POSTS, FeedEntry
from tests.imports.checking import Told

ACCOUNTS = 200
ENTRIES_PER_PAGE = 100
POSTS_PER_AUTHOR = 40

# What a home feed is, as naively as it can be said.
HOME = """
    SELECT post.id, post.author_id FROM post
    WHERE post.deleted_at IS NULL
      AND (post.author_id = $1 OR post.author_id IN (SELECT followee_id FROM follow WHERE follower_id = $1))
    ORDER BY post.id DESC
"""
BY_FOLLOWERS = """
    SELECT account.id FROM account LEFT JOIN follow ON follow.followee_id = account.id
    GROUP BY account.id ORDER BY count(follow.id) DESC, account.id
"""
GRAPH_BY_FOLLOWERS = """
    SELECT handle FROM account JOIN account_count ON account_id = id
    WHERE handle LIKE 'lastfm%' ORDER BY follower_count DESC, id
"""
GRAPH_FOLLOWED_BY = """
    SELECT DISTINCT handle FROM account JOIN follow ON followee_id = account.id
    WHERE handle LIKE 'lastfm%' AND follower_id = ANY($1) AND account.id <> ALL($1)
"""

Feed = list[tuple[int, int]]
Page = Callable[[int], Awaitable[tuple[Sequence[FeedEntry], int | None]]]


async def _whole_feed(page: Page) -> Feed:
    """Every page, one after the other, from the newest entry to the end."""
    found: Feed = []
    before: int | None = GREATEST_ID
    while before is not None:
        entries, before = await page(before)
        found += [(entry.id, entry.author_id) for entry in entries]
    return found


def _by_sql(services: ProcessServices, account_id: int) -> Page:
    async def page(before: int) -> tuple[Sequence[FeedEntry], int | None]:
        entries = await fetch_home_entries(services.db, account_id, before=before, limit=ENTRIES_PER_PAGE)
        return entries, entries[-1].id if len(entries) == ENTRIES_PER_PAGE else None

    return page


def _by_timeline(services: ProcessServices, account_id: int) -> Page:
    async def page(before: int) -> tuple[Sequence[FeedEntry], int | None]:
        home = HomeEntries(Loaders(services.db, viewer=None), account_id, WHOLE_POSTS)
        scan = await services.resources.home.scan(home, before=before, limit=ENTRIES_PER_PAGE)
        return scan.entries, None if scan.is_end else scan.reached

    return page


async def _is_in_redis(services: ProcessServices, account_id: int) -> bool:
    store = services.resources.home._store
    return await store.read(account_id, before=GREATEST_ID, limit=1) is not None


async def _chosen(sql: asyncpg.Connection) -> list[int]:
    """The most followed accounts, the least followed, and some of all others."""
    ranked = [record["id"] for record in await sql.fetch(BY_FOLLOWERS)]
    some = ACCOUNTS // 4
    return [*ranked[:some], *ranked[-some:], *random.sample(ranked[some:-some], ACCOUNTS - 2 * some)]


async def _authors(sql: asyncpg.Connection, readers: Sequence[int]) -> list[str]:
    """Accounts of the graph: the most and the least followed, some whom the readers follow, and some others."""
    ranked = [record["handle"] for record in await sql.fetch(GRAPH_BY_FOLLOWERS)]
    followed = [record["handle"] for record in await sql.fetch(GRAPH_FOLLOWED_BY, readers)]
    return list({ranked[0], ranked[-1], *random.sample(followed, 6), *random.sample(ranked, 4)})


async def _write_posts(settings: Settings, outside_data: Path, folder: Path, handles: Sequence[str]) -> None:
    """Real posts for each of the accounts."""
    lines = (outside_data / "posts/BarackObama.csv").read_bytes().split(b"\n")
    header, records = lines[0], lines[1:]
    for number, handle in enumerate(handles):
        file = folder / f"{handle}.csv"
        some = records[number * POSTS_PER_AUTHOR : (number + 1) * POSTS_PER_AUTHOR]
        file.write_bytes(b"\n".join([header, *some]))
        await import_posts(settings, file, author=handle, report=Told.silent())


@pytest.fixture
async def imported(settings: Settings, outside_data: Path) -> Path:
    """A database with the data set, its stream, and a graph in it."""
    await import_snb(settings, outside_data / "snb_small", prefix=None, report=Told.silent())
    await import_graph(settings, outside_data / "graph/lastfm_asia/edges.csv", prefix=None, report=Told.silent())
    return outside_data


@pytest.mark.long
async def test_feeds_after_imports_are_what_plain_sql_says(
    imported: Path,
    settings: Settings,
    services: ProcessServices,
    worker: Worker,
    sql: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    chosen = await _chosen(sql)

    # Half of them have timelines before posts come that the worker must bring there.
    await worker.settle()
    early = chosen[::2]
    for account_id in early:
        await services.resources.home.rebuild(account_id)
    before = {account_id: await sql.fetch(HOME, account_id) for account_id in early}
    await _write_posts(settings, imported, tmp_path, await _authors(sql, early))
    await worker.settle()
    assert all([await _is_in_redis(services, account_id) for account_id in early])
    assert await sql.fetchval("SELECT count(*) FROM count_delta") == 0

    expected: dict[int, Feed] = {}
    for account_id in chosen:
        expected[account_id] = [(record[0], record[1]) for record in await sql.fetch(HOME, account_id)]
        assert await _whole_feed(_by_sql(services, account_id)) == expected[account_id]
        assert await _whole_feed(_by_timeline(services, account_id)) == expected[account_id]
    # The first read of an account filled its timeline behind; now all of them are read from Redis.
    await services.resources.home.rebuilt()
    for account_id in chosen:
        assert await _is_in_redis(services, account_id)
        assert await _whole_feed(_by_timeline(services, account_id)) == expected[account_id]
    assert sum(map(bool, expected.values())) > ACCOUNTS // 8
    assert any(len(expected[account_id]) > len(before[account_id]) for account_id in early)
