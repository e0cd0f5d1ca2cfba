"""The network between us and Postgres, to be held or cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit

from core.tasks import end_tasks


class Wire:
    """Passes on what comes, for as long as it is not held."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._flow = asyncio.Event()
        self._flow.set()
        self._links: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The database by way of this wire."""
        user, _, _ = self._parts.netloc.rpartition("@")
        netloc = f"{user}@127.0.0.1:{self._port}"
        return urlunsplit(self._parts._replace(netloc=netloc, query="sslmode=disable"))

    async def restore(self) -> None:
        """From now on connections can be made."""
        self._listener = await asyncio.start_server(self._link, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Ends every connection and refuses new ones, as when Postgres goes down."""
        assert self._listener is not None
        self._listener.close()
        await end_tasks(self._links)

    def hold(self) -> None:
        """Passes nothing on from now on, and tells nobody."""
        self._flow.clear()

    def release(self) -> None:
        """Passes on what was held, and what comes."""
        self._flow.set()

    def forget(self) -> None:
        """Passes nothing on, ever, on the connections that there are; new ones work. As when a host is replaced."""
        self.hold()
        self._flow = asyncio.Event()
        self.release()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        flow = self._flow
        try:
            there, back = await self._upstream()
            try:
                await asyncio.gather(_pass_on(reader, back, flow), _pass_on(there, writer, flow))
            finally:
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._links.discard(task)

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given = parse_qs(self._parts.query)
        host = given["host"][0] if "host" in given else self._parts.hostname or "127.0.0.1"
        port = int(given["port"][0]) if "port" in given else self._parts.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
    while data := await reader.read(65_536):
        await flow.wait()
        writer.write(data)
    with suppress(OSError):
        writer.close()


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[Wire]:
    wire = Wire(url)
    await wire.restore()
    try:
        yield wire
    finally:
        await wire.cut()
