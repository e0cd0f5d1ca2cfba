"""Rows straight into the tables: for what no act makes, or would refuse."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.database import Database, Transaction, values_of

_MINT = values_of(
    sa.select(sa.func.mint_id()).select_from(sa.func.generate_series(1, sa.bindparam("size", type_=sa.Integer))),
    int,
)


async def mint(db: Database, size: int) -> list[int]:
    """So many new ids, the smallest first."""
    return sorted(await db.rows(_MINT, size=size))


async def insert(db: Database, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that have the same columns."""
    if rows:
        await db.transact(_copy_in, table, rows)


async def _copy_in(tx: Transaction, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [*rows[0]]
    await tx.copy_in(table, columns=columns, rows=[[row[column] for column in columns] for row in rows])
