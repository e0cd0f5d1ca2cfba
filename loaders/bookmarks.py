"""The viewer's bookmarks and folders. Every statement here asks whose they are: nobody else's are ever read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from core import ids
from core.database import rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID, is_there
from loaders.pages import RowPageLoader, parents, select_rows
from models.bookmarks import bookmark, bookmark_folder


class BookmarkRow(NamedTuple):
    """A post that the viewer keeps; the id is the time when that began."""

    id: int
    post_id: int
    folder_id: int | None
    note: str | None


class BookmarkFolderRow(NamedTuple):
    """A folder of bookmarks."""

    id: int
    name: str

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


_BOOKMARK = [bookmark.c[name] for name in BookmarkRow._fields]
_FOLDER = [bookmark_folder.c[name] for name in BookmarkFolderRow._fields]
# Not by the account of each bookmark: so a folder of many is read in its order, by its index alone.
_IS_OWN_FOLDER = is_there(bookmark_folder.c.id == parents.c.id, bookmark_folder.c.account_id == VIEWER_ID)


class BookmarksByAccountLoader(RowPageLoader[BookmarkRow]):
    """The viewer's bookmarks, by the viewer's account; of hidden posts too, so guard them."""

    row = BookmarkRow
    statement = select_rows(_BOOKMARK, of_parent=bookmark.c.account_id)


class BookmarksByFolderLoader(RowPageLoader[BookmarkRow]):
    """The viewer's bookmarks in each folder; of hidden posts too, so guard them."""

    row = BookmarkRow
    statement = select_rows(_BOOKMARK, of_parent=bookmark.c.folder_id, is_seen=_IS_OWN_FOLDER)


class BookmarkFoldersByAccountLoader(RowPageLoader[BookmarkFolderRow]):
    """The viewer's folders, by the viewer's account."""

    row = BookmarkFolderRow
    statement = select_rows(_FOLDER, of_parent=bookmark_folder.c.account_id)


_FOLDERS_BY_ID = rows_of(
    sa.select(*_FOLDER).where(
        bookmark_folder.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
        bookmark_folder.c.account_id == VIEWER_ID,
    ),
    BookmarkFolderRow,
)


class BookmarkFolderByIdLoader(BatchLoader[int, BookmarkFolderRow]):
    """The folder with an id, if it is the viewer's: None for an absent one and somebody else's alike."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, BookmarkFolderRow]:
        folders = await self.scope.db.rows(_FOLDERS_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {folder.id: folder for folder in folders}
