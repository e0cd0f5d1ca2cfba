"""The open sockets of this process, and the one task that watches all their clocks."""

import asyncio
import time
from typing import Protocol

from app.transport.errors import log
from app.transport.messages import CloseCode


class WatchedSocket(Protocol):
    """What the registry needs of a socket."""

    @property
    def is_draining(self) -> bool:
        """Tells whether the process wants its sockets gone."""

    def sweep(self, *, monotonic_now_s: float, unix_now_s: float) -> None:
        """Does what is due: pings, and closes for silence, an expired token or a revoked session."""

    def leave(self) -> None:
        """Ends the socket as soon as its queries and mutations have been answered; may be called again."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Ends the socket; returns at once."""


class SocketRegistry:
    """Sweeps its sockets every `tick_s` seconds; a draining process loses them spread over `drain_spread_s`."""

    def __init__(self, *, tick_s: float = 0.5, drain_spread_s: float = 4.0) -> None:
        self._tick_s = tick_s
        self._drain_spread_s = drain_spread_s
        self._leave_at_s: dict[WatchedSocket, float | None] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._leave_at_s)

    def add(self, socket: WatchedSocket) -> None:
        self._leave_at_s[socket] = None
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="socket-registry")

    def remove(self, socket: WatchedSocket) -> None:
        self._leave_at_s.pop(socket, None)

    async def _watch(self) -> None:
        """Runs for as long as there are sockets."""
        try:
            while self._leave_at_s:
                await asyncio.sleep(self._tick_s)
                self._sweep(monotonic_now_s=time.monotonic(), unix_now_s=time.time())
        finally:
            self._task = None

    def _sweep(self, *, monotonic_now_s: float, unix_now_s: float) -> None:
        self._spread_departures(monotonic_now_s)
        for socket, leave_at_s in list(self._leave_at_s.items()):
            try:
                if leave_at_s is not None and monotonic_now_s >= leave_at_s:
                    socket.leave()
                socket.sweep(monotonic_now_s=monotonic_now_s, unix_now_s=unix_now_s)
            except Exception:  # noqa: BLE001 (the log gets it)
                # One socket's trouble must not stop the watch over the others.
                log.exception("socket sweep failed")
                socket.close(CloseCode.INTERNAL, "Internal server error")

    def _spread_departures(self, monotonic_now_s: float) -> None:
        leaving = [s for s, leave_at_s in self._leave_at_s.items() if leave_at_s is None and s.is_draining]
        for place, socket in enumerate(leaving):
            self._leave_at_s[socket] = monotonic_now_s + self._drain_spread_s * place / len(leaving)
