"""`rookery import graph`: edges become accounts and mutual follows."""

import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from actions import archives
from app.imports.graph import import_graph
from app.imports.report import SourceError
from app.imports.runs import import_database
from app.settings import Settings
from core.errors import ValidationError
from tests.imports.checking import Told, assert_counts_are_exact, sizes

SECONDS_FOR_GITHUB = 60


@pytest.fixture
def edges(tmp_path: Path) -> Callable[[bytes | None], Path]:
    """Writes a file of edges (none for None) in a folder whose name begins handles."""

    def write(content: bytes | None) -> Path:
        file = tmp_path / "tiny graph" / "edges.csv"
        file.parent.mkdir()
        if content is not None:
            file.write_bytes(content)
        return file

    return write


async def _follows(sql: asyncpg.Connection) -> list[tuple[str, str]]:
    records = await sql.fetch("""
        SELECT one.handle, other.handle FROM follow
        JOIN account one ON one.id = follower_id JOIN account other ON other.id = followee_id
    """)
    return [(record[0], record[1]) for record in records]


async def test_every_edge_becomes_two_follows_and_totals_are_exact(
    settings: Settings, sql: asyncpg.Connection, outside_data: Path, told: Told
) -> None:
    file = outside_data / "graph/lastfm_asia/edges.csv"

    await import_graph(settings, file, prefix=None, report=told.report())

    expected = set()
    for line in file.read_text().splitlines()[1:]:
        one, other = (f"lastfm_asia_{number}" for number in line.split(","))
        expected |= {(one, other), (other, one)}
    found = await _follows(sql)
    assert set(found) == expected
    assert len(found) == len(expected) == 55_612
    assert await sql.fetchval("SELECT count(*) FROM account WHERE password_hash IS NULL AND email IS NULL") == 7_624
    assert await sql.fetchval("SELECT sum(follower_count) FROM account_count") == 55_612
    assert (await sizes(sql))["outbox"] == 0
    assert told.lines == []
    await assert_counts_are_exact(sql)

    before = await sizes(sql)
    again = told.report()
    await import_graph(settings, file, prefix=None, report=again)
    assert await sizes(sql) == before
    assert (again.added.total(), again.present["accounts"], again.present["follows"]) == (0, 7_624, 55_612)
    await assert_counts_are_exact(sql)


async def test_broken_edges_are_told_with_their_lines_and_the_rest_goes_in(
    settings: Settings, sql: asyncpg.Connection, edges: Callable[[bytes | None], Path], told: Told
) -> None:
    lines = (b"id_1,id_2", b"1,2", b"3,3", b"2,1", b"1,x", b"4", b"\xff,2", b"", b"02,3", b"9" * 30 + b",1", b"1,4,5")
    file = edges(b"\r\n".join(lines))

    report = told.report()
    await import_graph(settings, file, prefix=None, report=report)

    follows = await _follows(sql)
    assert set(follows) == {
        ("tiny_graph_1", "tiny_graph_2"),
        ("tiny_graph_2", "tiny_graph_1"),
        ("tiny_graph_2", "tiny_graph_3"),
        ("tiny_graph_3", "tiny_graph_2"),
    }
    assert (await sizes(sql))["account"] == 3
    assert [(file, line) for file, line, _ in told.skipped()] == [
        ("edges.csv", line) for line in (3, 4, 5, 6, 7, 10, 11)
    ]
    assert report.skipped_lines == 7
    await assert_counts_are_exact(sql)


@pytest.mark.parametrize(
    ("content", "prefix", "reason"),
    [
        (None, None, "cannot be read"),
        (b"", None, "is empty"),
        (b"id_1,id_2\n", None, "has no edges"),
        (b"id_1;id_2\n1;2\n", None, "no column 'id_1'"),
        (b"id_1,target\n1,2\n", None, "no column 'id_2'"),
        (b"\xff\xfe\n1,2\n", None, "no text file"),
        (b"id_1,id_2\n1,2\n", "no-handle", "cannot begin a handle"),
        (b"id_1,id_2\n1,2\n1,12345\n", "x" * 26, "too long for a handle"),
    ],
)
async def test_unusable_file_is_refused_and_nothing_is_begun(
    content: bytes | None,
    prefix: str | None,
    reason: str,
    settings: Settings,
    sql: asyncpg.Connection,
    edges: Callable[[bytes | None], Path],
    told: Told,
) -> None:
    file = edges(content)

    with pytest.raises(SourceError, match=reason):
        await import_graph(settings, file, prefix=prefix, report=told.report())

    assert not any((await sizes(sql)).values())


async def test_handle_of_somebody_else_stops_the_import_before_it_changes_anything(
    settings: Settings, sql: asyncpg.Connection, edges: Callable[[bytes | None], Path], told: Told
) -> None:
    file = edges(b"id_1,id_2\n1,2\n")
    async with import_database(settings) as db:
        await db.transact(archives.create_account, handle="TINY_graph_2", display_name="Somebody else")
    before = await sizes(sql)

    with pytest.raises(ValidationError, match="tiny_graph_2"):
        await import_graph(settings, file, prefix=None, report=told.report())
    assert await sizes(sql) == before

    await import_graph(settings, file, prefix="other", report=told.report())
    assert (await sizes(sql))["account"] == 3


@pytest.mark.long
async def test_large_graph_goes_in_under_a_minute(
    settings: Settings, sql: asyncpg.Connection, outside_data: Path, told: Told
) -> None:
    began = time.monotonic()
    file = outside_data / "graph/github_social/edges.csv"
    await import_graph(settings, file, prefix=None, report=told.report())

    assert time.monotonic() - began < SECONDS_FOR_GITHUB
    found = await sizes(sql)
    assert (found["account"], found["follow"], found["account_count"]) == (37_700, 578_006, 37_700)
    assert told.lines == []
    await assert_counts_are_exact(sql)
