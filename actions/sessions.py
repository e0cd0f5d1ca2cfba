"""Sessions: one sign-in, and the chain of refresh tokens that continues it.

A session counts how often it was refreshed (its generation), and only the token of the current generation moves it
on. The token of the generation before is answered with the current one for ten seconds: then an answer was lost, or
two tabs refreshed at once. Any other token of the past is stolen goods, on one side or the other: the session ends.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core.database import Reader, Transaction, command, rows_of, values_of
from core.tokens import RefreshClaims, Tokens
from models.accounts import account, session

LOST_ANSWER_GRACE = timedelta(seconds=10)
SALT_BYTES = 16


class OpenSession(NamedTuple):
    """A session that lives, as its tokens are made from it. A suspended account may have sessions, to read."""

    id: int
    account_id: int
    salt: bytes
    generation: int
    is_suspended: bool


class _SessionRow(NamedTuple):
    id: int
    account_id: int
    salt: bytes
    generation: int
    refreshed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    is_suspended: bool


_NOW = sa.func.clock_timestamp()
_ID = sa.bindparam("session_id", type_=sa.BigInteger)
_ACCOUNT_ID = sa.bindparam("account", type_=sa.BigInteger)
_TTL = sa.bindparam("ttl", type_=sa.Interval)
_IS_SUSPENDED = account.c.suspended_at.is_not(None)


def _insert() -> sa.Select[Any]:
    """Whoever suspends the account meanwhile waits, and then sees the session; or is waited for, and then seen."""
    owner = (
        sa.select(account.c.id, _IS_SUSPENDED.label("is_suspended"))
        .where(account.c.id == _ACCOUNT_ID)
        .with_for_update(read=True)
        .cte("owner")
    )
    begun = sa.select(owner.c.id, sa.bindparam("new_salt", type_=sa.LargeBinary), _NOW, _NOW + _TTL)
    opened = (
        sa.insert(session)
        .from_select(["account_id", "salt", "refreshed_at", "expires_at"], begun)
        .returning(session.c.id, session.c.account_id, session.c.salt, session.c.generation)
        .cte("opened")
    )
    return sa.select(*opened.c, owner.c.is_suspended).select_from(opened.join(owner, sa.true()))


_INSERT = rows_of(_insert(), OpenSession)
_LOCK = rows_of(
    sa.select(
        session.c.id,
        session.c.account_id,
        session.c.salt,
        session.c.generation,
        session.c.refreshed_at,
        session.c.expires_at,
        session.c.revoked_at,
        _IS_SUSPENDED,
    )
    .join(account, account.c.id == session.c.account_id)
    .where(session.c.id == _ID)
    .with_for_update(of=session),
    _SessionRow,
)
_CLOCK = values_of(sa.select(_NOW), datetime)
_MOVE_ON = command(
    sa.update(session)
    .where(session.c.id == _ID)
    .values(generation=session.c.generation + 1, refreshed_at=_NOW, expires_at=_NOW + _TTL)
)
_REVOKE = command(sa.update(session).where(session.c.id == _ID, session.c.revoked_at.is_(None)).values(revoked_at=_NOW))
_REVOKE_ALL = command(
    sa.update(session)
    .where(session.c.account_id == _ACCOUNT_ID, session.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
)
_REVOKED_SINCE = values_of(
    sa.select(session.c.id).where(
        session.c.revoked_at > _NOW - sa.bindparam("window", type_=sa.Interval),
    ),
    int,
)


async def open_session(tx: Transaction, account_id: int, *, ttl: timedelta) -> OpenSession:
    """Starts a session of an account; unused, it ends after `ttl`."""
    opened = await tx.row(_INSERT, account=account_id, new_salt=secrets.token_bytes(SALT_BYTES), ttl=ttl)
    assert opened is not None
    return opened


async def refresh_session(
    tx: Transaction, claims: RefreshClaims, *, tokens: Tokens, ttl: timedelta
) -> OpenSession | None:
    """Moves the session on, and gives it; None if the token is not good for that (and the session may have ended)."""
    found = await tx.row(_LOCK, session_id=claims.session_id)
    if found is None or not tokens.is_proven(claims, salt=found.salt):
        return None
    now = await tx.row(_CLOCK)
    assert now is not None
    if found.revoked_at is not None or found.expires_at <= now:
        return None
    if claims.generation == found.generation:
        await tx.run(_MOVE_ON, session_id=found.id, ttl=ttl)
        return OpenSession(found.id, found.account_id, found.salt, found.generation + 1, found.is_suspended)
    is_lost_answer = claims.generation == found.generation - 1 and now - found.refreshed_at <= LOST_ANSWER_GRACE
    if is_lost_answer:
        return OpenSession(found.id, found.account_id, found.salt, found.generation, found.is_suspended)
    await tx.run(_REVOKE, session_id=found.id)
    return None


async def close_session(tx: Transaction, viewer: Viewer) -> None:
    """Ends the viewer's session: its refresh token at once, its access token within a second everywhere."""
    await tx.run(_REVOKE, session_id=viewer.session_id)


async def close_all_sessions(tx: Transaction, account_id: int) -> None:
    """Ends every session of an account."""
    await tx.run(_REVOKE_ALL, account=account_id)


async def fetch_revoked_session_ids(db: Reader, *, window: timedelta) -> list[int]:
    """The sessions that were ended within the last `window`."""
    return await db.rows(_REVOKED_SINCE, window=window)
