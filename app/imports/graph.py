"""`rookery import graph`: a file of edges, each two accounts that follow each other."""

from pathlib import Path

from actions import imports
from actions.imports import ArchivedAccount, ArchivedFriendship
from app.imports import tables
from app.imports.report import Report, SourceError
from app.imports.runs import add_in_bulks, handle_of, import_database, prefix_of
from app.imports.tables import Table
from app.settings import Settings

COLUMNS = ("id_1", "id_2")


async def import_graph(settings: Settings, file: Path, *, prefix: str | None, report: Report) -> None:
    """Makes an account for every id of the file, and both follows for every edge. Raises SourceError."""
    prefix = prefix_of(prefix, file.parent)
    table = tables.open_table(file, COLUMNS, delimiter=",")
    numbers, edges = _read(table, prefix, report)
    if not edges:
        raise SourceError(f"{file} has no edges.")

    source = f"graph/{prefix}"
    accounts = [ArchivedAccount(number, handle_of(prefix, number), f"{prefix} {number}") for number in numbers]
    async with import_database(settings) as db:
        await add_in_bulks(db, imports.add_accounts, accounts, source=source, name="accounts", report=report)
        await add_in_bulks(
            db, imports.add_friendships, edges, source=source, name="follows", report=report, rows_each=2
        )


def _read(table: Table, prefix: str, report: Report) -> tuple[list[str], list[ArchivedFriendship]]:
    """The ids that occur, in the order of the file, and the edges between different ones, each once."""
    numbers: dict[str, str] = {}
    edges: dict[tuple[str, str], ArchivedFriendship] = {}
    for row in table.rows(report):
        try:
            one, other = (tables.number(field, "account number") for field in row.fields)
            handle_of(prefix, one)
            handle_of(prefix, other)
        except ValueError as error:
            report.skip(row.place, error)
            continue
        if one == other:
            report.skip(row.place, f"{one} cannot follow itself")
            continue
        key = (one, other) if one < other else (other, one)
        if key in edges:
            report.skip(row.place, f"the edge of {one} and {other} was there before")
            continue
        # One string for each id, whatever the number of edges.
        one, other = numbers.setdefault(one, one), numbers.setdefault(other, other)
        edges[key] = ArchivedFriendship(one, other)
    return list(numbers), list(edges.values())
