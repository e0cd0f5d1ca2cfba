"""Deadlines for many tasks at once, all of one length: one timer for all of them instead of one for each.

`asyncio.timeout` makes a timer for each block and takes it away again, which costs as much as a small document does.
Blocks of one length end in the order in which they began, so whoever began first is the first to be late.
"""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """A block that ends with TimeoutError when it takes too long; used once, with `with`, inside a task."""

    __slots__ = ("_at_s", "_deadlines", "_requests_before", "_task", "has_expired")

    def __init__(self, deadlines: "Deadlines") -> None:
        self._deadlines = deadlines
        self.has_expired = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None, "a deadline is for tasks"
        self._task = task
        self._requests_before = task.cancelling()
        self._at_s = self._deadlines._begin(self, loop)  # noqa: SLF001 (its other half)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._deadlines._open.pop(self, None)  # noqa: SLF001 (as above)
        if self.has_expired and self._task.uncancel() <= self._requests_before and kind is asyncio.CancelledError:
            # Nobody but us has asked for the end.
            raise TimeoutError from error


class Deadlines:
    """Deadlines of `length_s` seconds."""

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        # In the order in which they began.
        self._open: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def block(self) -> Deadline:
        """A block that begins when it is entered."""
        return Deadline(self)

    def _begin(self, deadline: Deadline, loop: asyncio.AbstractEventLoop) -> float:
        at_s = loop.time() + self.length_s
        self._open[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(at_s, self._end_late_ones)
        return at_s

    def _end_late_ones(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now_s = loop.time()
        for deadline in list(self._open):
            if deadline._at_s > now_s:  # noqa: SLF001 (as above)
                self._timer = loop.call_at(deadline._at_s, self._end_late_ones)  # noqa: SLF001 (as above)
                return
            del self._open[deadline]
            deadline.has_expired = True
            deadline._task.cancel()  # noqa: SLF001 (as above)
