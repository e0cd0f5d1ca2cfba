"""`rookery import posts`: dated texts become posts of one account."""

import csv
import html
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from actions import archives
from app.imports import dates
from app.imports.posts import import_posts
from app.imports.report import SourceError
from app.imports.runs import import_database
from app.settings import Settings
from core import ids
from core.clock import utc_now
from core.entities import EntityKind, extract, normalised_hashtag
from tests.imports.checking import Told, assert_counts_are_exact, sizes

IN_AN_HOUR = (utc_now() + timedelta(hours=1)).isoformat()


@pytest.fixture
async def author(settings: Settings) -> str:
    """The handle of an account that is there."""
    async with import_database(settings) as db:
        await db.transact(archives.create_account, handle="heron", display_name="Heron")
    return "Heron"


async def _posted(sql: asyncpg.Connection) -> list[tuple[datetime, str]]:
    return [(ids.time_of(record["id"]), record["body"]) for record in await sql.fetch("SELECT * FROM post ORDER BY id")]


async def test_posts_are_dated_unescaped_and_in_order_whatever_the_order_of_the_file(
    settings: Settings, sql: asyncpg.Connection, author: str, tmp_path: Path, told: Told
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(
        "\ufeffwho,text,created_at\n"
        'a,"Second, with a\nline break &amp; &lt;entities&gt;",10/16/17 22:59\n'
        "a,Third,2017-10-17T01:00:00.250+01:00\n"
        "a,First,2017-08-27 00:05:34\n"
        "a,First,2017-08-27 00:05:34\n",
        encoding="utf-8",
    )

    await import_posts(settings, file, author=author, report=told.report())

    expected = [
        (datetime(2017, 8, 27, 0, 5, 34, tzinfo=UTC), "First"),
        (datetime(2017, 8, 27, 0, 5, 34, tzinfo=UTC), "First"),
        (datetime(2017, 10, 16, 22, 59, tzinfo=UTC), "Second, with a\nline break & <entities>"),
        (datetime(2017, 10, 17, 0, 0, 0, 250_000, tzinfo=UTC), "Third"),
    ]
    assert await _posted(sql) == expected
    assert told.lines == []
    assert (await sizes(sql))["outbox"] == 4

    # Shuffled, renamed and one longer: only what is new is posted.
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *lines[4:], *lines[1:4], "a,Fourth,2018-01-01"]), encoding="utf-8")
    again = told.report()
    await import_posts(settings, other, author=author, report=again)
    assert await _posted(sql) == [*expected, (datetime(2018, 1, 1, tzinfo=UTC), "Fourth")]
    assert (again.added["posts"], again.present["posts"]) == (1, 4)
    await assert_counts_are_exact(sql)


async def test_broken_records_are_told_with_their_lines_and_the_rest_is_posted(
    settings: Settings, sql: asyncpg.Connection, author: str, tmp_path: Path, told: Told
) -> None:
    file = tmp_path / "posts.csv"
    records = (
        b"created_at,text",
        b'2017-08-27,"two\nlines"',
        b"2017-08-27,caf\xe9",
        b"yesterday,no date",
        b"1999-12-31,before ids",
        IN_AN_HOUR.encode() + b",still to come",
        b"2017-08-27, ",
        b"2017-08-27," + b"x" * 501,
        b"2017-08-27,nul \x00",
        b"2017-08-27,one,too many",
        b'2017-08-27,"quotes" and more',
        b"2017-08-28,good",
        b'2017-08-29,"never ends',
        b"2017-08-30,swallowed",
    )
    file.write_bytes(b"\n".join(records))

    report = told.report()
    await import_posts(settings, file, author=author, report=report)

    assert [body for _, body in await _posted(sql)] == ["two\nlines", "good"]
    assert sorted((name, line) for name, line, _ in told.skipped()) == [
        ("posts.csv", line) for line in (4, 5, 6, 7, 8, 9, 10, 11, 12, 14)
    ]
    assert report.skipped_lines == 10
    assert report.refused == {"TOO_LONG": 1, "BLANK": 1, "UNSTORABLE": 1}
    assert {"refused as TOO_LONG: 1", "lines skipped: 10"} <= set(report.lines())
    await assert_counts_are_exact(sql)


async def test_posts_of_all_languages_go_in_whole_with_their_entities(
    settings: Settings, sql: asyncpg.Connection, author: str, outside_data: Path, told: Told
) -> None:
    file = outside_data / "posts/emoji_tweets_a.csv"
    report = told.report()

    await import_posts(settings, file, author=author, report=report)

    with file.open(encoding="utf-8", newline="") as opened:
        bodies = [html.unescape(record["text"]) for record in csv.DictReader(opened)]
    too_long = report.refused["TOO_LONG"]
    assert report.added["posts"] + too_long == len(bodies) == 6_023
    assert report.refused.total() == report.skipped_lines == too_long == len(told.lines) == 0
    found = Counter(record["body"] for record in await sql.fetch("SELECT body FROM post"))
    assert found == Counter(bodies)

    entities = [entity for body in bodies for entity in extract(body)]
    kinds = Counter(entity.kind for entity in entities)
    assert report.added["hashtags in them"] == kinds[EntityKind.HASHTAG] == 7_072
    assert report.added["links in them"] == kinds[EntityKind.LINK] == 2_107
    # Nobody here is called as the file's 638 mentions say.
    assert (kinds[EntityKind.MENTION], report.added["mentions in them"]) == (638, 0)
    expected = Counter(
        name
        for body in bodies
        for name in {normalised_hashtag(entity.name) for entity in extract(body) if entity.kind is EntityKind.HASHTAG}
    )
    tagged = await sql.fetch("SELECT name FROM hashtag JOIN post_hashtag ON hashtag_id = id")
    assert Counter(record["name"] for record in tagged) == expected
    assert len(expected) == await sql.fetchval("SELECT count(*) FROM hashtag") == 514
    await assert_counts_are_exact(sql)


async def test_file_with_bytes_that_are_no_text_loses_only_those_records(
    settings: Settings, sql: asyncpg.Connection, author: str, outside_data: Path, told: Told
) -> None:
    file = outside_data / "posts/BarackObama.csv"

    await import_posts(settings, file, author=author, report=told.report())

    spoilt = []
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            spoilt.append(("BarackObama.csv", number, "not valid UTF-8"))
    assert sorted(told.skipped()) == spoilt
    assert len(spoilt) == 1_378
    assert (await sizes(sql))["post"] == 3_207 - 1_378
    assert await sql.fetchval("SELECT count(*) FROM post WHERE body LIKE '%&amp;%'") == 0
    await assert_counts_are_exact(sql)


@pytest.mark.parametrize(
    ("content", "handle", "reason"),
    [
        (None, "heron", "cannot be read"),
        (b"", "heron", "is empty"),
        (b"created_at,text\n", "heron", "has no posts"),
        (b"created_at,body\n2017-08-27,x\n", "heron", "no column 'text'"),
        (b"created_at,text\n2017-08-27,x\n", "nobody", "no account 'nobody'"),
        (b"created_at,text\n2017-08-27,x\n", "no handle", "no account 'no handle'"),
    ],
)
async def test_unusable_file_or_author_is_refused_and_nothing_is_posted(
    content: bytes | None,
    handle: str,
    reason: str,
    settings: Settings,
    sql: asyncpg.Connection,
    author: str,
    tmp_path: Path,
    told: Told,
) -> None:
    file = tmp_path / "posts.csv"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SourceError, match=reason):
        await import_posts(settings, file, author=handle, report=told.report())

    assert (await sizes(sql))["post"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10/16/17 22:59", datetime(2017, 10, 16, 22, 59, tzinfo=UTC)),
        ("1/2/2017 3:04:05", datetime(2017, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2017-08-27 00:05:34", datetime(2017, 8, 27, 0, 5, 34, tzinfo=UTC)),
        ("2010-11-25T05:58:53.756+0000", datetime(2010, 11, 25, 5, 58, 53, 756_000, tzinfo=UTC)),
        ("2010-11-25T05:58:53+05:30", datetime(2010, 11, 25, 0, 28, 53, tzinfo=UTC)),
        ("Sun Aug 27 00:05:34 +0000 2017", datetime(2017, 8, 27, 0, 5, 34, tzinfo=UTC)),
    ],
)
def test_dates_of_many_forms_are_read_as_utc(text: str, expected: datetime) -> None:
    assert dates.parsed(text) == expected
    assert dates.parsed(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "31/12/17 10:00",
        "1999-12-31",
        "0001-01-01T00:00:00+05:00",
        pytest.param(IN_AN_HOUR, id="in_an_hour"),
    ],
)
def test_text_without_a_usable_date_is_refused(text: str) -> None:
    with pytest.raises(dates.UnusableDateError):
        dates.parsed(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "9" * 30, "0"])
def test_number_of_milliseconds_without_a_usable_date_is_refused(text: str) -> None:
    with pytest.raises(dates.UnusableDateError):
        dates.from_milliseconds(text)
