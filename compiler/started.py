"""Coroutines that begin at once, and the concurrent wait for those that did not end at once."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Started(Generic[T]):
    """A coroutine that has run up to its first pause; most of ours never pause, and cost no task.

    Only for coroutines that await futures and tasks and nothing that asks which task it runs in: they begin in one
    task and may go on in another.
    """

    __slots__ = ("_coroutine", "_yielded", "is_done", "result")

    result: T

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
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
        if self.is_done:
            return self.result
        coroutine, yielded = self._coroutine, self._yielded
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


async def finish_all(started: Sequence[Started[Any]]) -> None:
    """Waits until all are done, side by side; raises the first error. No task is left running, however it ends."""
    if len(started) == 1:
        await started[0]
        return
    tasks = [asyncio.ensure_future(_finished(one)) for one in started]
    await wait_for_all(tasks)
    for task in tasks:
        task.result()


async def wait_for_all(futures: Sequence["asyncio.Future[Any]"]) -> None:
    """Waits until all are done, whatever their outcome. When the wait itself is cancelled, so are they, and drained."""
    undone = [future for future in futures if not future.done()]
    if not undone:
        return
    try:
        await asyncio.wait(undone)
    except asyncio.CancelledError:
        for future in undone:
            future.cancel()
        await asyncio.gather(*undone, return_exceptions=True)
        raise


async def _finished(started: Started[Any]) -> None:
    await started
