"""Users by id and by handle, their counts, and how the viewer stands to them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core.database import Reader, Statement, rows_of
from loaders.base import BatchLoader
from loaders.hydration import (
    VIEWER_ID,
    Hydrated,
    UserCounts,
    UserRow,
    ViewerUserState,
    as_it_is,
    select_users,
)
from models.accounts import account

_BY_ID = Statement(
    select_users().where(account.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))), as_it_is
)
_BY_HANDLE = Statement(
    select_users().where(sa.func.lower(account.c.handle) == sa.any_(sa.bindparam("handles", type_=sa.ARRAY(sa.Text)))),
    as_it_is,
)


async def fetch_users_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int) -> Hydrated:
    """Users with everything that travels along; an id that is not there is missing."""
    found = Hydrated()
    found.add_users(await db.rows(_BY_ID, ids=list(ids), viewer_id=viewer_id))
    return found


class UserByIdLoader(BatchLoader[int, UserRow]):
    """The user with an id, if the viewer may see it."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, UserRow]:
        found = await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        self.scope.take(found)
        return found.users


class UserByHandleLoader(BatchLoader[str, UserRow]):
    """The user with a handle, whatever its case, if the viewer may see it. Keys are lower-case."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, UserRow]:
        found = Hydrated()
        found.add_users(await self.scope.db.rows(_BY_HANDLE, handles=list(keys), viewer_id=self.viewer_id))
        self.scope.take(found)
        return {user.handle.lower(): user for user in found.users.values()}


class UserCountsByIdLoader(BatchLoader[int, UserCounts]):
    """A user's counts; mostly primed by whoever loaded the user."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, UserCounts]:
        return (await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)).user_counts


class ViewerUserStateByIdLoader(BatchLoader[int, ViewerUserState]):
    """How the viewer and a user stand to each other; mostly primed by whoever loaded the user."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ViewerUserState]:
        return (await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)).viewer_user_states


class AccountRow(NamedTuple):
    """What an account keeps to itself."""

    id: int
    email: str | None


_OWN = rows_of(sa.select(account.c.id, account.c.email).where(account.c.id == VIEWER_ID), AccountRow)


async def fetch_own_account(db: Reader, viewer: Viewer) -> AccountRow | None:
    """The viewer's own account."""
    return await db.row(_OWN, viewer_id=viewer.account_id)
