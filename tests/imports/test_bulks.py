"""Bulks whose records do not fit together, which are refused whole; and bulks that meet."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from actions import archives, imports, posts
from actions.bulks import UnknownRecordError
from actions.imports import ArchivedAccount, ArchivedFriendship, ArchivedLike, ArchivedPost, ArchivedTag
from app.imports.runs import archived_viewer, import_database
from app.recounting import verify
from app.settings import Settings
from tests.imports.checking import assert_counts_are_exact, sizes

AT = datetime(2010, 3, 1, tzinfo=UTC)
POST = ArchivedPost("post:1", "ann", "hello", AT)


@pytest.mark.parametrize(
    ("add", "good", "bad"),
    [
        (imports.add_posts, POST, ArchivedPost("post:2", "nobody", "hello", AT)),
        (imports.add_posts, POST, ArchivedPost("post:2", "ann", "hello", AT, "post:9", "post:1")),
        (imports.add_posts, POST, ArchivedPost("post:2", "ann", "hello", AT, "post:1", "post:9")),
        (imports.add_tags, ArchivedTag("post:0", "Trees"), ArchivedTag("post:9", "Trees")),
        (imports.add_likes, ArchivedLike("bo", "post:0", AT), ArchivedLike("nobody", "post:0", AT)),
        (imports.add_likes, ArchivedLike("bo", "post:0", AT), ArchivedLike("bo", "post:9", AT)),
        (imports.add_friendships, ArchivedFriendship("ann", "bo"), ArchivedFriendship("ann", "nobody")),
    ],
)
async def test_bulk_that_names_an_unknown_record_is_refused_whole(
    add: Callable[..., Awaitable[int]], good: object, bad: object, settings: Settings, sql: asyncpg.Connection
) -> None:
    async with import_database(settings) as db:
        people = [ArchivedAccount(name, f"{name}_1", name.title()) for name in ("ann", "bo")]
        await db.transact(imports.add_accounts, "tiny", people)
        await db.transact(imports.add_posts, "tiny", [POST._replace(external_id="post:0")])
        before = await sizes(sql)

        with pytest.raises(UnknownRecordError):
            await db.transact(add, "tiny", [good, bad])
        assert await sizes(sql) == before

        assert await db.transact(add, "tiny", [good]) >= 1
        assert await sizes(sql) != before


async def test_bulks_and_posts_that_meet_on_new_hashtags_make_each_once(
    settings: Settings, sql: asyncpg.Connection
) -> None:
    names = [f"Tree{number}" for number in range(300)] + ["Ärger", "zebra", "Zoo", "名前"]
    async with import_database(settings) as db:
        for source in ("one", "other"):
            await db.transact(imports.add_accounts, source, [ArchivedAccount("ann", f"{source}_ann", "Ann")])
            await db.transact(imports.add_posts, source, [POST])
        author = await sql.fetchval("SELECT id FROM account WHERE handle = 'one_ann'")
        post = posts.NewPost(body=" ".join(f"#{name}" for name in names[-30:]))

        added = await asyncio.gather(
            db.transact(imports.add_tags, "one", [ArchivedTag("post:1", name) for name in names]),
            db.transact(imports.add_tags, "other", [ArchivedTag("post:1", name) for name in reversed(names)]),
            *(db.transact(posts.create_post, archived_viewer(author), post) for _ in range(3)),
        )

    assert added[:2] == [len(names), len(names)]
    assert await sql.fetchval("SELECT count(*) FROM hashtag") == len(names)
    assert await sql.fetchval("SELECT count(*) FROM post_hashtag") == 2 * len(names) + 3 * 30
    await assert_counts_are_exact(sql)


async def test_what_a_suspended_account_said_counts_at_its_own_posts_alone(
    settings: Settings, sql: asyncpg.Connection
) -> None:
    async with import_database(settings) as db:
        people = [ArchivedAccount(name, f"{name}_1", name.title()) for name in ("ann", "bo")]
        await db.transact(imports.add_accounts, "tiny", people)
        await sql.execute("UPDATE account SET suspended_at = now() WHERE handle = 'ann_1'")
        bulk = [
            POST._replace(external_id="post:own", body="#rooks"),
            POST._replace(external_id="post:other", author="bo", body="#rooks"),
            *(
                ArchivedPost(f"reply:{author}:{root}", author, "#rooks", AT + timedelta(seconds=1), root, root)
                for author in ("ann", "bo")
                for root in ("post:own", "post:other")
            ),
        ]
        assert await db.transact(imports.add_posts, "tiny", bulk) == len(bulk)
        of_ann = "post JOIN account ON account.id = author_id WHERE handle = 'ann_1'"
        own = await sql.fetchval(f"SELECT min(post.id) FROM {of_ann}")
        await db.transact(archives.tag_post, own, ["Jackdaws"])
        tallies = await verify(db, repairs=False)

    assert [tally.counter for tally in tallies if tally.drifted] == []
    with_author = "post_count JOIN post ON post.id = post_id JOIN account ON account.id = author_id"
    replies = await sql.fetch(f"SELECT handle, reply_count FROM {with_author}")
    assert sorted(map(tuple, replies)) == [("ann_1", 2), ("bo_1", 1)]
    with_name = "hashtag_count JOIN hashtag ON hashtag.id = hashtag_id"
    tagged = await sql.fetch(f"SELECT name, post_count FROM {with_name}")
    assert [*map(tuple, tagged)] == [("rooks", 3)]
