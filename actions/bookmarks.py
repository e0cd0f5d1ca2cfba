"""Keeping posts, in folders and with notes, for oneself alone. Doing it twice is doing it once."""

from typing import TypedDict

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions.bookmark_folders import require_folder
from actions.notes import checked_note
from actions.posts import require_post
from core.database import Transaction, command
from core.errors import NotFoundError
from models.bookmarks import bookmark


class BookmarkChange(TypedDict, total=False):
    """In which folder a post is kept and with which note, None for none; what is missing stays as it is."""

    folder_id: int | None
    note: str | None


_ACCOUNT_ID = sa.bindparam("keeper", type_=sa.BigInteger)
_POST_ID = sa.bindparam("kept", type_=sa.BigInteger)
_IS_MOVED = sa.bindparam("is_moved", type_=sa.Boolean)
_IS_NOTED = sa.bindparam("is_noted", type_=sa.Boolean)


def _upsert() -> sa.ClauseElement:
    """Keeps a post, or changes those parts of its bookmark that are to change."""
    new = insert(bookmark).values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        account_id=_ACCOUNT_ID,
        post_id=_POST_ID,
        folder_id=sa.bindparam("folder", type_=sa.BigInteger),
        note=sa.bindparam("new_note", type_=sa.Text),
    )
    return new.on_conflict_do_update(
        index_elements=[bookmark.c.account_id, bookmark.c.post_id],
        set_={
            bookmark.c.folder_id: sa.case((_IS_MOVED, new.excluded.folder_id), else_=bookmark.c.folder_id),
            bookmark.c.note: sa.case((_IS_NOTED, new.excluded.note), else_=bookmark.c.note),
        },
        where=sa.or_(_IS_MOVED, _IS_NOTED),
    )


_UPSERT = command(_upsert())
_DELETE = command(sa.delete(bookmark).where(bookmark.c.account_id == _ACCOUNT_ID, bookmark.c.post_id == _POST_ID))


async def bookmark_post(tx: Transaction, viewer: Viewer, post_id: int, change: BookmarkChange) -> int:
    """Keeps a post, or moves or annotates it, and gives its id. Raises ValidationError, NotFoundError.

    Its one write is its last statement, so it also runs in a OneWrite (core.database).
    """
    note = checked_note(change.get("note"))
    facts = await require_post(tx, viewer, post_id, path=("postId",))
    folder_id = change.get("folder_id")
    if folder_id is not None:
        await require_folder(tx, viewer, folder_id)

    try:
        await tx.run(
            _UPSERT,
            at=tx.at,
            keeper=viewer.account_id,
            kept=facts.id,
            folder=folder_id,
            new_note=note,
            is_moved="folder_id" in change,
            is_noted="note" in change,
        )
    except asyncpg.ForeignKeyViolationError as error:
        # Posts keep their rows, so it is the folder that has gone since it was looked for.
        raise NotFoundError("There is no such folder.", path=("folderId",)) from error
    return facts.id


async def remove_bookmark(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Keeps a post no more, nor its note, and gives its id. Raises NotFoundError.

    Its one write is its last statement, as that of `bookmark_post`.
    """
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    await tx.run(_DELETE, keeper=viewer.account_id, kept=facts.id)
    return facts.id
