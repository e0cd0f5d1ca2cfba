"""How far the worker's queues are behind, for whoever watches the servers. Also told in the worker's log."""

import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from app.transport.headers import json_answer, request_id_of
from core.database import Reader
from core.errors import UnavailableError
from events.outbox import Backlog, fetch_backlogs

# Whoever asks more often gets the same answer: what anybody may ask must not cost much.
ASKED_EVERY_S = 1.0


class BacklogWatch:
    """What one process knows of the queues, at most a second old."""

    def __init__(self, db: Reader) -> None:
        self._db = db
        self._found: Sequence[Backlog] = ()
        self._found_until_s = 0.0

    async def backlogs(self) -> Sequence[Backlog]:
        """How far each queue is behind. Raises UnavailableError."""
        now_s = time.monotonic()
        if now_s >= self._found_until_s:
            self._found = await fetch_backlogs(self._db)
            self._found_until_s = now_s + ASKED_EVERY_S
        return self._found


def queues(watch_of: Callable[[Request], BacklogWatch]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that tells of each queue how many events wait, since when the oldest does, and how many are parked.

    503 if Postgres does not answer.
    """

    async def endpoint(request: Request) -> Response:
        request_id = request_id_of(request.headers.get("x-request-id", ""))
        try:
            backlogs = await watch_of(request).backlogs()
        except UnavailableError:
            return json_answer({"status": "unavailable"}, status=503, request_id=request_id)
        told = [backlog.told() for backlog in backlogs]
        return json_answer({"queues": told}, status=200, request_id=request_id)

    return endpoint
