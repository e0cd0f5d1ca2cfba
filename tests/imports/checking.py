"""What a database must say after an import, asked in plain SQL that shares nothing with the code under test."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
from rich.console import Console

from app.imports.report import Report, progress_bars

TABLES = (
    "account",
    "post",
    "follow",
    "post_like",
    "hashtag",
    "post_hashtag",
    "post_mention",
    "imported_record",
    "account_count",
    "post_count",
    "hashtag_count",
    "outbox",
)

_ACCOUNT_TOTALS = """
    SELECT a.handle,
        (SELECT count(*) FROM post p WHERE p.author_id = a.id AND p.repost_of_id IS NULL AND p.deleted_at IS NULL),
        (SELECT count(*) FROM follow f WHERE f.followee_id = a.id),
        (SELECT count(*) FROM follow f WHERE f.follower_id = a.id)
    FROM account a ORDER BY a.id
"""
_ACCOUNT_COUNTS = """
    SELECT a.handle,
        coalesce(c.post_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 5), 0),
        coalesce(c.follower_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 6), 0),
        coalesce(c.following_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 7), 0)
    FROM account a LEFT JOIN account_count c ON c.account_id = a.id LEFT JOIN count_delta d ON d.subject_id = a.id
    GROUP BY a.id, c.account_id ORDER BY a.id
"""
_POST_TOTALS = """
    SELECT p.id,
        (SELECT count(*) FROM post_like l WHERE l.post_id = p.id),
        (SELECT count(*) FROM post r WHERE r.reply_to_id = p.id AND r.deleted_at IS NULL)
    FROM post p ORDER BY p.id
"""
_POST_COUNTS = """
    SELECT p.id,
        coalesce(c.like_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 1), 0),
        coalesce(c.reply_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 2), 0)
    FROM post p LEFT JOIN post_count c ON c.post_id = p.id LEFT JOIN count_delta d ON d.subject_id = p.id
    GROUP BY p.id, c.post_id ORDER BY p.id
"""
_HASHTAG_TOTALS = """
    SELECT h.name,
        (SELECT count(*) FROM post_hashtag l JOIN post p ON p.id = l.post_id
         WHERE l.hashtag_id = h.id AND p.deleted_at IS NULL)
    FROM hashtag h ORDER BY h.id
"""
_HASHTAG_COUNTS = """
    SELECT h.name, coalesce(c.post_count, 0) + coalesce(sum(d.amount) FILTER (WHERE d.counter = 8), 0)
    FROM hashtag h LEFT JOIN hashtag_count c ON c.hashtag_id = h.id LEFT JOIN count_delta d ON d.subject_id = h.id
    GROUP BY h.id, c.hashtag_id ORDER BY h.id
"""


class Told:
    """Makes reports, and remembers in `lines` what they tell of skipped lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @staticmethod
    def silent() -> Report:
        """A report that nobody reads."""
        return _quiet_report(lambda _line: None)

    def report(self) -> Report:
        return _quiet_report(self.lines.append)

    def skipped(self) -> list[tuple[str, int, str]]:
        """The file's name, the line and the reason of each skipped line."""
        found = []
        for line in self.lines:
            place, reason = line.split(": ", 1)
            path, _, number = place.rpartition(":")
            found.append((Path(path).name, int(number), reason))
        return found


def _quiet_report(tell: Callable[[str], None]) -> Report:
    return Report(tell=tell, progress=progress_bars(Console(quiet=True)))


async def sizes(sql: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table: await sql.fetchval(f'SELECT count(*) FROM "{table}"') for table in TABLES}


async def assert_counts_are_exact(sql: asyncpg.Connection) -> None:
    """What counts say, total and deltas together, is what there is."""
    assert _plain(await sql.fetch(_ACCOUNT_COUNTS)) == _plain(await sql.fetch(_ACCOUNT_TOTALS))
    assert _plain(await sql.fetch(_POST_COUNTS)) == _plain(await sql.fetch(_POST_TOTALS))
    assert _plain(await sql.fetch(_HASHTAG_COUNTS)) == _plain(await sql.fetch(_HASHTAG_TOTALS))


def _plain(records: list[asyncpg.Record]) -> list[tuple[object, ...]]:
    return [tuple(record) for record in records]
