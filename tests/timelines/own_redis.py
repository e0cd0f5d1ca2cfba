"""A Redis of the test's own, to be killed, frozen and brought back; the shared one must stay up for the others."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from app.embedded.places import Place
from app.embedded.redis_server import RedisServer


class OwnRedis:
    """The embedded Redis in a test's hands. It keeps its address; it comes back empty, but for a saved snapshot."""

    def __init__(self, directory: Path) -> None:
        self._server = RedisServer(Place(directory=directory, sockets=directory, account=None))
        self._is_frozen = False

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        """Returns when it answers."""
        self._server.launch()
        self._server.wait_until_ready()

    def kill(self) -> None:
        """As if the machine had lost power."""
        process = self._server.process
        assert process is not None
        process.kill()
        process.wait()
        self._server.process = None

    def freeze(self) -> None:
        """It holds its connections, accepts new ones, and answers nothing."""
        self._signal(signal.SIGSTOP)
        self._is_frozen = True

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)
        self._is_frozen = False

    def save_snapshot(self) -> None:
        """Writes all it holds to disk: the next start finds it there."""
        self.client().save()

    def lose_snapshot(self) -> None:
        """The next start finds nothing."""
        (self._server.place.directory / "dump.rdb").unlink(missing_ok=True)

    def client(self) -> Redis:
        """A client that waits for answers, for looking from outside."""
        return Redis.from_url(self.url, socket_timeout=5)

    def end(self) -> None:
        if self._is_frozen:
            self.thaw()
        self._server.stop()

    def _signal(self, number: signal.Signals) -> None:
        assert self._server.process is not None
        self._server.process.send_signal(number)


@contextmanager
def running_redis() -> Iterator[OwnRedis]:
    """A running Redis that nobody else uses."""
    directory = Path(tempfile.mkdtemp(prefix="rookery-redis-"))
    redis = OwnRedis(directory)
    try:
        redis.start()
        yield redis
    finally:
        redis.end()
        shutil.rmtree(directory)


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    """A running Redis that nobody else uses."""
    with running_redis() as redis:
        yield redis
