"""Following. Doing it twice is doing it once, and neither is an error."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import counts
from actions.accounts import require_user
from core.database import Transaction, command, values_of
from events import outbox
from events.follows import FollowChanged
from models.counts import Counter
from models.follows import follow

_FOLLOWER_ID = sa.bindparam("follower", type_=sa.BigInteger)
_FOLLOWEE_ID = sa.bindparam("followee", type_=sa.BigInteger)
_INSERT = values_of(
    insert(follow)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        follower_id=_FOLLOWER_ID,
        followee_id=_FOLLOWEE_ID,
    )
    .on_conflict_do_nothing()
    .returning(follow.c.id),
    int,
)
_DELETE = command(sa.delete(follow).where(follow.c.follower_id == _FOLLOWER_ID, follow.c.followee_id == _FOLLOWEE_ID))


async def _require_followee(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    path = ("userId",)
    await require_user(tx, viewer, user_id, path=path, require=policy.require_unblocked_user)
    policy.require_other_account(viewer, user_id, path=path)
    return user_id


async def follow_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Follows a user and gives their id. Raises NotFoundError, NotAllowedError."""
    followee_id = await _require_followee(tx, viewer, user_id)

    if await tx.row(_INSERT, at=tx.at, follower=viewer.account_id, followee=followee_id) is None:
        return followee_id
    await counts.add(tx, 1, (followee_id, Counter.ACCOUNT_FOLLOWERS), (viewer.account_id, Counter.ACCOUNT_FOLLOWING))

    await outbox.record(tx, FollowChanged(follower_id=viewer.account_id, followee_id=followee_id))
    return followee_id


async def unfollow_user(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Stops following a user and gives their id. Raises NotFoundError, NotAllowedError."""
    followee_id = await _require_followee(tx, viewer, user_id)

    if not await tx.run(_DELETE, follower=viewer.account_id, followee=followee_id):
        return followee_id
    await counts.add(tx, -1, (followee_id, Counter.ACCOUNT_FOLLOWERS), (viewer.account_id, Counter.ACCOUNT_FOLLOWING))

    await outbox.record(tx, FollowChanged(follower_id=viewer.account_id, followee_id=followee_id))
    return followee_id
