"""The programs that `rookery dev` runs."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """What the terminal calls it, and its command line, starting with the full path of a program."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commands:
    """One for each child. `serve` loads, waits for a line on its standard input, then serves."""

    migrate: Command
    seed: Command
    assets: Command
    serve: Command
    worker: Command


BUILD_ASSETS = "from app.web_assets import ensure_built; raise SystemExit(not ensure_built(print))"


def rookery_commands() -> Commands:
    python = sys.executable
    return Commands(
        migrate=Command("migration", (python, "-m", "app", "migrate")),
        seed=Command("seeding", (python, "-m", "app", "seed")),
        assets=Command("page build", (python, "-c", BUILD_ASSETS)),
        serve=Command("server", (python, "-m", "app.development.warm", "serve")),
        worker=Command("worker", (python, "-m", "app", "worker")),
    )
