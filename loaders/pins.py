"""What users have pinned to their profiles."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from access import policy
from access.policy import Sight
from core.database import Statement
from loaders.base import BatchLoader
from loaders.hydration import as_it_is, select_posts
from loaders.rows import EVERYTHING, Hydrated, PostRow, layout_of
from models.pins import pin
from models.posts import post

# An account has few pins (actions.pins), so nothing narrows them.
_PINNED: Statement[Any] = Statement(
    select_posts(pin, on=post.c.id == pin.c.post_id)
    .where(pin.c.account_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))))
    .add_columns(pin.c.account_id)
    .order_by(pin.c.id.desc()),
    as_it_is,
)


class PinnedPostsByUserLoader(BatchLoader[int, list[PostRow]]):
    """The visible posts that each user has pinned, whole, the newest pin first; None where there are none.

    Who does not see all of an account sees none of them, even if a post mentions them.
    """

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, list[PostRow]]:
        records = await self.scope.db.rows(_PINNED, ids=list(keys), viewer_id=self.viewer_id)
        found = Hydrated()
        found.add_posts(records, EVERYTHING)
        rows = self.scope.take(found)
        account_id = layout_of(EVERYTHING).end
        pinned: dict[int, list[PostRow]] = {}
        for record in records:
            row = rows[record[0]]
            author = found.users[record[account_id]]
            if row is not None and author is not None and policy.sight_of_user(author.facts) is Sight.FULL:
                pinned.setdefault(record[account_id], []).append(row)
        return pinned
