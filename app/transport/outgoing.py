"""The bounded queue between the operations of one socket and a client that may read slowly."""

import asyncio
from collections import deque

from starlette.types import Send


class OutgoingQueue:
    """Messages on their way to one client, in order."""

    __slots__ = ("_has_messages", "_max_bytes", "_max_messages", "_messages", "_queued_bytes", "_send")

    def __init__(self, send: Send, *, max_messages: int, max_bytes: int) -> None:
        self._send = send
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[str] = deque()
        self._queued_bytes = 0
        self._has_messages = asyncio.Event()

    def put(self, text: str) -> bool:
        """Takes a message, or says False when the client is too far behind.

        A single answer may be larger than the queue: it is refused only behind others.
        """
        # Characters stand for bytes: most of what we send is ASCII, and the bound need not be exact.
        size = len(text)
        is_full = len(self._messages) >= self._max_messages or self._queued_bytes + size > self._max_bytes
        if is_full and self._messages:
            return False
        self._messages.append(text)
        self._queued_bytes += size
        self._has_messages.set()
        return True

    @property
    def is_empty(self) -> bool:
        return not self._messages

    async def run(self) -> None:
        """Sends until it is cancelled. Raises OSError or RuntimeError when the client has gone."""
        while True:
            await self._has_messages.wait()
            while self._messages:
                # A message counts as queued until the server has room for the next one.
                await self._send({"type": "websocket.send", "text": self._messages[0]})
                self._queued_bytes -= len(self._messages.popleft())
            self._has_messages.clear()
