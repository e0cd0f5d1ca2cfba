"""Bookmarks and their folders: private to the account that has them."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import id_field, optional_reference, reference, table_of


class BookmarkFolder(SQLModel, table=True):
    """A named folder of bookmarks."""

    __tablename__ = "bookmark_folder"
    __table_args__ = (
        # Viewer.bookmarkFolders, newest first.
        sa.Index("bookmark_folder_account_id_index", "account_id", sa.text("id DESC")),
        # An account's folders have different names, whatever their case.
        sa.Index("bookmark_folder_name_key", "account_id", sa.text("lower(name)"), unique=True),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    name: str = Field(sa_type=sa.Text)


class Bookmark(SQLModel, table=True):
    """An account keeps a post, in a folder or in none, with a note or without."""

    __table_args__ = (
        # viewerHasBookmarked; a person bookmarks a post once.
        sa.UniqueConstraint("account_id", "post_id"),
        # Viewer.bookmarks, newest first.
        sa.Index("bookmark_account_id_index", "account_id", sa.text("id DESC")),
        # BookmarkFolder.bookmarks, newest first.
        sa.Index(
            "bookmark_folder_id_index",
            "folder_id",
            sa.text("id DESC"),
            postgresql_where=sa.text("folder_id IS NOT NULL"),
        ),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    post_id: int = reference("post.id")
    folder_id: int | None = optional_reference("bookmark_folder.id")
    note: str | None = Field(default=None, sa_type=sa.Text)


bookmark_folder = table_of(BookmarkFolder)
bookmark = table_of(Bookmark)
