"""What tests of fan-out share: its handlers without a worker, and timelines as they are in Redis."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from app.services import ProcessServices
from tests.worlds import Person
from timelines.fanout import FanOut
from timelines.pulled_authors import PulledAuthors, PullLimits
from timelines.store import TimelineStore

# A connection of the test's own.
Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Above what any test posts or has as followers.
UNLIMITED = PullLimits(readers=10_000, posts_per_day=10_000, active_days=16)


def store_of(services: ProcessServices) -> TimelineStore:
    """The timelines of a process."""
    return services.resources.home._store


def fan_out_of(services: ProcessServices, limits: PullLimits = UNLIMITED) -> FanOut:
    """The handlers of a worker with these limits."""
    return FanOut(
        services.db,
        store_of(services),
        PulledAuthors(services.db, limits),
        key_prefix=services.cache.prefix,
        active_days=limits.active_days,
    )


async def timelines(services: ProcessServices, people: Sequence[Person]) -> list[list[int] | None]:
    """What each one's timeline has; None where there is none."""
    cuts = [await store_of(services).read(person.account_id, before=2**62, limit=50) for person in people]
    return [None if cut is None or cut.is_over else list(cut.ids) for cut in cuts]


@asynccontextmanager
async def sql_of(services: ProcessServices) -> AsyncIterator[Sql]:
    """A connection beside those of the process."""
    connection = await asyncpg.connect(services.settings.database_url)
    try:
        yield connection
    finally:
        await connection.close()
