"""Blocking. Doing it twice is doing it once.

Whatever puts two people together (a follow, a place on a list) locks or holds the account of one of them before it asks
whether a block stands between; blocking locks both. So nothing that began before a block outlives it.
"""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import counts
from actions.accounts import lock_accounts, require_user
from core.database import Transaction, command, rows_of, values_of
from events import outbox
from events.follows import FollowChanged
from events.relations import HomeChanged
from models.blocks import block
from models.circles import circle, circle_member
from models.counts import Counter
from models.follows import follow, follow_request
from models.lists import list_, list_member

_BLOCKER_ID = sa.bindparam("blocker", type_=sa.BigInteger)
_BLOCKED_ID = sa.bindparam("blocked", type_=sa.BigInteger)
_INSERT = values_of(
    insert(block)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        blocker_id=_BLOCKER_ID,
        blocked_id=_BLOCKED_ID,
    )
    .on_conflict_do_nothing()
    .returning(block.c.id),
    int,
)
_DELETE = command(sa.delete(block).where(block.c.blocker_id == _BLOCKER_ID, block.c.blocked_id == _BLOCKED_ID))


class _EndedFollow(NamedTuple):
    follower_id: int
    followee_id: int


def _part() -> sa.Select[Any]:
    """Ends all that holds two people together, both ways, with its counts; gives the follows that have ended."""
    one, other = sa.bindparam("one", type_=sa.BigInteger), sa.bindparam("other", type_=sa.BigInteger)
    ways = sa.values(sa.column("of_id", sa.BigInteger), sa.column("to_id", sa.BigInteger), name="way").data(
        [(one, other), (other, one)]
    )

    def between(edges: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(edges.c.follower_id == ways.c.of_id, edges.c.followee_id == ways.c.to_id)

    def among(members: sa.Table, groups: sa.Table, group_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return sa.and_(
            groups.c.account_id == ways.c.of_id, group_id == groups.c.id, members.c.account_id == ways.c.to_id
        )

    ended = sa.delete(follow).where(between(follow)).returning(follow.c.follower_id, follow.c.followee_id).cte("ended")
    deltas = counts.select_deltas_of(ended.c.follower_id, Counter.ACCOUNT_FOLLOWING, -1).union_all(
        counts.select_deltas_of(ended.c.followee_id, Counter.ACCOUNT_FOLLOWERS, -1)
    )
    return sa.select(ended.c.follower_id, ended.c.followee_id).add_cte(
        counts.insert_deltas(deltas).cte("counted"),
        sa.delete(follow_request).where(between(follow_request)).cte("withdrawn"),
        sa.delete(list_member).where(among(list_member, list_, list_member.c.list_id)).cte("taken_off"),
        sa.delete(circle_member).where(among(circle_member, circle, circle_member.c.circle_id)).cte("taken_out"),
    )


_PART = rows_of(_part(), _EndedFollow)


async def block_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Blocks a user, which ends all that holds the two together, and gives their id.

    What each has liked or said to the other stays, and is not shown to them. Raises NotFoundError, NotAllowedError.
    """
    path = ("userId",)
    policy.require_other_account(viewer, user_id, path=path)
    await lock_accounts(tx, viewer.account_id, user_id)
    await require_user(tx, viewer, user_id, path=path)

    if await tx.row(_INSERT, at=tx.at, blocker=viewer.account_id, blocked=user_id) is None:
        return user_id
    ended = await tx.rows(_PART, one=viewer.account_id, other=user_id)

    for each in ended:
        await outbox.record(tx, FollowChanged(follower_id=each.follower_id, followee_id=each.followee_id))
    for account_id in (viewer.account_id, user_id):
        await outbox.record(tx, HomeChanged(account_id=account_id))
    return user_id


async def unblock_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Blocks a user no more, and gives their id; what the block has ended does not come back.

    Raises NotFoundError, NotAllowedError.
    """
    path = ("userId",)
    policy.require_other_account(viewer, user_id, path=path)

    # Whom one blocks one may always unblock, even if nothing else is seen of them: they may be suspended.
    if not await tx.run(_DELETE, blocker=viewer.account_id, blocked=user_id):
        await require_user(tx, viewer, user_id, path=path)
    return user_id
