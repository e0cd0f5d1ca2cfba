"""`rookery import snb|graph|posts`: data of other systems.

Exit status: 0 when everything is here now, 3 when lines were skipped, 1 when nothing was begun or the import stopped.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.imports.report import Report
    from app.settings import Settings

LINES_WERE_SKIPPED = 3

cli = typer.Typer(no_args_is_help=True, help="Bring data of other systems in; run it again to go on or to add nothing.")

Prefix = Annotated[
    str | None,
    typer.Option(help="What handles begin with, and what tells this data set from others; default: its folder's name."),
]


@cli.command()
def snb(
    folder: Annotated[Path, typer.Argument(help="A data set of the LDBC Social Network Benchmark (CSV, composite).")],
    prefix: Prefix = None,
    stream: Annotated[bool, typer.Option(help="Replay the update stream after the snapshot.")] = True,
) -> None:
    """Bring in persons, friendships, posts, comments and likes, then replay the update stream."""
    from app.imports.snb import import_snb

    _run(lambda settings, report: import_snb(settings, folder, prefix=prefix, report=report, has_stream=stream))


@cli.command()
def graph(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns id_1 and id_2, a mutual follow a line.")],
    prefix: Prefix = None,
) -> None:
    """Bring in a graph of follows: an account for every id, both follows for every edge."""
    from app.imports.graph import import_graph

    _run(lambda settings, report: import_graph(settings, file, prefix=prefix, report=report))


@cli.command()
def posts(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns created_at and text.")],
    author: Annotated[str, typer.Option(help="Handle of the account that posts; it must be there.")],
) -> None:
    """Post dated texts as one account."""
    from app.imports.posts import import_posts

    _run(lambda settings, report: import_posts(settings, file, author=author, report=report))


def _run(bring_in: "Callable[[Settings, Report], Awaitable[None]]") -> None:
    import asyncio

    from rich.console import Console

    from actions.bulks import UnknownRecordError
    from app.commands.checks import require_servers
    from app.imports.report import Report, SourceError, progress_bars
    from core.errors import RookeryError

    settings = require_servers()
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    async def run() -> Report:
        with progress_bars(console) as progress:
            report = Report(tell=progress.console.print, progress=progress)
            await bring_in(settings, report)
        return report

    try:
        report = asyncio.run(run())
    except (SourceError, RookeryError, UnknownRecordError) as error:
        typer.echo(f"Import stopped: {error}", err=True)
        raise typer.Exit(1) from error
    for line in report.lines():
        typer.echo(line)
    if report.skipped_lines:
        raise typer.Exit(LINES_WERE_SKIPPED)
