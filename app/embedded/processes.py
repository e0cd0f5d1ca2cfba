"""Processes: start one that cannot outlive us, look at one by its pid, stop one for certain."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

TETHER = Path(__file__).with_name("tether.py")
POLL_INTERVAL_S = 0.01
PROC = Path("/proc")
HAS_PROC = PROC.joinpath("self").exists()


class Account(NamedTuple):
    """A user of this machine."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    account: Account | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
    output: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that Ctrl-C reaches only us.

    On Linux it gets `death_signal` when the calling *thread* ends: call from one that lives as long as the child
    should.
    `account` changes the user (root only). The program needs its full path.
    """
    user = "-" if account is None else f"{account.uid}:{account.gid}"
    tether = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(death_signal)), user]
    return subprocess.Popen(  # noqa: S603 (no shell, arguments are ours)
        [*tether, *map(str, argv)],
        cwd=cwd or "/",
        env=env,
        stdin=stdin,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
    )


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Runs a program to its end; its exit code and everything it printed. Raises subprocess.TimeoutExpired."""
    process = spawn(argv, death_signal=signal.SIGKILL, account=account, env=env, output=subprocess.PIPE)
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except BaseException:
        kill_group(process)
        raise
    return process.returncode, output.decode(errors="replace").strip()


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Sends each signal and waits its seconds until the process has ended; then kills its whole process group.

    Returns when the process is gone and reaped.
    """
    try:
        for number, patience_s in steps:
            if process.poll() is not None:
                return
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
    finally:
        kill_group(process)  # Also when an impatient Ctrl-C has ended the waiting.


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kills what we spawned together with its descendants that stayed in its session, and reaps it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def exists(pid: int) -> bool:
    """Whether the pid is taken: by anyone, even by a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_running(pid: int) -> bool:
    """Whether a process with this pid exists and is not a zombie that nobody has reaped."""
    return exists(pid) and not _state(pid).startswith("Z")


def send(pid: int, number: signal.Signals) -> None:
    """Sends a signal to a process that may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def command_line(pid: int) -> str:
    """The command line of a process, its arguments joined by blanks; empty when there is no such process."""
    if HAS_PROC:
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    return _ps(pid, "command")


def processes_inside(directory: Path) -> list[int]:
    """The running processes whose working directory is `directory`; always empty where there is no /proc."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == directory and is_running(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue  # Ended meanwhile, a zombie, or of another user and so none of ours.
    return found


def wait_until(happened: Callable[[], bool], *, timeout_s: float) -> bool:
    """Asks every 10 ms; False when `timeout_s` passed first."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def _state(pid: int) -> str:
    """The state letter that ps shows; empty when there is no such process."""
    if HAS_PROC:
        try:
            # The name before it is in parentheses and may hold anything.
            return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].strip()[:1]
        except OSError:
            return ""
    return _ps(pid, "stat")


def _ps(pid: int, column: str) -> str:
    command = ["/bin/ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 (ours)
