"""`rookery timelines verify` and `rookery timelines rebuild`: home timelines beside what they are copies of.

Exit status: 0 when nothing is wrong, 1 when a timeline was, or there is no such account, 2 when Postgres or Redis
cannot be reached.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from app.timeline_checks import TimelineChecks

Told = TypeVar("Told")

WRONG = 1
NOT_REACHED = 2

cli = typer.Typer(no_args_is_help=True, help="Home timelines: copies in Redis of what Postgres says.")

Handles = Annotated[list[str] | None, typer.Argument(help="Accounts, by handle, without an @.")]
All = Annotated[bool, typer.Option("--all", help="Everybody who has read of late.")]


@cli.command()
def verify(
    handles: Handles = None,
    is_for_all: All = False,
    repair: Annotated[bool, typer.Option("--repair", help="Make those anew that are wrong.")] = False,
) -> None:
    """Compare timelines with Postgres. Others may post meanwhile. Needs DATABASE_URL and REDIS_URL."""
    found = _over(handles, is_for_all, lambda checks, ids: checks.verify(ids, repairs=repair))
    for line in found.lines():
        typer.echo(line)
    if found.different and not repair:
        typer.echo("Make them anew with: rookery timelines verify --repair", err=True)
        raise typer.Exit(WRONG)


@cli.command()
def rebuild(handles: Handles = None, is_for_all: All = False) -> None:
    """Make timelines anew from Postgres. Feeds are served meanwhile. Needs DATABASE_URL and REDIS_URL."""
    made = _over(handles, is_for_all, lambda checks, ids: checks.rebuild(ids))
    typer.echo(f"{made} made anew.")


def _over(
    handles: list[str] | None,
    is_for_all: bool,
    work: "Callable[[TimelineChecks, Sequence[int] | None], Coroutine[Any, Any, Told]]",
) -> Told:
    """Does `work` to the accounts that are named, None for everybody."""
    import asyncio

    from app.commands.checks import require_servers
    from app.timeline_checks import TimelineChecks
    from core.cache import CacheUnavailableError
    from core.errors import UnavailableError

    if bool(handles) is is_for_all:
        raise typer.BadParameter("Name accounts by their handles, or take --all.")
    checks = TimelineChecks(require_servers())

    async def run() -> Told:
        await checks.open()
        try:
            return await work(checks, None if is_for_all else await checks.ids_of(handles or []))
        finally:
            await checks.close()

    try:
        return asyncio.run(run())
    except (UnavailableError, CacheUnavailableError) as error:
        typer.echo("Postgres or Redis cannot be reached, or a statement took too long.", err=True)
        raise typer.Exit(NOT_REACHED) from error
    except LookupError as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(WRONG) from error
