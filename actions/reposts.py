"""Reposting. A repost is a row of its own that followers' feeds list; doing it twice is doing it once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import counts
from actions.posts import require_post
from core.database import Transaction, values_of
from events import outbox
from events.posts import EntryAdded, EntryRemoved
from models.counts import Counter
from models.posts import post

_ORIGINAL_ID = sa.bindparam("original", type_=sa.BigInteger)
_AUTHOR_ID = sa.bindparam("author", type_=sa.BigInteger)
_INSERT = values_of(
    insert(post)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        author_id=_AUTHOR_ID,
        repost_of_id=_ORIGINAL_ID,
    )
    .on_conflict_do_nothing()
    .returning(post.c.id),
    int,
)
_DELETE = values_of(
    sa.delete(post).where(post.c.repost_of_id == _ORIGINAL_ID, post.c.author_id == _AUTHOR_ID).returning(post.c.id), int
)


async def repost(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Reposts a post and gives its id, not the repost's. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    repost_id = await tx.row(_INSERT, at=tx.at, original=facts.id, author=viewer.account_id)
    if repost_id is None:
        return facts.id
    await counts.add(tx, 1, (facts.id, Counter.POST_REPOSTS))

    await outbox.record(tx, EntryAdded(entry_id=repost_id, author_id=viewer.account_id))
    return facts.id


async def undo_repost(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes a repost back and gives the id of the post it showed. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    repost_id = await tx.row(_DELETE, original=facts.id, author=viewer.account_id)
    if repost_id is None:
        return facts.id
    await counts.add(tx, -1, (facts.id, Counter.POST_REPOSTS))

    await outbox.record(tx, EntryRemoved(entry_id=repost_id, author_id=viewer.account_id, post_id=facts.id))
    return facts.id
