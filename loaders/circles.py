"""Circles: every statement here asks whose they are. Nobody else's are ever read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from core import ids
from core.database import rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID
from loaders.linked_users import LinkedUsersLoader, select_linked_users
from loaders.pages import RowPageLoader, select_rows
from loaders.thinned import places
from models.circles import circle, circle_member
from models.posts import post


class CircleRow(NamedTuple):
    """A circle of the viewer's."""

    id: int
    name: str

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


class _CircleOfPost(NamedTuple):
    post_id: int
    id: int
    name: str


_IS_OWN = circle.c.account_id == VIEWER_ID
_IDS = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
_BY_ID = rows_of(sa.select(circle.c.id, circle.c.name).where(circle.c.id == sa.any_(_IDS), _IS_OWN), CircleRow)
_BY_POST = rows_of(
    sa.select(post.c.id, circle.c.id, circle.c.name)
    .select_from(post.join(circle, circle.c.id == post.c.circle_id))
    .where(post.c.id == sa.any_(_IDS), post.c.author_id == VIEWER_ID, _IS_OWN),
    _CircleOfPost,
)


class CircleByIdLoader(BatchLoader[int, CircleRow]):
    """The circle with an id, if it is the viewer's: None for an absent one and somebody else's alike."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, CircleRow]:
        circles = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {found.id: found for found in circles}


class CirclesByAccountLoader(RowPageLoader[CircleRow]):
    """The viewer's circles, newest first, by the viewer's account; other accounts have none here."""

    row = CircleRow
    statement = select_rows([circle.c.id, circle.c.name], of_parent=circle.c.account_id)


class CircleByPostLoader(BatchLoader[int, CircleRow]):
    """The circle that a post is for, if the viewer wrote it."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, CircleRow]:
        if self.scope.viewer is None:
            return {}
        found = await self.scope.db.rows(_BY_POST, ids=list(keys), viewer_id=self.viewer_id)
        return {of_post.post_id: CircleRow(of_post.id, of_post.name) for of_post in found}


class MembersByCircleLoader(LinkedUsersLoader):
    """Who is in each circle, whoever was added last first. The circle is the viewer's."""

    statement = select_linked_users(
        key=circle_member.c.id, target=circle_member.c.account_id, of_parent=circle_member.c.circle_id == places.c.id
    )
