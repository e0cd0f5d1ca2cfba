"""The load generator, a program of its own: keeps so many connections busy for so long, and tells how it went.

Reads a Plan as JSON from the file that it is given and prints a Result as JSON. A connection sends its next request
when it has the whole answer to the last one, over HTTP/1.1 with keep-alive; answers have a Content-Length.
"""

import asyncio
import json
import os
import re
import sys
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
# How an answer begins that has data; whether it also has errors is looked for. A refused mutation has entries in its
# `errors`, too; an answer without fault has at most an empty list. The search is for where the word is.
GOOD_STATUS = b"HTTP/1.1 200 "
GOOD_BODY = b'{"data":'
FAULT_WORD = b'"errors"'
FAULT = re.compile(rb'"errors"\s*:\s*\[\s*\{')
LONGEST_TAIL_S = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, and how much of it: whichever bound is met first ends the run."""

    host: str
    port: int
    requests: list[str]
    connections: int
    seconds: float
    most_requests: int
    cores: list[int]


@dataclass(frozen=True, slots=True)
class Result:
    """How a run went; latencies in seconds, CPU time of this program itself."""

    answers: int
    failures: int
    first_failure: str
    elapsed_s: float
    p50_s: float
    p99_s: float
    own_cpu_s: float


class Run:
    """What the connections of a run share."""

    def __init__(self, plan: Plan) -> None:
        self.requests = cycle([text.encode() for text in plan.requests])
        self.latencies_s: list[float] = []
        self.failures = 0
        self.first_failure = ""
        self.left = plan.most_requests
        self.busy = plan.connections
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        """What to send next; None when it is enough."""
        if self.left <= 0:
            return None
        self.left -= 1
        return next(self.requests)

    def stop(self) -> None:
        self.left = 0

    def fail(self, answer: bytes) -> None:
        self.failures += 1
        self.first_failure = self.first_failure or answer[:1_000].decode(errors="replace")

    def break_off(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Ends the run when a callback raises: an answer that nothing can be made of."""
        if not self.finished.done():
            self.finished.set_exception(context.get("exception") or RuntimeError(context["message"]))

    def connection_done(self) -> None:
        self.busy -= 1
        if self.busy == 0 and not self.finished.done():
            self.finished.set_result(None)


class Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._missing = 0
        self._sent_at_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        self._send()

    def data_received(self, data: bytes) -> None:
        if not self._chunks:
            self._missing = _length_of_answer(data) if HEAD_END in data else 0
        elif not self._missing:  # the head came in pieces
            data = b"".join((*self._chunks, data))
            self._chunks.clear()
            self._missing = _length_of_answer(data) if HEAD_END in data else 0
        self._chunks.append(data)
        if self._missing:
            self._missing -= len(data)
            if self._missing <= 0:
                self._answered(b"".join(self._chunks))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._run.fail(f"The connection was closed: {exc}".encode())
            self._run.connection_done()

    def _answered(self, answer: bytes) -> None:
        run = self._run
        run.latencies_s.append(time.perf_counter() - self._sent_at_s)
        body = answer.find(HEAD_END) + len(HEAD_END)
        is_good = answer.startswith(GOOD_STATUS) and answer.startswith(GOOD_BODY, body)
        if not is_good or (FAULT_WORD in answer and FAULT.search(answer)):
            run.fail(answer)
        self._chunks.clear()
        self._missing = 0
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._run.next_request()
        if request is None:
            transport, self._transport = self._transport, None
            transport.close()
            self._run.connection_done()
            return
        self._sent_at_s = time.perf_counter()
        self._transport.write(request)


def _length_of_answer(data: bytes) -> int:
    """Bytes of the answer that begins with `data`, its head included."""
    end = data.index(HEAD_END)
    head = data[: end + 2].lower()
    start = head.find(LENGTH)
    if start < 0:
        raise ValueError(f"An answer without Content-Length: {head[:200]!r}")
    return end + len(HEAD_END) + int(head[start + len(LENGTH) : head.index(b"\r", start)])


async def generate(plan: Plan) -> Result:
    """Puts the load on the server. Raises TimeoutError when the last answers do not come."""
    loop = asyncio.get_running_loop()
    run = Run(plan)
    loop.set_exception_handler(run.break_off)
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    for _ in range(plan.connections):
        await loop.create_connection(lambda: Connection(run), plan.host, plan.port)
    loop.call_later(plan.seconds, run.stop)
    await asyncio.wait_for(run.finished, plan.seconds + LONGEST_TAIL_S)
    elapsed_s = time.perf_counter() - begin_s
    ordered = sorted(run.latencies_s) or [0.0]
    return Result(
        answers=len(run.latencies_s),
        failures=run.failures,
        first_failure=run.first_failure,
        elapsed_s=elapsed_s,
        p50_s=ordered[len(ordered) // 2],
        p99_s=ordered[len(ordered) * 99 // 100],
        own_cpu_s=time.process_time() - begin_cpu_s,
    )


def main() -> None:
    plan = Plan(**json.loads(Path(sys.argv[1]).read_text()))
    os.sched_setaffinity(0, plan.cores)
    sys.stdout.write(json.dumps(asdict(uvloop.run(generate(plan)))) + "\n")


if __name__ == "__main__":
    main()
