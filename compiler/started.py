"""Coroutines that begin at once, and the concurrent wait for those that did not end at once."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Started(Generic[T]):
    """A coroutine that has run up to its first pause; most of ours never pause, and cost no task.

    Only for coroutines that await futures and tasks and nothing that asks which task it runs in: they begin in one
    task and may go on in another.
    """

    __slots__ = ("_coroutine", "_is_resumed", "_yielded", "is_done", "result")

    result: T

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._is_resumed = False
        try:
            yielded = coroutine.send(None)
        except StopIteration as stop:
            self.result = stop.value
            self.is_done = True
            return
        self.is_done = False
        self._yielded = yielded
        # The loop checks this flag when a task yields the future; it is set again just before that.
        if yielded is not None:
            yielded._asyncio_future_blocking = False  # noqa: SLF001 (asyncio's own protocol between futures and tasks)

    def __await__(self) -> Generator[Any, Any, T]:
        self._is_resumed = True
        if self.is_done:
            return self.result
        return (yield from self._driven(self._yielded))

    @property
    def is_parked(self) -> bool:
        """Whether nobody has gone on with it since its first pause."""
        return not self.is_done and not self._is_resumed

    async def end(self) -> None:
        """Ends, as a cancelled task ends, a coroutine that is parked."""
        self._is_resumed = True
        yielded = self._yielded
        with suppress(asyncio.CancelledError, Exception):
            # As a task does: what it waits for learns that nobody does any more (a driver stops its statement).
            if yielded is None or not yielded.cancel():
                yielded = self._coroutine.throw(asyncio.CancelledError())
                if yielded is not None:
                    yielded._asyncio_future_blocking = False  # noqa: SLF001 (as above)
            await _Driven(self._driven(yielded))

    def _driven(self, yielded: Any) -> Generator[Any, Any, T]:
        coroutine = self._coroutine
        while True:
            if yielded is not None:
                yielded._asyncio_future_blocking = True  # noqa: SLF001 (as above)
            try:
                sent = yield yielded
            except BaseException as error:  # noqa: BLE001 (passed on to the coroutine, as `yield from` does)
                step: Callable[[], Any] = partial(coroutine.throw, error)
            else:
                step = partial(coroutine.send, sent)
            try:
                yielded = step()
            except StopIteration as stop:
                self.result = stop.value
                self.is_done = True
                return self.result


class _Driven:
    """Makes a generator awaitable."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Generator[Any, Any, Any]) -> None:
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._steps


async def finish_all(started: Sequence[Started[Any]], *, is_void: Callable[[], bool]) -> None:
    """Waits until all are done, side by side, or until `is_void` says that nobody needs them any more.

    `is_void` is asked whenever one of them has ended. Raises the first error. No task is left running, however it
    ends; what was cut short is not done.
    """
    tasks = {asyncio.ensure_future(_finished(one)) for one in started if not one.is_done}
    undone = tasks
    try:
        while undone and not is_void():
            done, undone = await asyncio.wait(undone, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        if undone:
            try:
                await cancelled(list(tasks))
            finally:
                # A task that was cancelled before its first turn has never reached its coroutine.
                await _ended([asyncio.ensure_future(one.end()) for one in started if one.is_parked])


async def cancelled(futures: Sequence["asyncio.Future[Any]"]) -> None:
    """Cancels them and waits until they have ended."""
    for future in futures:
        future.cancel()
    await _ended(futures)


async def _ended(futures: Sequence["asyncio.Future[Any]"]) -> None:
    """Waits until all have ended, whatever they end with; who cancels the wait itself is not obeyed before."""
    interruption: asyncio.CancelledError | None = None
    while undone := [future for future in futures if not future.done()]:
        try:
            await asyncio.wait(undone)
        except asyncio.CancelledError as error:
            interruption = error
    for future in futures:
        if not future.cancelled():
            future.exception()  # has been looked at: nobody else will
    if interruption is not None:
        raise interruption


async def _finished(started: Started[Any]) -> None:
    await started
