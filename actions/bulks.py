"""How a bulk of records goes in: by COPY into a table of its transaction, from there by one statement with its totals.

Records name others by external id, and get their own ids from their dates.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable

from actions import archives
from actions.archives import SOURCE
from core.database import Statement, Transaction, command
from models.imports import imported_record

_POSTGRES: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it


class UnknownRecordError(Exception):
    """A record names another one that was not brought in before. Nothing of its bulk was."""


class Added(NamedTuple):
    """How many records of a bulk name what is here, and how many of them made a row."""

    found: int
    added: int


def staging(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table of this transaction only, which COPY fills. Its columns are the fields of the archived record."""
    return sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def text(name: str) -> sa.Column[str]:
    """A column of texts."""
    return sa.Column(name, sa.Text)


def date() -> sa.Column[datetime]:
    """The column of dates."""
    return sa.Column("at", sa.DateTime(timezone=True))


@lru_cache
def _create(table: sa.Table) -> Statement[None]:
    return command(sa.text(str(CreateTable(table).compile(dialect=_POSTGRES))))


def record(name: str, external_id: sa.ColumnElement[str]) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """The imported record that `external_id` names, under an alias, and the condition that joins it."""
    found = imported_record.alias(name)
    return found, sa.and_(found.c.source == SOURCE, found.c.external_id == external_id)


def drop_known(table: sa.Table) -> sa.Delete:
    """Leaves out the staged records that are here."""
    known, is_known = record("known", table.c.external_id)
    return sa.delete(table).where(sa.exists().select_from(known).where(is_known))


def mint(table: sa.Table) -> sa.Insert:
    """Gives every staged record its local id, in the order of their dates."""
    ids = sa.select(SOURCE, table.c.external_id, sa.func.mint_id(table.c.at)).order_by(table.c.at)
    return sa.insert(imported_record).from_select(["source", "external_id", "local_id"], ids)


def counted(
    table: sa.Table,
    subject_id: sa.ColumnElement[int],
    counts: Mapping[str, sa.ColumnElement[int]],
    source: sa.FromClause,
) -> sa.CTE:
    """Adds to totals: `counts` of the rows of `source`, by `subject_id`, in the order that folding has too."""
    key = next(iter(table.primary_key.columns))
    columns = [table.c[name] for name in counts]
    totals = (
        sa.select(subject_id, *counts.values())
        .select_from(source)
        .where(subject_id.is_not(None))
        .group_by(subject_id)
        .order_by(subject_id)
    )
    new = insert(table).from_select([key, *columns], totals)
    return (
        new.on_conflict_do_update(
            index_elements=[key], set_={column: column + new.excluded[column.name] for column in columns}
        )
        .returning(key)
        .cte(f"counted_in_{table.name}")
    )


def size(rows: sa.CTE) -> sa.ScalarSelect[int]:
    """How many rows a part of the statement has."""
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


async def stage(tx: Transaction, source: str, table: sa.Table, records: Sequence[Sequence[object]]) -> None:
    """Fills a staging table. Until the transaction ends, another import of the source waits."""
    await archives.lock_source(tx, source)
    await tx.rows(_create(table))
    await tx.copy_in(table.name, columns=list(table.c.keys()), rows=records)


def all_found(added: Added | None, expected: int) -> int:
    """How many were added. Raises UnknownRecordError unless all that was named is here."""
    assert added is not None
    if added.found != expected:
        raise UnknownRecordError(f"{expected - added.found} records name others that are not here.")
    return added.added
