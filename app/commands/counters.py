"""`rookery counters verify`: counts everything anew.

Exit status: 0 when every count is right now, 1 when some are not, 2 when the recount could not be finished.
"""

from typing import Annotated

import typer

DRIFT_IS_LEFT = 1
NOT_FINISHED = 2

cli = typer.Typer(no_args_is_help=True, help="Counts of likes, replies, reposts, quotes, posts, follows and hashtags.")


@cli.command()
def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend the counts that have drifted.")] = False,
) -> None:
    """Compare every count with the rows that it counts. Others may act meanwhile. Needs DATABASE_URL."""
    import asyncio

    from app.commands.checks import require_database
    from app.recounting import Tally, open_recount_database
    from app.recounting import verify as verify_counts
    from core.errors import UnavailableError

    db = open_recount_database(require_database())

    async def run() -> list[Tally]:
        await db.open()
        try:
            return await verify_counts(db, repairs=repair)
        finally:
            await db.close()

    try:
        tallies = asyncio.run(run())
    except UnavailableError as error:
        typer.echo("Postgres cannot be reached, or a statement took too long.", err=True)
        raise typer.Exit(NOT_FINISHED) from error
    for tally in tallies:
        for line in tally.lines():
            typer.echo(line)
    if not any(tally.drifted for tally in tallies):
        return
    if repair:
        typer.echo("All of it is repaired.")
        return
    typer.echo("Repair it with: rookery counters verify --repair", err=True)
    raise typer.Exit(DRIFT_IS_LEFT)
