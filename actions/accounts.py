"""Accounts: registering, checking a password."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg
import sqlalchemy as sa

from access import policy
from access.policy import Sight
from access.viewer import Viewer
from actions import handles, inputs
from core.database import Reader, Transaction, command, rows_of, values_of
from core.errors import Problem, ValidationError
from loaders.facts import user_facts
from models.accounts import account, former_handle


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person registers with, but for the password, which comes hashed."""

    handle: str
    display_name: str
    email: str


class Credentials(NamedTuple):
    """What a login is checked against."""

    account_id: int
    password_hash: str | None


_INSERT = values_of(
    sa.insert(account)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        handle=sa.bindparam("new_handle", type_=sa.Text),
        display_name=sa.bindparam("new_display_name", type_=sa.Text),
        email=sa.bindparam("new_email", type_=sa.Text),
        password_hash=sa.bindparam("new_hash", type_=sa.Text),
    )
    .returning(account.c.id),
    int,
)
_WANTED = sa.func.lower(sa.bindparam("wanted", type_=sa.Text))
_FORMER_OWNER_ID = (
    sa.select(former_handle.c.account_id)
    .where(former_handle.c.handle == _WANTED, former_handle.c.until > sa.func.now())
    .scalar_subquery()
)
# A handle that is kept for somebody is nobody else's, so this is one account at most.
_CREDENTIALS = rows_of(
    sa.select(account.c.id, account.c.password_hash).where(
        sa.or_(sa.func.lower(account.c.handle) == _WANTED, account.c.id == _FORMER_OWNER_ID)
    ),
    Credentials,
)
_IS_ANYBODY_THERE = values_of(sa.select(sa.exists(sa.select(account.c.id))), bool)
_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_LOCKED = values_of(
    # Whoever refers to the account (a post, a like) does not wait for it.
    sa.select(account.c.id).where(account.c.id == _ACCOUNT_ID).with_for_update(key_share=True),
    int,
)
_HELD = values_of(sa.select(account.c.id).where(account.c.id == _ACCOUNT_ID).with_for_update(read=True), int)
_BOTH_LOCKED = values_of(
    # The lesser id first: two acts that lock the same two do not wait for each other in a circle.
    sa.select(account.c.id)
    .where(account.c.id.in_([sa.bindparam("one", type_=sa.BigInteger), sa.bindparam("other", type_=sa.BigInteger)]))
    .order_by(account.c.id)
    .with_for_update(key_share=True),
    int,
)
_FACTS = values_of(sa.select(user_facts()).where(account.c.id == _ACCOUNT_ID), int)
_IS_PRIVATE = values_of(sa.select(account.c.is_private).where(account.c.id == _ACCOUNT_ID), bool)
_REHASH = command(
    sa.update(account).where(account.c.id == _ACCOUNT_ID).values(password_hash=sa.bindparam("new_hash", type_=sa.Text))
)


def check_new_account(new: NewAccount, *, password: str) -> None:
    """Raises ValidationError with everything that is wrong, before a password is hashed for nothing."""
    problems = (
        inputs.problem_of_handle(new.handle),
        inputs.problem_of_text(inputs.profile_text(new.display_name), inputs.DISPLAY_NAME, field="displayName"),
        inputs.problem_of_email(new.email),
        inputs.problem_of_password(password),
    )
    found = [problem for problem in problems if problem]
    if found:
        raise ValidationError(*found)


async def register(tx: Transaction, new: NewAccount, *, password_hash: str) -> int:
    """Makes an account that has passed `check_new_account`; gives its id. Raises ValidationError if it is taken."""
    try:
        account_id = await tx.row(
            _INSERT,
            at=tx.at,
            new_handle=new.handle,
            new_display_name=inputs.profile_text(new.display_name),
            new_email=new.email,
            new_hash=password_hash,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "account_lower_email_key":
            raise handles.taken() from error
        taken = Problem(("email",), "TAKEN", "There is an account with this email already.")
        raise ValidationError(taken) from error
    await handles.require_free(tx, new.handle)
    assert account_id is not None
    return account_id


async def fetch_credentials(db: Reader, handle: str) -> Credentials | None:
    """What to check a login with this handle, or this former one, against; None if there is no such account."""
    if not inputs.is_handle(handle):
        return None
    return await db.row(_CREDENTIALS, wanted=handle)


async def is_anybody_there(db: Reader) -> bool:
    """Whether there is any account at all."""
    return await db.row(_IS_ANYBODY_THERE) is True


async def replace_password_hash(tx: Transaction, account_id: int, *, password_hash: str) -> None:
    """Stores the same password hashed with today's parameters."""
    await tx.run(_REHASH, account_id=account_id, new_hash=password_hash)


async def require_user(
    db: Reader,
    viewer: Viewer,
    account_id: int,
    *,
    path: tuple[str, ...],
    require: Callable[..., Sight] = policy.require_visible_user,
) -> Sight:
    """How much the viewer sees of an account that they name at `path` of the input.

    Raises NotFoundError if that is nothing, and whatever else `require` (access.policy) raises.
    """
    found = await db.row(_FACTS, account_id=account_id, viewer_id=viewer.account_id)
    return require(found, path=path)


async def lock_account(tx: Transaction, account_id: int) -> None:
    """Makes acts of one account that count what it has follow one another: until this one ends, others wait here."""
    await tx.row(_LOCKED, account_id=account_id)


async def is_private(db: Reader, account_id: int) -> bool:
    """Whether the account, which is there, is private now."""
    return await db.row(_IS_PRIVATE, account_id=account_id) is True


async def hold_account(tx: Transaction, account_id: int) -> None:
    """Keeps an account as it is until this act ends: any number may hold it, and whoever wants to lock it waits."""
    await tx.row(_HELD, account_id=account_id)


async def lock_accounts(tx: Transaction, one_id: int, other_id: int) -> None:
    """`lock_account` of two at once, for acts that change how they stand to each other."""
    await tx.rows(_BOTH_LOCKED, one=one_id, other=other_id)
