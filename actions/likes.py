"""Liking. Doing it twice is doing it once, and neither is an error."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import counts
from actions.posts import require_post
from core.database import Transaction, command, values_of
from models.counts import Counter
from models.likes import like

_POST_ID = sa.bindparam("liked", type_=sa.BigInteger)
_ACCOUNT_ID = sa.bindparam("liker", type_=sa.BigInteger)
_INSERT = values_of(
    insert(like)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        post_id=_POST_ID,
        account_id=_ACCOUNT_ID,
    )
    .on_conflict_do_nothing()
    .returning(like.c.id),
    int,
)
_DELETE = command(sa.delete(like).where(like.c.post_id == _POST_ID, like.c.account_id == _ACCOUNT_ID))


async def like_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Likes a post and gives its id. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    if await tx.row(_INSERT, at=tx.at, liked=facts.id, liker=viewer.account_id) is not None:
        await counts.add(tx, 1, (facts.id, Counter.POST_LIKES))
    return facts.id


async def unlike_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes a like back and gives the post's id. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    if await tx.run(_DELETE, liked=facts.id, liker=viewer.account_id):
        await counts.add(tx, -1, (facts.id, Counter.POST_LIKES))
    return facts.id
