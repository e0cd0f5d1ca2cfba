"""Users by id and by handle, and the viewer's own account."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa

from access.viewer import Viewer
from core.database import Reader, Statement, rows_of, values_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID
from loaders.hydration import HAS_HANDLE, as_it_is, select_users
from loaders.rows import EVERYTHING, Hydrated, Parts, UserRow, layout_of_users
from models.accounts import account, former_handle

_BY_HANDLE = Statement(select_users().where(HAS_HANDLE), as_it_is)
_BY_FORMER_HANDLE = Statement(
    select_users()
    .add_columns(former_handle.c.handle)
    .where(
        former_handle.c.account_id == account.c.id,
        former_handle.c.handle == sa.any_(sa.bindparam("handles", type_=sa.ARRAY(sa.Text))),
        former_handle.c.until > sa.func.now(),
    ),
    as_it_is,
)


@lru_cache
def _by_id(parts: Parts) -> Statement[Any]:
    ids = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
    return Statement(select_users(parts).where(account.c.id == sa.any_(ids)), as_it_is)


async def fetch_users_by_id(db: Reader, ids: Sequence[int], *, viewer_id: int, parts: Parts = EVERYTHING) -> Hydrated:
    """Users with these parts; an id that is not there is missing."""
    found = Hydrated()
    records = await db.rows(_by_id(parts), ids=list(ids), viewer_id=viewer_id)
    found.add_users(records, parts, layout=layout_of_users(parts))
    return found


class UserByIdLoader(BatchLoader[int, UserRow]):
    """The user with an id, if the viewer may see it."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, UserRow | None]:
        found = await fetch_users_by_id(self.scope.db, keys, viewer_id=self.viewer_id)
        self.scope.take(found)
        return found.users


class _Together(dict[tuple[int, ...], list[UserRow]]):
    """Lists of users by their ids, made of the users that are known when they are asked for."""

    def __init__(self, users: Mapping[int, UserRow | None]) -> None:
        super().__init__()
        self._users = users

    def __missing__(self, ids: tuple[int, ...]) -> list[UserRow]:
        """Raises KeyError if one is not known yet."""
        return [user for user_id in ids if (user := self._users[user_id]) is not None]


class UsersTogetherLoader(BatchLoader[tuple[int, ...], list[UserRow]]):
    """Those of some users that the viewer may see, in the order of their ids in the key. Asks `users` for them."""

    @property
    def known(self) -> Mapping[tuple[int, ...], list[UserRow]]:
        return _Together(self.scope.users.known or {})

    def loaded_group(self, keys: Sequence[tuple[int, ...]]) -> list[list[UserRow] | None] | None:
        known = self.known
        try:
            return [known[key] for key in keys]
        except KeyError:
            return None

    async def batch_load_fn(self, keys: list[tuple[int, ...]]) -> list[list[UserRow] | None]:
        ids = list(dict.fromkeys(chain.from_iterable(keys)))
        users = _Together(dict(zip(ids, await self.scope.users.load_all(ids), strict=True)))
        return [users[key] for key in keys]


class UserByHandleLoader(BatchLoader[str, UserRow]):
    """The user with a handle, whatever its case, if the viewer may see it. Keys are lower-case."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, UserRow]:
        found = Hydrated()
        records = await self.scope.db.rows(_BY_HANDLE, handles=list(keys), viewer_id=self.viewer_id)
        found.add_users(records, EVERYTHING, layout=layout_of_users(EVERYTHING))
        self.scope.take(found)
        return {user.handle.lower(): user for user in found.users.values() if user is not None}


class UserByFormerHandleLoader(BatchLoader[str, UserRow]):
    """The user who had a handle until lately, if the viewer may see it. Keys are lower-case."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, UserRow | None]:
        found, layout = Hydrated(), layout_of_users(EVERYTHING)
        records = await self.scope.db.rows(_BY_FORMER_HANDLE, handles=list(keys), viewer_id=self.viewer_id)
        found.add_users(records, EVERYTHING, layout=layout)
        self.scope.take(found)
        return {record[layout.end]: found.users[record[0]] for record in records}


class AccountRow(NamedTuple):
    """What an account keeps to itself."""

    id: int
    email: str | None
    is_private: bool


_OWN = rows_of(
    sa.select(account.c.id, account.c.email, account.c.is_private).where(account.c.id == VIEWER_ID), AccountRow
)


_IS_SUSPENDED = values_of(sa.select(account.c.suspended_at.is_not(None)).where(account.c.id == VIEWER_ID), bool)


async def fetch_is_suspended(db: Reader, viewer: Viewer) -> bool:
    """Whether the viewer's account is suspended now."""
    return bool(await db.row(_IS_SUSPENDED, viewer_id=viewer.account_id))


async def fetch_own_account(db: Reader, viewer: Viewer) -> AccountRow | None:
    """The viewer's own account."""
    return await db.row(_OWN, viewer_id=viewer.account_id)
