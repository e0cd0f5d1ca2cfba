"""Imports in this process, with a report that remembers, and as the command that people run."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from app.settings import Settings
from tests.imports.checking import Told

CHECKOUT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 60
COMMAND = "from app.commands.imports import cli; cli()"


@pytest.fixture
def told() -> Told:
    """Makes reports, and has every line that they told of."""
    return Told()


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def start_import(settings: Settings) -> Callable[..., subprocess.Popen[str]]:
    """Starts `rookery import …` over the test's database."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    environment = {
        **os.environ,
        "ROOKERY_ENV": "development",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_KEY_PREFIX": settings.redis_key_prefix,
    }

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COMMAND, *map(str, arguments)]
        return subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


@pytest.fixture
def run_import(
    start_import: Callable[..., subprocess.Popen[str]],
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `rookery import …` to its end."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        with start_import(*arguments) as process:
            try:
                out, err = process.communicate(timeout=ENDS_WITHIN_S)
            finally:
                process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run
