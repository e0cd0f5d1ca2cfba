"""Where the embedded servers keep data and sockets, as which user they run, and the lock that makes a place ours."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedServerError
from app.embedded.processes import Account

CLUSTER = "postgres-18"
LOCK = "supervisor.lock"
LONGEST_SOCKET_PATH_BYTES = 100  # The kernels allow 107 (Linux) and 103 (macOS).
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
STATE_ROOT = Path("/var/tmp")  # noqa: S108 (survives a reboot; the directory in it is checked to be ours)


@dataclass(frozen=True, slots=True)
class Place:
    """A claimed data directory. `account` is the user that Postgres runs as when we are root, else None."""

    directory: Path
    sockets: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.directory / CLUSTER


@contextmanager
def claimed(data_dir: Path, *, is_durable: bool) -> Iterator[Place]:
    """The place for `data_dir`, ours until the block ends.

    When root's servers must live elsewhere, that other directory is removed at the end unless it `is_durable`.

    Raises EmbeddedServerError when another process holds it or it belongs to another user.
    """
    account = _server_account() if os.geteuid() == 0 else None
    try:
        directory = _reachable_directory(data_dir.absolute(), account)
        lock = _locked(directory)
    except PermissionError as error:
        raise foreign(error) from error
    try:
        yield Place(directory=directory, sockets=_socket_directory(directory, account), account=account)
    finally:
        if directory != data_dir.absolute() and not is_durable:
            shutil.rmtree(directory)
        os.close(lock)


def foreign(error: PermissionError) -> EmbeddedServerError:
    """What to say when a file turns out not to be ours."""
    return EmbeddedServerError(
        f"{error.filename} belongs to another user. Run as that user, remove it, "
        "or set ROOKERY_DATA_DIR to a directory of your own."
    )


def can_reach(path: Path, account: Account) -> bool:
    """Whether a user without supplementary groups may enter or read `path`: every directory above it, and itself."""
    needed = stat.S_IXOTH if path.is_dir() else stat.S_IROTH
    return _allows(path, account, needed) and all(_allows(parent, account, stat.S_IXOTH) for parent in path.parents)


def own_directory(directory: Path, account: Account | None) -> None:
    """Makes a 0700 directory for the servers' user, or checks that what is there is one."""
    _make(directory, mode=0o700)
    if account is not None and directory.lstat().st_uid == 0:
        os.chown(directory, account.uid, account.gid, follow_symlinks=False)
    _require_own(directory, owner=os.geteuid() if account is None else account.uid)


def _server_account() -> Account:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and this machine has no user `nobody` to run it as. "
            "Run as an ordinary user, or set DATABASE_URL to a server of your own."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _reachable_directory(data_dir: Path, account: Account | None) -> Path:
    """`data_dir`, made if missing; for root a directory of its own when the servers' user cannot come in there."""
    if account is None:
        _make(data_dir, mode=0o700)
        return data_dir
    _make(data_dir, mode=0o711)
    if can_reach(data_dir, account):
        return data_dir
    # For example a checkout in root's 0700 home.
    directory = STATE_ROOT / f"rookery-{pwd.getpwuid(0).pw_name}-{_digest(data_dir)}"
    _make(directory, mode=0o711)
    _require_own(directory, owner=0)
    return directory


def _locked(directory: Path) -> int:
    """The lock's file descriptor; the kernel lets the lock go when we end, however we end."""
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        os.close(lock)
        raise EmbeddedServerError(
            f"Another run holds {directory} (process {holder or 'unknown'}). "
            "Stop it first, or set ROOKERY_DATA_DIR to another directory."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _socket_directory(directory: Path, account: Account | None) -> Path:
    """A directory for sockets whose path is short enough for the kernel: in the data directory, else a hashed name."""
    sockets = directory / "sockets"
    if len(os.fsencode(sockets / LONGEST_SOCKET_NAME)) > LONGEST_SOCKET_PATH_BYTES:
        sockets = Path(tempfile.gettempdir()).absolute() / f"rookery-{os.geteuid()}-{_digest(directory)}"
    if len(os.fsencode(sockets / LONGEST_SOCKET_NAME)) > LONGEST_SOCKET_PATH_BYTES:
        raise EmbeddedServerError(
            f"{sockets} is too long for a socket. Set TMPDIR or ROOKERY_DATA_DIR to a short path."
        )
    own_directory(sockets, account)
    return sockets


def _make(directory: Path, *, mode: int) -> None:
    """Creates a directory with exactly this mode; leaves an existing one as it is."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        if directory.is_dir():
            return
        raise EmbeddedServerError(f"{directory} is not a directory.") from None
    directory.chmod(mode)  # The umask may have taken from it.


def _require_own(directory: Path, *, owner: int) -> None:
    """Raises EmbeddedServerError unless this is a real directory of `owner` that nobody else can write to.

    Its name may be predictable and its parent writable by everyone.
    """
    status = directory.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == owner
    if not is_ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedServerError(
            f"{directory} is not a directory that only user {owner} can write to. Remove it, or set ROOKERY_DATA_DIR."
        )


def _allows(path: Path, account: Account, needed: int) -> bool:
    """Whether the mode bits of `path` give `account` the permission whose bit for everyone is `needed`."""
    status = path.stat()
    if status.st_uid == account.uid:
        needed <<= 6
    elif status.st_gid == account.gid:
        needed <<= 3
    return bool(status.st_mode & needed)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
