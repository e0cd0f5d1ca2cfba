"""`rookery import snb`: a snapshot in bulk, then a stream of events through the acts of clients.

All of it reads the same few files, so it is one piece.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from access.viewer import Viewer
from actions import accounts, deletions, follows, hashtags
from app.imports.report import SourceError
from app.imports.runs import archived_viewer, import_database
from app.imports.snb import import_snb
from app.settings import Settings
from core import ids
from core.clock import utc_now
from tests.imports.checking import Told, assert_counts_are_exact, sizes

PERSONS = (
    "id|firstName|lastName|gender|creationDate\n1|Ann|Ash|f|2010-01-01T00:00:00.000+0000\n2|Bo|Birch|m|2010-01-02\n"
)
KNOWS = "Person.id|Person.id|creationDate\n1|2|2010-02-01T00:00:00.000+0000\n"
POSTS = "id|imageFile|creationDate|content|creator\n10|photo10.jpg|2010-03-01||1\n11||2010-03-02|About trees|2\n"
COMMENTS = (
    "id|creationDate|content|creator|replyOfPost|replyOfComment\n20|2010-03-03|nice|2|10|\n21|2010-03-04|yes|1||20\n"
)
LIKES_OF_POSTS = "Person.id|Post.id|creationDate\n2|10|2010-03-05\n"
LIKES_OF_COMMENTS = "Person.id|Comment.id|creationDate\n1|20|2010-03-06\n"
TAGS = "id|name|url|hasType\n1|Trees|u|2\n2|Oh,_Pretty_Woman|u|2\n3|1962-1966|u|2\n4|Trees|u|2\n"
FILES = {
    "person": PERSONS,
    "person_knows_person": KNOWS,
    "post": POSTS,
    "comment": COMMENTS,
    "person_likes_post": LIKES_OF_POSTS,
    "person_likes_comment": LIKES_OF_COMMENTS,
}

DataSet = Callable[..., Path]


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    """Writes a data set of two persons; keywords replace files (None: leaves one out), `stream` and `tags` add one."""

    def write(*, stream: str | None = "", tags: str | None = None, **changed: str | None) -> Path:
        folder = tmp_path / "tiny"
        (folder / "dynamic").mkdir(parents=True)
        for name, content in {**FILES, **changed}.items():
            if content is not None:
                (folder / "dynamic" / f"{name}_0_0.csv").write_text(content, encoding="utf-8")
        if tags is not None:
            (folder / "static").mkdir()
            (folder / "static" / "tag_0_0.csv").write_text(tags, encoding="utf-8")
        if stream is not None:
            (folder / "update_streams").mkdir()
            (folder / "update_streams" / "updateStream_0_0_forum.csv").write_text(stream, encoding="utf-8")
        return folder

    return write


def _fields(path: Path) -> list[list[str]]:
    return [line.split("|") for line in path.read_text(encoding="utf-8").split("\n") if line]


def _milliseconds(date: str) -> int:
    return round(datetime.fromisoformat(date).timestamp() * 1000)


async def _posts(sql: asyncpg.Connection) -> dict[tuple[str, int], tuple[str, str | None, str | None]]:
    """By author's handle and milliseconds since 1970: body, and the bodies of parent and root."""
    records = await sql.fetch("""
        SELECT handle, post.id, post.body, parent.body AS parent, root.body AS root FROM post
        JOIN account ON account.id = post.author_id
        LEFT JOIN post parent ON parent.id = post.reply_to_id LEFT JOIN post root ON root.id = post.root_id
    """)
    return {
        (record["handle"], round(ids.time_of(record["id"]).timestamp() * 1000)): (
            record["body"],
            record["parent"],
            record["root"],
        )
        for record in records
    }


async def _assert_tags_are_those_of(folder: Path, sql: asyncpg.Connection) -> None:
    """Names of which letters, digits and underscores are left are compared by these alone."""
    names = {row[0]: row[1] for row in _fields(folder / "static/tag_0_0.csv")[1:]}
    tagged = _fields(folder / "dynamic/post_hasTag_tag_0_0.csv")[1:]
    tagged += _fields(folder / "dynamic/comment_hasTag_tag_0_0.csv")[1:]
    events = _fields(folder / "update_streams/updateStream_0_0_forum.csv")
    tagged += [[row[3], tag] for row in events if row[2] in "67" for tag in row[-1].split(";") if tag]
    assert len(tagged) > 4_000

    def bare(name: str) -> str:
        return "".join(character for character in name if character.isalnum())

    expected = Counter(bare(names[tag]) for _, tag in tagged if any(map(str.isalpha, names[tag])))
    records = await sql.fetch("SELECT shown FROM hashtag JOIN post_hashtag ON hashtag_id = hashtag.id")
    assert Counter(bare(record["shown"]) for record in records) == expected
    of_known = await sql.fetchval("""
        SELECT count(*) FROM hashtag JOIN post_hashtag ON hashtag_id = hashtag.id WHERE shown = 'Hamid_Karzai'
    """)
    assert of_known == sum(names[tag] == "Hamid_Karzai" for _, tag in tagged) > 0


async def test_whole_data_set_is_what_its_files_say(
    settings: Settings, sql: asyncpg.Connection, outside_data: Path, told: Told
) -> None:
    folder = outside_data / "snb_small"
    dynamic, streams = folder / "dynamic", folder / "update_streams"

    report = told.report()
    await import_snb(settings, folder, prefix=None, report=report)

    events = _fields(streams / "updateStream_0_0_person.csv") + _fields(streams / "updateStream_0_0_forum.csv")
    rows = {path.stem.removesuffix("_0_0"): _fields(path)[1:] for path in dynamic.glob("*.csv")}
    expected_posts = {
        **{(f"snb_small_{row[8]}", _milliseconds(row[2])): row[6] or row[1] for row in rows["post"]},
        **{(f"snb_small_{row[6]}", _milliseconds(row[1])): row[4] for row in rows["comment"]},
        **{(f"snb_small_{row[11]}", int(row[0])): row[9] or row[4] for row in events if row[2] == "6"},
        **{(f"snb_small_{row[9]}", int(row[0])): row[7] for row in events if row[2] == "7"},
    }
    found = await _posts(sql)
    assert {key: body for key, (body, _, _) in found.items()} == expected_posts
    names = {f"snb_small_{row[0]}": f"{row[1]} {row[2]}" for row in rows["person"]}
    names |= {f"snb_small_{row[3]}": f"{row[4]} {row[5]}" for row in events if row[2] == "1"}
    accounts_made = await sql.fetch("SELECT handle, display_name FROM account")
    assert {record["handle"]: record["display_name"] for record in accounts_made} == names
    replies = len(rows["comment"]) + sum(row[2] == "7" for row in events)
    friendships = len(rows["person_knows_person"]) + sum(row[2] == "8" for row in events)
    liked = len(rows["person_likes_post"]) + len(rows["person_likes_comment"])
    liked += sum(row[2] in "23" for row in events)
    assert await sql.fetchval("SELECT count(*) FROM post WHERE reply_to_id IS NOT NULL") == replies == 3_514
    assert await sql.fetchval("SELECT count(*) FROM follow") == 2 * friendships == 2_028
    assert await sql.fetchval("SELECT count(*) FROM post_like") == liked == 2_857
    assert await sql.fetchval("SELECT count(*) FROM post") == 10_709
    assert report.remarks == [
        "photos: 6,825 posts without a text; the name of the file stands in them",
        "tags: 1,832 became hashtags, 159 of them spelled anew",
    ]
    assert report.unmapped["forum memberships of the stream"] == sum(row[2] == "5" for row in events)
    assert told.lines == []

    wrong_threads = await sql.fetchval("""
        SELECT count(*) FROM post JOIN post parent ON parent.id = post.reply_to_id
        WHERE post.id <= parent.id OR post.root_id <> coalesce(parent.root_id, parent.id)
    """)
    assert wrong_threads == 0
    told_posts = await sql.fetchval("SELECT count(DISTINCT facts->>'entry_id') FROM outbox WHERE event = 'EntryAdded'")
    assert told_posts == sum(row[2] in "67" for row in events)
    assert await sql.fetchval("SELECT count(*) FROM outbox WHERE event = 'FollowChanged'") == 378
    await assert_counts_are_exact(sql)
    await _assert_tags_are_those_of(folder, sql)

    before = await sizes(sql)
    again = told.report()
    await import_snb(settings, folder, prefix=None, report=again)
    assert await sizes(sql) == before
    assert again.added.total() == 0
    assert again.present == report.added
    await assert_counts_are_exact(sql)


async def test_broken_lines_and_what_hangs_on_them_are_told_and_the_rest_goes_in(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    long_body = "x" * 501
    folder = data_set(
        person=PERSONS + "3|No|Date|m|soon\nfour|Not|A number|m|2010-01-01\n1|Ann|Again|f|2010-01-01\n",
        person_knows_person=KNOWS + "2|1|2010-02-02\n1|1|2010-02-02\n1|3|2010-02-02\n",
        post=POSTS + f"12||2010-03-03|{long_body}|1\n13||2010-03-03||1\n14||2010-03-03|a|pipe|1\n",
        comment=COMMENTS + "22|2010-03-03|to the long one|2|12|\n23|2010-03-03|and on|2||22\n24|2010-03-03||2|10|\n",
        person_likes_post=LIKES_OF_POSTS + "2|10|2010-03-05\n2|12|2010-03-05\n",
        stream=(
            "1290000000000|0|9|1|2|3\n"
            "1290000000000|0|2|1|2\n"
            "1290000000000|0|2|1|12|1290000000000\n"
            "9290000000000|0|2|1|11|9290000000000\n"
            "1290000000000|0|2|1|11|1290000000000\n"
        ),
    )

    report = told.report()
    await import_snb(settings, folder, prefix=None, report=report)

    found = await sizes(sql)
    assert (found["account"], found["post"], found["follow"], found["post_like"]) == (2, 4, 2, 3)
    assert sorted((name.removesuffix("_0_0.csv"), line) for name, line, _ in told.skipped()) == [
        ("comment", 4),
        ("comment", 5),
        ("comment", 6),
        ("person", 4),
        ("person", 5),
        ("person", 6),
        ("person_knows_person", 3),
        ("person_knows_person", 4),
        ("person_knows_person", 5),
        ("person_likes_post", 3),
        ("person_likes_post", 4),
        ("post", 4),
        ("post", 5),
        ("post", 6),
        ("updateStream_0_0_forum.csv", 1),
        ("updateStream_0_0_forum.csv", 2),
        ("updateStream_0_0_forum.csv", 3),
        ("updateStream_0_0_forum.csv", 4),
    ]
    assert report.skipped_lines == 18
    await assert_counts_are_exact(sql)


async def test_replies_sort_behind_their_parents_wherever_and_whenever_they_stand(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    header = COMMENTS.split("\n", maxsplit=1)[0]
    at = 1_267_401_600_000  # 2010-03-01, the date of post 10
    folder = data_set(
        comment=f"{header}\n22|2010-02-01|third|1||21\n21|2010-03-01|second|2||20\n20|2010-03-01|first|1|10|\n",
        person_likes_comment=None,
        stream=f"{at}|0|7|23|{at}|ip|browser|fourth|6|2|50|-1|22|\n",
    )
    (folder / "dynamic/person_likes_comment_1_0.csv").write_text(LIKES_OF_COMMENTS)

    await import_snb(settings, folder, prefix=None, report=told.report())

    assert told.lines == []
    thread = sorted((time, body, parent, root) for (_, time), (body, parent, root) in (await _posts(sql)).items())
    assert thread[:5] == [
        (at, "photo10.jpg", None, None),
        (at + 1, "first", "photo10.jpg", "photo10.jpg"),
        (at + 2, "second", "first", "photo10.jpg"),
        (at + 3, "third", "second", "photo10.jpg"),
        (at + 4, "fourth", "third", "photo10.jpg"),
    ]
    await assert_counts_are_exact(sql)


async def test_only_followers_who_can_sign_in_are_told_of_a_bulk(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    folder = data_set()
    await import_snb(settings, folder, prefix=None, report=told.report())
    assert (await sizes(sql))["outbox"] == 0

    authors = {record["handle"]: record["id"] for record in await sql.fetch("SELECT handle, id FROM account")}
    new = accounts.NewAccount(handle="reader", display_name="Reader", email="reader@rookery.example")
    async with import_database(settings) as db:
        reader_id = await db.transact(accounts.register, new, password_hash="none")
        viewer = Viewer(reader_id, session_id=ids.NOBODY, token_expires_at=utc_now() + timedelta(hours=1))
        await db.transact(follows.follow_user, viewer, authors["tiny_1"])
    await sql.execute("TRUNCATE outbox")
    post_file = folder / "dynamic/post_0_0.csv"
    post_file.write_text(POSTS + "15||2010-05-01|Of an author whom the reader follows|1\n16||2010-05-01|Other|2\n")

    await import_snb(settings, folder, prefix=None, report=told.report())

    told_events = await sql.fetch("SELECT event, (facts->>'follower_id')::bigint AS follower_id FROM outbox")
    assert [tuple(record) for record in told_events] == [("FollowChanged", reader_id)]
    assert (await sizes(sql))["post"] == 6


async def _tags(sql: asyncpg.Connection) -> list[tuple[str, str]]:
    """(body, hashtag as it is shown) of each tagged post."""
    records = await sql.fetch("""
        SELECT body, shown FROM post_hashtag JOIN hashtag ON hashtag.id = hashtag_id JOIN post ON post.id = post_id
        ORDER BY body, shown
    """)
    return [tuple(record) for record in records]


async def test_tags_become_hashtags_of_posts_whose_texts_stay(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    at = 1_270_000_000_000
    folder = data_set(
        tags=TAGS,
        post_hasTag_tag="Post.id|Tag.id\n11|1\n11|2\n11|3\n11|4\n11|9\n",
        comment_hasTag_tag="Comment.id|Tag.id\n20|4\n",
        stream=(
            f"{at}|0|6|30||{at}|ip|browser|en|streamed|8|2|50|60|1;2;3;9\n"
            f"{at + 1}|0|7|31|{at + 1}|ip|browser|answered|8|1|50|30|-1|4\n"
        ),
    )

    report = told.report()
    await import_snb(settings, folder, prefix=None, report=report)

    assert told.lines == []
    assert await _tags(sql) == [
        ("About trees", "Oh_Pretty_Woman"),
        ("About trees", "Trees"),
        ("answered", "Trees"),
        ("nice", "Trees"),
        ("streamed", "Oh_Pretty_Woman"),
        ("streamed", "Trees"),
    ]
    assert await sql.fetchval("SELECT count(entities) FROM post") == 0
    assert report.unmapped == {"tags of digits and signs only": 2, "tags without a name": 2}
    assert report.remarks[-1] == "tags: 3 became hashtags, 1 of them spelled anew"
    # Two tags of one post that are one hashtag are there after the first.
    assert (report.added["tags"], report.present["tags"]) == (6, 1)
    await assert_counts_are_exact(sql)

    before = await sizes(sql)
    again = told.report()
    await import_snb(settings, folder, prefix=None, report=again)
    assert (await sizes(sql), again.added["tags"], again.present["tags"]) == (before, 0, 7)
    await assert_counts_are_exact(sql)


async def test_tags_of_what_is_not_here_and_tags_twice_are_told(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    at = 1_270_000_000_000
    folder = data_set(
        tags=TAGS + "1|Again|u|2\nfive|Not_a_number|u|2\n",
        post_hasTag_tag="Post.id|Tag.id\n11|1\n11|1\n99|1\n11|x\n",
        stream=f"{at}|0|6|30||{at}|ip|browser|en|streamed|8|2|50|60|1;x\n",
    )

    await import_snb(settings, folder, prefix=None, report=told.report())

    assert sorted((name.removesuffix("_0_0.csv"), line) for name, line, _ in told.skipped()) == [
        ("post_hasTag_tag", 3),
        ("post_hasTag_tag", 4),
        ("post_hasTag_tag", 5),
        ("tag", 6),
        ("tag", 7),
        ("updateStream_0_0_forum.csv", 1),
    ]
    assert await _tags(sql) == [("About trees", "Trees")]


async def test_texts_of_a_snapshot_are_read_as_those_of_posting(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    folder = data_set(
        tags=TAGS,
        post=POSTS + "12||2010-03-03|#trees and @tiny_2 at example.com, not @nobody|1\n",
        post_hasTag_tag="Post.id|Tag.id\n12|1\n",
    )
    report = told.report()

    await import_snb(settings, folder, prefix=None, report=report)

    mentioned = await sql.fetchval("SELECT id FROM account WHERE handle = 'tiny_2'")
    stored = json.loads(await sql.fetchval("SELECT entities FROM post WHERE body LIKE '%nobody'"))
    assert [(kind, target) for kind, _, _, _, _, target in stored] == [
        (2, "trees"),
        (1, mentioned),
        (3, "https://example.com"),
    ]
    assert await sql.fetchval("SELECT account_id FROM post_mention") == mentioned
    assert [tag for _, tag in await _tags(sql)] == ["trees"]
    assert report.present["tags"] == 1
    await assert_counts_are_exact(sql)


async def test_import_of_a_deleted_post_again_brings_its_tags_not_back(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    folder = data_set(tags=TAGS, post_hasTag_tag="Post.id|Tag.id\n11|1\n11|2\n")
    await import_snb(settings, folder, prefix=None, report=told.report())
    deleted, author = await sql.fetchrow("SELECT id, author_id FROM post WHERE body = 'About trees'") or (0, 0)
    async with import_database(settings) as db:
        await db.transact(deletions.delete_post, archived_viewer(author), deleted)
    await sql.execute("UPDATE post SET deleted_at = deleted_at - interval '1 hour' WHERE id = $1", deleted)
    async with import_database(settings) as db:
        assert await db.transact(deletions.erase_deleted_posts) == 1

    await import_snb(settings, folder, prefix=None, report=told.report())

    assert await _tags(sql) == []
    await assert_counts_are_exact(sql)


async def test_followers_of_a_hashtag_are_told_of_a_bulk_with_new_tags_once(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    new = accounts.NewAccount(handle="reader", display_name="Reader", email="reader@rookery.example")
    async with import_database(settings) as db:
        reader_id = await db.transact(accounts.register, new, password_hash="none")
        await db.transact(hashtags.follow_hashtag, archived_viewer(reader_id), "trees")
    await sql.execute("TRUNCATE outbox")
    folder = data_set(tags=TAGS, post_hasTag_tag="Post.id|Tag.id\n10|1\n11|1\n11|2\n")

    for _ in range(2):
        await import_snb(settings, folder, prefix=None, report=told.report())

    told_events = await sql.fetch("SELECT event, (facts->>'follower_id')::bigint AS follower_id FROM outbox")
    assert [tuple(record) for record in told_events] == [("HashtagFollowChanged", reader_id)]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"person": None}, "person_0_0.csv cannot be read"),
        ({"person_likes_comment": None}, "person_likes_comment_0_0.csv cannot be read"),
        ({"post": ""}, "post_0_0.csv is empty"),
        ({"comment": "id|creationDate|content\n"}, "no column 'creator'"),
        ({"person_knows_person": "Person.id|creationDate\n"}, "no column 'Person.id'"),
        ({"stream": None}, "no files updateStream"),
        ({"tags": "id|label\n1|Trees\n"}, "no column 'name'"),
        ({"post_hasTag_tag": "Post.id|tag\n11|1\n"}, "no column 'Tag.id'"),
    ],
)
async def test_unusable_data_set_is_refused_and_nothing_is_begun(
    changed: dict[str, str | None],
    reason: str,
    settings: Settings,
    sql: asyncpg.Connection,
    data_set: DataSet,
    told: Told,
) -> None:
    folder = data_set(**changed)

    with pytest.raises(SourceError, match=reason):
        await import_snb(settings, folder, prefix=None, report=told.report())

    assert not any((await sizes(sql)).values())


async def test_folder_that_is_no_data_set_is_refused(settings: Settings, tmp_path: Path, told: Told) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError, match="no LDBC SNB data set"):
            await import_snb(settings, folder, prefix="x_y", report=told.report())


async def test_snapshot_goes_in_without_its_stream_when_asked(
    settings: Settings, sql: asyncpg.Connection, data_set: DataSet, told: Told
) -> None:
    folder = data_set(stream=None)

    await import_snb(settings, folder, prefix=None, report=told.report(), has_stream=False)

    found = await _posts(sql)
    photo_at = round(datetime(2010, 3, 1, tzinfo=UTC).timestamp() * 1000)
    assert found["tiny_1", photo_at] == ("photo10.jpg", None, None)
    assert len(found) == 4
