"""The viewer's bookmarks and folders. Every statement here asks whose they are: nobody else's are ever read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple

import sqlalchemy as sa

from core import ids
from core.database import Statement, rows_of
from loaders.base import BatchLoader, Item, PageLoader
from loaders.facts import VIEWER_ID, is_there
from loaders.hydration import as_it_is
from loaders.pages import AFTER, LIMIT, after_or_end, parents
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


_IS_VIEWER: sa.ColumnElement[bool] = parents.c.id == VIEWER_ID
# Not by the account of each bookmark: so a folder of many is read in its order, by its index alone.
_IS_OWN_FOLDER = is_there(bookmark_folder.c.id == parents.c.id, bookmark_folder.c.account_id == VIEWER_ID)


def _select_own(table: sa.Table, row: type[Any], *, of_parent: str, is_own: sa.ColumnElement[bool]) -> Statement[Any]:
    """The newest rows with each parent in the column `of_parent`, if the parent is the viewer's.

    The columns are the parent's id, then those of the row.
    """
    page = (
        sa.select(*(table.c[name] for name in row._fields))
        .where(table.c[of_parent] == parents.c.id, table.c.id < AFTER)
        .order_by(table.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    own = sa.select(parents.c.id, *page.c).select_from(parents.join(page, sa.true())).where(is_own)
    return Statement(own.order_by(page.c.id.desc()), as_it_is)


class _OwnPageLoader(PageLoader[Item], Generic[Item]):
    """A page of the viewer's rows for each parent, newest first."""

    statement: ClassVar[Statement[Any]]

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Item]]:
        request = self.request
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(record[0], self.make(record[1:])) for record in records]

    def make(self, columns: Sequence[Any]) -> Item:
        """The row with these columns."""
        raise NotImplementedError


class _BookmarksLoader(_OwnPageLoader[BookmarkRow]):
    """Bookmarks; hidden posts included, so guard them."""

    def make(self, columns: Sequence[Any]) -> BookmarkRow:
        return BookmarkRow._make(columns)


class BookmarksByAccountLoader(_BookmarksLoader):
    """The viewer's bookmarks, by the viewer's account."""

    statement = _select_own(bookmark, BookmarkRow, of_parent="account_id", is_own=_IS_VIEWER)


class BookmarksByFolderLoader(_BookmarksLoader):
    """The viewer's bookmarks in each folder."""

    statement = _select_own(bookmark, BookmarkRow, of_parent="folder_id", is_own=_IS_OWN_FOLDER)


class BookmarkFoldersByAccountLoader(_OwnPageLoader[BookmarkFolderRow]):
    """The viewer's folders, by the viewer's account."""

    statement = _select_own(bookmark_folder, BookmarkFolderRow, of_parent="account_id", is_own=_IS_VIEWER)

    def make(self, columns: Sequence[Any]) -> BookmarkFolderRow:
        return BookmarkFolderRow._make(columns)


_FOLDERS_BY_ID = rows_of(
    sa.select(*(bookmark_folder.c[name] for name in BookmarkFolderRow._fields)).where(
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
