"""The one way to the database: statements compiled once, run on pooled connections, rows as plain tuples.

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
from functools import partial
from operator import itemgetter
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

from core.errors import RookeryError, UnavailableError
from core.pool import Connection, Pool

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
P = ParamSpec("P")

TRANSACTION_ATTEMPTS = 3
READ_ATTEMPTS = 2

_Observer = Callable[[str], None]

_DIALECT: sa.Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it

# Planning a hydration for its exact parameters takes ten times as long as running it by the general plan, and every
# statement here is written so that the general plan is the right one: by index, for one key or five hundred.
# What feeds read is in memory, where a page at random costs what the next one does. At the default, four times as much,
# Postgres reads tables of a few pages whole: a home feed of somebody who mutes somebody took 1.6 times as long.
SERVER_SETTINGS = {
    "application_name": "rookery",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "random_page_cost": "1.1",
}

# The server itself ends a statement so long after we gave it up: we may be gone, and a request to cancel gets lost when
# it comes before the statement has begun.
_GRACE_S = 1.0

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
# After these nothing runs on the connection any more, unless it is lost.
_ENDED = (asyncpg.PostgresError, RookeryError)


class Statement(Generic[R_co]):
    """A statement, compiled to SQL text once. `R_co` is what one row of its result becomes.

    Parameters are the names of its `bindparam`s and are passed as keywords; all are required unless the bindparam
    brings a value of its own.
    """

    __slots__ = ("_defaults", "_pick", "does_write", "make", "text")

    def __init__(self, clause: sa.ClauseElement, make: Callable[[Any], R_co]) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        self.text = str(compiled)
        self.make = make
        self.does_write = any(isinstance(part, UpdateBase) for part in visitors.iterate(clause))
        # `positiontup` is the order of $1, $2, …; it is None for a statement without parameters.
        self._pick = _picked(tuple(getattr(compiled, "positiontup", None) or ()))
        self._defaults = {name: value for name, value in compiled.params.items() if value is not None}

    def arguments(self, given: dict[str, object]) -> Sequence[object]:
        """The values of $1, $2, … Raises KeyError for a parameter that is missing."""
        return self._pick({**self._defaults, **given} if self._defaults else given)


def _picked(names: tuple[str, ...]) -> Callable[[dict[str, object]], Sequence[object]]:
    """Picks the values of these keys, in order."""
    match names:
        case ():
            return lambda _given: ()
        case (name,):
            return lambda given: (given[name],)
        case _:
            return itemgetter(*names)


def rows_of(clause: sa.ClauseElement, row: type[R]) -> Statement[R]:
    """A statement whose rows become the NamedTuple `row`, column by column, in order."""
    assert issubclass(row, tuple)
    # What `row._make` does, without a Python function around it.
    return Statement(clause, partial(tuple.__new__, row))


def values_of(clause: sa.ClauseElement, kind: type[R]) -> Statement[R]:  # noqa: ARG001 (says what R is)
    """A statement of one column, whose rows become its bare values."""
    return Statement(clause, itemgetter(0))


def command(clause: sa.ClauseElement) -> Statement[None]:
    """A statement that is run for its effect."""
    return Statement(clause, lambda _record: None)


def _is_clean(connection: Connection) -> bool:
    # In this order: a connection that was cut cannot tell whether it is in a transaction.
    return not connection.is_closed() and not connection.is_in_transaction()


_IS_REACHABLE = values_of(sa.select(sa.literal_column("1")), int)


class Reader:
    """Runs SELECTs: on the pool, or inside a Transaction on that transaction's connection."""

    async def rows(self, statement: Statement[R], **parameters: object) -> list[R]:
        """Every row."""
        return list(map(statement.make, await self._fetch(statement, statement.arguments(parameters))))

    async def row(self, statement: Statement[R], **parameters: object) -> R | None:
        """The first row, or None."""
        records = await self._fetch(statement, statement.arguments(parameters))
        return statement.make(records[0]) if records else None

    async def _fetch(self, statement: Statement[Any], arguments: Sequence[object]) -> Sequence[Any]:
        raise NotImplementedError


class Transaction(Reader):
    """A running transaction. Whoever opened it commits it; nobody else may.

    `at` is the time that its rows are dated with; None is the database's own clock. Only an archive that is brought
    in from elsewhere sets it.
    """

    def __init__(self, connection: Connection, observers: Iterable[_Observer], *, at: datetime | None = None) -> None:
        self._connection = connection
        self._observers = observers
        self.at = at

    async def _fetch(self, statement: Statement[Any], arguments: Sequence[object]) -> Sequence[Any]:
        self._begin(statement.text, does_write=statement.does_write)
        return await self._connection.fetch(statement.text, *arguments)

    async def run(self, statement: Statement[Any], **parameters: object) -> int:
        """Runs a statement for its effect; gives the number of rows it touched."""
        arguments = statement.arguments(parameters)
        self._begin(statement.text, does_write=True)
        status = await self._connection.execute(statement.text, *arguments)
        return int(status.rpartition(" ")[2])

    async def copy_in(self, table: str, *, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Brings many rows in by COPY; gives their number."""
        self._begin(f"COPY {table}", does_write=True)
        status = await self._connection.copy_records_to_table(table, columns=columns, records=rows)
        return int(status.rpartition(" ")[2])

    def _begin(self, text: str, *, does_write: bool) -> None:  # noqa: ARG002 (a kind of transaction asks)
        for observe in self._observers:
            observe(text)


class OneWrite(Transaction):
    """A transaction of one writing statement, its last: that statement commits by itself, so nothing may follow it.

    What it reads before is read as in any transaction here: each statement sees what was committed when it began.
    """

    _has_written = False

    def _begin(self, text: str, *, does_write: bool) -> None:
        assert not self._has_written, "the write of this transaction is committed already"
        self._has_written = does_write
        super()._begin(text, does_write=does_write)


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
        connect = partial(
            asyncpg.connect,
            url,
            timeout=connect_timeout_s,
            command_timeout=command_timeout_s,
            statement_cache_size=512,
            server_settings=SERVER_SETTINGS | {"statement_timeout": f"{(command_timeout_s + _GRACE_S) * 1000:.0f}"},
        )
        self._new_pool = partial(Pool, connect, size=pool_size, wait_s=acquire_timeout_s, settle_s=connect_timeout_s)
        self._pool: Pool
        self.observers: list[_Observer] = []

    async def open(self) -> None:
        """Makes the pool. Connects to nothing yet: a process starts while Postgres is away."""
        self._pool = self._new_pool()

    async def is_reachable(self) -> bool:
        """Whether Postgres answers. Raises UnavailableError if it does not."""
        return await self.row(_IS_REACHABLE) == 1

    async def close(self) -> None:
        """Waits briefly for running statements, then closes every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        pool = self._pool
        connection = await pool.borrow()
        try:
            yield connection
        except BaseException as error:
            if isinstance(error, _ENDED) and not isinstance(error, _LOST) and _is_clean(connection):
                pool.give_back(connection)
            else:
                pool.recover(connection)
            raise
        pool.give_back(connection)

    @asynccontextmanager
    async def _transaction(self, connection: Connection) -> AsyncIterator[None]:
        await connection.execute("BEGIN")
        try:
            yield
        except _ENDED:
            await connection.execute("ROLLBACK")
            raise
        # After anything else something may still run. The pool rolls it back (Pool.recover): whoever is cancelled must
        # not wait for it, nor end with what becomes of it.
        await connection.execute("COMMIT")

    async def _fetch(self, statement: Statement[Any], arguments: Sequence[object]) -> Sequence[Any]:
        assert not statement.does_write, "a Reader does not write"
        for observe in self.observers:
            observe(statement.text)
        pool = self._pool
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                connection = await pool.borrow()
                try:
                    records = await connection.fetch(statement.text, *arguments)
                except BaseException:
                    pool.recover(connection)
                    raise
            except ValueError:  # an argument that Postgres cannot take; asyncpg's class for it is an InterfaceError too
                raise
            except _OVERLOADED as error:  # before _LOST, because TimeoutError is an OSError
                raise UnavailableError from error
            except _LOST as error:
                if attempt == READ_ATTEMPTS:
                    raise UnavailableError from error
                # Whoever ended this connection has ended the others of the pool too: the next try gets a new one.
                pool.drop_idle()
            else:
                pool.give_back(connection)
                return records
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

        async def run(connection: Connection) -> R:
            async with self._transaction(connection):
                return await action(Transaction(connection, self.observers, at=at), *args, **kwargs)

        return await self._attempted(run)

    async def transact_in_one_write(
        self, action: Callable[Concatenate[Transaction, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`transact` for an action whose one writing statement is its last: saves the round trips of BEGIN and COMMIT.

        A second write in the action is a bug and raises AssertionError before it is sent.
        """
        return await self._attempted(lambda connection: action(OneWrite(connection, self.observers), *args, **kwargs))

    async def _attempted(self, run: Callable[[Connection], Awaitable[R]]) -> R:
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                async with self._connection() as connection:
                    return await run(connection)
            except _REPEATABLE as error:
                if attempt == TRANSACTION_ATTEMPTS:
                    raise UnavailableError from error
                await asyncio.sleep(0.01 * attempt)
            except ValueError:
                raise
            except (*_LOST, *_OVERLOADED) as error:
                raise UnavailableError from error
        raise AssertionError("unreachable: the loop returns or raises")
