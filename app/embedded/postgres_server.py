"""One PostgreSQL cluster in a claimed place: created when missing, started, stopped."""

import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from app.embedded import logs, processes
from app.embedded.binaries import postgres_programs
from app.embedded.errors import EmbeddedServerError
from app.embedded.places import Place, own_directory

SUPERUSER = "postgres"
DATABASE = "rookery"
PORT = 5432  # Only part of the socket's name.
START_TIMEOUT_S = 60.0  # Recovery after a crash replays up to a gigabyte of log.
COMMAND_TIMEOUT_S = 60.0
LEFTOVERS_TIMEOUT_S = 10.0
STATUS_LINE = 7  # Of postmaster.pid, counted from 0; see miscadmin.h, LOCK_FILE_LINE_PM_STATUS.
# Fast shutdown, then immediate shutdown; the kill comes last.
STOP_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))
# A clean environment: variables such as PGPORT, TZ and LANG would change the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",  # Who may reach the socket is decided by its directory.
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
)
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
VOLATILE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class PostgresServer:
    """The server of `place`. A volatile one is faster and loses its data when the machine crashes."""

    place: Place
    is_durable: bool
    name: str = "PostgreSQL"
    process: subprocess.Popen[bytes] | None = None
    programs: Path = field(default_factory=Path)

    @property
    def has_ended(self) -> bool:
        """Whether a server that was started no longer runs, or never came up."""
        return self.process is None or self.process.poll() is not None

    @property
    def log(self) -> Path:
        return self.place.directory / "postgres.log"

    def url(self, database: str = DATABASE) -> str:
        """A DSN for asyncpg."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.place.sockets), safe='/')}&port={PORT}"

    def launch(self) -> None:
        """Starts the server, over whatever an earlier one left behind; does not wait for it."""
        self.programs = postgres_programs(self.place)
        if self.place.cluster.exists():
            own_directory(self.place.cluster, self.place.account)
        else:
            self._create_cluster()
        self._clear_remains()
        settings = SETTINGS | {"unix_socket_directories": str(self.place.sockets)}
        settings |= {} if self.is_durable else VOLATILE_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with logs.opened(self.log) as output:
            self.process = processes.spawn(
                [self.programs / "postgres", "-D", self.place.cluster, *options],
                death_signal=signal.SIGINT,
                account=self.place.account,
                env=ENVIRONMENT,
                output=output,
            )

    def wait_until_ready(self) -> None:
        """Returns when the server answers and has our database; raises EmbeddedServerError when it does not."""
        assert self.process is not None
        process = self.process
        processes.wait_until(lambda: process.poll() is not None or self._says_ready(), timeout_s=START_TIMEOUT_S)
        if process.poll() is not None or not self._says_ready():
            self.stop()
            raise EmbeddedServerError(f"PostgreSQL does not start. {logs.tail(self.log)}")
        if not self._query(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 (a constant)
            self._query(f"CREATE DATABASE {DATABASE}")

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, STOP_STEPS)
            self.process = None

    def _says_ready(self) -> bool:
        lines = self._pid_file_lines()
        return (
            self.process is not None
            and len(lines) > STATUS_LINE
            and lines[0].strip() == str(self.process.pid)
            and lines[STATUS_LINE].strip() == "ready"
        )

    def _create_cluster(self) -> None:
        """Runs initdb beside the final place, so that a half-made cluster is never taken for a whole one."""
        unfinished = self.place.directory / "postgres-unfinished"
        self._wait_until_left(unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)
        own_directory(unfinished, self.place.account)
        self._run("initdb", "-D", unfinished, *INITDB_OPTIONS, account_is_servers=True)
        unfinished.rename(self.place.cluster)

    def _clear_remains(self) -> None:
        """Stops an orphan of an earlier run and removes a pid file that would keep the new server from starting.

        Only under the place's lock: nobody else may be starting a server here.
        """
        pid = self._pid_in_file()
        if pid is None:
            return
        if self._is_our_postmaster(pid):
            processes.send(pid, signal.SIGINT)
            if not processes.wait_until(lambda: not processes.is_running(pid), timeout_s=LEFTOVERS_TIMEOUT_S):
                processes.send(pid, signal.SIGKILL)
        # Backends outlive a killed postmaster by a moment; without its pid file nothing would keep a new one off them.
        self._wait_until_left(self.place.cluster)
        if self._pid_in_file() == pid and processes.exists(pid):
            # A zombie or a stranger. Postgres would take it for its predecessor; a pid that is free it clears itself.
            self._pid_file.unlink()

    def _wait_until_left(self, directory: Path) -> None:
        """Raises EmbeddedServerError when processes keep working in `directory`."""
        if not processes.wait_until(lambda: not processes.processes_inside(directory), timeout_s=LEFTOVERS_TIMEOUT_S):
            raise EmbeddedServerError(f"Processes of an earlier PostgreSQL still work in {directory}.")

    def _is_our_postmaster(self, pid: int) -> bool:
        words = processes.command_line(pid)
        program = words.partition(" -D ")[0].rpartition("/")[2]
        return program == "postgres" and str(self.place.cluster) in words and processes.is_running(pid)

    @property
    def _pid_file(self) -> Path:
        return self.place.cluster / "postmaster.pid"

    def _pid_file_lines(self) -> list[str]:
        try:
            return self._pid_file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _pid_in_file(self) -> int | None:
        first = next(iter(self._pid_file_lines()), "").strip()
        return int(first) if first.isdecimal() and int(first) > 1 else None

    def _query(self, statement: str) -> str:
        options = ("-h", self.place.sockets, "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres")
        return self._run("psql", "-X", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", *options, "-c", statement)

    def _run(self, program: str, *arguments: str | Path, account_is_servers: bool = False) -> str:
        """Runs one of PostgreSQL's programs; its output. Raises EmbeddedServerError when it fails."""
        account = self.place.account if account_is_servers else None
        try:
            code, output = processes.run(
                [self.programs / program, *arguments], timeout_s=COMMAND_TIMEOUT_S, account=account, env=ENVIRONMENT
            )
        except subprocess.TimeoutExpired:
            raise EmbeddedServerError(f"{program} has not ended after {COMMAND_TIMEOUT_S:.0f} s.") from None
        if code != 0:
            raise EmbeddedServerError(f"{program} failed: {output}")
        return output
