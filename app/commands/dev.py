"""`rookery dev`: everything on one machine with one command; embedded servers unless the environment names others."""

import sys
from typing import Annotated

import typer

from app.commands.checks import require_settings


def dev(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default HOST, else 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default PORT, else 8000.")] = None,
) -> None:
    """Run Rookery for development: PostgreSQL, Redis, migrations, demo data, server and worker; Ctrl-C stops all."""
    import os

    from rich.console import Console

    from app.development.commands import rookery_commands
    from app.development.supervisor import Plan, supervise

    # The environment variable does not count here: this command is for development.
    settings = require_settings(rookery_env="development")
    plan = Plan(
        data_dir=settings.data_dir,
        host=host or settings.host,
        port=settings.port if port is None else port,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        environment=dict(os.environ),  # noqa: TID251 (the environment of our children)
        commands=rookery_commands(),
    )
    console = Console(highlight=False, markup=False, soft_wrap=True)
    sys.exit(supervise(plan, report=console.print))
