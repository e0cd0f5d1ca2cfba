"""Server and worker processes: how they start, how they end, and how one is replaced."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.embedded import processes
from app.settings import DEVELOPMENT_SECRET, Settings
from tests.fixtures.live import CHECKOUT, LiveServer, environment_of, free_port
from tests.realtime.socket_client import opened
from tests.worlds import World

END_WITHIN_S = 15.0
START_WITHIN_S = 20.0


@pytest.fixture
def start_command(settings: Settings) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `rookery …`; whatever still runs at the end is killed with all its children."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=CHECKOUT,
            env=environment_of(settings) | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            for child in children_of(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def status_of(url: str) -> int | None:
    """The HTTP status; None if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def wait_until(holds: Callable[[], bool], *, within_s: float) -> None:
    assert processes.wait_until(holds, timeout_s=within_s), f"not so within {within_s} s"


async def test_server_asked_to_end_lets_its_sockets_go_and_ends_well(
    world: World, start_server: Callable[[], LiveServer]
) -> None:
    server = start_server()
    async with opened(server.socket_url, world.alice) as alice, opened(server.socket_url, world.bob) as bob:
        await alice.start()
        await bob.start()
        server.process.send_signal(signal.SIGTERM)
        seen: set[int | None] = set()
        closing = asyncio.gather(alice.close_code(), bob.close_code())
        while not closing.done():
            seen.add(await asyncio.to_thread(status_of, f"{server.url}/health/ready"))
            await asyncio.sleep(0.05)
        assert 503 in seen
        assert tuple(await closing) == (1001, 1001)
    assert await asyncio.to_thread(server.process.wait, END_WITHIN_S) == 0


def test_idle_server_ends_at_once(start_server: Callable[[], LiveServer]) -> None:
    server = start_server()
    began_s = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(END_WITHIN_S) == 0
    assert time.monotonic() - began_s < 5.0


def test_worker_asked_to_end_ends_well(start_command: Callable[..., subprocess.Popen[bytes]]) -> None:
    worker = start_command("worker")
    handled = 1 << (signal.SIGTERM - 1)

    def handles_signals() -> bool:
        lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
        [caught] = [int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")]
        return bool(caught & handled)

    wait_until(handles_signals, within_s=START_WITHIN_S)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(END_WITHIN_S) == 0


def test_several_processes_serve_on_one_port_and_a_killed_one_is_replaced(
    start_command: Callable[..., subprocess.Popen[bytes]],
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    supervisor = start_command("serve", "--port", str(port), "--processes", "2")
    wait_until(lambda: status_of(f"{url}/health/ready") == 200, within_s=START_WITHIN_S)
    first = children_of(supervisor.pid)
    assert len(first) == 2
    time.sleep(1.2)  # a process that ends sooner after its start is not replaced at once
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(children_of(supervisor.pid) - {victim}) == 2, within_s=START_WITHIN_S)
    for _ in range(20):
        assert status_of(f"{url}/health/live") == 200
    remaining = children_of(supervisor.pid)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(END_WITHIN_S) == 0
    assert not [pid for pid in remaining if processes.is_running(pid)]
    assert status_of(f"{url}/health/live") is None


def test_port_in_use_is_said_in_one_line(start_command: Callable[..., subprocess.Popen[bytes]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start_command("serve", "--port", str(port))
        output, _ = server.communicate(timeout=START_WITHIN_S)
    assert server.returncode == 1
    assert output.decode().splitlines() == [f"Cannot listen on 127.0.0.1:{port}: Address already in use."]


@pytest.mark.parametrize("secret", [None, DEVELOPMENT_SECRET, "too short"])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_without_a_secret_of_its_own_does_not_start(
    start_command: Callable[..., subprocess.Popen[bytes]], command: str, secret: str | None
) -> None:
    given = {"SECRET_KEY": DEVELOPMENT_SECRET if secret is None else secret}
    process = start_command(command, ROOKERY_ENV="production", **given)
    output, _ = process.communicate(timeout=START_WITHIN_S)
    assert process.returncode == 1
    [line] = output.decode().splitlines()
    assert "SECRET_KEY" in line
    assert given["SECRET_KEY"] not in line
