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
    """A key's place in the queue and in the cache, instead of a future of its own, until `load` asks for one.

    aiodataloader sets its result as it does a future's.
    """

    __slots__ = ("_cache_key", "_future", "_loader", "_waiting", "is_done", "value")

    def __init__(self, loader: "GroupLoader[Any, Any]", cache_key: Any) -> None:
        self._loader = loader
        self._cache_key = cache_key
        self._waiting: list[tuple[_Group, int]] = []
        self._future: Future[Any] | None = None
        self.is_done = False
        self.value: Any = None

    def done(self) -> bool:
        return self.is_done

    def set_result(self, value: Any) -> None:
        self._loader._keep(self._cache_key, self, value)  # noqa: SLF001 (its loader's other half)
        self._settle(value)

    def set_exception(self, error: Exception) -> None:
        self._settle(error)

    def tell(self, group: _Group, index: int) -> None:
        """Gives the group the value, now or when it comes."""
        if self.is_done:
            group.values[index] = self.value
        else:
            group.expect()
            self._waiting.append((group, index))

    def as_future(self, loop: AbstractEventLoop) -> "Future[Any]":
        if self._future is None:
            self._future = loop.create_future()
            if self.is_done:
                _resolve(self._future, self.value)
        return self._future

    def _settle(self, value: Any) -> None:
        self.is_done = True
        self.value = value
        for group, index in self._waiting:
            group.settle(index, value)
        self._waiting.clear()
        if self._future is not None and not self._future.done():
            _resolve(self._future, value)


class GroupLoader(DataLoader[K, V], Generic[K, V]):
    """aiodataloader's DataLoader and `load_group`, which shares its cache, batches, dispatch window and primed keys."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if args or options:
            super().__init__(*args, **options)
        else:
            # What the base does without options, less its look at the function's kind: one is made for each request.
            self.loop = get_event_loop()
            self._cache = {}
            self._queue = []
        self._values: dict[Any, V] = {}

    def get_cache_key(self, key: K) -> Any:
        """What the key is known by; the key itself, unless a subclass or an option says otherwise."""
        return key

    def load(self, key: K) -> "Future[V]":
        if key is None or not self.cache:
            return super().load(key)
        cache_key = self.get_cache_key(key)
        entry = cast("Future[V] | _Slot | None", self._cache.get(cache_key))
        if entry is None:
            if cache_key not in self._values:
                return super().load(key)
            future: Future[V] = self.loop.create_future()
            future.set_result(self._values[cache_key])
            self._cache[cache_key] = future
            return future
        if isinstance(entry, _Slot):
            return entry.as_future(self.loop)
        if entry.cancelled():  # whoever waited for it was cancelled; that says nothing about the key
            del self._cache[cache_key]
            return super().load(key)
        return entry

    def loaded_group(self, keys: Sequence[K]) -> list[V] | None:
        """The values of keys that are all there already; None if one is not, or has failed."""
        if not self.cache:
            return None
        values = self._values
        if "get_cache_key" not in self.__dict__ and type(self).get_cache_key is GroupLoader.get_cache_key:
            try:
                return [values[key] for key in keys]
            except KeyError:
                pass
        found: list[V] = []
        for key in keys:
            cache_key = self.get_cache_key(key)
            if cache_key not in values:
                entry = self._cache.get(cache_key)
                if not isinstance(entry, Future) or not entry.done() or entry.cancelled() or entry.exception():
                    return None
                values[cache_key] = entry.result()
            found.append(values[cache_key])
        return found

    async def load_group(self, keys: Sequence[K]) -> list[V | Exception]:
        """The value of each key, or the exception that its load failed with; keys may repeat.

        Raises TypeError for None among the keys, as `load` does.
        """
        group = _Group(len(keys), self.loop)
        for index, key in enumerate(keys):
            if key is None:
                raise TypeError("The loader.load_group() function must be called with values, but got: None.")
            cache_key = self.get_cache_key(key)
            entry: Any = None
            if self.cache:
                if cache_key in self._values:
                    group.values[index] = self._values[cache_key]
                    continue
                entry = self._cache.get(cache_key)
            if isinstance(entry, Future) and not entry.cancelled():
                _tell(entry, group, index)
                continue
            if not isinstance(entry, _Slot):
                entry = _Slot(self, cache_key)
                if self.cache:
                    self._cache[cache_key] = cast("Future[V]", entry)
                self.do_resolve_reject(key, cast("Future[V]", entry))
            entry.tell(group, index)
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
        cache_key = self.get_cache_key(key)
        if isinstance(value, Exception):
            if cache_key not in self._values:
                super().prime(key, value)
        elif cache_key not in self._cache:
            self._values.setdefault(cache_key, value)
        return self

    def prime_many(self, values: Mapping[K, V]) -> None:
        """Primes values (not exceptions) by their keys; what is known of a key already stays."""
        is_by_key = "get_cache_key" not in self.__dict__ and type(self).get_cache_key is GroupLoader.get_cache_key
        if is_by_key and not self._cache:
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

    def _keep(self, cache_key: Any, slot: _Slot, value: V) -> None:
        """Keeps a loaded value, unless its key was cleared meanwhile."""
        if self.cache and cast("Any", self._cache.get(cache_key)) is slot:
            del self._cache[cache_key]
            self._values[cache_key] = value


def _tell(future: "Future[Any]", group: _Group, index: int) -> None:
    if future.done():
        group.values[index] = _outcome(future)
    else:
        group.expect()
        future.add_done_callback(lambda done: group.settle(index, _outcome(done)))


def _outcome(future: "Future[Any]") -> Any:
    if future.cancelled():
        return RuntimeError("The load of this key was cancelled.")
    return future.exception() or future.result()


def _resolve(future: "Future[Any]", value: Any) -> None:
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
