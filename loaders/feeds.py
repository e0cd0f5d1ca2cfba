"""What feeds list: entries, newest first, by SQL. An entry is a post, or a repost that shows one."""

import sqlalchemy as sa

from access.filters import Context
from core import spans
from core.database import Reader, values_of
from loaders.base import Scope, viewer_id_of
from loaders.facts import is_for_everyone
from loaders.pages import AFTER, LIMIT
from loaders.wanted import FeedEntry, SelectEntries, Wanted, load_entries
from models.posts import post

ENTRY_COLUMNS = (post.c.id, post.c.author_id, sa.func.coalesce(post.c.repost_of_id, post.c.id).label("post_id"))


def _select_public() -> sa.Select[tuple[int, int, int]]:
    return (
        sa.select(*ENTRY_COLUMNS)
        .where(
            post.c.reply_to_id.is_(None),
            post.c.repost_of_id.is_(None),
            post.c.deleted_at.is_(None),
            post.c.id < AFTER,
            is_for_everyone(),
        )
        .order_by(post.c.id.desc())
        .limit(LIMIT)
    )


_IS_THERE = values_of(
    sa.select(sa.literal_column("1")).where(
        post.c.id == sa.bindparam("entry_id", type_=sa.BigInteger),
        post.c.deleted_at.is_(None),
        post.c.taken_down_at.is_(None),
    ),
    int,
)


async def is_entry_there(db: Reader, entry_id: int) -> bool:
    """Whether the post or repost exists, and is neither deleted nor taken down."""
    return await db.row(_IS_THERE, entry_id=entry_id) is not None


async def load_public_entries(scope: Scope, wanted: Wanted, *, before: int, limit: int) -> list[FeedEntry]:
    """The newest posts for everyone below the id `before`, without replies and reposts."""
    wanted = wanted._replace(context=Context.PUBLIC)
    viewer_id = viewer_id_of(scope.viewer)
    return await load_feed("public", scope, _select_public, wanted, viewer_id=viewer_id, after=before, limit=limit)


async def load_feed(
    name: str, scope: Scope, select_entries: SelectEntries, wanted: Wanted, **parameters: object
) -> list[FeedEntry]:
    """The entries of `load_entries`, with a span of its own, as no loader's batch has it."""
    place = spans.current.get()
    if place is None:
        return (await load_entries(scope, select_entries, wanted, None, **parameters)).entries
    with spans.begun(place, "load feed", {spans.FEED: name}):
        return (await load_entries(scope, select_entries, wanted, None, **parameters)).entries
