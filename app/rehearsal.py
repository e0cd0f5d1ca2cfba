"""Running an operation to see what it asks of Postgres and Redis, and leaving nothing behind.

All statements run on one connection, inside one transaction that is rolled back at the end: what an act has changed is
there for what the operation reads afterwards, and for nobody else. In Redis nothing is changed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from graphql import GraphQLError

from access.viewer import Viewer
from actions.accounts import fetch_credentials
from app.services import SECONDS_PER_DAY, open_cache
from app.settings import Settings
from app.transport.errors import expected_cause
from core.cache import Cache, CacheUnavailableError
from core.clock import utc_now
from core.database import Database, Statement
from core.errors import UnauthenticatedError
from core.passwords import Passwords
from core.pool import Connection
from core.tokens import Tokens
from events.bus import Bell, Bus
from resolvers.context import Context, Resources
from schema.root import Schema
from timelines.epochs import UnboundError
from timelines.home import HomeTimelines
from timelines.store import Cut, TimelineStore


class CannotRehearseError(Exception):
    """The operation was not run; the message says why."""


class UnknownAccountError(Exception):
    """Nobody has this handle."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What happened. `statements` and `round_trips` in their order, as often as they were sent."""

    statements: Sequence[str]
    round_trips: int
    errors: Sequence[GraphQLError]
    is_redis_away: bool

    @property
    def needs_viewer(self) -> bool:
        """Whether a part of the operation was refused because nobody was signed in."""
        return any(isinstance(expected_cause(error), UnauthenticatedError) for error in self.errors)


class RehearsalDatabase(Database):
    """A database of which nothing is kept. One statement at a time; a transaction is a savepoint."""

    _borrowed: Connection

    @asynccontextmanager
    async def rehearsing(self, *, readonly: bool) -> AsyncIterator[None]:
        """Lasts as long as the rehearsal. Raises CannotRehearseError if Postgres cannot be reached."""
        self._turn = asyncio.Lock()
        await self.open()
        try:
            try:
                self._borrowed = await self._pool.borrow()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
                raise CannotRehearseError(f"Postgres cannot be reached: {error}") from error
            everything = self._borrowed.transaction(readonly=readonly)
            await everything.start()
            try:
                yield
            finally:
                # A connection that is lost has rolled back already.
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await everything.rollback()
                self._pool.give_back(self._borrowed)
        finally:
            await self.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with self._turn, self._borrowed.transaction():
            yield self._borrowed

    @asynccontextmanager
    async def _transaction(self, connection: Connection) -> AsyncIterator[None]:  # noqa: ARG002 (in its savepoint)
        yield

    async def _fetch(self, statement: Statement[Any], arguments: Sequence[object]) -> Sequence[Any]:
        assert not statement.does_write, "a Reader does not write"
        for observe in self.observers:
            observe(statement.text)
        async with self._connection() as connection:
            return await connection.fetch(statement.text, *arguments)


class RehearsalTimelines(TimelineStore):
    """Timelines that are read only. A change is counted as the round trip that it would be."""

    def __init__(self, cache: Cache, *, ttl_s: int) -> None:
        super().__init__(cache, ttl_s=ttl_s, is_reading_only=True)
        self._observers = cache.round_trip_observers

    async def read(self, account_id: int, *, before: int, limit: int) -> Cut | None:
        """What is there; whether it has to be kept alive is left to servers."""
        cut = await super().read(account_id, before=before, limit=limit)
        return None if cut is None else cut._replace(is_due=False)

    async def forget(self, *account_ids: int) -> None:  # noqa: ARG002 (as the store's)
        for observe in self._observers:
            observe()

    async def begin_rebuild(self, account_id: int) -> None:
        """As if somebody else rebuilt it already."""


class RehearsalBell(Bell):
    """Wakes nobody. All rings of an operation are counted as the one round trip that they are collected into."""

    def __init__(self, cache: Cache) -> None:
        super().__init__(cache)
        self._observers = cache.round_trip_observers
        self._has_rung = False

    def ring(self) -> None:
        if not self._has_rung:
            self._has_rung = True
            for observe in self._observers:
                observe()


async def rehearse(
    settings: Settings,
    schema: Schema,
    document: str,
    *,
    operation_name: str | None,
    variables: Mapping[str, Any],
    handle: str | None,
    is_query: bool,
) -> Rehearsal:
    """Runs a query or a mutation as the account with this handle, or as nobody.

    Document, variables and cost have been checked before. Of a query Postgres itself refuses writes. Raises
    CannotRehearseError, and UnknownAccountError for the handle.
    """
    db, cache = _database(settings), open_cache(settings)
    store = RehearsalTimelines(cache, ttl_s=settings.timeline_ttl_days * SECONDS_PER_DAY)
    resources = _resources(settings, db, cache, store)
    try:
        async with db.rehearsing(readonly=is_query):
            viewer = None if handle is None else await _viewer(db, handle)
            is_redis_away = not await _does_answer(store)
            statements: list[str] = []
            trips: list[None] = []
            db.observers.append(statements.append)
            cache.round_trip_observers.append(lambda: trips.append(None))
            context = Context(resources, viewer, client_ip="", request_id="rehearsal")
            try:
                async with asyncio.timeout(settings.operation_deadline_s):
                    result = await schema.execute(
                        document, dict(variables), context_value=context, operation_name=operation_name
                    )
            except TimeoutError as error:
                took = f"The operation took longer than {settings.operation_deadline_s:g} seconds and was stopped."
                raise CannotRehearseError(took) from error
            finally:
                await context.close()
                await resources.home.rebuilt()
            return Rehearsal(statements, len(trips), result.errors or [], is_redis_away)
    finally:
        resources.passwords.close()
        await cache.close()


def _database(settings: Settings) -> RehearsalDatabase:
    assert settings.database_url is not None
    return RehearsalDatabase(
        settings.database_url,
        pool_size=1,
        connect_timeout_s=settings.database_connect_timeout_s,
        acquire_timeout_s=settings.database_connect_timeout_s,
        command_timeout_s=settings.database_command_timeout_s,
    )


def _resources(settings: Settings, db: Database, cache: Cache, store: TimelineStore) -> Resources:
    """A server's, but that nothing is kept and nobody is told."""
    return Resources(
        db=db,
        home=HomeTimelines(db, store),
        bus=Bus(cache),
        bell=RehearsalBell(cache),
        channel_prefix=cache.prefix,
        passwords=Passwords(at_once=1),
        tokens=Tokens(settings.secret_key.get_secret_value(), access_ttl_s=settings.access_token_ttl_s),
        session_ttl=timedelta(days=settings.refresh_token_ttl_days),
    )


async def _viewer(db: Database, handle: str) -> Viewer:
    try:
        found = await fetch_credentials(db, handle)
    except asyncpg.PostgresError as error:
        raise CannotRehearseError(f"Postgres says: {error}. Are the tables there? See `rookery migrate`.") from error
    if found is None:
        raise UnknownAccountError(f"There is no account with the handle {handle}.")
    return Viewer(found.account_id, session_id=0, token_expires_at=utc_now() + timedelta(hours=1))


async def _does_answer(store: TimelineStore) -> bool:
    """Whether Redis does; and what a server has learnt long ago is learnt."""
    try:
        with suppress(UnboundError):
            await store.prepare()
    except CacheUnavailableError:
        return False
    return True
