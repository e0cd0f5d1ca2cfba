"""`rookery timelines verify` and `rookery timelines rebuild`: home timelines beside what they are copies of.

Exit status: 0 when nothing is wrong, 1 when a timeline was, or there is no such account, 2 when Postgres or Redis
cannot be reached.
"""

import time
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

TOLD_EVERY_S = 2.0


@cli.command()
def verify(
    handles: Handles = None,
    is_for_all: All = False,
    sample: Annotated[int | None, typer.Option(min=1, help="So many of them, taken at random.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make those anew that are wrong.")] = False,
) -> None:
    """Compare timelines with Postgres. Others may post meanwhile. Needs DATABASE_URL and REDIS_URL."""
    found = _over(handles, is_for_all, lambda checks, ids: checks.verify(ids, repairs=repair), sample=sample)
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


class _Progress:
    """Tells how far a long run is, every two seconds."""

    def __init__(self) -> None:
        self._told_at_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_at_s >= TOLD_EVERY_S:
            self._told_at_s = now_s
            typer.echo(f"{done:,} of {total:,} …", err=True)


def _over(
    handles: list[str] | None,
    is_for_all: bool,
    work: "Callable[[TimelineChecks, Sequence[int] | None], Coroutine[Any, Any, Told]]",
    *,
    sample: int | None = None,
) -> Told:
    """Does `work` to the accounts that are named, or taken at random; None for everybody."""
    import asyncio

    from app.commands.checks import require_servers
    from app.timeline_checks import TimelineChecks
    from core.cache import CacheUnavailableError
    from core.errors import UnavailableError

    if [bool(handles), is_for_all, bool(sample)].count(True) != 1:
        raise typer.BadParameter("Name accounts by their handles, or take --all (or, to verify, --sample).")
    checks = TimelineChecks(require_servers(), progress=_Progress())

    async def run() -> Told:
        await checks.open()
        try:
            if is_for_all:
                return await work(checks, None)
            return await work(checks, await (checks.some_readers(sample) if sample else checks.ids_of(handles or [])))
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
