"""What commands check before they begin: each problem is one clear line, and the command ends."""

from typing import Any

import typer
from pydantic import ValidationError

from app.settings import Settings


def require_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` (typed as the settings are) win over the environment."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper() or "Settings"
            typer.echo(f"{name}: {problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(1) from error


def require_database_url() -> str:
    """The address of the database."""
    url = require_database().database_url
    assert url is not None
    return url


def require_database() -> Settings:
    """The settings, with a database in them."""
    found = require_settings()
    _require(found, "database_url")
    return found


def require_servers() -> Settings:
    """The settings, with a database and a Redis in them."""
    found = require_settings()
    _require(found, "database_url", "redis_url")
    return found


def _require(found: Settings, *names: str) -> None:
    missing = " and ".join(name.upper() for name in names if getattr(found, name) is None)
    if missing:
        typer.echo(f"Set {missing}, or use `rookery dev`, which brings servers of its own.", err=True)
        raise typer.Exit(1)
