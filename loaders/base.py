"""What every loader shares: order, duplicates, absence, chunks and bounded concurrency, solved once.

A subclass says only how a batch of distinct keys is fetched, as a map; a key that the map lacks is absent.
"""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from access.viewer import Viewer
from compiler import GroupLoader
from core.database import Reader
from core.paging import PageRequest
from loaders.hydration import ANONYMOUS_ID, HydratedPost, HydratedUser

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

    def prime_posts(self, posts: Iterable[HydratedPost]) -> None:
        """Hands fetched posts and their authors to the loaders of their parts, so that nothing is fetched twice."""

    def prime_users(self, users: Iterable[HydratedUser]) -> None:
        """The same for users."""


class BatchLoader(GroupLoader[K, V | None], Generic[K, V]):
    """Loads values by key, a batch at a time; `load` gives None for a key that is absent."""

    max_batch_size = LARGEST_BATCH

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    @property
    def viewer_id(self) -> int:
        """The viewer's account as a parameter of statements."""
        viewer = self.scope.viewer
        return ANONYMOUS_ID if viewer is None else viewer.account_id

    async def batch_load_fn(self, keys: list[K]) -> list[V | None]:
        async with self.scope.gate:
            found = await self.fetch(keys)
        return [found.get(key) for key in keys]

    async def fetch(self, keys: Sequence[K]) -> Mapping[K, V]:
        """The values of the keys that are there. Runs one statement."""
        raise NotImplementedError


PageKey = tuple[int, PageRequest]


class PageLoader(BatchLoader[PageKey, list[Item]], Generic[Item]):
    """Loads a page of something for each parent: the key is (parent id, the part asked for).

    Gives up to one item more than asked for. Parents that ask for the same part share one statement; documents ask
    every parent of a list for the same part, so that is one statement per field.
    """

    async def fetch(self, keys: Sequence[PageKey]) -> Mapping[PageKey, list[Item]]:
        parents_by_request: dict[PageRequest, list[int]] = {}
        for parent_id, request in keys:
            parents_by_request.setdefault(request, []).append(parent_id)
        pages: dict[PageKey, list[Item]] = {key: [] for key in keys}
        for request, parent_ids in parents_by_request.items():
            for parent_id, item in await self.fetch_pages(parent_ids, request):
                pages[parent_id, request].append(item)
        return pages

    async def fetch_pages(self, parent_ids: Sequence[int], request: PageRequest) -> Sequence[tuple[int, Item]]:
        """(parent id, item) in the list's order, at most `request.fetch_count` items for each parent."""
        raise NotImplementedError
