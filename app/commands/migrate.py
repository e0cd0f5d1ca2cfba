"""`rookery migrate`: brings the database to this version of the code, or checks that migrations and models agree."""

from typing import Annotated

import typer

from app.commands.checks import require_database_url
from app.settings import CHECKOUT


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if the models differ from what the migrations make.")
    ] = False,
) -> None:
    """Bring the database's tables to this version of the code."""
    if check:
        _check_drift()
        return
    upgrade(require_database_url())


def upgrade(url: str) -> None:
    """Runs every migration that the database at `url` does not have yet."""
    from alembic import command

    command.upgrade(_configuration(url), "head")


def _configuration(url: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 (alembic is imported late: it is slow)
    from alembic.config import Config

    configuration = Config(CHECKOUT / "alembic.ini")
    configuration.attributes["url"] = url
    return configuration


def _check_drift() -> None:
    import tempfile
    from pathlib import Path

    from alembic import command
    from alembic.util import CommandError

    from app.embedded.servers import EmbeddedServers

    with (
        tempfile.TemporaryDirectory(prefix="rookery-migrations-") as folder,
        EmbeddedServers(Path(folder), postgres=True, redis=False, durable=False) as servers,
    ):
        assert servers.database_url is not None
        upgrade(servers.database_url)
        try:
            command.check(_configuration(servers.database_url))
        except CommandError as error:
            typer.echo(f"The migrations do not make what the models say: {error}", err=True)
            raise typer.Exit(1) from error
