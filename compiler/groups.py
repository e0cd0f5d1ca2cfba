"""A dataloader that also takes the keys of a whole level at once."""

from asyncio import Future
from collections.abc import Sequence
from typing import Generic, TypeVar

from aiodataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")


class GroupLoader(DataLoader[K, V], Generic[K, V]):
    """aiodataloader's DataLoader and `load_group`, which shares its cache, batches, dispatch window and primed keys."""

    def loaded_group(self, keys: Sequence[K]) -> list[V] | None:
        """The values of keys that are all there already; None if one is not, or has failed."""
        cache = self._cache
        values: list[V] = []
        for key in keys:
            future = cache.get(self.get_cache_key(key)) if self.cache else None
            if future is None or not future.done() or future.cancelled() or future.exception() is not None:
                return None
            values.append(future.result())
        return values

    async def load_group(self, keys: Sequence[K]) -> list[V | Exception]:
        """The value of each key, or the exception that its load failed with; keys may repeat."""
        # All are asked for before the first is awaited, so they share a batch; then most are done at once.
        futures: list[Future[V]] = [self.load(key) for key in keys]
        values: list[V | Exception] = []
        for future in futures:
            try:
                values.append(await future)
            except Exception as error:  # noqa: BLE001 (a value: the other keys have theirs)
                values.append(error)
        return values
