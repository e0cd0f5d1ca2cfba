"""Server and worker processes that are killed and come back, and a client that goes on with those that answer."""

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from app.embedded import processes
from app.settings import CHECKOUT
from tests.worlds import Person

ASK_AGAIN_AFTER_S = 0.05
READY_WITHIN_S = 60.0
ANSWERED_WITHIN_S = 30.0


class Program:
    """A process of the application."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path) -> None:
        self.deaths = 0
        self._argv = [sys.executable, "-m", "app", *arguments]
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Does not wait until it is ready."""
        with self._log.open("ab") as output:
            self._process = processes.spawn(
                self._argv, death_signal=signal.SIGKILL, cwd=CHECKOUT, env=self._environment, output=output
            )

    def kill(self) -> None:
        """As if the machine had lost power."""
        assert self._process is not None
        assert self._process.poll() is None, f"it has ended by itself: {self.log_text()[-2_000:]}"
        self._process.kill()
        self._process.wait()
        self._process = None
        self.deaths += 1

    def end(self) -> None:
        if self._process is not None:
            processes.kill_group(self._process)

    def log_text(self) -> str:
        """What it has said in all its lives."""
        return self._log.read_text()


class Server(Program):
    """A server process, and where it answers whenever it runs."""

    def __init__(self, port: int, *, environment: Mapping[str, str], log: Path) -> None:
        super().__init__("serve", "--port", str(port), environment=environment, log=log)
        self.url = f"http://127.0.0.1:{port}"


class Fleet:
    """Servers and workers, and who asks the servers."""

    def __init__(self, servers: list[Server], workers: list[Program], *, seed: int) -> None:
        self.servers = servers
        self.workers = workers
        self._random = random.Random(seed)
        self._client = httpx.AsyncClient(
            timeout=ANSWERED_WITHIN_S, limits=httpx.Limits(max_connections=None, max_keepalive_connections=100)
        )

    @property
    def programs(self) -> list[Program]:
        return [*self.servers, *self.workers]

    def start(self) -> None:
        for program in self.programs:
            program.start()

    async def end(self) -> None:
        for program in self.programs:
            program.end()
        await self._client.aclose()

    async def until_ready(self) -> None:
        """Waits until every server answers."""
        async with asyncio.timeout(READY_WITHIN_S):
            for server in self.servers:
                while not await self._is_ready(server):  # noqa: ASYNC110 (nobody tells)
                    await asyncio.sleep(ASK_AGAIN_AFTER_S)

    async def ask(self, document: str, *, by: Person, **variables: Any) -> Any:
        """The data that one of the servers answers.

        None if no answer came, or one that says it cannot be known: the server may have done it or not. One that
        nobody took is asked again, because nobody has done it.
        """
        content = json.dumps({"query": document, "variables": variables})
        headers = {"content-type": "application/json", "authorization": f"Bearer {by.token}"}
        while True:
            url = self._random.choice(self.servers).url
            try:
                response = await self._client.post(f"{url}/graphql", content=content, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                await asyncio.sleep(ASK_AGAIN_AFTER_S)  # nothing tells when a server is back
                continue
            except httpx.TransportError:
                return None
            answer = response.json()
            codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
            assert set(codes) <= {"UNAVAILABLE", "TIMEOUT"}, answer
            return None if codes else answer["data"]

    async def _is_ready(self, server: Server) -> bool:
        try:
            return (await self._client.get(f"{server.url}/health/ready")).is_success
        except httpx.TransportError:
            return False
