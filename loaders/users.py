"""Users by id and by handle, their counts, and how the viewer stands to them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core.database import Reader, Statement, rows_of
from loaders.base import BatchLoader
from loaders.hydration import (
    VIEWER_ID,
    HydratedUser,
    UserCounts,
    UserRow,
    ViewerUserState,
    hydrated_user,
    select_users,
)
from models.accounts import account

_BY_ID = Statement(
    select_users().where(account.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))), hydrated_user
)
_BY_HANDLE = Statement(
    select_users().where(sa.func.lower(account.c.handle) == sa.any_(sa.bindparam("handles", type_=sa.ARRAY(sa.Text)))),
    hydrated_user,
)


async def fetch_users_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int) -> dict[int, HydratedUser]:
    """Users with everything that travels along, by id; an id that is not there is missing."""
    return {user.row.id: user for user in await db.rows(_BY_ID, ids=list(ids), viewer_id=viewer_id)}


class UserByIdLoader(BatchLoader[int, UserRow]):
    """The user with an id, if the viewer may see it."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, UserRow]:
        users = await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        self.scope.prime_users(users.values())
        return {user_id: user.row for user_id, user in users.items()}


class UserByHandleLoader(BatchLoader[str, UserRow]):
    """The user with a handle, whatever its case, if the viewer may see it. Keys are lower-case."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, UserRow]:
        users = await self.scope.db.rows(_BY_HANDLE, handles=list(keys), viewer_id=self.viewer_id)
        self.scope.prime_users(users)
        return {user.row.handle.lower(): user.row for user in users}


class UserCountsByIdLoader(BatchLoader[int, UserCounts]):
    """A user's counts; mostly primed by whoever loaded the user."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, UserCounts]:
        users = await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        return {user_id: user.counts for user_id, user in users.items()}


class ViewerUserStateByIdLoader(BatchLoader[int, ViewerUserState]):
    """How the viewer and a user stand to each other; mostly primed by whoever loaded the user."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ViewerUserState]:
        users = await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        return {user_id: user.viewer for user_id, user in users.items()}


class AccountRow(NamedTuple):
    """What an account keeps to itself."""

    id: int
    email: str | None


_OWN = rows_of(sa.select(account.c.id, account.c.email).where(account.c.id == VIEWER_ID), AccountRow)


async def fetch_own_account(db: Reader, viewer: Viewer) -> AccountRow | None:
    """The viewer's own account."""
    return await db.row(_OWN, viewer_id=viewer.account_id)
