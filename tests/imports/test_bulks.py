"""Bulks whose records do not fit together: refused whole."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from actions import imports
from actions.imports import ArchivedAccount, ArchivedFriendship, ArchivedLike, ArchivedPost, UnknownRecordError
from app.imports.runs import import_database
from app.settings import Settings
from tests.imports.checking import sizes

AT = datetime(2010, 3, 1, tzinfo=UTC)
POST = ArchivedPost("post:1", "ann", "hello", AT)


@pytest.mark.parametrize(
    ("add", "good", "bad"),
    [
        (imports.add_posts, POST, ArchivedPost("post:2", "nobody", "hello", AT)),
        (imports.add_posts, POST, ArchivedPost("post:2", "ann", "hello", AT, "post:9", "post:1")),
        (imports.add_posts, POST, ArchivedPost("post:2", "ann", "hello", AT, "post:1", "post:9")),
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
