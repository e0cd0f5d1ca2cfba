"""The viewer's bookmarks and their folders. What nobody else sees hangs on the viewer, or on a folder of theirs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import strawberry

import compiler
from access.viewer import Viewer
from actions import bookmark_folders, bookmarks
from core import ids
from core.paging import Listing, PageRequest
from loaders.base import PageLoader
from loaders.bookmarks import BookmarkFolderRow, BookmarkRow
from loaders.rows import PostRow
from resolvers.arguments import DEFAULT_PAGE, After, Cursor, First, folder_number, page
from resolvers.connections import PageInfo, Scanned, cursor, filled_page, page_info, page_of
from resolvers.context import Context, Info
from resolvers.payloads import BookmarkFolderPayload, DeletedBookmarkFolderPayload, PostPayload, refusals_as
from resolvers.posts import changed_post

FolderId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only what is in this folder; everything by default.")
]


class BookmarkEdge(NamedTuple):
    """A bookmark, and the post that it keeps."""

    bookmark: BookmarkRow
    node: PostRow

    @property
    def cursor(self) -> Cursor:
        return cursor(Listing.BOOKMARKS, self.bookmark.id)

    @property
    def note(self) -> str | None:
        return self.bookmark.note

    @property
    def folder_id(self) -> int | None:
        return self.bookmark.folder_id

    @property
    def bookmarked_at(self) -> datetime:
        return ids.time_of(self.bookmark.id)


class BookmarkConnection(NamedTuple):
    """A page of bookmarks."""

    edges: Sequence[BookmarkEdge]
    page_info: PageInfo


async def viewer_bookmarks(
    root: strawberry.Parent[Viewer],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    folder_id: FolderId = None,
) -> BookmarkConnection:
    request = page(Listing.BOOKMARKS, first, after)
    loaders = info.context.loaders
    if folder_id is None:
        return await _bookmarks(info.context, request, loaders.bookmarks, root.account_id)
    return await _bookmarks(info.context, request, loaders.bookmarks_in_folders, folder_number(folder_id))


async def folder_bookmarks(
    root: strawberry.Parent[BookmarkFolderRow], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> BookmarkConnection:
    request = page(Listing.BOOKMARKS, first, after)
    return await _bookmarks(info.context, request, info.context.loaders.bookmarks_in_folders, root.id)


async def _bookmarks(
    context: Context, request: PageRequest, loader_of: Callable[[PageRequest], PageLoader[BookmarkRow]], parent_id: int
) -> BookmarkConnection:
    """A page of what such a loader gives for a parent, without the posts that the viewer does not see any more."""

    async def scan(start: int | None, limit: int) -> Scanned[BookmarkRow]:
        # A PageRequest brings one item more than it asks for.
        rows = await loader_of(PageRequest(limit - 1, start)).load(parent_id) or ()
        keys = [row.id for row in rows]
        return Scanned(rows, keys, reached=keys[-1] if keys else 0, is_end=len(rows) < limit)

    async def show(rows: Sequence[BookmarkRow]) -> Sequence[BookmarkEdge | None]:
        posts = await context.loaders.posts.load_all([row.post_id for row in rows])
        return [post and BookmarkEdge(row, post) for row, post in zip(rows, posts, strict=True)]

    filled = await filled_page(request, scan, show)
    edges = [edge for _, edge in filled.items]
    start = edges[0].bookmark.id if edges else None
    return BookmarkConnection(
        edges, page_info(Listing.BOOKMARKS, request, start=start, has_next=filled.has_next, end=filled.end)
    )


def viewer_bookmark_folders(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.folders_of_bookmarks(page(Listing.BOOKMARK_FOLDERS, first, after))
    return page_of(loader, Listing.BOOKMARK_FOLDERS, key="account_id")


@refusals_as(PostPayload)
async def bookmark_post(context: Context, post_id: int, change: bookmarks.BookmarkChange) -> PostPayload:
    viewer = context.require_viewer()
    bookmark = bookmarks.bookmark_post
    return await changed_post(context, await context.transact_in_one_write(bookmark, viewer, post_id, change))


@refusals_as(PostPayload)
async def remove_bookmark(context: Context, post_id: int) -> PostPayload:
    viewer = context.require_viewer()
    return await changed_post(context, await context.transact_in_one_write(bookmarks.remove_bookmark, viewer, post_id))


@refusals_as(BookmarkFolderPayload)
async def create_bookmark_folder(context: Context, name: str) -> BookmarkFolderPayload:
    viewer = context.require_viewer()
    return await _changed_folder(context, await context.transact(bookmark_folders.create_bookmark_folder, viewer, name))


@refusals_as(BookmarkFolderPayload)
async def rename_bookmark_folder(context: Context, folder_id: int, *, name: str) -> BookmarkFolderPayload:
    viewer = context.require_viewer()
    rename = bookmark_folders.rename_bookmark_folder
    return await _changed_folder(context, await context.transact_in_one_write(rename, viewer, folder_id, name=name))


async def _changed_folder(context: Context, folder_id: int) -> BookmarkFolderPayload:
    return BookmarkFolderPayload(await context.loaders.bookmark_folders.load_alone(folder_id))


@refusals_as(DeletedBookmarkFolderPayload)
async def delete_bookmark_folder(context: Context, folder_id: int) -> DeletedBookmarkFolderPayload:
    viewer = context.require_viewer()
    return DeletedBookmarkFolderPayload(
        await context.transact(bookmark_folders.delete_bookmark_folder, viewer, folder_id)
    )
