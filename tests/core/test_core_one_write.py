"""Transactions of one writing statement, which commits by itself, and who may write at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from core.database import Reader, Statement, Transaction, command, values_of
from core.errors import NotFoundError
from models.accounts import account
from tests.core.databases import BIO, ONE, RENAME, WITHIN_S, assert_whole, opened
from tests.worlds import World

_EVERYONE = sa.update(account).values(bio=sa.bindparam("new_bio", type_=sa.Text))
_RENAME_EVERYONE = command(_EVERYONE)
_RENAME_EVERYONE_AND_TELL = values_of(_EVERYONE.returning(account.c.id), int)
# The accounts in the order in which an update of all comes to them.
_IN_PLACE = values_of(sa.select(account.c.id).order_by(sa.literal_column("ctid")), int)
_WAITING = values_of(
    sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
    int,
)
# Fails at the second account, when the first is written already.
_MAKE_ALL_ONE = command(_EVERYONE.values(handle="the_only_one"))
_WRITTEN = _EVERYONE.returning(account.c.id).cte("written")

WRITING: dict[str, Statement[Any]] = {
    "insert": values_of(sa.insert(account).values(handle="new").returning(account.c.id), int),
    "update": _RENAME_EVERYONE_AND_TELL,
    "delete": values_of(sa.delete(account).returning(account.c.id), int),
    "a select from what an update wrote": values_of(sa.select(_WRITTEN.c.id), int),
    "a select beside an update": values_of(sa.select(account.c.id).add_cte(_WRITTEN), int),
    "a select that joins what an update wrote": values_of(
        sa.select(account.c.id).where(account.c.id.in_(sa.select(_WRITTEN.c.id))), int
    ),
}
# What comes after the write, or instead of the second one.
AFTER: dict[str, Callable[[Transaction], Awaitable[object]]] = {
    "a command": lambda tx: tx.run(_RENAME_EVERYONE, new_bio="second"),
    "a write that tells": lambda tx: tx.rows(_RENAME_EVERYONE_AND_TELL, new_bio="second"),
    "a copy": lambda tx: tx.copy_in("count_delta", columns=["counter"], rows=[]),
    "a read": lambda tx: tx.row(ONE),
}


async def rename(tx: Transaction, account_id: int, new_bio: str) -> int:
    assert await tx.row(BIO, account_id=account_id) is not None
    return await tx.run(RENAME, account_id=account_id, new_bio=new_bio)


async def test_the_one_write_may_follow_reads_and_is_seen_by_others_at_once(
    world: World, worker_database_url: str
) -> None:
    alice = world.alice.account_id

    async def rename_and_look(tx: Transaction, new_bio: str) -> str | None:
        assert await rename(tx, alice, new_bio) == 1
        return await db.row(BIO, account_id=alice)

    async with opened(worker_database_url) as db:
        assert await db.transact_in_one_write(rename_and_look, "first") == "first"
        assert await db.transact(rename_and_look, "second") == "first"
        await assert_whole(db)


@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
async def test_whatever_follows_the_one_write_is_a_bug_that_is_never_sent(
    world: World, worker_database_url: str, after: Callable[[Transaction], Awaitable[object]]
) -> None:
    alice = world.alice.account_id

    async def write_twice(tx: Transaction) -> None:
        await rename(tx, alice, "first")
        sent.clear()
        await after(tx)

    async with opened(worker_database_url) as db:
        sent: list[str] = []
        db.observers.append(sent.append)
        with pytest.raises(AssertionError):
            await db.transact_in_one_write(write_twice)
        assert sent == []
        assert await db.row(BIO, account_id=alice) == "first"
        await assert_whole(db)


async def test_a_one_write_that_fails_leaves_nothing(world: World, worker_database_url: str) -> None:
    async def make_all_one(tx: Transaction) -> None:
        await tx.run(_MAKE_ALL_ONE, new_bio="never")

    async def refuse(tx: Transaction) -> None:
        await tx.row(BIO, account_id=world.alice.account_id)
        raise NotFoundError("made up")

    async with opened(worker_database_url) as db:
        with pytest.raises(asyncpg.UniqueViolationError):
            await db.transact_in_one_write(make_all_one)
        with pytest.raises(NotFoundError):
            await db.transact_in_one_write(refuse)
        bios = {await db.row(BIO, account_id=person.account_id) for person in world.people.values()}
        assert bios == {""}
        await assert_whole(db)


async def test_a_one_write_that_meets_a_deadlock_is_run_again(world: World, worker_database_url: str) -> None:
    runs: list[str] = []

    async def rename_everyone(tx: Transaction) -> int:
        runs.append("everyone")
        return await tx.run(_RENAME_EVERYONE, new_bio="second")

    async def hold_last(tx: Transaction, first: int, last: int) -> None:
        runs.append("last")
        await tx.run(RENAME, account_id=last, new_bio="first")
        last_is_held.set()
        # Postgres ends whoever has waited for a second when nobody can go on: so the other one has to wait first.
        while "last" not in runs[1:] and await db.row(_WAITING) == 0:  # noqa: ASYNC110 (nothing tells when it is so)
            await asyncio.sleep(0.01)
        await tx.run(RENAME, account_id=first, new_bio="first")

    async with opened(worker_database_url, pool_size=3) as db, asyncio.timeout(4 * WITHIN_S):
        for _ in range(5):
            runs.clear()
            first, *_, last = await db.rows(_IN_PLACE)
            last_is_held = asyncio.Event()
            holder = asyncio.ensure_future(db.transact(hold_last, first, last))
            await last_is_held.wait()
            renamed, _ = await asyncio.gather(db.transact_in_one_write(rename_everyone), holder)
            assert renamed == len(world.people)
            if runs == ["last", "everyone", "everyone"]:
                break  # else the machine was so busy that the second had passed, and Postgres ended the other one
        assert runs == ["last", "everyone", "everyone"]
        bios = {await db.row(BIO, account_id=person.account_id) for person in world.people.values()}
        assert bios == {"second"}
        await assert_whole(db)


@pytest.mark.parametrize("statement", WRITING.values(), ids=WRITING)
async def test_a_reader_refuses_a_statement_that_writes_before_it_is_sent(
    worker_database_url: str, statement: Statement[Any]
) -> None:
    async with opened(worker_database_url) as db:
        sent: list[str] = []
        db.observers.append(sent.append)
        reader: Reader = db
        with pytest.raises(AssertionError):
            await reader.rows(statement, new_bio="never")
        assert sent == []
