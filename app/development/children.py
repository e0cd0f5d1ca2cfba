"""A child of `rookery dev`: our own environment for it, its end, its restarts. Its output goes where ours goes."""

import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from app.embedded import processes
from app.embedded.restarts import Restarts
from app.settings import CHECKOUT

PATIENCE_S = 15.0  # For requests that are running; what promises.md calls a clean end.


class CannotRunError(Exception):
    """A child that everything depends on does not work; the message is for the person at the terminal."""


@dataclass(slots=True)
class Child:
    """One program; `process` is None before its start."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    restarts: Restarts = field(default_factory=Restarts)

    def load(self) -> None:
        """Starts it; it waits for `go`.

        It is killed when we die: whatever it does must bear that, and its port is free again at once.
        """
        self.process = processes.spawn(
            self.argv, death_signal=signal.SIGKILL, cwd=CHECKOUT, env=self.environment, stdin=subprocess.PIPE
        )
        self.restarts.started()

    def go(self) -> None:
        """Gives the line that a loaded child waits for, and closes its standard input."""
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # It does not read, or has ended already; its exit code tells.
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def start(self) -> None:
        """Starts it at once."""
        self.load()
        self.go()

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started; negative after a signal, as in subprocess."""
        return None if self.process is None else self.process.poll()

    def has_ended(self) -> bool:
        return self.exit_code is not None

    def require_success(self, otherwise: str) -> None:
        """Raises CannotRunError unless it has ended well; what it printed says the rest."""
        if self.exit_code != 0:
            raise CannotRunError(f"{otherwise} ({_ending(self.exit_code)}).")

    def require_running(self, otherwise: str) -> None:
        """Raises CannotRunError if it has ended."""
        if self.has_ended():
            raise CannotRunError(f"{otherwise} ({_ending(self.exit_code)}).")

    def tend(self, report: Callable[[str], None]) -> None:
        """Starts it again after it has ended, later and later when that does not help."""
        if self.exit_code is None:
            return
        delay_s = self.restarts.schedule()
        if delay_s is not None:
            when = f" in {delay_s:g} s" if delay_s else ""
            report(f"The {self.name} has ended ({_ending(self.exit_code)}); starting it again{when}.")
        if self.restarts.is_due:
            self.start()


def stop_all(children: list[Child], *, patience_s: float = PATIENCE_S) -> None:
    """Asks all to end at the same time and kills those that have not ended after `patience_s`."""
    running = [child.process for child in children if child.process is not None]
    try:
        for process in running:
            if process.poll() is None:
                process.terminate()
        processes.wait_until(lambda: all(process.poll() is not None for process in running), timeout_s=patience_s)
    finally:
        for process in running:
            processes.kill_group(process)
            _close_input(process)


def kill_all(children: list[Child]) -> None:
    """Kills those that still run, with whatever they have started."""
    for child in children:
        if child.process is not None:
            processes.kill_group(child.process)
            _close_input(child.process)


def _close_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _ending(exit_code: int | None) -> str:
    """An exit code in words."""
    if exit_code is not None and exit_code < 0:
        return f"by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
