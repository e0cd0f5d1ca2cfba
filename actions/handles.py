"""Handles: changing one's own, and keeping the old one for its owner.

A former handle leads to its account for 30 days and is nobody else's meanwhile. Who takes a handle for an account first
writes the account and then calls `require_free`. That order is what makes it safe: the write waits for whoever is just
leaving the handle, because no two accounts may have it, and what it has left behind is there for the look that follows.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import inputs
from core import ids
from core.database import Transaction, command, rows_of, values_of
from core.errors import Problem, ThrottledError, ValidationError
from models.accounts import account, former_handle

KEPT_FOR = timedelta(days=30)
# So that nobody collects handles. Going back to one of these needs no room.
MOST_KEPT = 3

_NOW = sa.func.now()
_ACCOUNT_ID = sa.bindparam("account", type_=sa.BigInteger)
_NEW = sa.bindparam("new", type_=sa.Text)
_HANDLES = sa.bindparam("lower_handles", type_=sa.ARRAY(sa.Text))


class _Kept(NamedTuple):
    handle: str
    until: datetime


_LOCK = values_of(sa.select(account.c.handle).where(account.c.id == _ACCOUNT_ID).with_for_update(), str)
_OWN_KEPT = rows_of(
    sa.select(former_handle.c.handle, former_handle.c.until)
    .where(former_handle.c.account_id == _ACCOUNT_ID, former_handle.c.until > _NOW)
    .order_by(former_handle.c.until),
    _Kept,
)
_CHANGE = command(sa.update(account).where(account.c.id == _ACCOUNT_ID).values(handle=_NEW))
_KEPT_FOR_OTHERS = values_of(
    sa.select(former_handle.c.handle).where(
        former_handle.c.handle == sa.any_(_HANDLES),
        former_handle.c.account_id != _ACCOUNT_ID,
        former_handle.c.until > _NOW,
    ),
    str,
)
_DROP = command(sa.delete(former_handle).where(former_handle.c.handle == sa.func.lower(_NEW)))
_KEPT = insert(former_handle).values(
    handle=sa.func.lower(sa.bindparam("old", type_=sa.Text)),
    account_id=_ACCOUNT_ID,
    until=_NOW + sa.bindparam("kept_for", type_=sa.Interval),
)
# What was kept under it before has run out: the account could not have had the handle otherwise.
_KEEP = command(
    _KEPT.on_conflict_do_update(
        index_elements=[former_handle.c.handle],
        set_={"account_id": _KEPT.excluded.account_id, "until": _KEPT.excluded.until},
    )
)
_SWEEP = command(sa.delete(former_handle).where(former_handle.c.until <= _NOW))


def taken(handle: str | None = None) -> ValidationError:
    """What to say of a handle that somebody has or that is kept for somebody; which one, if several were asked for."""
    which = "this handle" if handle is None else f"the handle {handle}"
    return ValidationError(Problem(("handle",), "TAKEN", f"There is an account with {which} already."))


async def require_free(tx: Transaction, *handles: str, account_id: int = ids.NOBODY) -> None:
    """Raises ValidationError if one of these handles is kept for another account than this.

    To be called when the accounts that have the handles now are written, in the same transaction.
    """
    lower_handles = [handle.lower() for handle in handles]
    kept = await tx.row(_KEPT_FOR_OTHERS, lower_handles=lower_handles, account=account_id)
    if kept is not None:
        raise taken(None if len(handles) == 1 else kept)


async def change_handle(tx: Transaction, viewer: Viewer, new: str) -> int:
    """Gives the viewer's account another handle and keeps the old one; gives their id.

    Raises ValidationError, and ThrottledError if as many handles are kept for them as may be.
    """
    if problem := inputs.problem_of_handle(new):
        raise ValidationError(problem)
    old = await tx.row(_LOCK, account=viewer.account_id)
    assert old is not None
    is_same = old.lower() == new.lower()
    if not is_same:
        kept = await tx.rows(_OWN_KEPT, account=viewer.account_id)
        is_return = any(own.handle == new.lower() for own in kept)
        if len(kept) >= MOST_KEPT and not is_return:
            message = f"You have left {len(kept)} handles in the last {KEPT_FOR.days} days. Please wait."
            raise ThrottledError(message, retry_at=kept[len(kept) - MOST_KEPT].until, path=("handle",))

    try:
        await tx.run(_CHANGE, account=viewer.account_id, new=new)
    except asyncpg.UniqueViolationError as error:
        raise taken() from error
    if not is_same:
        await require_free(tx, new, account_id=viewer.account_id)
        await tx.run(_DROP, new=new)
        await tx.run(_KEEP, account=viewer.account_id, old=old, kept_for=KEPT_FOR)
    return viewer.account_id


async def sweep(tx: Transaction) -> None:
    """Forgets the handles that are not kept any more. Until then they are passed over."""
    await tx.run(_SWEEP)
