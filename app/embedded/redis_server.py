"""One Redis (or Valkey) in a claimed place: empty at every start, never on disk."""

import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.embedded import logs, processes
from app.embedded.binaries import redis_program
from app.embedded.errors import EmbeddedServerError
from app.embedded.places import Place

START_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 1.0
ORPHAN_TIMEOUT_S = 5.0
STOP_STEPS = ((signal.SIGTERM, 5.0),)
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    # It holds copies that can be rebuilt; what it forgets at a restart, tests must see forgotten.
    "save": "",
    "appendonly": "no",
    "maxmemory": "1gb",
    "maxmemory-policy": "volatile-lru",
    "zset-max-listpack-entries": "1024",  # Timelines are sorted sets of up to this many compact entries.
    "set-proc-title": "no",  # The command line is how an orphan is recognised.
    "daemonize": "no",
}


@dataclass(slots=True)
class RedisServer:
    """The server of `place`. It runs as our own user."""

    place: Place
    name: str = "Redis"
    process: subprocess.Popen[bytes] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether a server that was started no longer runs, or never came up."""
        return self.process is None or self.process.poll() is not None

    @property
    def log(self) -> Path:
        return self.place.directory / "redis.log"

    @property
    def url(self) -> str:
        """A URL for redis-py."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    def launch(self) -> None:
        """Starts the server, after an orphan of an earlier run has gone; does not wait for it."""
        program = redis_program()
        self._end_orphan()
        settings = SETTINGS | {"unixsocket": str(self._socket), "dir": str(self.place.directory)}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with logs.opened(self.log) as output:
            self.process = processes.spawn(
                [program, *options], death_signal=signal.SIGTERM, cwd=self.place.directory, output=output
            )
        self._pid_file.write_text(f"{self.process.pid}\n")

    def wait_until_ready(self) -> None:
        """Returns when the server answers; raises EmbeddedServerError when it does not."""
        assert self.process is not None
        process = self.process
        processes.wait_until(lambda: process.poll() is not None or self._answers(), timeout_s=START_TIMEOUT_S)
        if process.poll() is not None or not self._answers():
            self.stop()
            raise EmbeddedServerError(f"Redis does not start. {logs.tail(self.log)}")

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, STOP_STEPS)
            self.process = None
            self._pid_file.unlink(missing_ok=True)

    def _end_orphan(self) -> None:
        """Kills the server of an earlier run: going in its own time it would remove the new server's socket."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if str(self._socket) in processes.command_line(pid) and processes.is_running(pid):
            processes.send(pid, signal.SIGKILL)
            processes.wait_until(lambda: not processes.is_running(pid), timeout_s=ORPHAN_TIMEOUT_S)
        self._pid_file.unlink()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_TIMEOUT_S)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    @property
    def _socket(self) -> Path:
        return self.place.sockets / "redis.sock"

    @property
    def _pid_file(self) -> Path:
        return self.place.directory / "redis.pid"
