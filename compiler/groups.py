"""A dataloader that also takes the keys of a whole level at once."""

from asyncio import AbstractEventLoop, Future, get_event_loop
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from aiodataloader import DataLoader, Loader, dispatch_queue

K = TypeVar("K")
V = TypeVar("V")


class _Group:
    """The keys of one `load_group`: values come in one by one, and one future says when all are there."""

    __slots__ = ("_loop", "_missing", "future", "values")

    def __init__(self, count: int, loop: AbstractEventLoop) -> None:
        self.values: list[Any] = [None] * count
        self.future: Future[None] | None = None
        self._loop = loop
        self._missing = 0

    def expect(self) -> None:
        """One more value will come by `settle`."""
        if self.future is None:
            self.future = self._loop.create_future()
        self._missing += 1

    def settle(self, index: int, value: Any) -> None:
        self.values[index] = value
        self._missing -= 1
        if self._missing == 0 and self.future is not None and not self.future.done():
            self.future.set_result(None)


class _Slot:
    """A key's place in the queue and in the cache. aiodataloader sets its result as it does a future's.

    Everybody who waits for the key has a future of their own: a task that is cancelled cancels the future it waits
    for, which must not be that of others.
    """

    __slots__ = ("_cache_key", "_futures", "_groups", "_loader", "is_done", "value")

    def __init__(self, loader: "GroupLoader[Any, Any]", cache_key: Any) -> None:
        self._loader = loader
        self._cache_key = cache_key
        self._groups: list[tuple[_Group, int]] = []
        self._futures: list[Future[Any]] = []
        self.is_done = False
        # What was loaded, or the exception that the load failed with.
        self.value: Any = None

    def done(self) -> bool:
        return self.is_done

    def set_result(self, value: Any) -> None:
        self._loader._keep(self._cache_key, self, value)  # noqa: SLF001 (its loader's other half)
        self.settle(value)

    def set_exception(self, error: Exception) -> None:
        self.settle(error)

    def tell_group(self, group: _Group, index: int) -> None:
        """Gives the group the value, now or when it comes."""
        if self.is_done:
            group.values[index] = self.value
        else:
            group.expect()
            self._groups.append((group, index))

    def tell(self, future: "Future[Any]") -> None:
        """Gives the future the value, now or when it comes."""
        if self.is_done:
            _resolve(future, self.value)
        else:
            self._futures.append(future)

    def settle(self, value: Any) -> None:
        """The value has come."""
        self.is_done = True
        self.value = value
        for group, index in self._groups:
            group.settle(index, value)
        for future in self._futures:
            if not future.done():
                _resolve(future, value)
        self._groups.clear()
        self._futures.clear()


class _RunningLoop:
    """The event loop, looked up when a loader first needs it: many are primed and asked for nothing else. Looking it
    up is a system call in CPython before 3.12.
    """

    def __get__(self, loader: Any, _kind: type) -> AbstractEventLoop:
        loop: AbstractEventLoop = loader.__dict__.setdefault("loop", get_event_loop())
        return loop


class GroupLoader(DataLoader[K, V], Generic[K, V]):
    """aiodataloader's DataLoader and `load_group`, which shares its cache, batches, dispatch window and primed keys."""

    loop = _RunningLoop()

    def __init__(self, *args: Any, **options: Any) -> None:
        if args or options:
            super().__init__(*args, **options)
        else:
            # What the base does without options, less its look at the function's kind: one is made for each request.
            self._cache = {}
            self._queue = []
        self._values: dict[Any, V] = {}

    def get_cache_key(self, key: K) -> Any:
        """What the key is known by; the key itself, unless a subclass or an option says otherwise."""
        return key

    def load(self, key: K) -> "Future[V]":
        """A future of the key's value, the caller's own. Raises TypeError for None, as aiodataloader does."""
        if key is None:
            raise TypeError("The loader.load() function must be called with a value, but got: None.")
        future: Future[V] = self.loop.create_future()
        cache_key = self.get_cache_key(key)
        if self.cache and cache_key in self._values:
            future.set_result(self._values[cache_key])
        else:
            self._slot(key, cache_key).tell(future)
        return future

    async def load_alone(self, key: K) -> V:
        """The value of a key, by a batch of its own that begins at once, for a caller who knows that no other comes.

        Raises the error that the load failed with. A key that is known or under way is not asked for again.
        """
        if key is None or not self.cache or self.get_cache_key(key) in self._values or self._slots or self._queue:
            return await self.load(key)
        [value] = await self.batch_load_fn([key])
        if isinstance(value, Exception):
            raise value
        self.prime(key, value)
        return value

    @property
    def known(self) -> Mapping[K, V] | None:
        """The values that are there, by key; None for a loader that knows them by something else, or keeps none."""
        return self._values if self.cache and self._is_known_by_key else None

    def loaded_group(self, keys: Sequence[K]) -> list[V] | None:
        """The values of keys that are all there already; None if one is not, or has failed."""
        if not self.cache:
            return None
        values = self._values
        try:
            if self._is_known_by_key:
                return [values[key] for key in keys]
            return [values[self.get_cache_key(key)] for key in keys]
        except KeyError:
            return None

    async def load_group(self, keys: Sequence[K]) -> list[V | Exception]:
        """The value of each key, or the exception that its load failed with; keys may repeat.

        Raises TypeError for None among the keys, as `load` does.
        """
        group = _Group(len(keys), self.loop)
        for index, key in enumerate(keys):
            if key is None:
                raise TypeError("The loader.load_group() function must be called with values, but got: None.")
            cache_key = self.get_cache_key(key)
            if self.cache and cache_key in self._values:
                group.values[index] = self._values[cache_key]
            else:
                self._slot(key, cache_key).tell_group(group, index)
        if group.future is not None:
            await group.future
        return group.values

    def do_resolve_reject(self, key: K, future: "Future[V]") -> None:
        """As the base's, with its dispatch window of two turns of the loop, but without a task to wait for it."""
        self._queue.append(Loader(key=key, future=future))
        if len(self._queue) == 1:
            if self.batch:
                self.loop.call_soon(self.loop.call_soon, dispatch_queue, self)
            else:
                dispatch_queue(self)

    def prime(self, key: K, value: V) -> "GroupLoader[K, V]":
        """Makes a value known, or with an exception that the key fails, unless something is known of it already."""
        cache_key = self.get_cache_key(key)
        if cache_key in self._values or cache_key in self._cache:
            return self
        if isinstance(value, Exception):
            slot = _Slot(self, cache_key)
            slot.settle(value)
            self._slots[cache_key] = slot
        else:
            self._values[cache_key] = value
        return self

    def prime_many(self, values: Mapping[K, V]) -> None:
        """Primes values (not exceptions) by their keys; what is known of a key already stays."""
        if self._is_known_by_key and not self._cache:
            self._values = {**values, **self._values} if self._values else dict(values)
            return
        for key, value in values.items():
            self.prime(key, value)

    def clear(self, key: K) -> "GroupLoader[K, V]":
        self._values.pop(self.get_cache_key(key), None)
        super().clear(key)
        return self

    def clear_all(self) -> "GroupLoader[K, V]":
        self._values.clear()
        super().clear_all()
        return self

    @property
    def _slots(self) -> dict[Any, _Slot]:
        """Aiodataloader's cache, which holds slots where it would have futures."""
        return cast("dict[Any, _Slot]", self._cache)

    @property
    def _is_known_by_key(self) -> bool:
        return "get_cache_key" not in self.__dict__ and type(self).get_cache_key is GroupLoader.get_cache_key

    def _slot(self, key: K, cache_key: Any) -> _Slot:
        """The key's place; it is asked for if nobody has yet."""
        slot = self._slots.get(cache_key) if self.cache else None
        if slot is None:
            slot = _Slot(self, cache_key)
            if self.cache:
                self._slots[cache_key] = slot
            self.do_resolve_reject(key, cast("Future[V]", slot))
        return slot

    def _keep(self, cache_key: Any, slot: _Slot, value: V) -> None:
        """Keeps a loaded value, unless its key was cleared meanwhile."""
        if self.cache and self._slots.get(cache_key) is slot:
            del self._cache[cache_key]
            self._values[cache_key] = value


def _resolve(future: "Future[Any]", value: Any) -> None:
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
