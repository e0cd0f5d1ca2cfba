"""Whom the viewer follows among those who follow a user."""

from collections.abc import Sequence

import sqlalchemy as sa

from access import policy
from access.policy import Sight
from core.paging import Page, SortKey
from loaders.facts import VIEWER_ID
from loaders.linked_users import LinkedUsersLoader, select_linked_users
from loaders.rows import UserRow
from loaders.thinned import places
from models.follows import follow

# Of the viewer's follows so many are looked through, the newest ones, for each user of a page.
MOST_LOOKED_THROUGH = 5_000

_Known = Page[tuple[SortKey, UserRow]]


def _oldest_looked_at() -> sa.ColumnElement[int]:
    """The id of the viewer's follow with which the search ends: NULL if all are looked through."""
    oldest = follow.alias("oldest")
    return (
        sa.select(oldest.c.id)
        .where(oldest.c.follower_id == VIEWER_ID)
        .order_by(oldest.c.id.desc())
        .offset(sa.literal_column(str(MOST_LOOKED_THROUGH - 1)))
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )


def _is_known_follower() -> sa.ColumnElement[bool]:
    """Of a follow of the viewer's: whether whom it leads to follows the parent, by one look for each of them.

    Followers may be millions, so it is the viewer's own follows that are gone through.
    """
    theirs = follow.alias("theirs")
    return sa.and_(
        follow.c.follower_id == VIEWER_ID,
        follow.c.id >= sa.func.coalesce(_oldest_looked_at(), sa.literal_column("0")),
        sa.select(sa.literal_column("1"))
        .where(theirs.c.follower_id == follow.c.followee_id, theirs.c.followee_id == places.c.id)
        .correlate(follow, places)
        .limit(sa.literal_column("1"))
        .scalar_subquery()
        .is_not(None),
    )


class KnownFollowersByUserLoader(LinkedUsersLoader):
    """Who of those whom the viewer follows follows each user, the newest follow of the viewer's first.

    Nobody for an anonymous viewer, nor of a user of whom the viewer does not have a full sight: their lists are hidden.
    """

    statement = select_linked_users(key=follow.c.id, target=follow.c.followee_id, of_parent=_is_known_follower())

    async def batch_load_fn(self, keys: list[int]) -> list[_Known | None]:
        open_ids = await self._open_ids(keys)
        found = dict(zip(open_ids, await super().batch_load_fn(open_ids), strict=True)) if open_ids else {}
        return [found.get(key) or Page((), has_next=False, end=None) for key in keys]

    async def _open_ids(self, user_ids: Sequence[int]) -> list[int]:
        if self.scope.viewer is None:
            return []
        # Before this loader has a place at the gate: loading users, should they not be here yet, takes one, too.
        users = await self.scope.users.load_all(user_ids)
        return [user.id for user in users if user is not None and policy.sight_of_user(user.facts) is Sight.FULL]
