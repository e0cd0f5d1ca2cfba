"""Settings of an account: how it wants to be treated."""

from dataclasses import dataclass

import sqlalchemy as sa

from access.viewer import Viewer
from actions.accounts import is_private, lock_account
from actions.counted import return_account, withdraw_account
from actions.follow_requests import admit_waiting
from core.database import Transaction, command
from events import outbox
from events.relations import SightChanged
from models.accounts import account


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The settings that change; None leaves one as it is."""

    is_private: bool | None = None


_SET_PRIVATE = command(
    sa.update(account)
    .where(account.c.id == sa.bindparam("account_id", type_=sa.BigInteger))
    .values(is_private=sa.bindparam("becomes_private", type_=sa.Boolean))
)


async def update_settings(tx: Transaction, viewer: Viewer, change: SettingsChange) -> None:
    """Changes the viewer's settings."""
    await lock_account(tx, viewer.account_id)
    if change.is_private is None or change.is_private == await is_private(tx, viewer.account_id):
        return

    if change.is_private:
        await _close(tx, viewer.account_id)
    else:
        await _open(tx, viewer.account_id)
    await outbox.record(tx, SightChanged(viewer.account_id, has_opened=not change.is_private))


async def _close(tx: Transaction, account_id: int) -> None:
    """Followers stay. What the account wrote for everyone reads as for them, and counts nowhere else."""
    await withdraw_account(tx, account_id)
    await tx.run(_SET_PRIVATE, account_id=account_id, becomes_private=True)


async def _open(tx: Transaction, account_id: int) -> None:
    """Whoever waits to be let in may follow now as anybody may."""
    await tx.run(_SET_PRIVATE, account_id=account_id, becomes_private=False)
    await return_account(tx, account_id)
    await admit_waiting(tx, account_id)
