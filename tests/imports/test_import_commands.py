"""`rookery import` as people run it: exit status, what is printed, and going on after a kill."""

import asyncio
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from app.imports.graph import import_graph
from app.imports.posts import import_posts
from app.imports.snb import import_snb
from app.settings import Settings
from tests.imports.checking import Told, assert_counts_are_exact, sizes

EVENTS = 400
SOMETHING_HAPPENS_WITHIN_S = 30

# Of the accounts whose handles are like $2, with the handle from the character $1 on.
WORLD = (
    "SELECT substr(handle, $1), display_name, id >> 22 FROM account WHERE handle LIKE $2",
    """
    SELECT substr(handle, $1), post.id >> 22, post.body, parent.id >> 22, root.id >> 22
    FROM account JOIN post ON post.author_id = account.id
    LEFT JOIN post parent ON parent.id = post.reply_to_id LEFT JOIN post root ON root.id = post.root_id
    WHERE handle LIKE $2
    """,
    """
    SELECT substr(handle, $1), post_id >> 22, post_like.id >> 22
    FROM account JOIN post_like ON post_like.account_id = account.id WHERE handle LIKE $2
    """,
    """
    SELECT substr(one.handle, $1), substr(other.handle, $1), follow.id >> 22
    FROM follow JOIN account one ON one.id = follower_id JOIN account other ON other.id = followee_id
    WHERE one.handle LIKE $2
    """,
)

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    """Two edges, and a line that is none."""
    file = tmp_path / "tiny" / "edges.csv"
    file.parent.mkdir()
    file.write_text("id_1,id_2\n1,2\n2,2\n2,3\n")
    return file


async def test_skipped_lines_are_printed_with_their_place_and_make_the_status_3(
    sql: asyncpg.Connection, run_import: Run, edges: Path
) -> None:
    first = run_import("graph", edges)
    assert first.returncode == 3, first.stderr
    assert f"{edges}:3: 2 cannot follow itself" in first.stderr
    assert first.stdout.splitlines() == ["accounts: 3 added", "follows: 4 added", "lines skipped: 1"]

    second = run_import("graph", edges)
    assert second.returncode == 3
    assert second.stdout.splitlines() == [
        "accounts: 0 added, 3 there already",
        "follows: 0 added, 4 there already",
        "lines skipped: 1",
    ]
    assert (await sizes(sql))["follow"] == 4


async def test_clean_import_has_the_status_0(sql: asyncpg.Connection, run_import: Run, edges: Path) -> None:
    run_import("graph", edges)
    posts = edges.with_name("posts.csv")
    posts.write_text("created_at,text\n2017-08-27,hello @tiny_1 and @nobody: #Two #tags at example.com\n")

    done = run_import("posts", posts, "--author", "tiny_1")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "posts: 1 added",
        "hashtags in them: 2 added",
        "links in them: 1 added",
        "mentions in them: 1 added",
        "refused as TOO_LONG: 0",
        "lines skipped: 0",
    ]
    assert (await sizes(sql))["post"] == 1


async def test_import_that_cannot_begin_says_why_in_a_line_and_has_the_status_1(
    sql: asyncpg.Connection, run_import: Run, edges: Path
) -> None:
    missing = edges.with_name("nothing.csv")

    done = run_import("graph", missing)

    assert done.returncode == 1
    assert done.stderr.strip() == f"Import stopped: {missing} cannot be read: No such file or directory."
    assert not any((await sizes(sql)).values())


async def _kill_when_further(process: subprocess.Popen[str], sql: asyncpg.Connection, *, by_rows: int) -> bool:
    """Kills the import when it has brought `by_rows` rows in; False if it ended before."""
    goal = sum((await sizes(sql)).values()) + by_rows
    deadline = time.monotonic() + SOMETHING_HAPPENS_WITHIN_S
    while process.poll() is None and sum((await sizes(sql)).values()) < goal:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    process.kill()
    process.communicate()
    return process.returncode == -9


@pytest.fixture
def data_set(outside_data: Path, tmp_path: Path) -> Path:
    """The data set with the beginning of its stream only: every kind of event, in little time."""
    folder = tmp_path / "snb"
    shutil.copytree(outside_data / "snb_small/dynamic", folder / "dynamic")
    (folder / "update_streams").mkdir()
    for stream in (outside_data / "snb_small/update_streams").glob("*.csv"):
        events = stream.read_bytes().splitlines(keepends=True)
        (folder / "update_streams" / stream.name).write_bytes(b"".join(events[:EVENTS]))
    return folder


async def _world(sql: asyncpg.Connection, prefix: str) -> list[set[tuple[object, ...]]]:
    """Everything that the accounts of a prefix are, wrote, like and follow, without ids and without the prefix."""
    found = [await sql.fetch(query, len(prefix) + 2, f"{prefix}_%") for query in WORLD]
    worlds = [{tuple(record) for record in records} for records in found]
    assert all(len(world) == len(records) > 0 for world, records in zip(worlds, found, strict=True))
    return worlds


@pytest.mark.long
async def test_killed_import_of_a_data_set_goes_on_and_ends_as_if_never_killed(
    settings: Settings, sql: asyncpg.Connection, data_set: Path, start_import: Start, told: Told
) -> None:
    await import_snb(settings, data_set, prefix="whole", report=told.report())
    events_of_one = (await sizes(sql))["outbox"]

    kills = 0
    for by_rows in (1, *random.sample(range(1, 800), 3)):
        process = start_import("snb", data_set, "--prefix", "killed")
        kills += await _kill_when_further(process, sql, by_rows=by_rows)
    assert kills > 1
    await assert_counts_are_exact(sql)
    await import_snb(settings, data_set, prefix="killed", report=told.report())

    assert await _world(sql, "killed") == await _world(sql, "whole")
    assert (await sizes(sql))["outbox"] == 2 * events_of_one
    assert told.lines == []
    await assert_counts_are_exact(sql)


@pytest.mark.long
async def test_killed_import_of_a_graph_goes_on_and_ends_as_if_never_killed(
    settings: Settings, sql: asyncpg.Connection, outside_data: Path, start_import: Start, told: Told
) -> None:
    file = outside_data / "graph/lastfm_asia/edges.csv"
    assert await _kill_when_further(start_import("graph", file), sql, by_rows=1)
    killed = await sizes(sql)
    assert killed["account"] > 0
    assert killed["follow"] < 55_612

    await import_graph(settings, file, prefix=None, report=told.report())

    found = await sizes(sql)
    assert (found["account"], found["follow"]) == (7_624, 55_612)
    await assert_counts_are_exact(sql)


@pytest.mark.long
async def test_killed_import_of_posts_goes_on_and_posts_nothing_twice(
    settings: Settings, sql: asyncpg.Connection, outside_data: Path, start_import: Start, edges: Path, told: Told
) -> None:
    await import_graph(settings, edges, prefix=None, report=told.report())
    file = outside_data / "posts/emoji_tweets_a.csv"
    assert await _kill_when_further(start_import("posts", file, "--author", "tiny_1"), sql, by_rows=500)
    assert (await sizes(sql))["post"] < 6_023

    report = told.report()
    await import_posts(settings, file, author="tiny_1", report=report)

    found = await sizes(sql)
    assert (found["post"], found["outbox"]) == (6_023, 6_023)
    assert report.added["posts"] + report.present["posts"] == 6_023
    await assert_counts_are_exact(sql)


@pytest.mark.long
async def test_two_imports_of_one_source_at_once_add_everything_once(
    settings: Settings, sql: asyncpg.Connection, data_set: Path, start_import: Start, told: Told
) -> None:
    await import_snb(settings, data_set, prefix="whole", report=told.report())
    events_of_one = (await sizes(sql))["outbox"]

    both = [start_import("snb", data_set, "--prefix", "twice") for _ in range(2)]
    for process in both:
        _, err = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0, err

    assert await _world(sql, "twice") == await _world(sql, "whole")
    assert (await sizes(sql))["outbox"] == 2 * events_of_one
    await assert_counts_are_exact(sql)
