"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

CANCEL_AGAIN_AFTER_S = 0.1


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancels tasks until every one has ended.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, which libraries of ours use, can swallow a cancellation
    that comes in the moment in which its inner wait ends.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_AFTER_S)
