"""Who is measured: how each is started, asked, and stopped. A new one of ours is one more entry of OWN.

The other GraphQL servers are in `peer_servers.py`.
"""

import http.client
import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.embedded import processes
from app.settings import CHECKOUT
from benchmarks import usage
from benchmarks.scenarios import TOKEN_TTL_S, Call, Scenario

HOST = "127.0.0.1"
READY_PATH = "/health/ready"
READY_WITHIN_S = 30.0
ANSWER_WITHIN_S = 30.0
OK = 200
# Connections to Postgres, at most: our default, for everybody.
POOL_SIZE = 16
STOP_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def as_graphql(scenario: Scenario, call: Call) -> tuple[str, Mapping[str, Any]]:
    """Path and JSON body of a GraphQL request."""
    return "/graphql", {"query": scenario.document, "operationName": scenario.name, "variables": dict(call.variables)}


def as_own_path(scenario: Scenario, call: Call) -> tuple[str, Mapping[str, Any]]:
    """Path and JSON body for a server that has a path for each scenario and knows no GraphQL."""
    return f"/{scenario.name}", call.variables


def as_it_is(_scenario: Scenario, data: Any) -> Any:
    """The data of an answer, from a server whose schema is ours."""
    return data


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server to measure. It reads what `environment_of` gives, HOST and PORT, and answers GET READY_PATH.

    `read` turns the data of its answers into what ours has; `scenarios` names those it was written for, if not all.
    """

    name: str
    command: Sequence[str]
    ask: Callable[[Scenario, Call], tuple[str, Mapping[str, Any]]] = as_graphql
    read: Callable[[Scenario, Any], Any] = as_it_is
    environment: Mapping[str, str] = field(default_factory=dict)
    scenarios: frozenset[str] | None = None

    def takes_part_in(self, scenario: Scenario) -> bool:
        return self.scenarios is None or scenario.name in self.scenarios


WORKER = (sys.executable, "-m", "app", "worker")
_SERVE = (sys.executable, "-m", "app", "serve", "--processes", "1")
OWN = (
    Contestant("rookery", _SERVE),
    Contestant("uncompiled", _SERVE, environment={"COMPILED_EXECUTION": "false"}),
    Contestant("hand-written", (sys.executable, "-m", "benchmarks.handwritten"), ask=as_own_path),
)
WITHOUT_RULES = Contestant("without-rules", (sys.executable, "-m", "benchmarks.without_rules"))
HAND_WRITTEN_TIMELINE = Contestant(
    "hand-written-redis",
    (sys.executable, "-m", "benchmarks.handwritten_timeline"),
    ask=as_own_path,
    scenarios=frozenset({"HomeFeed"}),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A contestant whose process answers on `port`."""

    contestant: Contestant
    pid: int
    port: int

    def request(self, scenario: Scenario, call: Call) -> bytes:
        """The call as it goes over the wire."""
        path, content = self.contestant.ask(scenario, call)
        body = json.dumps(content, ensure_ascii=False).encode()
        head = (
            f"POST {path} HTTP/1.1",
            f"host: {HOST}:{self.port}",
            "content-type: application/json",
            f"authorization: Bearer {call.token}",
            f"content-length: {len(body)}",
        )
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def answer(self, scenario: Scenario, call: Call) -> Any:
        """The data of the answer to one call, in our form. Raises ValueError for an answer without data."""
        path, content = self.contestant.ask(scenario, call)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_WITHIN_S)
        try:
            headers = {"content-type": "application/json", "authorization": f"Bearer {call.token}"}
            connection.request("POST", path, json.dumps(content), headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        parsed = json.loads(text) if response.status == OK else {}
        if "data" not in parsed or "errors" in parsed:
            raise ValueError(f"{self.contestant.name} answers {scenario.name} with {response.status}: {text[:500]!r}")
        return self.contestant.read(scenario, parsed["data"])


@contextmanager
def running(contestant: Contestant, *, environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """A fresh process of the contestant on the server's core, until the block ends. `log` gets what it prints."""
    port = _free_port()
    own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOST": HOST, "PORT": str(port)}
    with log.open("wb") as output:
        process = processes.spawn(
            contestant.command,
            death_signal=signal.SIGTERM,
            cwd=CHECKOUT,
            env={**own, **environment, **contestant.environment},
            output=output,
        )
    try:
        _pin(process.pid)
        is_ready = processes.wait_until(lambda: process.poll() is not None or _is_ready(port), timeout_s=READY_WITHIN_S)
        if not is_ready or process.poll() is not None:
            raise RuntimeError(f"{contestant.name} does not start; it says: {log.read_text()[-2_000:]}")
        _pin(process.pid)  # threads that were started before the first call saw them
        yield Running(contestant, process.pid, port)
    finally:
        processes.stop(process, STOP_STEPS)


def environment_of(*, database_url: str, redis_url: str, secret: str) -> dict[str, str]:
    """What every contestant finds in its environment."""
    return {
        "ROOKERY_ENV": "production",
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": str(POOL_SIZE),
        "REDIS_URL": redis_url,
        "SECRET_KEY": secret,
        "ACCESS_TOKEN_TTL_S": str(TOKEN_TTL_S),
        "LOG_LEVEL": "warning",
    }


def _pin(pid: int) -> None:
    if (core := usage.server_core()) is not None:
        usage.pin(pid, {core})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == OK
    except OSError:
        return False
    finally:
        connection.close()
