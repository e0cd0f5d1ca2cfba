"""Liking. Doing it twice is doing it once, and neither is an error.

Each act writes by one statement, so that it holds what all likers of a post share for as short as can be. Both may run
in a OneWrite (core.database).
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import counts
from actions.posts import require_post
from core.database import Statement, Transaction, values_of
from models.counts import Counter
from models.likes import like

_POST_ID = sa.bindparam("liked", type_=sa.BigInteger)
_ACCOUNT_ID = sa.bindparam("liker", type_=sa.BigInteger)


def _counted(written: sa.CTE, *, amount: int) -> Statement[int]:
    """The statement that has `written` in it, and changes the count of its post by `amount` if it wrote a row."""
    deltas = counts.select_deltas_of(written.c.post_id, Counter.POST_LIKES, amount)
    return values_of(sa.select(written.c.post_id).add_cte(counts.insert_deltas(deltas).cte("counted")), int)


_LIKE = _counted(
    insert(like)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        post_id=_POST_ID,
        account_id=_ACCOUNT_ID,
    )
    .on_conflict_do_nothing()
    .returning(like.c.post_id)
    .cte("written"),
    amount=1,
)
_UNLIKE = _counted(
    sa.delete(like)
    .where(like.c.post_id == _POST_ID, like.c.account_id == _ACCOUNT_ID)
    .returning(like.c.post_id)
    .cte("written"),
    amount=-1,
)


async def like_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Likes a post and gives its id. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    await tx.row(_LIKE, at=tx.at, liked=facts.id, liker=viewer.account_id)
    return facts.id


async def unlike_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes a like back and gives the post's id. Raises NotFoundError."""
    facts = await require_post(tx, viewer, post_id, path=("postId",))

    await tx.row(_UNLIKE, liked=facts.id, liker=viewer.account_id)
    return facts.id
