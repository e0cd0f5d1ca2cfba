"""What tests of pulled authors share: a connection in a world at rest, and how authors come and go."""

from collections.abc import AsyncIterator

import pytest

from app.services import ProcessServices
from app.worker import Worker
from tests.fixtures.api import Api
from tests.timelines.fanning import Sql, sql_of
from tests.timelines.test_home_model import whole_feed
from tests.worlds import Person, World
from timelines import pulled_authors

FEED = "query ($first: Int!) { homeFeed(first: $first) { edges { node { id } } } }"


@pytest.fixture
async def sql(services: ProcessServices, world: World, worker: Worker) -> AsyncIterator[Sql]:
    """Behind everything that making the world has left to be done; alice, who follows bob and carol, has a timeline."""
    await worker.settle()
    await services.resources.home.rebuild(world.alice.account_id)
    async with sql_of(services) as connection:
        yield connection


async def state(sql: Sql, author: Person) -> str | None:
    """How an author stands: pulled, leaving, going; None for all others."""
    told: str | None = await sql.fetchval(
        """
        SELECT CASE WHEN leaves_at IS NULL THEN 'pulled' WHEN leaves_at = 'infinity' THEN 'leaving' ELSE 'going' END
        FROM pulled_author WHERE account_id = $1
        """,
        author.account_id,
    )
    return told


async def enter(world: World, author: Person) -> None:
    await world.services.db.transact(pulled_authors.enter, author.account_id)


async def leave(world: World, author: Person) -> None:
    await world.services.db.transact(pulled_authors.leave, author.account_id)


async def end(world: World, sql: Sql) -> None:
    """As if whoever is going had gone."""
    await sql.execute("UPDATE pulled_author SET leaves_at = now() WHERE leaves_at < 'infinity'")
    await world.services.db.transact(pulled_authors.end_left)


async def feed(api: Api, reader: Person, size: int = 7) -> list[int]:
    return await whole_feed(api, reader, lambda: size)
