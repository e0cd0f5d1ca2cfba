"""The embedded servers under an orderly life: data, refusals, settings, restarts."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from app.embedded import processes, restarts
from app.embedded.errors import EmbeddedServerError
from app.embedded.processes import wait_until
from app.embedded.servers import EmbeddedServers
from tests.embedded.looking import Hold, are_gone, query, relatives

RECOVERY_TIMEOUT_S = 20.0


async def test_postgres_keeps_its_data_and_redis_forgets(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        await query(servers.database_url, "CREATE TABLE egg (n int)", "INSERT INTO egg VALUES (7) RETURNING n")
        with Redis.from_url(servers.redis_url) as redis:
            redis.set("egg", 7)
    with EmbeddedServers(data_dir) as servers:
        assert await query(servers.database_url, "SELECT n FROM egg") == 7
        with Redis.from_url(servers.redis_url) as redis:
            assert redis.dbsize() == 0
    assert relatives(data_dir) == []


async def test_servers_listen_on_private_sockets_only_and_sort_by_code_point(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, durable=False) as servers:
        assert await query(servers.database_url, "SHOW listen_addresses") == ""
        assert await query(servers.database_url, "SHOW fsync") == "off"
        assert await query(servers.database_url, "SELECT 'a' < 'Z'") is False
        assert await query(servers.database_url, "SELECT lower('ÄÖ')") == "äö"
        with Redis.from_url(servers.redis_url) as redis:
            assert redis.config_get("port", "save", "appendonly", "maxmemory-policy") == {
                "port": "0",
                "save": "",
                "appendonly": "no",
                "maxmemory-policy": "volatile-lru",
            }
        assert servers.postgres is not None
        assert stat.S_IMODE(servers.postgres.place.sockets.stat().st_mode) == 0o700


async def test_durable_servers_sync_and_each_server_can_be_left_out(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, redis=False) as servers:
        assert await query(servers.admin_url, "SHOW fsync") == "on"
        assert servers.names == "PostgreSQL"
        assert not (data_dir / "redis.log").exists()
    with EmbeddedServers(data_dir, postgres=False) as servers:
        assert servers.names == "Redis"
        assert relatives(data_dir / "postgres-18") == []


def test_second_run_is_refused_and_does_not_disturb_the_first(data_dir: Path, hold: Hold) -> None:
    first = hold(data_dir)
    with pytest.raises(EmbeddedServerError, match=f"Another run holds .* \\(process {first.process.pid}\\)"):
        EmbeddedServers(data_dir).__enter__()
    with Redis.from_url(first.facts["redis_url"]) as redis:
        assert redis.ping()
    assert first.end() == 0
    with EmbeddedServers(data_dir):
        pass


def test_sigterm_leaves_nothing_running(data_dir: Path, hold: Hold) -> None:
    holder = hold(data_dir)
    assert holder.end() == 0
    assert relatives(data_dir) == []


async def test_killed_supervisor_takes_the_servers_along_and_the_data_stays(data_dir: Path, hold: Hold) -> None:
    holder = hold(data_dir)
    url = holder.facts["database_url"]
    await query(url, "CREATE TABLE egg (n int)", "INSERT INTO egg VALUES (7) RETURNING n")
    holder.process.kill()
    holder.process.wait()
    assert are_gone(data_dir)
    assert await query(hold(data_dir).facts["database_url"], "SELECT n FROM egg") == 7


async def test_start_right_after_a_kill_waits_for_the_dying_servers(data_dir: Path, hold: Hold) -> None:
    hold(data_dir).process.kill()
    holder = hold(data_dir)
    assert await query(holder.facts["database_url"], "SELECT 1") == 1
    with Redis.from_url(holder.facts["redis_url"]) as redis:
        assert redis.ping()


async def test_servers_that_die_come_back_and_redis_is_empty(data_dir: Path, hold: Hold) -> None:
    holder = hold(data_dir)
    database_url, redis_url = holder.facts["database_url"], holder.facts["redis_url"]
    await query(database_url, "CREATE TABLE egg (n int)", "INSERT INTO egg VALUES (7) RETURNING n")
    with Redis.from_url(redis_url) as redis:
        redis.set("egg", 7)
    os.kill(holder.facts["postgres"], signal.SIGKILL)
    os.kill(holder.facts["redis"], signal.SIGKILL)

    def is_back() -> bool:
        pids = relatives(data_dir)
        lines = [processes.command_line(pid) for pid in pids]
        return any("/postgres -D" in line for line in lines) and (data_dir / "sockets" / "redis.sock").exists()

    assert wait_until(is_back, timeout_s=RECOVERY_TIMEOUT_S)
    assert wait_until(lambda: _pings(redis_url), timeout_s=RECOVERY_TIMEOUT_S)
    with Redis.from_url(redis_url) as redis:
        assert redis.dbsize() == 0
    assert wait_until(lambda: _is_ready(data_dir), timeout_s=RECOVERY_TIMEOUT_S)
    assert await query(database_url, "SELECT n FROM egg") == 7


def test_postgres_that_cannot_come_back_ends_in_an_error_that_quotes_its_log(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "FIRST_DELAY_S", 0.001)
    reports: list[str] = []
    with EmbeddedServers(data_dir, redis=False, report=reports.append) as servers:
        assert servers.postgres is not None
        assert servers.postgres.process is not None
        (servers.postgres.place.cluster / "PG_VERSION").write_text("1\n")
        servers.postgres.process.kill()
        servers.postgres.process.wait()

        def gives_up() -> bool:
            servers.tend()
            return False

        with pytest.raises(EmbeddedServerError, match=r"(?s)PostgreSQL keeps ending.*postgres\.log.*incompatible"):
            wait_until(gives_up, timeout_s=RECOVERY_TIMEOUT_S)
    assert len([line for line in reports if "starting it again" in line]) == 5
    assert relatives(data_dir) == []


def test_cluster_that_does_not_start_is_an_error_that_quotes_its_log(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, redis=False) as servers:
        assert servers.postgres is not None
        version = servers.postgres.place.cluster / "PG_VERSION"
    version.write_text("1\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)does not start.*postgres\.log.*incompatible"):
        EmbeddedServers(data_dir).__enter__()
    assert relatives(data_dir) == []


@pytest.mark.parametrize("kind", ["stranger", "zombie"])
async def test_stale_pid_file_of_a_process_that_is_not_postgres_is_ignored(data_dir: Path, kind: str) -> None:
    with EmbeddedServers(data_dir, redis=False) as servers:
        assert servers.postgres is not None
        pid_file = servers.postgres.place.cluster / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    other = _start("/bin/sleep", "60") if kind == "stranger" else _start("/bin/true")
    try:
        if kind == "zombie":
            assert wait_until(lambda: not processes.is_running(other.pid), timeout_s=5)
            assert processes.exists(other.pid)
        pid_file.write_text("\n".join([str(other.pid), *lines[1:], ""]))
        with EmbeddedServers(data_dir, redis=False) as servers:
            assert await query(servers.database_url, "SELECT 1") == 1
        assert processes.is_running(other.pid) is (kind == "stranger")
    finally:
        other.kill()
        other.wait()


async def test_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, redis=False):
        pass
    (data_dir / "postgres-18").rename(data_dir / "postgres-unfinished")
    with EmbeddedServers(data_dir, redis=False) as servers:
        assert await query(servers.database_url, "SELECT 1") == 1
    assert not (data_dir / "postgres-unfinished").exists()


def _pings(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except RedisConnectionError:
        return False


def _is_ready(data_dir: Path) -> bool:
    try:
        lines = (data_dir / "postgres-18" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and processes.is_running(int(lines[0]))


def _start(*argv: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv)
