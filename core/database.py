"""The one way to the database: statements compiled once, run on an asyncpg pool, rows as plain tuples.

A Reader runs SELECTs; a Transaction is a Reader that also writes. A function that takes a Reader therefore
cannot write, and the type checker says so. No ORM session, no relationship, no lazy anything.

Every call has a deadline and every failure a name: what the network, an overloaded or a restarting server does to
us arrives as core.errors.UnavailableError. Reads are tried once more on a fresh connection; a transaction is run
again (at most twice) only where Postgres itself says that nothing of it happened (deadlock, serialization).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from core.errors import UnavailableError

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
P = ParamSpec("P")

TRANSACTION_ATTEMPTS = 3
READ_ATTEMPTS = 2

# asyncpg's types are not generic over the record class of a pool; rows leave this module as R.
_Connection = Any
_Observer = Callable[[str], None]

_DIALECT: sa.Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it

# Planning a hydration for its exact parameters takes ten times as long as running it by the general plan, and every
# statement here is written so that the general plan is the right one: by index, for one key or five hundred.
_SERVER_SETTINGS = {"application_name": "rookery", "plan_cache_mode": "force_generic_plan", "jit": "off"}

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    # What asyncpg says when the server's farewell and our next statement cross on the way.
    asyncpg.InternalClientError,
    OSError,
)
_OVERLOADED = (TimeoutError, asyncpg.TooManyConnectionsError, asyncpg.QueryCanceledError)
_REPEATABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Statement(Generic[R_co]):
    """A statement, compiled to SQL text once. `R_co` is what one row of its result becomes.

    Parameters are the names of its `bindparam`s and are passed as keywords; all are required unless the bindparam
    brings a value of its own.
    """

    __slots__ = ("_defaults", "_names", "make", "text")

    def __init__(self, clause: sa.ClauseElement, make: Callable[[Any], R_co]) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        self.text = str(compiled)
        self.make = make
        # `positiontup` is the order of $1, $2, …; it is None for a statement without parameters.
        self._names: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self._defaults = {name: value for name, value in compiled.params.items() if value is not None}

    def arguments(self, given: dict[str, object]) -> list[object]:
        defaults = self._defaults
        return [given[name] if name in given else defaults[name] for name in self._names]


def rows_of(clause: sa.ClauseElement, row: type[R]) -> Statement[R]:
    """A statement whose rows become the NamedTuple `row`, column by column, in order."""
    make: Callable[[Any], R] = row._make  # type: ignore[attr-defined]  # every NamedTuple has it, no protocol names it
    return Statement(clause, make)


def values_of(clause: sa.ClauseElement, kind: type[R]) -> Statement[R]:  # noqa: ARG001 (says what R is)
    """A statement of one column, whose rows become its bare values."""
    return Statement(clause, lambda record: record[0])


def command(clause: sa.ClauseElement) -> Statement[None]:
    """A statement that is run for its effect."""
    return Statement(clause, lambda _record: None)


class Reader:
    """Runs SELECTs: on the pool, or inside a Transaction on that transaction's connection."""

    async def rows(self, statement: Statement[R], **parameters: object) -> list[R]:
        """Every row."""
        records = await self._fetch(statement.text, statement.arguments(parameters))
        make = statement.make
        return [make(record) for record in records]

    async def row(self, statement: Statement[R], **parameters: object) -> R | None:
        """The first row, or None."""
        records = await self._fetch(statement.text, statement.arguments(parameters))
        return statement.make(records[0]) if records else None

    async def _fetch(self, text: str, arguments: list[object]) -> Sequence[Any]:
        raise NotImplementedError


class Transaction(Reader):
    """A running transaction. Whoever opened it commits it; nobody else may.

    `at` is the time that its rows are dated with; None is the database's own clock. Only an archive that is brought
    in from elsewhere sets it.
    """

    def __init__(self, connection: _Connection, observers: Iterable[_Observer], *, at: datetime | None = None) -> None:
        self._connection = connection
        self._observers = observers
        self.at = at

    async def _fetch(self, text: str, arguments: list[object]) -> Sequence[Any]:
        for observe in self._observers:
            observe(text)
        records: Sequence[Any] = await self._connection.fetch(text, *arguments)
        return records

    async def run(self, statement: Statement[Any], **parameters: object) -> int:
        """Runs a statement for its effect; gives the number of rows it touched."""
        for observe in self._observers:
            observe(statement.text)
        status: str = await self._connection.execute(statement.text, *statement.arguments(parameters))
        return int(status.rpartition(" ")[2])

    async def copy_in(self, table: str, *, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Brings many rows in by COPY; gives their number."""
        for observe in self._observers:
            observe(f"COPY {table}")
        status: str = await self._connection.copy_records_to_table(table, columns=columns, records=rows)
        return int(status.rpartition(" ")[2])


class Database(Reader):
    """The pool of one process. Reads run on any free connection; `transact` runs an action in a transaction."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        connect_timeout_s: float,
        acquire_timeout_s: float,
        command_timeout_s: float,
    ) -> None:
        self._url = url
        self._pool_size = pool_size
        self._connect_timeout_s = connect_timeout_s
        self._acquire_timeout_s = acquire_timeout_s
        self._command_timeout_s = command_timeout_s
        self._pool: Any = None
        self.observers: list[_Observer] = []

    async def open(self) -> None:
        """Prepares the pool. Connects to nothing yet: a process starts while Postgres is away."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._pool_size,
            timeout=self._connect_timeout_s,
            command_timeout=self._command_timeout_s,
            statement_cache_size=512,
            server_settings=_SERVER_SETTINGS,
            # No statement of ours sets session state, so there is nothing to reset at each release.
            reset=_nothing_to_reset,
        )

    async def is_reachable(self) -> bool:
        """Whether Postgres answers. Raises UnavailableError if it does not."""
        return bool(await self._fetch("SELECT 1", []))

    async def close(self) -> None:
        """Waits briefly for running statements, then closes every connection."""
        try:
            await asyncio.wait_for(self._pool.close(), timeout=5)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        try:
            connection = await self._pool.acquire(timeout=self._acquire_timeout_s)
        except (*_LOST, *_OVERLOADED) as error:
            raise UnavailableError from error
        try:
            yield connection
        finally:
            await asyncio.shield(self._pool.release(connection))

    async def _fetch(self, text: str, arguments: list[object]) -> Sequence[Any]:
        for observe in self.observers:
            observe(text)
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                async with self._connection() as connection:
                    records: Sequence[Any] = await connection.fetch(text, *arguments)
                    return records
            except ValueError:  # an argument that Postgres cannot take; asyncpg's class for it is an InterfaceError too
                raise
            except _OVERLOADED as error:  # before _LOST, because TimeoutError is an OSError
                raise UnavailableError from error
            except _LOST as error:
                if attempt == READ_ATTEMPTS:
                    raise UnavailableError from error
                # Whoever ended this connection has ended the others of the pool too: the next try gets a new one.
                await self._pool.expire_connections()
        raise AssertionError("unreachable: the loop returns or raises")

    async def transact(
        self, action: Callable[Concatenate[Transaction, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Runs `action(transaction, *args)` and commits; rolls back if it raises.

        The action may run more than once and must not touch anything but the database.
        """
        return await self.transact_at(None, action, *args, **kwargs)

    async def transact_at(
        self,
        at: datetime | None,
        action: Callable[Concatenate[Transaction, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """`transact` with `at` as the clock."""
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                async with self._connection() as connection, connection.transaction():
                    return await action(Transaction(connection, self.observers, at=at), *args, **kwargs)
            except _REPEATABLE as error:
                if attempt == TRANSACTION_ATTEMPTS:
                    raise UnavailableError from error
                await asyncio.sleep(0.01 * attempt)
            except ValueError:
                raise
            except (*_LOST, *_OVERLOADED) as error:
                raise UnavailableError from error
        raise AssertionError("unreachable: the loop returns or raises")


async def _nothing_to_reset(_connection: _Connection) -> None:
    return
