"""A process stops at any moment, whatever its background tasks are doing just then."""

import asyncio

from app.services import ProcessServices
from app.settings import Settings

TIMES = 60
WITHIN_S = 3.0


async def test_services_stop_at_any_moment_while_the_bell_rings(settings: Settings) -> None:
    for number in range(TIMES):
        services = ProcessServices(settings)
        await services.start()
        await services.db.is_reachable()
        services.resources.bell.ring()
        for _ in range(number % 20):
            await asyncio.sleep(0)
        stopping = asyncio.create_task(services.stop())
        _, late = await asyncio.wait({stopping}, timeout=WITHIN_S)
        hung = [task.get_name() for task in services._tasks if not task.done()]
        while late:
            for task in services._tasks:
                task.cancel()
            _, late = await asyncio.wait({stopping}, timeout=0.1)
        assert hung == [], f"still running {WITHIN_S} s after the process was asked to stop, at try {number}"
