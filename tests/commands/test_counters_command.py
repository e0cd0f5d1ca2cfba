"""`rookery counters verify` as people run it: what it prints, and its exit status."""

import subprocess
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.settings import Settings
from models.counts import Counter
from tests.fixtures.commands import run_command
from tests.worker.recounting import Counted, make_counted
from tests.worlds import World, post_id

NOBODY_LISTENS = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
async def counted(world: World, database_url: str) -> AsyncIterator[Counted]:
    connection = await asyncpg.connect(database_url)
    yield await make_counted(world, connection)
    await connection.close()


async def verified(settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    return await run_command(settings, "counters", "verify", *options)


async def test_exact_counts_have_the_status_0(settings: Settings, counted: Counted) -> None:
    done = await verified(settings)
    assert (done.returncode, done.stderr) == (0, "")
    posts = await counted.sql.fetchval("SELECT count(*) FROM post")
    accounts = await counted.sql.fetchval("SELECT count(*) FROM account")
    assert done.stdout.splitlines() == [
        f"post likes: {posts} checked, 0 drifted",
        f"post replies: {posts} checked, 0 drifted",
        f"post reposts: {posts} checked, 0 drifted",
        f"post quotes: {posts} checked, 0 drifted",
        f"account posts: {accounts} checked, 0 drifted",
        f"account followers: {accounts} checked, 0 drifted",
        f"account following: {accounts} checked, 0 drifted",
        "hashtag posts: 1 checked, 0 drifted",
        "hashtag followers: 1 checked, 0 drifted",
    ]


async def test_drift_has_the_status_1_until_it_is_repaired(settings: Settings, counted: Counted) -> None:
    await counted.plant(Counter.POST_LIKES, 40_000)
    await counted.plant(Counter.ACCOUNT_FOLLOWERS, -1)
    post, accounts = counted.subjects[Counter.POST_LIKES], await counted.sql.fetchval("SELECT count(*) FROM account")
    found = await verified(settings)
    assert found.returncode == 1
    assert found.stderr == "Repair it with: rookery counters verify --repair\n"
    assert f"  {post_id(post)}: 40,004 told, 4 true" in found.stdout.splitlines()
    assert f"account followers: {accounts} checked, 1 drifted, 1 missing, 0 too many" in found.stdout.splitlines()
    assert await counted.wrong() == [Counter.POST_LIKES, Counter.ACCOUNT_FOLLOWERS], "it was only looked at"

    repaired = await verified(settings, "--repair")
    assert (repaired.returncode, repaired.stderr) == (0, "")
    assert repaired.stdout == found.stdout + "All of it is repaired.\n"
    assert await counted.wrong() == []
    clean = await verified(settings, "--repair")
    assert clean.returncode == 0
    assert "told" not in clean.stdout
    assert "repaired" not in clean.stdout


async def test_postgres_that_is_away_has_the_status_2(settings: Settings) -> None:
    done = await verified(settings.model_copy(update={"database_url": NOBODY_LISTENS}))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Postgres cannot be reached, or a statement took too long.\n"
