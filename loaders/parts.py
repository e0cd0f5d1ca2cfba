"""Parts of posts and users that came with no statement, because nobody foresaw that they would be asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from loaders.base import BatchLoader, Scope
from loaders.guard import guard
from loaders.posts import fetch_posts_by_id
from loaders.rows import Hydrated, Part, Parts
from loaders.users import fetch_users_by_id

V = TypeVar("V")


class _MissedPartsLoader(BatchLoader[tuple[Part, int], Any]):
    """Parts by their name and id: all that are asked for together come by one statement."""

    async def fetch(self, keys: Sequence[tuple[Part, int]]) -> Mapping[tuple[Part, int], Any]:
        parts = frozenset(part for part, _ in keys)
        found = await self.fetch_parts(parts, list({number for _, number in keys}))
        guard(found)
        return {(part, number): value for part in parts for number, value in found.parts[part].items()}

    async def fetch_parts(self, parts: Parts, ids: Sequence[int]) -> Hydrated:
        """These parts of these rows. Runs one statement."""
        raise NotImplementedError


class MissedPartsOfPostsLoader(_MissedPartsLoader):
    """Counts of posts, and what the viewer has done with them."""

    async def fetch_parts(self, parts: Parts, ids: Sequence[int]) -> Hydrated:
        return await fetch_posts_by_id(self.scope.db, ids, viewer_id=self.viewer_id, parts=parts)


class MissedPartsOfUsersLoader(_MissedPartsLoader):
    """Counts of users, and how the viewer stands to them."""

    async def fetch_parts(self, parts: Parts, ids: Sequence[int]) -> Hydrated:
        return await fetch_users_by_id(self.scope.db, ids, viewer_id=self.viewer_id, parts=parts)


class _PartLoader(BatchLoader[int, V]):
    """One part, by the id of its post or user; mostly primed by whoever loaded that.

    What is missed is loaded by the loader that all parts share, which takes a place at the gate; this one does not.
    """

    def __init__(self, scope: Scope, part: Part) -> None:
        super().__init__(scope)
        self._part = part

    async def batch_load_fn(self, keys: list[int]) -> list[V | None]:
        return list(await self.missed.load_all([(self._part, key) for key in keys]))

    @property
    def missed(self) -> BatchLoader[tuple[Part, int], Any]:
        """The loader of what was missed."""
        raise NotImplementedError


class PostPartLoader(_PartLoader[V]):
    """One part of posts."""

    @property
    def missed(self) -> BatchLoader[tuple[Part, int], Any]:
        return self.scope.missed_parts_of_posts


class UserPartLoader(_PartLoader[V]):
    """One part of users."""

    @property
    def missed(self) -> BatchLoader[tuple[Part, int], Any]:
        return self.scope.missed_parts_of_users
