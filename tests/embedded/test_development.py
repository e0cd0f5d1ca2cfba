"""`rookery dev` over played children and real servers: order, restarts, refusals, the ways to end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.development import children, ports
from app.development.children import Child
from app.embedded.processes import is_running, wait_until
from app.settings import CHECKOUT
from tests.embedded.looking import START_TIMEOUT_S, are_gone, relatives

STAND_INS = Path(__file__).with_name("stand_ins.py")
READY = "Rookery is ready"


class Development:
    """A supervisor over played children in a process of its own; its output goes to a file."""

    def __init__(self, data_dir: Path, *, port: int = 0, **play: str) -> None:
        self.log = data_dir.parent / f"dev-{time.monotonic_ns()}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, STAND_INS, "dev", data_dir, str(port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT)}
                | {f"PLAY_{role.upper()}": how for role, how in play.items()},
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def says(self, text: str) -> bool:
        """Whether it has printed `text` before it ended or the deadline passed."""
        wait_until(lambda: text in self.output or self.process.poll() is not None, timeout_s=START_TIMEOUT_S)
        return text in self.output

    def pids(self, role: str) -> list[int]:
        return [int(pid) for pid in re.findall(rf"<{role} (\d+)>", self.output)]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(START_TIMEOUT_S)


Develop = Callable[..., Development]


@pytest.fixture
def develop(data_dir: Path) -> Iterator[Develop]:
    started: list[Development] = []

    def start(**options: str | int) -> Development:
        started.append(Development(data_dir, **options))  # type: ignore[arg-type] # port is a number, roles are words
        return started[-1]

    yield start
    for development in started:
        if development.process.poll() is None:
            development.process.kill()
            development.process.wait()
    assert are_gone(data_dir)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_signal_ends_children_then_servers_and_is_a_success(
    data_dir: Path, develop: Develop, number: signal.Signals
) -> None:
    development = develop()
    assert development.says(READY)
    assert "alice / demo-password" in development.output
    assert development.says("<worker")
    time.sleep(0.2)  # The played worker needs a moment to listen to signals.
    assert development.end(number) == 0
    assert relatives(data_dir) == []
    assert "<serve ends>" in development.output
    assert development.output.index("<worker ends>") < development.output.index("Everything is stopped.")


def test_seeding_happens_once_per_cluster_and_after_the_migration(data_dir: Path, develop: Develop) -> None:
    first = develop()
    assert first.says(READY)
    assert first.output.index("<migrate") < first.output.index("<seed")
    assert first.end() == 0
    second = develop()
    assert second.says(READY)
    assert second.pids("seed") == []
    assert len(second.pids("migrate")) == 1


def test_killed_supervisor_takes_everything_along_and_the_next_start_works(data_dir: Path, develop: Develop) -> None:
    development = develop()
    assert development.says(READY)
    assert len(relatives(data_dir)) > 5
    development.process.kill()
    development.process.wait()
    assert are_gone(data_dir)
    assert develop().says(READY)


def test_children_that_crash_are_started_again(develop: Develop) -> None:
    development = develop()
    assert development.says(READY)
    assert development.says("<worker")
    os.kill(development.pids("worker")[0], signal.SIGKILL)
    os.kill(development.pids("serve")[0], signal.SIGKILL)
    assert wait_until(lambda: len(development.pids("worker")) == 2, timeout_s=START_TIMEOUT_S)
    assert wait_until(lambda: len(development.pids("serve")) == 2, timeout_s=START_TIMEOUT_S)
    assert "The worker has ended (by SIGKILL); starting it again." in development.output


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("migrate", "The database could not be migrated (exit code 3)."),
        ("seed", "The demo data could not be made (exit code 3)."),
        ("serve", "The server could not start (exit code 3)."),
    ],
)
def test_failure_of_what_everything_needs_ends_all_with_its_reason(
    data_dir: Path, develop: Develop, role: str, reason: str
) -> None:
    development = develop(**{role: "fail"})
    assert development.says(reason)
    assert development.process.wait(START_TIMEOUT_S) == 1
    assert READY not in development.output
    assert relatives(data_dir) == []


def test_page_that_cannot_be_built_does_not_keep_rookery_from_starting(develop: Develop) -> None:
    development = develop(assets="fail")
    assert development.says(READY)
    assert "GraphiQL page could not be built" in development.output


def test_port_in_use_is_said_before_anything_starts(data_dir: Path, develop: Develop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        development = develop(port=port)
        assert development.says(f"Port {port} of 127.0.0.1 is in use.")
        assert development.process.wait(START_TIMEOUT_S) == 1
    assert not data_dir.exists()


def test_stop_signal_during_the_start_is_obeyed(data_dir: Path, develop: Develop) -> None:
    development = develop(migrate="hang")
    assert development.says("<migrate")
    assert development.end() == 0
    assert relatives(data_dir) == []


def test_child_that_does_not_end_in_time_is_killed() -> None:
    child = Child("mule", (sys.executable, "-c", _IGNORES_SIGTERM), {})
    child.load()
    assert child.process is not None
    pid = child.process.pid
    assert wait_until(lambda: _ignores_sigterm(pid), timeout_s=START_TIMEOUT_S)
    children.stop_all([child], patience_s=0.2)
    assert child.exit_code == -signal.SIGKILL
    assert not is_running(pid)


@pytest.mark.parametrize(
    ("host", "is_private", "address"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:80"),
        ("::1", True, "http://[::1]:80"),
        ("localhost", True, "http://localhost:80"),
        ("0.0.0.0", False, "http://127.0.0.1:80"),
        ("::", False, "http://[::1]:80"),
        ("192.0.2.1", False, "http://192.0.2.1:80"),
        ("rookery.example", False, "http://rookery.example:80"),
    ],
)
def test_address_to_open_and_who_can_reach_it(host: str, is_private: bool, address: str) -> None:  # noqa: FBT001
    assert ports.is_loopback(host) is is_private
    assert ports.address(host, 80) == address


_IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def _ignores_sigterm(pid: int) -> bool:
    ignored = re.search(r"SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    return ignored is not None and bool(int(ignored[1], 16) & 1 << (signal.SIGTERM - 1))
