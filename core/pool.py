"""Connections to Postgres, lent to one caller at a time: the one used last goes out first.

Lending an idle connection and taking it back is a `pop` and an `append`: no task, no timer, no proxy. Whoever finds
none stands in line, and the first in line gets whatever comes first: a connection that is given back, or a new one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, TypeAlias

import asyncpg

# Generic, for the type checker only, over the class of its records, which is of no interest here.
Connection: TypeAlias = "asyncpg.Connection[Any]"

# A connection that nobody has needed for this long is closed, twice as long after its last use at the latest.
IDLE_FOR_S = 150.0
# Closing the pool waits this long for connections that are still lent.
CLOSE_WITHIN_S = 5.0


class Pool:
    """At most `size` connections, made by `connect` when somebody needs one.

    `wait_s` bounds how long a caller stands in line, `settle_s` how long a connection may take to recover from an
    interrupted statement before it is replaced.
    """

    def __init__(
        self, connect: Callable[[], Coroutine[Any, Any, Connection]], *, size: int, wait_s: float, settle_s: float
    ) -> None:
        self._connect = connect
        self._size = size
        self._wait_s = wait_s
        self._settle_s = settle_s
        self._idle: list[Connection] = []
        # Idle, lent or recovering; together with those being made never more than `size`.
        self._connections: set[Connection] = set()
        self._dials: set[asyncio.Task[Connection]] = set()
        self._recoveries: set[asyncio.Task[None]] = set()
        # (when the caller gives up, by the loop's clock; the caller), in the order in which they came.
        self._line: deque[tuple[float, asyncio.Future[Connection]]] = deque()
        self._next_deadline: asyncio.TimerHandle | None = None
        # The shortest that `_idle` has been since the last look: so many at its bottom were not needed.
        self._never_needed = 0
        self._next_look: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._has_ended = asyncio.Event()

    async def borrow(self) -> Connection:
        """A connection, to be handed to `give_back` or to `recover` whatever happens.

        Raises TimeoutError when the line moves too slowly, whatever `connect` raises, and InterfaceError once the
        pool is closed.
        """
        idle = self._idle
        while idle:
            connection = idle.pop()
            self._never_needed = min(self._never_needed, len(idle))
            if not connection.is_closed():
                return connection
            self._end(connection)
        return await self._stand_in_line()

    def give_back(self, connection: Connection) -> None:
        """Takes a connection on which nothing runs: the first in line gets it."""
        if self._line or self._is_closed:
            self._hand_on(connection)
        else:
            self._idle.append(connection)

    def recover(self, connection: Connection) -> None:
        """Takes a connection on which something may still run, and returns at once.

        It is lent again when Postgres has confirmed that what ran has stopped and is rolled back, or replaced.
        """
        if connection.is_closed():
            self._end(connection)
            return
        # While the pool closes too: ending the connection would not end what runs on the server.
        recovery = asyncio.ensure_future(self._settle(connection))
        self._recoveries.add(recovery)
        recovery.add_done_callback(partial(self._recovered, connection))

    def drop_idle(self) -> None:
        """Closes what is not lent. For when the server has ended a connection: it has ended the others too."""
        self._never_needed = 0
        while self._idle:
            self._end(self._idle.pop())

    async def close(self) -> None:
        """Waits briefly for lent connections, then closes every one."""
        self._is_closed = True
        for timer in (self._next_look, self._next_deadline):
            if timer is not None:
                timer.cancel()
        for dial in self._dials:
            dial.cancel()
        while self._line:
            self._disappoint(asyncpg.InterfaceError("The pool is closed."))
        # Nobody borrows what is about to be closed.
        leaving, self._idle = self._idle, []
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.gather(*(connection.close() for connection in leaving), return_exceptions=True)
                for connection in leaving:
                    self._end(connection)
                self._tell_if_ended()
                await self._has_ended.wait()
        except TimeoutError:
            pass
        finally:
            for connection in list(self._connections):
                self._end(connection)

    async def _stand_in_line(self) -> Connection:
        if self._is_closed:
            raise asyncpg.InterfaceError("The pool is closed.")
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Connection] = loop.create_future()
        deadline_s = loop.time() + self._wait_s
        self._line.append((deadline_s, place))
        self._dial()
        if self._next_deadline is None:
            # One timer for the whole line: all wait equally long, so the first to come is the first to give up.
            self._next_deadline = loop.call_at(deadline_s, self._turn_away)
        try:
            return await place
        except BaseException:
            # Cancelled here, because a coroutine can be ended without a task that does it; a place that is left in line
            # would be given a connection that nobody takes.
            if not place.cancel() and not place.cancelled() and place.exception() is None:
                self.give_back(place.result())  # it came in the moment in which the caller was cancelled
            raise

    def _hand_on(self, connection: Connection) -> None:
        if self._is_closed or connection.is_closed():
            self._end(connection)
            return
        while self._line:
            _, place = self._line.popleft()
            if not place.done():
                place.set_result(connection)
                return
        self._idle.append(connection)

    def _turn_away(self) -> None:
        """Ends the wait of those whose deadline has come."""
        loop = asyncio.get_running_loop()
        self._next_deadline = None
        while self._line:
            deadline_s, place = self._line[0]
            if not place.done():
                if deadline_s > loop.time():
                    self._next_deadline = loop.call_at(deadline_s, self._turn_away)
                    return
                place.set_exception(TimeoutError("No connection to Postgres became free in time."))
            self._line.popleft()

    def _dial(self) -> None:
        """Makes connections for those in line, as far as there is room."""
        while len(self._dials) < min(len(self._line), self._size - len(self._connections)):
            # asyncio keeps it for as long as the connection lives: not that of the request that came first.
            context = Context()
            dial = asyncio.get_running_loop().create_task(self._connect(), context=context)
            self._dials.add(dial)
            dial.add_done_callback(self._dialed, context=context)

    def _dialed(self, dial: "asyncio.Task[Connection]") -> None:
        self._dials.discard(dial)
        if dial.cancelled():
            pass  # By `close`, or with everything else that runs: nobody is left to dial for.
        elif (error := dial.exception()) is not None:
            self._disappoint(error)
            self._dial()
        else:
            self._connections.add(dial.result())
            self.give_back(dial.result())
            if self._next_look is None and not self._is_closed:
                self._next_look = asyncio.get_running_loop().call_later(IDLE_FOR_S, self._end_never_needed)
        self._tell_if_ended()

    def _disappoint(self, error: BaseException) -> None:
        """Tells the first in line that there is no connection."""
        while self._line:
            _, place = self._line.popleft()
            if not place.done():
                place.set_exception(error)
                return

    async def _settle(self, connection: Connection) -> None:
        """Waits until what runs on the connection has stopped, and leaves nothing of it."""
        async with asyncio.timeout(self._settle_s):
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            await connection.reset()

    def _recovered(self, connection: Connection, recovery: "asyncio.Task[None]") -> None:
        self._recoveries.discard(recovery)
        error = asyncio.CancelledError() if recovery.cancelled() else recovery.exception()
        if isinstance(error, TimeoutError):
            # Nobody answers at the other end, and of a peer that vanished without a word the others know no more.
            self.drop_idle()
        if error is not None or connection.is_closed() or connection.is_in_transaction():
            self._end(connection)
        else:
            self.give_back(connection)

    def _end(self, connection: Connection) -> None:
        self._connections.discard(connection)
        connection.terminate()
        self._dial()
        self._tell_if_ended()

    def _end_never_needed(self) -> None:
        unneeded, self._idle[: self._never_needed] = self._idle[: self._never_needed], []
        for connection in unneeded:
            self._end(connection)
        self._never_needed = len(self._idle)
        self._next_look = asyncio.get_running_loop().call_later(IDLE_FOR_S, self._end_never_needed)

    def _tell_if_ended(self) -> None:
        if self._is_closed and not self._connections and not self._dials:
            self._has_ended.set()
