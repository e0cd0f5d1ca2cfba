"""Plans of the hot statements on the standard world, as Postgres runs them: EXPLAIN (ANALYZE, BUFFERS).

The statements are not repeated here: they come from the same functions and loaders that serve requests, through a
Reader that explains what it is asked to run.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import uvloop

from access.viewer import Viewer
from app.embedded.servers import EmbeddedServers
from benchmarks import data, world
from benchmarks.data import Size, World
from benchmarks.runner import Options
from benchmarks.scenarios import FEED_LENGTH
from core import ids
from core.database import SERVER_SETTINGS, Reader, Statement
from core.paging import PageRequest
from loaders.for_you import fetch_candidates
from loaders.home import fetch_home_entries
from loaders.pages import GREATEST_ID
from loaders.registry import Loaders
from loaders.rows import EVERYTHING
from loaders.signals import Moment
from loaders.tabs import Tab
from loaders.wanted import WHOLE_POSTS, Wanted, WantedReplies

# The median reader, so that the plans are about the usual case.
_READER = """
SELECT follower_id FROM follow GROUP BY 1 ORDER BY count(*), 1
OFFSET (SELECT count(DISTINCT follower_id) / 2 FROM follow) LIMIT 1
"""
_AUTHOR = "SELECT handle FROM account JOIN account_count ON account_id = id ORDER BY post_count DESC, id LIMIT 1"
# Once to bring pages into memory, once to be shown.
RUNS = 2


class ExplainingReader(Reader):
    """Runs SELECTs and prints their plans under the last `title`."""

    def __init__(self, connection: Any, report: Callable[[str], None]) -> None:
        self._connection = connection
        self._report = report
        self.title = ""

    async def _fetch(self, statement: Statement[Any], arguments: Sequence[object]) -> Sequence[Any]:
        text = statement.text
        # EXPLAIN EXECUTE shows what a prepared statement does, which may be a plan that knows no parameters.
        given = f"({', '.join(_literal(argument) for argument in arguments)})" if arguments else ""
        await self._connection.execute(f"PREPARE explained AS {text}")
        plan: list[Any] = []
        for _ in range(RUNS):
            plan = await self._connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE explained{given}")
        await self._connection.execute("DEALLOCATE explained")
        lines = "\n".join(row[0] for row in plan)
        self._report(f"\n=== {self.title}\n{text}\n\n{lines}")
        records: Sequence[Any] = await self._connection.fetch(text, *arguments)
        return records


def run(options: Options, *, is_generic: bool, report: Callable[[str], None]) -> None:
    """Prints every plan; `is_generic` for the plans that Postgres may choose after five runs."""
    with EmbeddedServers(options.data_dir, redis=False, durable=True, report=report) as servers:
        uvloop.run(_explain(servers, options, is_generic=is_generic, report=report))


async def _explain(
    servers: EmbeddedServers, options: Options, *, is_generic: bool, report: Callable[[str], None]
) -> None:
    url = await world.prepare(servers, World(options.seed, Size.scaled(options.scale)), report=report)
    mode = "force_generic_plan" if is_generic else "force_custom_plan"
    connection = await asyncpg.connect(url, server_settings=SERVER_SETTINGS | {"plan_cache_mode": mode})
    try:
        reader_id = await connection.fetchval(_READER)
        handle = await connection.fetchval(_AUTHOR)
        await _explain_reads(ExplainingReader(connection, report), reader_id=reader_id, handle=handle)
    finally:
        await connection.close()


async def _explain_reads(db: ExplainingReader, *, reader_id: int, handle: str) -> None:
    viewer = Viewer(reader_id, session_id=1, token_expires_at=data.END)
    limit = FEED_LENGTH + 1
    with_replies = Wanted(replies=WantedReplies(PageRequest(3), is_newest_first=False, parts=EVERYTHING))

    def loaders() -> Loaders:
        """Others each time, which know nothing yet."""
        return Loaders(db, viewer=viewer)

    db.title = "Home entries by SQL"
    entries = await fetch_home_entries(db, reader_id, before=GREATEST_ID, limit=limit)
    given = [entry.id for entry in entries]
    post_ids = [entry.post_id for entry in entries]
    db.title = "Home entries by SQL, with posts and replies"
    await loaders().home_entries(viewer, with_replies).newest(before=GREATEST_ID, limit=limit)
    db.title = "Home entries by ids from a timeline, with posts and replies"
    home = loaders().home_entries(viewer, with_replies)
    await home.among(given, since=given[-1], before=GREATEST_ID, merged_limit=limit)
    db.title = "Candidates of the feed for somebody"
    await fetch_candidates(db, viewer, Moment(ids.first_at(data.END) >> ids.SEQUENCE_BITS), since=None)
    db.title = f"Hydration of {len(post_ids)} posts"
    await loaders().posts.load_many(post_ids)
    db.title = f"Replies to {len(post_ids)} posts"
    await loaders().replies(PageRequest(3), is_newest_first=False).load_many(post_ids)
    for is_author_first, order in ((False, "top first"), (True, "the author's first")):
        db.title = f"Replies to {len(post_ids)} posts, {order}"
        await loaders().ranked_replies(PageRequest(3), is_author_first=is_author_first).load_many(post_ids)
    db.title = "A post with replies"
    await loaders().posts_with_replies(with_replies).load(post_ids[0])
    db.title = "User by handle"
    user = await loaders().users_by_handle.load(handle)
    assert user is not None
    db.title = "Entries of a profile, with posts"
    await loaders().entries(PageRequest(10), WHOLE_POSTS, tab=Tab.POSTS).load(user.id)


def _literal(value: object) -> str:
    """An argument as SQL text; ours are numbers, texts and lists of them."""
    match value:
        case int():
            return str(value)
        case list():
            return "'{" + ",".join(json.dumps(item) for item in value) + "}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
