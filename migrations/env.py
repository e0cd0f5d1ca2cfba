"""Runs migrations: one at a time on a database, each in its own transaction, with short lock time-outs.

The database's address comes from `-x url=…`, from the caller (`config.attributes["url"]`), or from the settings.
"""

import asyncio
import importlib
import pkgutil

import asyncpg
import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import models
from app.settings import settings

# Any number, as long as nothing else takes it: two machines that start at once migrate one after the other.
MIGRATION_LOCK = 0x526F6F6B
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "15min"

for module in pkgutil.iter_modules(models.__path__, prefix="models."):
    importlib.import_module(module.name)


def _url() -> str:
    url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    url = url or settings().database_url
    if not url:
        raise SystemExit("DATABASE_URL is not set.")
    return str(url)


def _migrate(connection: sa.Connection) -> None:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, transaction_per_migration=True, compare_type=True
    )
    connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(sa.text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.execute(sa.text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_migrate() -> None:
    # asyncpg reads the address itself, so every form that the server takes works here too.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(_url(), timeout=10))
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_connect_and_migrate())
