"""A server as a pool sees it, and the promise that nothing goes unhandled."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.core.pooling import Server, become


@pytest.fixture
async def nothing_goes_unhandled() -> AsyncIterator[None]:
    """The test leaves no task, no exception that nobody has looked at, and no complaint to the loop."""
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    tasks = asyncio.all_tasks()  # one of which sets up this test
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    gc.freeze()  # What is older than the test need not be looked through after it.
    yield
    await become(lambda: asyncio.all_tasks() - tasks <= {asyncio.current_task()})
    gc.collect()
    gc.unfreeze()
    loop.set_exception_handler(None)
    assert complaints == []


@pytest.fixture
def server(worker_database_url: str, request: pytest.FixtureRequest, nothing_goes_unhandled: None) -> Server:
    # Postgres cuts names at 63 bytes; the tail tells tests apart.
    return Server(worker_database_url, request.node.name[-60:])
