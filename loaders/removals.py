"""What the rules know of posts that may be gone: no guarded loader has those."""

from typing import NamedTuple

import sqlalchemy as sa

from access.facts import FactsOfPost
from core.database import Reader, rows_of
from loaders.facts import post_facts
from models.accounts import account
from models.posts import post


class RemovedPost(NamedTuple):
    """A post, there or deleted, and what the rules need to know of it."""

    id: int
    facts: FactsOfPost


_REMOVED = rows_of(
    sa.select(post.c.id, post_facts())
    .join(account, account.c.id == post.c.author_id)
    .where(post.c.id == sa.bindparam("post_id", type_=sa.BigInteger)),
    RemovedPost,
)


async def fetch_removed_post(db: Reader, post_id: int, *, viewer_id: int) -> RemovedPost | None:
    """The facts of a post and a viewer, whether it is deleted or not; None if it never was."""
    return await db.row(_REMOVED, post_id=post_id, viewer_id=viewer_id)
