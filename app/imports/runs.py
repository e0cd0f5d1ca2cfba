"""What every import does: open the database, go through records in bulks, name its source and its accounts."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from access.viewer import Viewer
from actions import inputs
from app.imports.report import Report, SourceError
from app.services import open_database
from app.settings import Settings
from core import ids
from core.clock import utc_now
from core.database import Database, Transaction

T = TypeVar("T")

# Rows of one COPY, in one transaction: what a kill loses, and how often the progress bar moves.
BULK_ROWS = 20_000
# The longest statement inserts a bulk; a request's deadline is not for it.
STATEMENT_TIMEOUT_S = 600.0


@asynccontextmanager
async def import_database(settings: Settings) -> AsyncIterator[Database]:
    """The database, with time for long statements."""
    db = open_database(settings.model_copy(update={"database_command_timeout_s": STATEMENT_TIMEOUT_S}))
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def add_in_bulks(
    db: Database,
    add: Callable[[Transaction, str, Sequence[T]], Awaitable[int]],
    records: Sequence[T],
    *,
    source: str,
    name: str,
    report: Report,
    rows_each: int = 1,
) -> None:
    """Brings records in, BULK_ROWS in a transaction; `name` is for the report, `rows_each` what a record makes."""
    report.added[name] += 0
    with report.step(name, len(records)) as advance:
        for start in range(0, len(records), BULK_ROWS):
            bulk = records[start : start + BULK_ROWS]
            added = await db.transact(add, source, bulk)
            report.added[name] += added
            report.present[name] += rows_each * len(bulk) - added
            advance(len(bulk))


def prefix_of(given: str | None, folder: Path) -> str:
    """What handles of an archive begin with: the given prefix, or the folder's name. Raises SourceError."""
    prefix = given if given is not None else re.sub(r"[^A-Za-z0-9]+", "_", folder.resolve().name).strip("_")
    if not inputs.is_handle(prefix):
        raise SourceError(f"{prefix!r} cannot begin a handle: give 2 or more letters and digits with --prefix.")
    return prefix


def handle_of(prefix: str, number: str) -> str:
    """The handle of an archive's account. Raises SourceError if the prefix leaves too little room for the number."""
    handle = f"{prefix}_{number}"
    if not inputs.is_handle(handle):
        raise SourceError(f"{handle!r} is too long for a handle: give a shorter --prefix.")
    return handle


def archived_viewer(account_id: int) -> Viewer:
    """An archive's account as the one who acts. It has no session."""
    return Viewer(account_id, session_id=ids.NOBODY, token_expires_at=utc_now())
