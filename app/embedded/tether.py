"""Becomes another program that dies with its parent: drops privileges, asks for the death signal, then executes.

Run as a file with `python -I -S`, so it may import the standard library only. It is a program of its own because code
between fork and exec is not safe in a parent with threads.

    tether.py PARENT_PID DEATH_SIGNAL UID:GID|- PROGRAM [ARGUMENT ...]
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CANNOT_EXECUTE = 127  # What shells answer, too.


def become(parent_pid: int, death_signal: int, account: str, argv: list[str]) -> None:
    """Replaces this process by `argv`; returns only by raising."""
    # Loaded first: the account may not be able to read Python's own files.
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if prctl is not None:
        # After the change of user, which would clear the death signal.
        if prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent_pid:
            raise ProcessLookupError("The parent died before its death could be watched.")
    # Python ignores this one, and what is ignored stays ignored in the next program.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(argv[0], argv)  # noqa: S606 (no shell is the point)


if __name__ == "__main__":
    try:
        become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    except OSError as error:
        sys.stderr.write(f"Cannot start {sys.argv[4]}: {error}\n")
        sys.exit(CANNOT_EXECUTE)
