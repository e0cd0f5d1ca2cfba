"""Running server processes: uvicorn, with an orderly end.

SIGTERM or Ctrl-C: readiness turns false, open sockets are told to go over a few seconds, running requests finish,
then the process ends. A second signal does not wait for the sockets.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Final

import uvicorn

from app.services import ProcessServices
from app.transport.server import uvicorn_options

LONGEST_DRAIN_S: Final = 6.0
LONGEST_SHUTDOWN_S: Final = 8
BACKLOG: Final = 2_048
# A process that ends sooner than this after its start is not started again at once.
SHORTEST_LIFE_S: Final = 1.0
SUPERVISION_TICK_S: Final = 0.1


class DrainingServer(uvicorn.Server):
    """A uvicorn server that lets its sockets go before it stops."""

    _drain_until_s: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        services = self._services()
        if services is None or self._drain_until_s is not None:
            super().handle_exit(sig, frame)
            return
        services.is_draining = True
        self._drain_until_s = time.monotonic() + LONGEST_DRAIN_S

    async def on_tick(self, counter: int) -> bool:
        services = self._services()
        if self._drain_until_s is not None and services is not None:
            is_empty = len(services.sockets) == 0
            self.should_exit = self.should_exit or is_empty or time.monotonic() > self._drain_until_s
        return await super().on_tick(counter)

    def _services(self) -> ProcessServices | None:
        lifespan = getattr(self, "lifespan", None)  # there is none before the start-up
        services = lifespan.state.get("services") if lifespan else None
        return services if isinstance(services, ProcessServices) else None


def run_server(*, host: str, port: int, processes: int, inherited_fd: int | None) -> int:
    """Serves until a signal ends it; gives the exit status."""
    if inherited_fd is not None:
        with socket.socket(fileno=inherited_fd) as listening:
            return _serve_on(listening)
    try:
        listening = _listening(host, port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {host}:{port}: {error.strerror or error}.\n")
        return 1
    with listening:
        return _serve_on(listening) if processes == 1 else _supervise(listening, processes)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _serve_on(listening: socket.socket) -> int:
    config = uvicorn.Config(
        "app.main:create_production_app",
        factory=True,
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        # Nobody's word on who the client is is believed, unless a proxy is configured.
        proxy_headers=False,
        timeout_graceful_shutdown=LONGEST_SHUTDOWN_S,
        **uvicorn_options(),
    )
    server = DrainingServer(config)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _supervise(listening: socket.socket, processes: int) -> int:
    """Keeps so many processes serving on one socket; passes the signals that end it on to them."""
    ending: list[int] = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda number, _frame: ending.append(number))
    listening.set_inheritable(True)
    command = [sys.executable, "-m", "app", "serve", "--processes", "1", "--inherited-fd", str(listening.fileno())]

    def start() -> tuple[subprocess.Popen[bytes], float]:
        return subprocess.Popen(command, pass_fds=[listening.fileno()], start_new_session=True), time.monotonic()  # noqa: S603

    children = [start() for _ in range(processes)]
    told = 0
    while children:
        for number in ending[told:]:
            for child, _ in children:
                child.send_signal(number)
        told = len(ending)
        for place, (child, started_s) in enumerate(list(children)):
            if child.poll() is None:
                continue
            if ending:
                children.remove((child, started_s))
            elif time.monotonic() - started_s > SHORTEST_LIFE_S:
                children[place] = start()
        time.sleep(SUPERVISION_TICK_S)
    return os.EX_OK
