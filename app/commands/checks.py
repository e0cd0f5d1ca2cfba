"""What commands check before they begin."""

import typer
from pydantic import ValidationError

from app.settings import Settings, settings


def require_servers() -> Settings:
    """The settings, with a database and a Redis in them. Ends the command with one clear line otherwise."""
    try:
        found = settings()
    except ValidationError as error:
        for problem in error.errors():
            typer.echo(f"Settings: {problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(1) from error
    missing = [name for name in ("database_url", "redis_url") if getattr(found, name) is None]
    if missing:
        names = " and ".join(name.upper() for name in missing)
        typer.echo(f"Set {names}, or use `rookery dev`, which brings servers of its own.", err=True)
        raise typer.Exit(1)
    return found
