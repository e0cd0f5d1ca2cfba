"""Muting people. Doing it again changes how; the muted are never told, and lose nothing."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import inputs
from actions.accounts import require_user
from core.clock import utc_now
from core.database import Transaction, command
from core.errors import ValidationError
from events import outbox
from events.relations import HomeChanged
from models.mutes import mute


@dataclass(frozen=True, slots=True)
class MuteOptions:
    """How somebody is muted: until when, None for ever; only what they repost, or all of it; in notifications, too."""

    until: datetime | None = None
    only_reposts: bool = False
    hides_notifications: bool = True


_MUTER_ID = sa.bindparam("muter", type_=sa.BigInteger)
_MUTED_ID = sa.bindparam("muted", type_=sa.BigInteger)


def _upsert() -> sa.ClauseElement:
    new = insert(mute).values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        muter_id=_MUTER_ID,
        muted_id=_MUTED_ID,
        until=sa.bindparam("ends_at", type_=sa.DateTime(timezone=True)),
        is_only_of_reposts=sa.bindparam("only_reposts", type_=sa.Boolean),
        hides_notifications=sa.bindparam("hides", type_=sa.Boolean),
    )
    changed = {name: new.excluded[name] for name in ("until", "is_only_of_reposts", "hides_notifications")}
    # One that has ended, and is not swept yet, begins anew.
    began = sa.case((mute.c.until <= sa.func.now(), new.excluded.id), else_=mute.c.id)
    is_other = [mute.c[name].is_distinct_from(value) for name, value in changed.items()]
    return new.on_conflict_do_update(
        index_elements=[mute.c.muter_id, mute.c.muted_id],
        set_={"id": began, **changed},
        where=sa.or_(mute.c.until <= sa.func.now(), *is_other),
    )


_UPSERT = command(_upsert())
_DELETE = command(sa.delete(mute).where(mute.c.muter_id == _MUTER_ID, mute.c.muted_id == _MUTED_ID))
_SWEEP = command(sa.delete(mute).where(mute.c.until <= sa.func.now()))


async def mute_user(tx: Transaction, viewer: Viewer, user_id: int, options: MuteOptions) -> int:
    """Mutes a user, or changes how, and gives their id. Raises ValidationError, NotFoundError, NotAllowedError."""
    path = ("userId",)
    until = options.until and inputs.as_utc(options.until)
    if until and (problem := inputs.problem_of_until(until, now=utc_now())):
        raise ValidationError(problem)
    await require_user(tx, viewer, user_id, path=path, require=policy.require_unblocked_user)
    policy.require_other_account(viewer, user_id, path=path)

    if not await tx.run(
        _UPSERT,
        at=tx.at,
        muter=viewer.account_id,
        muted=user_id,
        ends_at=until,
        only_reposts=options.only_reposts,
        hides=options.hides_notifications,
    ):
        return user_id

    await outbox.record(tx, HomeChanged(account_id=viewer.account_id))
    return user_id


async def unmute_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Takes that back and gives the user's id. Raises NotFoundError."""
    # Whoever has muted somebody gets them out of there, whether they are shown to each other still or not.
    if not await tx.run(_DELETE, muter=viewer.account_id, muted=user_id):
        await require_user(tx, viewer, user_id, path=("userId",))
        return user_id

    await outbox.record(tx, HomeChanged(account_id=viewer.account_id))
    return user_id


async def sweep(tx: Transaction) -> int:
    """Deletes the mutes that have ended; gives their number."""
    return await tx.run(_SWEEP)
