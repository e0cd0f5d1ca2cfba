"""What the viewer may do to posts that they see."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from access.facts import Acted
from access.permissions import PERMISSIONS_OF_NOBODY, Permissions, permissions_of
from core.database import Reader, rows_of
from loaders.base import BatchLoader
from loaders.facts import act_facts
from models.accounts import account
from models.posts import post


def _author_of(post_id: sa.ColumnElement[int | None], name: str) -> sa.ColumnElement[int | None]:
    other = post.alias(name)
    return sa.select(other.c.author_id).where(other.c.id == post_id).scalar_subquery()


_ACTED = rows_of(
    sa.select(
        post.c.id,
        post.c.author_id,
        act_facts(),
        _author_of(post.c.reply_to_id, "parent"),
        _author_of(post.c.root_id, "root"),
        _author_of(post.c.quote_id, "quoted"),
    )
    .join(account, account.c.id == post.c.author_id)
    .where(post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))),
    Acted,
)


async def fetch_acted_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int) -> Sequence[Acted]:
    """What the rules need to know of posts that the viewer may want to act on; posts are not guarded here."""
    return await db.rows(_ACTED, ids=list(ids), viewer_id=viewer_id)


class PermissionsByPostLoader(BatchLoader[int, Permissions]):
    """What the viewer may do to each post, of those that they see; nothing is asked for an anonymous one."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, Permissions]:
        viewer = self.scope.viewer
        if viewer is None:
            return dict.fromkeys(keys, PERMISSIONS_OF_NOBODY)
        acted = await fetch_acted_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        return {post.id: permissions_of(viewer, post) for post in acted}
