"""Pinning one's own posts to one's profile. Doing it twice is doing it once, and neither is an error."""

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions.accounts import lock_account
from actions.posts import require_post
from core.database import Transaction, command, values_of
from core.errors import NotAllowedError
from loaders.rows import PostRow
from models.pins import pin
from models.posts import post

MOST_PINS = 5

_ACCOUNT_ID = sa.bindparam("pinner", type_=sa.BigInteger)
_POST_ID = sa.bindparam("pinned", type_=sa.BigInteger)
_PINNED = values_of(sa.select(pin.c.post_id).where(pin.c.account_id == _ACCOUNT_ID), int)
_INSERT = command(
    sa.insert(pin).values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        account_id=_ACCOUNT_ID,
        post_id=_POST_ID,
    )
)
_DELETE = command(sa.delete(pin).where(pin.c.account_id == _ACCOUNT_ID, pin.c.post_id == _POST_ID))
_DELETE_THOSE_OF_DELETED_POSTS = command(
    sa.delete(pin).where(pin.c.account_id == _ACCOUNT_ID, pin.c.post_id == post.c.id, post.c.deleted_at.is_not(None))
)


async def _require_own_post(tx: Transaction, viewer: Viewer, post_id: int) -> PostRow:
    path = ("postId",)
    facts = await require_post(tx, viewer, post_id, path=path)
    policy.require_pinnable_post(viewer, facts, path=path)
    return facts


async def pin_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Pins a post of one's own and gives its id. Raises NotFoundError, NotAllowedError.

    An account has MOST_PINS at most, those of deleted posts included; but these give way.
    """
    facts = await _require_own_post(tx, viewer, post_id)
    await lock_account(tx, viewer.account_id)
    pinned = await tx.rows(_PINNED, pinner=viewer.account_id)
    if facts.id in pinned:
        return facts.id

    if len(pinned) >= MOST_PINS and not await tx.run(_DELETE_THOSE_OF_DELETED_POSTS, pinner=viewer.account_id):
        raise NotAllowedError(f"You can pin at most {MOST_PINS} posts. Unpin one first.", path=("postId",))
    await tx.run(_INSERT, at=tx.at, pinner=viewer.account_id, pinned=facts.id)
    return facts.id


async def unpin_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes a pin away and gives the post's id. Raises NotFoundError, NotAllowedError."""
    facts = await _require_own_post(tx, viewer, post_id)

    await tx.run(_DELETE, pinner=viewer.account_id, pinned=facts.id)
    return facts.id
