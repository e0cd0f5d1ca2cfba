"""The order of things in `rookery dev`: servers, migrations, demo data, server, worker; and the way back."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.demo import DEMO_HANDLE, DEMO_PASSWORD
from app.development import ports
from app.development.children import CannotRunError, Child, kill_all, stop_all
from app.development.commands import Commands
from app.embedded.errors import EmbeddedServerError
from app.embedded.servers import EmbeddedServers

READY_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.02
TEND_INTERVAL_S = 0.1
MOST_SERVER_RESTARTS = 5
SEEDED = "seeded"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. A server whose URL is given is not started by us."""

    data_dir: Path
    host: str
    port: int
    database_url: str | None
    redis_url: str | None
    environment: Mapping[str, str]
    commands: Commands


class StopRequested(Exception):  # noqa: N818 (not an error)
    """Someone wants us to end."""


def supervise(plan: Plan, *, report: Callable[[str], None]) -> int:
    """Runs everything until a signal asks to stop; the exit code: 0 after a signal, 1 when it cannot run.

    Call from the main thread.
    """
    with stop_signals() as pause:
        try:
            with ExitStack() as stack:
                _run(plan, stack=stack, report=report, pause=pause)
        except StopRequested:
            report("Everything is stopped.")
            return 0
        except (EmbeddedServerError, CannotRunError) as error:
            report(str(error))
            return 1


@contextmanager
def stop_signals() -> Iterator[Callable[[float], None]]:
    """Gives `pause(seconds)`, which raises StopRequested once a stop signal has come.

    A second signal interrupts whatever is going on with KeyboardInterrupt.
    """
    received: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    def pause(seconds: float) -> None:
        if not received:
            time.sleep(seconds)
        if received:
            raise StopRequested

    is_deaf_to_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # Under nohup, and so it shall stay.
    numbers = [number for number in STOP_SIGNALS if not (number == signal.SIGHUP and is_deaf_to_hangup)]
    previous = {number: signal.signal(number, remember) for number in numbers}
    try:
        yield pause
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _run(plan: Plan, *, stack: ExitStack, report: Callable[[str], None], pause: Callable[[float], None]) -> NoReturn:
    """From nothing to a running Rookery, which it then tends for ever. What it starts is stopped by `stack`."""
    began = time.monotonic()
    if (reason := ports.why_taken(plan.host, plan.port)) is not None:
        raise CannotRunError(reason)
    port = plan.port or ports.free(plan.host)
    servers = EmbeddedServers(
        plan.data_dir, postgres=plan.database_url is None, redis=plan.redis_url is None, report=report
    )
    stack.push(servers)
    servers.claim()
    environment = _environment(plan, servers, port=port)
    assets, migrate, seed, server, worker = (
        Child(command.name, command.argv, environment)
        for command in (
            plan.commands.assets,
            plan.commands.migrate,
            plan.commands.seed,
            plan.commands.serve,
            plan.commands.worker,
        )
    )
    stack.callback(stop_all, [server, worker])
    stack.callback(kill_all, [assets, migrate, seed])
    stack.callback(report, "Stopping.")

    def wait_until(happened: Callable[[], bool]) -> None:
        while not happened():
            servers.tend()
            pause(POLL_INTERVAL_S)

    server.load()  # Beside the migrations, which takes a second off every start.
    assets.start()
    servers.start()
    if servers.names:
        report(f"{servers.names} running, data in {servers.directory}.")
    migrate.start()
    wait_until(migrate.has_ended)
    migrate.require_success("The database could not be migrated")
    report("The database is up to date.")
    server.go()
    _seed(seed, plan, servers, report=report, wait_until=wait_until)
    wait_until(assets.has_ended)
    if assets.exit_code != 0:
        report("The GraphiQL page could not be built; everything else works. Try again with: rookery web")
    _wait_until_ready(server, plan.host, port, wait_until=wait_until)
    worker.start()
    _welcome(plan.host, port, took_s=time.monotonic() - began, report=report)
    while True:
        pause(TEND_INTERVAL_S)
        servers.tend()
        worker.tend(report)
        server.tend(report)
        if server.restarts.in_a_row > MOST_SERVER_RESTARTS:
            raise CannotRunError("The server keeps ending.")


def _wait_until_ready(server: Child, host: str, port: int, *, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """Returns when the server says that it can serve; raises CannotRunError when it never will."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    is_ready = False

    def is_decided() -> bool:
        nonlocal is_ready
        is_ready = not server.has_ended() and ports.is_ready(host, port)
        return is_ready or server.has_ended() or time.monotonic() > deadline

    wait_until(is_decided)
    server.require_running("The server could not start")
    if not is_ready:
        raise CannotRunError(f"The server is not ready after {READY_TIMEOUT_S:.0f} s.")


def _environment(plan: Plan, servers: EmbeddedServers, *, port: int) -> dict[str, str]:
    return dict(plan.environment) | {
        "DATABASE_URL": plan.database_url or servers.database_url,
        "REDIS_URL": plan.redis_url or servers.redis_url,
        "ROOKERY_ENV": "development",
        "HOST": plan.host,
        "PORT": str(port),
        "SERVE_PROCESSES": "1",  # It is killed when we are; processes of its own would stay.
        "PYTHONUNBUFFERED": "1",
    }


def _seed(
    seed: Child,
    plan: Plan,
    servers: EmbeddedServers,
    *,
    report: Callable[[str], None],
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """Fills an empty database with the demo community; once per embedded cluster, which then remembers."""
    if not ports.is_loopback(plan.host):
        report(f"No demo data: {plan.host} can be reached from other machines, and the demo password is public.")
        return
    cluster = servers.cluster_id if servers.postgres is not None else None
    stamp = servers.directory / SEEDED
    if cluster is not None and stamp.exists() and stamp.read_text() == cluster:
        return
    seed.start()
    wait_until(seed.has_ended)
    seed.require_success("The demo data could not be made")
    if cluster is not None:
        stamp.write_text(cluster)


def _welcome(host: str, port: int, *, took_s: float, report: Callable[[str], None]) -> None:
    address = ports.address(host, port)
    sign_in = f"\n  Sign in    {DEMO_HANDLE} / {DEMO_PASSWORD}" if ports.is_loopback(host) else ""
    report(f"""
Rookery is ready after {took_s:.1f} s.

  GraphQL    {address}/graphql
  GraphiQL   {address}/graphiql{sign_in}

Ctrl-C stops everything; the data stays.
""")
