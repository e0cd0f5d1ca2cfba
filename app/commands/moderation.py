"""`rookery moderator` and `rookery suspend`: what whoever runs the server does about accounts.

Exit status: 0 when it is done, 1 when it was refused or there is no such account, 2 when Postgres cannot be reached.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.database import Transaction

REFUSED = 1
NOT_REACHED = 2

Handle = Annotated[str, typer.Argument(help="The account's handle, in any case, without an @.")]


def moderator(
    handle: Handle,
    remove: Annotated[bool, typer.Option("--remove", help="Make it an ordinary member again.")] = False,
) -> None:
    """Make an account a moderator. It may act from the next request on. Needs DATABASE_URL."""
    from actions.moderation import make_moderator

    _done_to(handle, lambda tx: make_moderator(tx, handle, is_one=not remove))
    typer.echo(f"@{handle} is {'no moderator any more' if remove else 'a moderator'}.")


def suspend(
    handle: Handle,
    lift: Annotated[bool, typer.Option("--lift", help="End the suspension.")] = False,
    note: Annotated[str | None, typer.Option(help="What the account is told.")] = None,
) -> None:
    """Hide an account, sign it out, and let it only read; moderators too can be suspended. Needs DATABASE_URL."""
    from actions.moderation import suspend_by_handle

    _done_to(handle, lambda tx: suspend_by_handle(tx, handle, lifts=lift, note=note))
    typer.echo(f"@{handle} is {'not suspended' if lift else 'suspended'}.")


def _done_to(handle: str, action: "Callable[[Transaction], Awaitable[int | None]]") -> None:
    """Runs an action that gives the id of the account, None if there is none."""
    import asyncio

    from app.commands.checks import require_database
    from app.services import open_database
    from core.errors import RefusalError, UnavailableError

    db = open_database(require_database(), pool_size=1)

    async def run() -> int | None:
        await db.open()
        try:
            return await db.transact(action)
        finally:
            await db.close()

    try:
        account_id = asyncio.run(run())
    except UnavailableError as error:
        typer.echo("Postgres cannot be reached.", err=True)
        raise typer.Exit(NOT_REACHED) from error
    except RefusalError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    if account_id is None:
        typer.echo(f"There is no account @{handle}.", err=True)
        raise typer.Exit(REFUSED)
