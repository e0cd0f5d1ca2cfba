"""Documents about bookmarks and their folders that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person

_ERRORS = "errors { __typename message code path }"
_INPUTS = {
    "bookmarkPost": ("BookmarkPostInput", "post { id viewerHasBookmarked }"),
    "removeBookmark": ("RemoveBookmarkInput", "post { id viewerHasBookmarked }"),
    "createBookmarkFolder": ("CreateBookmarkFolderInput", "folder { id name }"),
    "renameBookmarkFolder": ("RenameBookmarkFolderInput", "folder { id name }"),
    "deleteBookmarkFolder": ("DeleteBookmarkFolderInput", "deletedFolderId"),
}
_PAGE = "pageInfo { hasNextPage endCursor }"
_EDGES = "edges { cursor note bookmarkedAt folder { name } node { id body } }"
BOOKMARKS = f"""
query ($first: Int! = 20, $after: Cursor, $folder: ID) {{
  viewer {{ bookmarks(first: $first, after: $after, folderId: $folder) {{ {_EDGES} {_PAGE} }} }}
}}
"""
FOLDERS = f"""
query ($first: Int! = 100, $after: Cursor) {{
  viewer {{
    bookmarkFolders(first: $first, after: $after) {{
      edges {{ cursor node {{ id name bookmarks(first: 5) {{ edges {{ node {{ body }} }} }} }} }} {_PAGE}
    }}
  }}
}}
"""
FOLDER = f"""
query ($id: ID!) {{
  node(id: $id) {{
    __typename id ... on BookmarkFolder {{ name createdAt bookmarks {{ {_EDGES} {_PAGE} }} }}
  }}
}}
"""


def keep_document(name: str) -> str:
    """The document of a mutation of bookmarks or folders."""
    kind, selection = _INPUTS[name]
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selection} {_ERRORS} }} }}"


async def keep(api: Api, act: str, /, *, by: Person, **given: Any) -> Any:
    """The payload of a mutation of bookmarks or folders."""
    return (await api.data(keep_document(act), by=by, input=given))[act]


async def bookmark(api: Api, post: str, *, by: Person, **given: Any) -> None:
    """Bookmarks a post, which must not be refused."""
    payload = await keep(api, "bookmarkPost", by=by, postId=post, **given)
    assert payload == {"post": {"id": post, "viewerHasBookmarked": True}, "errors": []}


async def new_folder(api: Api, name: str, *, by: Person) -> str:
    """The id of a new folder."""
    payload = await keep(api, "createBookmarkFolder", by=by, name=name)
    assert payload["errors"] == []
    assert payload["folder"]["name"] == name
    folder_id: str = payload["folder"]["id"]
    return folder_id


async def bookmarks_of(api: Api, person: Person, **arguments: Any) -> list[tuple[str, str | None, str | None]]:
    """(body, note, name of the folder) of a person's bookmarks, as they see them."""
    edges = (await api.data(BOOKMARKS, by=person, **arguments))["viewer"]["bookmarks"]["edges"]
    return [(edge["node"]["body"], edge["note"], edge["folder"] and edge["folder"]["name"]) for edge in edges]


async def folders_of(api: Api, person: Person) -> dict[str, list[str]]:
    """What is in each folder of a person, by its name, in the list's order."""
    edges = (await api.data(FOLDERS, by=person))["viewer"]["bookmarkFolders"]["edges"]
    return {
        edge["node"]["name"]: [kept["node"]["body"] for kept in edge["node"]["bookmarks"]["edges"]] for edge in edges
    }
