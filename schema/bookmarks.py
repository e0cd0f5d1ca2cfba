"""Bookmarks and their folders: for the viewer alone."""

from datetime import datetime
from typing import Annotated

import strawberry

from actions import bookmarks as actions
from core import ids
from loaders.bookmarks import BookmarkFolderRow
from resolvers import bookmarks, payloads
from resolvers.arguments import Cursor, folder_number, post_number
from resolvers.context import Info
from schema.base import Node, PageInfo, encoded, node_id, relation, view_of
from schema.errors import INPUT, Refusable
from schema.posts import Post, PostPayload


@strawberry.type(description="A folder of bookmarks; only whose it is sees it.")
@view_of(BookmarkFolderRow)
class BookmarkFolder(Node):
    """View of BookmarkFolderRow."""

    id = node_id(ids.Kind.BOOKMARK_FOLDER)
    name: str = strawberry.field(description="Its name: unique among one's folders, whatever its case.")
    created_at: datetime = strawberry.field(description="When it was made.")
    bookmarks = strawberry.field(
        resolver=bookmarks.folder_bookmarks,
        graphql_type=Annotated["BookmarkConnection", strawberry.lazy("schema.bookmarks")],
        description="What is in it, newest first.",
    )


@strawberry.type(description="A bookmark in a list.")
class BookmarkEdge:
    """View of bookmarks.BookmarkEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Post = strawberry.field(description="The post that is kept.")
    note: str | None = strawberry.field(description="What one has written beside it.")
    folder = relation(
        "bookmark_folders",
        key="folder_id",
        graphql_type=BookmarkFolder | None,
        description="The folder that it is in; null if it is in none.",
    )
    bookmarked_at: datetime = strawberry.field(description="Since when it is kept.")


@strawberry.type(description="A page of bookmarks. Posts that are gone or hidden are left out.")
class BookmarkConnection:
    """View of bookmarks.BookmarkConnection."""

    edges: list[BookmarkEdge] = strawberry.field(description="The bookmarks, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="A folder in a list.")
class BookmarkFolderEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: BookmarkFolder = strawberry.field(description="The folder.")


@strawberry.type(description="A page of folders.")
class BookmarkFolderConnection:
    """View of connections.RowConnection."""

    edges: list[BookmarkFolderEdge] = strawberry.field(description="The folders, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What bookmarkPost gives.")
class BookmarkPostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What removeBookmark gives.")
class RemoveBookmarkPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What createBookmarkFolder gives.")
class CreateBookmarkFolderPayload(Refusable):
    """View of payloads.BookmarkFolderPayload."""

    folder: BookmarkFolder | None = strawberry.field(description="The new folder; null if refused.")


@strawberry.type(description="What renameBookmarkFolder gives.")
class RenameBookmarkFolderPayload(Refusable):
    """View of payloads.BookmarkFolderPayload."""

    folder: BookmarkFolder | None = strawberry.field(description="The folder with its new name; null if refused.")


@strawberry.type(description="What deleteBookmarkFolder gives.")
class DeleteBookmarkFolderPayload(Refusable):
    """View of payloads.DeletedBookmarkFolderPayload."""

    deleted_folder_id = encoded(
        ids.Kind.BOOKMARK_FOLDER,
        "deleted_folder_id",
        graphql_type=strawberry.ID | None,
        description="The id of the folder that is gone; null if refused.",
    )


@strawberry.input(description="Which post to keep, and where. Of a bookmark that there is, what is left out stays.")
class BookmarkPostInput:
    """Names a post; the rest becomes actions.bookmarks.BookmarkChange."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")
    folder_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A folder of one's own; null takes it out of its folder."
    )
    note: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A note to oneself, at most 500 characters; null or an empty one removes it.",
    )


@strawberry.input(description="Which post to keep no more.")
class RemoveBookmarkInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="A new folder.")
class CreateBookmarkFolderInput:
    """Names a folder to be."""

    name: str = strawberry.field(description="1 to 64 characters; unique among one's folders, whatever its case.")


@strawberry.input(description="Another name for a folder.")
class RenameBookmarkFolderInput:
    """Names a folder, twice."""

    folder_id: strawberry.ID = strawberry.field(description="The folder's id.")
    name: str = strawberry.field(description="1 to 64 characters; unique among one's folders, whatever its case.")


@strawberry.input(description="Which folder to delete.")
class DeleteBookmarkFolderInput:
    """Names a folder."""

    folder_id: strawberry.ID = strawberry.field(description="The folder's id.")


async def bookmark_post(info: Info, input: Annotated[BookmarkPostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    change = actions.BookmarkChange()
    if input.folder_id is not strawberry.UNSET:
        change["folder_id"] = None if input.folder_id is None else folder_number(input.folder_id)
    if input.note is not strawberry.UNSET:
        change["note"] = input.note
    return await bookmarks.bookmark_post(info.context, post_number(input.post_id), change)


async def remove_bookmark(
    info: Info,
    input: Annotated[RemoveBookmarkInput, INPUT],  # noqa: A002
) -> payloads.PostPayload:
    return await bookmarks.remove_bookmark(info.context, post_number(input.post_id))


async def create_bookmark_folder(
    info: Info,
    input: Annotated[CreateBookmarkFolderInput, INPUT],  # noqa: A002
) -> payloads.BookmarkFolderPayload:
    return await bookmarks.create_bookmark_folder(info.context, input.name)


async def rename_bookmark_folder(
    info: Info,
    input: Annotated[RenameBookmarkFolderInput, INPUT],  # noqa: A002
) -> payloads.BookmarkFolderPayload:
    return await bookmarks.rename_bookmark_folder(info.context, folder_number(input.folder_id), name=input.name)


async def delete_bookmark_folder(
    info: Info,
    input: Annotated[DeleteBookmarkFolderInput, INPUT],  # noqa: A002
) -> payloads.DeletedBookmarkFolderPayload:
    return await bookmarks.delete_bookmark_folder(info.context, folder_number(input.folder_id))
