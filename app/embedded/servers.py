"""The embedded servers as one thing: claimed, started, kept alive, stopped."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from app.embedded import logs
from app.embedded.errors import EmbeddedServerError
from app.embedded.places import claimed, foreign
from app.embedded.postgres_server import PostgresServer
from app.embedded.redis_server import RedisServer
from app.embedded.restarts import Restarts

MOST_POSTGRES_RESTARTS = 5


class Server(Protocol):
    """What the two servers have in common."""

    name: str

    @property
    def log(self) -> Path: ...
    @property
    def has_ended(self) -> bool: ...

    def launch(self) -> None: ...
    def wait_until_ready(self) -> None: ...
    def stop(self) -> None: ...


class EmbeddedServers:
    """A context: inside it the servers run, at its end they are stopped, Redis first.

    Enter it from the main thread: on Linux the servers die with the thread that started them. Entering raises
    EmbeddedServerError when a server cannot be had. Whoever holds it calls `tend()` a few times per second.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        postgres: bool = True,
        redis: bool = True,
        durable: bool = True,
        report: Callable[[str], None] = print,
    ) -> None:
        self._data_dir = data_dir
        self._directory = data_dir
        self._has_postgres = postgres
        self._has_redis = redis
        self._is_durable = durable
        self._report = report
        self._stack = ExitStack()
        self._restarts: dict[str, Restarts] = {}
        self.postgres: PostgresServer | None = None
        self.redis: RedisServer | None = None

    @property
    def database_url(self) -> str:
        """A DSN of the database `rookery`."""
        assert self.postgres is not None
        return self.postgres.url()

    @property
    def admin_url(self) -> str:
        """A DSN of the database `postgres`, for creating and dropping others."""
        assert self.postgres is not None
        return self.postgres.url("postgres")

    @property
    def redis_url(self) -> str:
        assert self.redis is not None
        return self.redis.url

    @property
    def directory(self) -> Path:
        """Where the data is: the data directory, or root's own (docs/embedded-servers.md)."""
        return self._directory

    @property
    def cluster_id(self) -> str:
        """Another value for each newly created cluster."""
        assert self.postgres is not None
        return str((self.postgres.place.cluster / "PG_VERSION").stat().st_mtime_ns)

    @property
    def names(self) -> str:
        """Which servers are ours, for a sentence; empty when none is."""
        return " and ".join(server.name for server in self._servers())

    def __enter__(self) -> Self:
        """Claims the data directory and starts the servers; see also `claim` and `start`."""
        self.claim()
        try:
            self.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def claim(self) -> None:
        """Takes the data directory. From here on the URLs are known."""
        if not (self._has_postgres or self._has_redis):
            return
        place = self._stack.enter_context(claimed(self._data_dir, is_durable=self._is_durable))
        self._directory = place.directory
        if self._has_postgres:
            self.postgres = PostgresServer(place, is_durable=self._is_durable)
            self._stack.callback(self.postgres.stop)
        if self._has_redis:
            self.redis = RedisServer(place)
            self._stack.callback(self.redis.stop)
        self._restarts = {server.name: Restarts() for server in self._servers()}

    def start(self) -> None:
        """Starts the servers and returns when both answer."""
        try:
            for server in self._servers():
                server.launch()
            for server in self._servers():
                server.wait_until_ready()
        except PermissionError as error:
            if self._directory not in Path(error.filename).parents:
                raise
            raise foreign(error) from error
        for restarts in self._restarts.values():
            restarts.started()

    def tend(self) -> None:
        """Restarts a server that has died, later and later when that does not help.

        Raises EmbeddedServerError when Postgres cannot be kept; nothing works without it.
        """
        for server in self._servers():
            if server.has_ended:
                self._revive(server, self._restarts[server.name])

    def _revive(self, server: Server, restarts: Restarts) -> None:
        delay_s = restarts.schedule()
        if delay_s is not None:
            if server is self.postgres and restarts.in_a_row > MOST_POSTGRES_RESTARTS:
                raise EmbeddedServerError(f"PostgreSQL keeps ending. {logs.tail(server.log)}")
            self._report(f"{server.name} has ended; starting it again{f' in {delay_s:g} s' if delay_s else ''}.")
        if not restarts.is_due:
            return
        try:
            server.launch()
            server.wait_until_ready()
        except EmbeddedServerError as error:
            self._report(str(error))
        else:
            self._report(f"{server.name} is back.")
        restarts.started()

    def _servers(self) -> list[Server]:
        return [server for server in (self.postgres, self.redis) if server is not None]
