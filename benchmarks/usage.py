"""What processes use: CPU time of a process and all its descendants, from /proc; and on which core they may run."""

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Of /proc/PID/stat behind the name: parent; own user and system time; the same of children that have ended; pages in
# memory.
_PARENT, _OWN, _ENDED, _RESIDENT = 1, slice(11, 13), slice(13, 15), 21


def cpu_s(pid: int) -> float:
    """CPU seconds of the process and its descendants so far, those that have ended included; in steps of 10 ms."""
    stats = _stats()
    tree = _tree(stats, pid)
    ticks = sum(int(number) for each in tree for number in (*stats[each][_OWN], *stats[each][_ENDED]))
    return ticks / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """The memory that the process and its descendants have in use; what they share counts for each."""
    stats = _stats()
    return sum(int(stats[each][_RESIDENT]) for each in _tree(stats, pid)) * PAGE_BYTES


def server_core() -> int | None:
    """The core that the measured server has for itself; None where there is only one core for everything."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0] if len(cores) > 1 else None


def other_cores() -> set[int]:
    """The cores for everything else."""
    return os.sched_getaffinity(0) - {server_core()}


def pin(pid: int, cores: set[int]) -> None:
    """Lets the process and its descendants, with all their threads, run on these cores only."""
    for each in _tree(_stats(), pid):
        with suppress(OSError):  # It has ended meanwhile.
            for thread in (PROC / str(each) / "task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)


def _stats() -> dict[int, list[str]]:
    """The fields behind the name, of each process that there is."""
    found = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            found[int(entry.name)] = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # It has ended meanwhile.
    return found


def _tree(stats: dict[int, list[str]], pid: int) -> list[int]:
    tree = [pid]
    for parent in tree:
        tree += [child for child, fields in stats.items() if int(fields[_PARENT]) == parent]
    return tree
