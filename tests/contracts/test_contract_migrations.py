"""Migrations: up from nothing, down to nothing, up again; and they make what the models say."""

import asyncio
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import SQLModel

from app.commands.migrate import upgrade
from app.settings import CHECKOUT
from tests.fixtures.database import _url_of

NAME = "rookery_migrations"
# Everything of ours in a database: tables, functions, sequences, types.
OBJECTS = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  AND relname <> 'alembic_version_pkc'
UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
"""


@pytest.fixture
async def empty_database_url(server_database_url: str, worker_id: str) -> AsyncIterator[str]:
    name = f"{NAME}_{worker_id}"
    admin = await asyncpg.connect(server_database_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {name}")
    await admin.execute(f"CREATE DATABASE {name}")
    yield _url_of(server_database_url, name)
    await admin.execute(f"DROP DATABASE {name}")
    await admin.close()


async def objects(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(OBJECTS)]
    finally:
        await connection.close()


def configuration(url: str) -> Config:
    config = Config(CHECKOUT / "alembic.ini")
    config.attributes["url"] = url
    return config


async def test_migrations_go_up_from_nothing_down_to_nothing_and_up_again(empty_database_url: str) -> None:
    url = empty_database_url
    assert await objects(url) == []
    await asyncio.to_thread(upgrade, url)
    made = await objects(url)
    assert {table.name for table in SQLModel.metadata.sorted_tables} <= set(made)
    assert "mint_id" in made
    await asyncio.to_thread(command.downgrade, configuration(url), "base")
    assert await objects(url) == []
    await asyncio.to_thread(upgrade, url)
    assert await objects(url) == made
    await asyncio.to_thread(upgrade, url)
    assert await objects(url) == made


async def test_migrations_make_what_the_models_say(empty_database_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_database_url)
    await asyncio.to_thread(command.check, configuration(empty_database_url))


async def test_two_machines_that_start_at_once_migrate_one_after_the_other(empty_database_url: str) -> None:
    url = empty_database_url
    first = asyncio.create_task(asyncio.create_subprocess_exec(*_migrate(url), cwd=CHECKOUT))
    second = asyncio.create_task(asyncio.create_subprocess_exec(*_migrate(url), cwd=CHECKOUT))
    async with asyncio.timeout(60):
        assert [await (await start).wait() for start in (first, second)] == [0, 0]
    assert "mint_id" in await objects(url)


def _migrate(url: str) -> list[str]:
    script = "import sys; from app.commands.migrate import upgrade; upgrade(sys.argv[1])"
    return [sys.executable, "-c", script, url]
