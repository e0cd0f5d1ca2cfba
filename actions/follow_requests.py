"""Requests to follow a private account, and what it does with them and with its followers.

Answers are given under the lock of the account that was asked, as asking is: an answered request does not come back,
and an account that is not private any more has nobody waiting who came too late to be let in.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import counts
from actions.accounts import is_private, lock_account
from actions.follows import begin_following, end_following, is_following, require_other_user, take_request
from core.database import Statement, Transaction, values_of
from core.errors import NotFoundError
from events import outbox
from events.follows import FollowersAdmitted, RequestsLeft
from models.counts import Counter
from models.follows import follow, follow_request

ADMITTED_AT_ONCE = 500


def _admit() -> sa.Select[Any]:
    """Turns the oldest requests into follows, with their counts; gives the followers."""
    followee_id = sa.bindparam("followee", type_=sa.BigInteger)
    # One that is being withdrawn is waited for, and the next one is taken in its place.
    oldest = (
        sa.select(follow_request.c.id)
        .where(follow_request.c.followee_id == followee_id)
        .order_by(follow_request.c.id)
        .limit(sa.literal_column(str(ADMITTED_AT_ONCE)))
        .with_for_update()
    )
    taken = (
        sa.delete(follow_request)
        .where(follow_request.c.id.in_(oldest))
        .returning(follow_request.c.follower_id, follow_request.c.followee_id)
        .cte("taken")
    )
    made = (
        insert(follow)
        .from_select(["follower_id", "followee_id"], sa.select(taken.c.follower_id, taken.c.followee_id))
        .on_conflict_do_nothing()
        .returning(follow.c.follower_id, follow.c.followee_id)
        .cte("made")
    )
    deltas = counts.select_deltas_of(made.c.follower_id, Counter.ACCOUNT_FOLLOWING, 1).union_all(
        counts.select_deltas_of(made.c.followee_id, Counter.ACCOUNT_FOLLOWERS, 1)
    )
    return sa.select(taken.c.follower_id).add_cte(counts.insert_deltas(deltas).cte("counted"))


_ADMIT: Statement[int] = values_of(_admit(), int)


async def accept_follow_request(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Lets somebody in who asked to follow, and gives their id; twice is once.

    Raises NotFoundError, also if they do not ask any more; NotAllowedError.
    """
    await require_other_user(tx, viewer, user_id)
    await lock_account(tx, viewer.account_id)
    pair = {"follower_id": user_id, "followee_id": viewer.account_id}
    if not await take_request(tx, **pair) and not await is_following(tx, **pair):
        raise NotFoundError("They do not ask to follow you.", path=("userId",))

    await begin_following(tx, **pair)
    return user_id


async def reject_follow_request(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Sends somebody away who asked to follow, and gives their id; twice is once, and they are not told.

    Raises NotFoundError, NotAllowedError.
    """
    await require_other_user(tx, viewer, user_id)

    await lock_account(tx, viewer.account_id)
    await take_request(tx, follower_id=user_id, followee_id=viewer.account_id)
    return user_id


async def remove_follower(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Ends that somebody follows the viewer, and gives their id; twice is once.

    Raises NotFoundError, NotAllowedError.
    """
    await require_other_user(tx, viewer, user_id)

    await end_following(tx, follower_id=user_id, followee_id=viewer.account_id)
    return user_id


async def admit_waiting(tx: Transaction, account_id: int) -> None:
    """Lets in who waits for an account that is private no more: the first ones here, an event sees to the others."""
    follower_ids = await tx.rows(_ADMIT, followee=account_id)
    if not follower_ids:
        return

    await outbox.record(tx, FollowersAdmitted(followee_id=account_id, follower_ids=follower_ids))
    if len(follower_ids) == ADMITTED_AT_ONCE:
        await outbox.record(tx, RequestsLeft(followee_id=account_id))


async def on_requests_left(tx: Transaction, event: RequestsLeft) -> None:
    """Lets in the next ones, unless the account has become private again: then those who wait are asked about again."""
    await lock_account(tx, event.followee_id)
    if not await is_private(tx, event.followee_id):
        await admit_waiting(tx, event.followee_id)
