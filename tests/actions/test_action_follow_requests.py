"""Acts of two people on one request, each begun before the other has ended: the later one sees what the earlier did."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from actions import follow_requests, follows, settings
from app.services import ProcessServices
from core.database import Database, Transaction, values_of
from core.errors import NotFoundError
from models.follows import follow_request
from tests.worlds import World

WITHIN_S = 5.0
OPEN = settings.SettingsChange(is_private=False)

_WAITING = values_of(
    sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
    int,
)
_REQUESTS = values_of(sa.select(sa.func.count()).select_from(follow_request), int)

Act = Callable[[Transaction], Awaitable[object]]


@pytest.fixture
async def db(services: ProcessServices, world: World) -> Database:
    """Of a world in which eve asks bob, who is private, to follow him."""
    await world.make_private(world.bob)
    await world.follow(world.eve, world.bob)
    return services.db


@asynccontextmanager
async def meanwhile(db: Database, first: Act, second: Act) -> AsyncIterator[asyncio.Task[object]]:
    """The second act, which has come as far as it can before the first one commits; it goes on inside."""
    is_done, may_commit = asyncio.Event(), asyncio.Event()

    async def held(tx: Transaction) -> None:
        await first(tx)
        is_done.set()
        await may_commit.wait()

    async with asyncio.timeout(WITHIN_S):
        holding = asyncio.create_task(db.transact(held))
        await is_done.wait()
        waiting = asyncio.create_task(db.transact(second))
        while not await db.row(_WAITING):  # noqa: ASYNC110 (only Postgres knows)
            await asyncio.sleep(0.01)
        may_commit.set()
        await holding
        yield waiting


def accept(world: World) -> Act:
    return lambda tx: follow_requests.accept_follow_request(tx, world.bob.viewer, world.eve.account_id)


def ask(world: World) -> Act:
    return lambda tx: follows.follow_user(tx, world.eve.viewer, world.bob.account_id)


def withdraw(world: World) -> Act:
    return lambda tx: follows.unfollow_user(tx, world.eve.viewer, world.bob.account_id)


async def test_who_asks_again_while_they_are_accepted_follows_and_does_not_ask(db: Database, world: World) -> None:
    async with meanwhile(db, accept(world), ask(world)) as asked:
        await asked
    assert await _stance(db, world) == (True, 0)


async def test_who_asks_while_the_account_opens_follows(db: Database, world: World) -> None:
    await world.unfollow(world.eve, world.bob)
    async with meanwhile(db, lambda tx: settings.update_settings(tx, world.bob.viewer, OPEN), ask(world)) as asked:
        await asked
    assert await _stance(db, world) == (True, 0)


async def test_who_withdraws_while_they_are_accepted_does_not_follow(db: Database, world: World) -> None:
    async with meanwhile(db, accept(world), withdraw(world)) as withdrawn:
        await withdrawn
    assert await _stance(db, world) == (False, 0)


async def test_who_has_withdrawn_is_not_accepted(db: Database, world: World) -> None:
    async with meanwhile(db, withdraw(world), accept(world)) as accepted:
        with pytest.raises(NotFoundError):
            await accepted
    assert await _stance(db, world) == (False, 0)


async def _stance(db: Database, world: World) -> tuple[bool, int]:
    """Whether eve follows bob, and how many requests there are."""
    pair = {"follower_id": world.eve.account_id, "followee_id": world.bob.account_id}
    return await db.transact(follows.is_following, **pair), await db.row(_REQUESTS) or 0
