"""Muting and following threads. Any post of a thread names it. Doing it twice is doing it once.

Nobody mutes a thread and follows it: the later act ends the earlier one.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions.accounts import lock_account
from actions.posts import require_post
from core.database import Statement, Transaction, command, values_of
from models.threads import thread_follow, thread_mute

_ACCOUNT_ID = sa.bindparam("account", type_=sa.BigInteger)
_ROOT_ID = sa.bindparam("root", type_=sa.BigInteger)


def _is_own(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.account_id == _ACCOUNT_ID, table.c.root_id == _ROOT_ID)


class _Stance(NamedTuple):
    """The statements of one stance towards a thread."""

    take: Statement[None]
    leave: Statement[None]
    # Gives the root if the account has this stance towards its thread.
    find: Statement[int]


def _stance(table: sa.Table, *, ends: sa.Table) -> _Stance:
    ended = sa.delete(ends).where(_is_own(ends)).cte("ended")
    taken = insert(table).values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        account_id=_ACCOUNT_ID,
        root_id=_ROOT_ID,
    )
    return _Stance(
        take=command(taken.on_conflict_do_nothing().add_cte(ended)),
        leave=command(sa.delete(table).where(_is_own(table))),
        find=values_of(sa.select(table.c.root_id).where(_is_own(table)), int),
    )


_MUTES = _stance(thread_mute, ends=thread_follow)
_FOLLOWS = _stance(thread_follow, ends=thread_mute)


async def mute_thread(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Mutes the thread of a post and gives the post's id. Raises NotFoundError."""
    return await _take(tx, viewer, post_id, _MUTES)


async def unmute_thread(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes that back and gives the post's id. Raises NotFoundError."""
    return await _leave(tx, viewer, post_id, _MUTES)


async def follow_thread(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Follows the thread of a post and gives the post's id. Raises NotFoundError."""
    return await _take(tx, viewer, post_id, _FOLLOWS)


async def unfollow_thread(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes that back and gives the post's id. Raises NotFoundError."""
    return await _leave(tx, viewer, post_id, _FOLLOWS)


async def _take(tx: Transaction, viewer: Viewer, post_id: int, stance: _Stance) -> int:
    facts = await require_post(tx, viewer, post_id, path=("postId",))
    # Each of two acts at once sees whether the other one is there to be ended.
    await lock_account(tx, viewer.account_id)

    await tx.run(stance.take, at=tx.at, account=viewer.account_id, root=facts.thread_id)
    return facts.id


async def _leave(tx: Transaction, viewer: Viewer, post_id: int, stance: _Stance) -> int:
    # Whose list has a thread must get it out of there, whether its root is shown to them still or not.
    root_id = await tx.row(stance.find, account=viewer.account_id, root=post_id)
    if root_id is None:
        root_id = (await require_post(tx, viewer, post_id, path=("postId",))).thread_id

    await tx.run(stance.leave, account=viewer.account_id, root=root_id)
    return post_id
