"""Following. Doing it twice is doing it once, and neither is an error.

A private account is asked first: who follows it waits until it has answered (actions.follow_requests).
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.policy import Sight
from access.viewer import Viewer
from actions import counts
from actions.accounts import hold_account, require_user
from core.database import Transaction, command, values_of
from events import outbox
from events.follows import FollowChanged
from events.relations import HomeChanged
from models.counts import Counter
from models.follows import follow, follow_request

_FOLLOWER_ID = sa.bindparam("follower", type_=sa.BigInteger)
_FOLLOWEE_ID = sa.bindparam("followee", type_=sa.BigInteger)
_NEW_ID = sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_IS_FOLLOWING = sa.and_(follow.c.follower_id == _FOLLOWER_ID, follow.c.followee_id == _FOLLOWEE_ID)
_INSERT = values_of(
    insert(follow)
    .values(id=_NEW_ID, follower_id=_FOLLOWER_ID, followee_id=_FOLLOWEE_ID)
    .on_conflict_do_nothing()
    .returning(follow.c.id),
    int,
)
_DELETE = command(sa.delete(follow).where(_IS_FOLLOWING))
_FIND = values_of(sa.select(follow.c.id).where(_IS_FOLLOWING), int)
_ASK = command(
    insert(follow_request)
    .from_select(
        ["id", "follower_id", "followee_id"],
        sa.select(_NEW_ID, _FOLLOWER_ID, _FOLLOWEE_ID).where(~sa.exists().where(_IS_FOLLOWING)),
    )
    .on_conflict_do_nothing()
)
_WITHDRAW = command(
    sa.delete(follow_request).where(
        follow_request.c.follower_id == _FOLLOWER_ID, follow_request.c.followee_id == _FOLLOWEE_ID
    )
)


async def require_other_user(tx: Transaction, viewer: Viewer, user_id: int) -> Sight:
    """How much the viewer sees of somebody else whom `userId` of the input names.

    Raises NotFoundError; NotAllowedError for themselves, or whom they block.
    """
    path = ("userId",)
    sight = await require_user(tx, viewer, user_id, path=path, require=policy.require_unblocked_user)
    policy.require_other_account(viewer, user_id, path=path)
    return sight


async def follow_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Follows a user, or asks a private one to be let in, and gives their id. Raises NotFoundError, NotAllowedError."""
    # First: whoever blocks, or opens their account to all who wait, does so before this is asked or after it is done.
    await hold_account(tx, user_id)
    sight = await require_other_user(tx, viewer, user_id)

    if sight is Sight.LIMITED:
        await tx.run(_ASK, at=tx.at, follower=viewer.account_id, followee=user_id)
    else:
        await begin_following(tx, follower_id=viewer.account_id, followee_id=user_id)
    return user_id


async def unfollow_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Stops following a user, or asking to, and gives their id. Raises NotFoundError, NotAllowedError."""
    await require_other_user(tx, viewer, user_id)

    # In this order: a request that is being accepted is waited for, and the follow that it becomes is found.
    await take_request(tx, follower_id=viewer.account_id, followee_id=user_id)
    await end_following(tx, follower_id=viewer.account_id, followee_id=user_id)
    return user_id


async def take_request(tx: Transaction, *, follower_id: int, followee_id: int) -> bool:
    """Takes a request to follow away; whether there was one."""
    return await tx.run(_WITHDRAW, follower=follower_id, followee=followee_id) > 0


async def is_following(tx: Transaction, *, follower_id: int, followee_id: int) -> bool:
    """Whether one account follows another."""
    return await tx.row(_FIND, follower=follower_id, followee=followee_id) is not None


async def begin_following(tx: Transaction, *, follower_id: int, followee_id: int) -> None:
    """Makes one account follow another, whoever of the two wants it, and records that."""
    if await tx.row(_INSERT, at=tx.at, follower=follower_id, followee=followee_id) is None:
        return
    await counts.add(tx, 1, (followee_id, Counter.ACCOUNT_FOLLOWERS), (follower_id, Counter.ACCOUNT_FOLLOWING))

    await outbox.record(tx, FollowChanged(follower_id=follower_id, followee_id=followee_id))


async def end_following(tx: Transaction, *, follower_id: int, followee_id: int) -> None:
    """Ends that one account follows another, whoever of the two wants it, and records that."""
    if not await tx.run(_DELETE, follower=follower_id, followee=followee_id):
        return
    await counts.add(tx, -1, (followee_id, Counter.ACCOUNT_FOLLOWERS), (follower_id, Counter.ACCOUNT_FOLLOWING))

    await outbox.record(tx, FollowChanged(follower_id=follower_id, followee_id=followee_id))
    await outbox.record(tx, HomeChanged(account_id=follower_id))
