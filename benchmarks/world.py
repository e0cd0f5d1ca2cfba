"""The database of the standard world: made once by COPY, stamped, found again, and put back as it was after writes."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import asyncpg

from app.commands.migrate import upgrade
from app.embedded.servers import EmbeddedServers
from app.settings import CHECKOUT
from benchmarks import data
from benchmarks.data import World
from core import ids

DATABASE = "rookery_bench"

_COUNTS = (
    """
    INSERT INTO post_count (post_id, like_count, reply_count)
    SELECT post.id, coalesce(likes.amount, 0), coalesce(replies.amount, 0) FROM post
    LEFT JOIN (SELECT post_id, count(*) AS amount FROM post_like GROUP BY 1) likes ON likes.post_id = post.id
    LEFT JOIN (SELECT reply_to_id, count(*) AS amount FROM post GROUP BY 1) replies ON replies.reply_to_id = post.id
    WHERE likes.amount > 0 OR replies.amount > 0
    """,
    """
    INSERT INTO account_count (account_id, post_count, follower_count, following_count)
    SELECT account.id, coalesce(posts.amount, 0), coalesce(followers.amount, 0), coalesce(following.amount, 0)
    FROM account
    LEFT JOIN (SELECT author_id AS id, count(*) AS amount FROM post GROUP BY 1) posts USING (id)
    LEFT JOIN (SELECT followee_id AS id, count(*) AS amount FROM follow GROUP BY 1) followers USING (id)
    LEFT JOIN (SELECT follower_id AS id, count(*) AS amount FROM follow GROUP BY 1) following USING (id)
    """,
)
# Millions of rows that refer to what was written a moment ago need no check of each reference, nor does taking away
# rows that nothing refers to.
_WITHOUT_REFERENCE_CHECKS = "SET session_replication_role = replica"
# Where posts are referred to, but for posts themselves.
_REFERRING = """
SELECT conrelid::regclass::text, attname::text
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = 'post'::regclass AND conrelid <> confrelid
"""


async def prepare(servers: EmbeddedServers, world: World, *, report: Callable[[str], None]) -> str:
    """The DSN of a database that holds `world`; makes it unless it is there."""
    assert servers.postgres is not None
    url = servers.postgres.url(DATABASE)
    stamp = _stamp(world)
    admin = await asyncpg.connect(servers.admin_url)
    try:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1"
        if await admin.fetchval(query, DATABASE) != stamp:
            report(f"Making the world: {world.size} …")
            await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {DATABASE}")
            await asyncio.to_thread(upgrade, url)
            await _fill(url, world, report=report)
            # Last, so that a half-made world is never taken for a whole one.
            await admin.execute(f"COMMENT ON DATABASE {DATABASE} IS '{stamp}'")
    finally:
        await admin.close()
    await restore(url)
    return url


async def restore(url: str) -> None:
    """Takes away whatever benchmarks have written, so that each begins with the same rows."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_WITHOUT_REFERENCE_CHECKS)
        await connection.execute("TRUNCATE outbox, count_delta")
        for table, column in await connection.fetch(_REFERRING):
            await connection.execute(f"DELETE FROM {table} WHERE {column} >= $1", ids.first_at(data.END))
        if await connection.execute("DELETE FROM post WHERE id >= $1", ids.first_at(data.END)) != "DELETE 0":
            await connection.execute("VACUUM post")
    finally:
        await connection.close()


def _stamp(world: World) -> str:
    """Names seed, size, and the code that the rows and tables come from."""
    sources = [Path(data.__file__), Path(__file__), *sorted((CHECKOUT / "migrations" / "versions").glob("*.py"))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    return f"seed {world.seed}, {world.size}, code {digest}"


async def _fill(url: str, world: World, *, report: Callable[[str], None]) -> None:
    connection = await asyncpg.connect(url)

    async def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        status = await connection.copy_records_to_table(table, columns=columns, records=rows, timeout=None)
        report(f"  {table}: {status}")

    try:
        await connection.execute(_WITHOUT_REFERENCE_CHECKS)
        await copy("account", ("id", "handle", "display_name", "bio"), world.accounts())
        await copy("follow", ("id", "follower_id", "followee_id"), world.follows())
        await copy("post", ("id", "author_id", "body", "reply_to_id", "root_id"), world.posts())
        await copy("post_like", ("id", "post_id", "account_id"), world.likes())
        for statement in _COUNTS:
            await connection.execute(statement, timeout=None)
        # Also marks pages as visible to all, without which no scan is index-only.
        await connection.execute("VACUUM ANALYZE", timeout=None)
    finally:
        await connection.close()
