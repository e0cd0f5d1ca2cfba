"""Reposting. A repost is a row of its own that followers' feeds list; doing it twice is doing it once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import permissions
from access.viewer import Viewer
from actions import counted, counts
from actions.posts import require_answerable, require_post
from core.database import Statement, Transaction, values_of
from events import outbox
from events.posts import EntryAdded, EntryRemoved
from models.counts import Counter
from models.posts import post

_ORIGINAL_ID = sa.bindparam("original", type_=sa.BigInteger)
_AUTHOR_ID = sa.bindparam("author", type_=sa.BigInteger)


def _counted(written: sa.CTE, *, amount: int) -> Statement[int]:
    """The statement that has `written` in it, and changes the count of the original if it wrote a row that counts."""
    deltas = counted.select_at_post(Counter.POST_REPOSTS, written, counted.held_author(_AUTHOR_ID), amount)
    return values_of(sa.select(written.c.id).add_cte(counts.insert_deltas(deltas).cte("counted")), int)


_INSERT = _counted(
    insert(post)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        author_id=_AUTHOR_ID,
        repost_of_id=_ORIGINAL_ID,
    )
    .on_conflict_do_nothing()
    .returning(*counted.COLUMNS)
    .cte("written"),
    amount=1,
)
_DELETE = _counted(
    sa.delete(post)
    .where(post.c.repost_of_id == _ORIGINAL_ID, post.c.author_id == _AUTHOR_ID)
    .returning(*counted.COLUMNS)
    .cte("written"),
    amount=-1,
)


async def repost(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Reposts a post and gives its id, not the repost's. Raises NotFoundError, NotAllowedError."""
    original = await require_answerable(
        tx, viewer, post_id, path=("postId",), require=permissions.require_repostable_post
    )

    repost_id = await tx.row(_INSERT, at=tx.at, original=original.id, author=viewer.account_id)
    if repost_id is None:
        return original.id

    await outbox.record(tx, EntryAdded(entry_id=repost_id, author_id=viewer.account_id))
    return original.id


async def undo_repost(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes a repost back and gives the id of the post it showed. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    repost_id = await tx.row(_DELETE, original=facts.id, author=viewer.account_id)
    if repost_id is None:
        return facts.id

    await outbox.record(tx, EntryRemoved(entry_id=repost_id, author_id=viewer.account_id, post_id=facts.id))
    return facts.id
