"""What every loader shares: order, duplicates, absence, chunks and bounded concurrency, solved once.

A subclass says only how a batch of distinct keys is fetched, as a map; a key that the map lacks is absent.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from access.filters import Context, Filter, Filters
from access.viewer import Viewer
from compiler import GroupLoader
from core import spans
from core.database import Reader
from core.paging import Page, PageRequest, SortKey
from loaders.facts import ANONYMOUS_ID
from loaders.rows import Hydrated, Part, PostDetails, PostRow, UserRow
from loaders.tabs import Tab

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Item = TypeVar("Item")

LARGEST_BATCH = 500
BATCHES_AT_ONCE = 4


class Scope(Protocol):
    """What the loaders of one request have in common; the registry is one (loaders.registry)."""

    @property
    def db(self) -> Reader: ...
    @property
    def viewer(self) -> Viewer | None: ...
    @property
    def gate(self) -> asyncio.Semaphore:
        """Bounds how many statements one request runs side by side, so that no request takes the whole pool."""

    @property
    def users(self) -> "BatchLoader[int, UserRow]":
        """The users that the viewer may see, by id."""

    @property
    def missed_parts_of_posts(self) -> "BatchLoader[tuple[Part, int], Any]":
        """The loader of parts of posts that came with no statement (loaders.parts)."""

    @property
    def missed_parts_of_users(self) -> "BatchLoader[tuple[Part, int], Any]":
        """The same of users."""

    @property
    def posts(self) -> "BatchLoader[int, PostRow]":
        """The loader of posts, guarded."""

    @property
    def post_details(self) -> "BatchLoader[int, PostDetails]":
        """The loader of what belongs to their bodies."""

    @property
    def own_filters(self) -> "BatchLoader[int, Filters]":
        """The loader of the viewer's filters, by the viewer's account."""

    def fitting_filters(self, context: Context) -> "BatchLoader[int, Sequence[Filter]]":
        """The loader of those that fit each post in a context."""

    def take(self, found: Hydrated) -> Mapping[int, PostRow | None]:
        """Guards what a statement brought and hands it to the loaders, so that nothing is fetched twice.

        Gives the posts by id, None for those that the viewer may not see.
        """

    def replies(
        self, request: PageRequest, *, is_newest_first: bool
    ) -> "BatchLoader[int, Page[tuple[SortKey, PostRow]]]":
        """The loader of one page of replies to each post."""

    def entries(self, request: PageRequest, wanted: Any, *, tab: Tab) -> "PageLoader[Any]":
        """The loader of one page of what each user has posted; `wanted` of the posts (loaders.wanted)."""


def viewer_id_of(viewer: Viewer | None) -> int:
    """The viewer's account as a parameter of statements."""
    return ANONYMOUS_ID if viewer is None else viewer.account_id


class BatchLoader(GroupLoader[K, V | None], Generic[K, V]):
    """Loads values by key, a batch at a time; `load` gives None for a key that is absent."""

    max_batch_size = LARGEST_BATCH

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    @property
    def viewer_id(self) -> int:
        """The viewer's account as a parameter of statements."""
        return viewer_id_of(self.scope.viewer)

    async def batch_load_fn(self, keys: list[K]) -> list[V | None]:
        place = spans.current.get()
        if place is None:
            async with self.scope.gate:
                found = await self.fetch(keys)
        else:
            name = type(self).__name__
            with spans.begun(place, f"load {name}", {spans.LOADER: name, spans.KEYS: len(keys)}):
                async with self.scope.gate:
                    found = await self.fetch(keys)
        return [found.get(key) for key in keys]

    async def load_all(self, keys: Sequence[K]) -> Sequence[V | None]:
        """The values of many keys. Raises the error of the first one that failed."""
        known = self.loaded_group(keys)
        if known is not None:
            return known
        values: list[V | None] = []
        for value in await self.load_group(keys):
            if isinstance(value, Exception):
                raise value
            values.append(value)
        return values

    async def fetch(self, keys: Sequence[K]) -> Mapping[K, V | None]:
        """The values of the keys that are there. Runs one statement."""
        raise NotImplementedError


class PageLoader(BatchLoader[int, list[Item]], Generic[Item]):
    """Loads a page of something for each parent, by the parent's id; one part of the list for all of them.

    Gives up to one item more than asked for. Documents ask every parent of a list for the same part, so that is one
    statement for each field.
    """

    def __init__(self, scope: Scope, request: PageRequest) -> None:
        super().__init__(scope)
        self.request = request

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, list[Item]]:
        pages: dict[int, list[Item]] = {key: [] for key in keys}
        for parent_id, item in await self.fetch_pages(keys):
            pages[parent_id].append(item)
        return pages

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Item]]:
        """(parent id, item) in the list's order, at most `request.fetch_count` items for each parent."""
        raise NotImplementedError
