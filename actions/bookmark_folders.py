"""Folders of bookmarks: each account has its own, with different names."""

import asyncpg
import sqlalchemy as sa

from access.viewer import Viewer
from actions import inputs
from actions.accounts import lock_account
from core import text
from core.database import Transaction, command, values_of
from core.errors import NotAllowedError, NotFoundError, Problem, ValidationError
from models.bookmarks import bookmark, bookmark_folder

MOST_FOLDERS = 100

_ACCOUNT_ID = sa.bindparam("owner", type_=sa.BigInteger)
_FOLDER_ID = sa.bindparam("folder_id", type_=sa.BigInteger)
_NAME = sa.bindparam("new_name", type_=sa.Text)
_IS_OWN = sa.and_(bookmark_folder.c.id == _FOLDER_ID, bookmark_folder.c.account_id == _ACCOUNT_ID)
_SELECT_OWN = sa.select(bookmark_folder.c.id).where(_IS_OWN)
_OWN = values_of(_SELECT_OWN, int)
_OWN_LOCKED = values_of(_SELECT_OWN.with_for_update(), int)
_COUNT = values_of(
    sa.select(sa.func.count()).select_from(bookmark_folder).where(bookmark_folder.c.account_id == _ACCOUNT_ID), int
)
_INSERT = values_of(
    sa.insert(bookmark_folder)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))), account_id=_ACCOUNT_ID, name=_NAME
    )
    .returning(bookmark_folder.c.id),
    int,
)
_RENAME = values_of(
    sa.update(bookmark_folder).where(_IS_OWN).values(name=_NAME).returning(bookmark_folder.c.id),
    int,
)
_EMPTY = command(sa.update(bookmark).where(bookmark.c.folder_id == _FOLDER_ID).values(folder_id=sa.null()))
_DELETE = command(sa.delete(bookmark_folder).where(bookmark_folder.c.id == _FOLDER_ID))


def _checked_name(name: str) -> str:
    """The name as it is stored. Raises ValidationError."""
    name = text.normalised(name)
    if problem := inputs.problem_of_text(name, inputs.FOLDER_NAME, field="name"):
        raise ValidationError(problem)
    return name


def _taken() -> ValidationError:
    return ValidationError(Problem(("name",), "TAKEN", "You have a folder with this name already."))


def _no_folder() -> NotFoundError:
    return NotFoundError("There is no such folder.", path=("folderId",))


async def require_folder(tx: Transaction, viewer: Viewer, folder_id: int) -> None:
    """Raises NotFoundError if the viewer has no such folder, be it somebody else's or nobody's."""
    if await tx.row(_OWN, folder_id=folder_id, owner=viewer.account_id) is None:
        raise _no_folder()


async def create_bookmark_folder(tx: Transaction, viewer: Viewer, name: str) -> int:
    """Makes a folder and gives its id. Raises ValidationError, NotAllowedError."""
    name = _checked_name(name)
    await lock_account(tx, viewer.account_id)
    count = await tx.row(_COUNT, owner=viewer.account_id) or 0
    if count >= MOST_FOLDERS:
        raise NotAllowedError(f"You can have at most {MOST_FOLDERS} folders. Delete one first.")

    try:
        folder_id = await tx.row(_INSERT, at=tx.at, owner=viewer.account_id, new_name=name)
    except asyncpg.UniqueViolationError as error:
        raise _taken() from error
    assert folder_id is not None
    return folder_id


async def rename_bookmark_folder(tx: Transaction, viewer: Viewer, folder_id: int, *, name: str) -> int:
    """Gives a folder another name, and its id. Raises ValidationError, NotFoundError.

    It is one statement, so it also runs in a OneWrite (core.database).
    """
    name = _checked_name(name)

    try:
        renamed = await tx.row(_RENAME, folder_id=folder_id, owner=viewer.account_id, new_name=name)
    except asyncpg.UniqueViolationError as error:
        raise _taken() from error
    if renamed is None:
        raise _no_folder()
    return renamed


async def delete_bookmark_folder(tx: Transaction, viewer: Viewer, folder_id: int) -> int:
    """Deletes a folder and gives its id; its bookmarks stay, in no folder. Raises NotFoundError.

    The lock waits for whoever is putting a bookmark into the folder, and whoever comes later does not find it.
    """
    if await tx.row(_OWN_LOCKED, folder_id=folder_id, owner=viewer.account_id) is None:
        raise _no_folder()

    await tx.run(_EMPTY, folder_id=folder_id)
    await tx.run(_DELETE, folder_id=folder_id)
    return folder_id
