"""Deleting posts, restoring them within half a minute, and erasing what they said."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions import counted
from actions.posts import REGARD_LOCKED, require_post
from core.database import Transaction, command, rows_of, values_of
from core.errors import NotAllowedError, NotFoundError
from events import outbox
from events.posts import EntryAdded, EntryRemoved
from models.hashtags import post_hashtag
from models.posts import post, post_edit, post_mention

RESTORABLE_FOR_S = 30
# A restoring transaction that began in time may still run.
ERASED_AFTER_S = 2 * RESTORABLE_FOR_S
ERASED_AT_ONCE = 500


class Deleted(NamedTuple):
    """A deleted post, what it said, and for whom: for whoever wants to write it anew."""

    id: int
    body: str
    content_warning: str | None
    is_sensitive: bool
    language: str | None
    visibility: int
    reply_policy: int
    quote_policy: int
    repost_policy: int
    reply_to_id: int | None
    quote_id: int | None
    quote_detached_at: datetime | None


class _Source(NamedTuple):
    content_warning: str | None
    is_sensitive: bool
    language: str | None
    visibility: int
    reply_policy: int
    quote_policy: int
    repost_policy: int


def _age(seconds: int) -> sa.ColumnElement[sa.DateTime]:
    return sa.func.clock_timestamp() - sa.literal_column(f"interval '{seconds} seconds'")


_ID = sa.bindparam("post_id", type_=sa.BigInteger)
_DELETE = rows_of(
    sa.update(post)
    .where(post.c.id == _ID)
    .values(deleted_at=sa.func.clock_timestamp())
    .returning(*(post.c[name] for name in _Source._fields)),
    _Source,
)
_IS_RESTORABLE = values_of(sa.select(post.c.deleted_at > _age(RESTORABLE_FOR_S)).where(post.c.id == _ID), bool)
_RESTORE = command(sa.update(post).where(post.c.id == _ID).values(deleted_at=sa.null()))


async def delete_post(tx: Transaction, viewer: Viewer, post_id: int) -> Deleted:
    """Deletes a post. Its row stays, so that the thread around it can be read; its words stay for a minute.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await require_post(tx, viewer, post_id, path=("postId",), statement=REGARD_LOCKED)
    policy.require_deletable_post(viewer, facts, path=("postId",))

    await counted.withdraw_post(tx, facts.id)
    said = await tx.row(_DELETE, post_id=facts.id)
    assert said is not None
    assert facts.body is not None

    await outbox.record(tx, EntryRemoved(entry_id=facts.id, author_id=facts.author_id, post_id=facts.id))
    return Deleted(facts.id, facts.body, *said, facts.reply_to_id, facts.quote_id, facts.quote_detached_at)


async def restore_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Brings a post back that its author deleted less than half a minute ago; gives its id. Twice is once.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await tx.row(REGARD_LOCKED, post_id=post_id, viewer_id=viewer.account_id)
    if facts is None or facts.author_id != viewer.account_id or facts.repost_of_id is not None:
        raise NotFoundError("There is no such post of yours.", path=("postId",))
    if facts.deleted_at is None:
        return facts.id
    if facts.body is None or not await tx.row(_IS_RESTORABLE, post_id=facts.id):
        raise NotAllowedError(f"A post can be restored for {RESTORABLE_FOR_S} seconds.", path=("postId",))

    await tx.run(_RESTORE, post_id=facts.id)
    await counted.return_post(tx, facts.id)

    await outbox.record(tx, EntryAdded(entry_id=facts.id, author_id=facts.author_id))
    return facts.id


def _erase() -> sa.Select[int]:
    due = (
        sa.select(post.c.id)
        .where(post.c.deleted_at.is_not(None), post.c.body.is_not(None), post.c.deleted_at < _age(ERASED_AFTER_S))
        .order_by(post.c.deleted_at)
        .limit(sa.literal_column(str(ERASED_AT_ONCE)))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    ids = sa.select(due.c.id)
    erased = (
        sa.update(post)
        .where(post.c.id.in_(ids))
        .values(dict.fromkeys(("body", "entities", "content_warning", "language"), sa.null()))
        .returning(post.c.id)
        .cte("erased")
    )
    gone = [
        sa.delete(table).where(table.c.post_id.in_(ids)).returning(table.c.post_id).cte(f"gone_from_{table.name}")
        for table in (post_edit, post_hashtag, post_mention)
    ]
    return sa.select(sa.func.count()).select_from(erased).add_cte(*gone)


_ERASE = values_of(_erase(), int)


async def erase_deleted_posts(tx: Transaction) -> int:
    """Erases what posts said that cannot be restored any more, with their earlier versions; gives their number."""
    return await tx.row(_ERASE) or 0
