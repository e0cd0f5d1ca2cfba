"""What the tables share: names of constraints, the id column, and the table behind a class."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# Stable names, so that a migration can refer to a constraint that another one made.
SQLModel.metadata.naming_convention = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def server_default(expression: str) -> dict[str, Any]:
    """Column arguments for a default that Postgres computes. A default of Python's would be sent with every insert."""
    return {"server_default": sa.text(expression), "default": None}


def id_field() -> int:
    """A primary key that `mint_id()` fills: 64 bits, time-ordered (core.ids)."""
    number: int = Field(
        default=None, sa_type=sa.BigInteger, primary_key=True, sa_column_kwargs=server_default("mint_id()")
    )
    return number


def reference(target: str, *, primary_key: bool = False) -> int:
    """A required reference to `table.column`."""
    number: int = Field(sa_type=sa.BigInteger, foreign_key=target, primary_key=primary_key, nullable=False)
    return number


def optional_reference(target: str) -> int | None:
    """A reference to `table.column` that may be missing."""
    number: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key=target, nullable=True)
    return number


def json_value(*, default: str | None = None) -> Any:
    """A small document that is read and written whole; with a `default`, in SQL, it is required."""
    if default is None:
        return Field(default=None, sa_type=JSONB, nullable=True)
    return Field(sa_type=JSONB, nullable=False, sa_column_kwargs=server_default(default))


def flag() -> bool:
    """A yes or no that starts as no."""
    is_set: bool = Field(default=False, sa_type=sa.Boolean, nullable=False, sa_column_kwargs=server_default("false"))
    return is_set


def small_number() -> int:
    """One of a few choices, by its number; it starts as the first one, 0."""
    number: int = Field(default=0, sa_type=sa.SmallInteger, nullable=False, sa_column_kwargs=server_default("0"))
    return number


def counter() -> int:
    """A number that starts at zero."""
    number: int = Field(default=0, sa_type=sa.BigInteger, nullable=False, sa_column_kwargs=server_default("0"))
    return number


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table behind a model class; statements are written over tables, not over classes."""
    table: sa.Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it, its stubs do not say so
    return table
