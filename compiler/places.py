"""Where a value of a level stands in the response, worked out only when an error or a resolver asks."""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import Protocol

from graphql.pyutils import Path


class Places(Protocol):
    """The positions of a level's values, by their index in the level."""

    def path(self, index: int) -> Path | None:
        """The response path of a position."""

    def scope(self, index: int) -> Hashable:
        """Names the position that becomes null when this one fails: itself, or the nearest nullable one above."""


class RootPlace:
    """The operation's root has no path; nothing is above it."""

    __slots__ = ()

    def path(self, _index: int) -> None:
        return None

    def scope(self, _index: int) -> Hashable:
        return None


class FieldPlaces:
    """Values of one field, one for each parent object."""

    __slots__ = ("_is_nullable", "_name", "_parents", "_type_name")

    def __init__(self, parents: Places, name: str, type_name: str, *, is_nullable: bool) -> None:
        self._parents = parents
        self._name = name
        self._type_name = type_name
        self._is_nullable = is_nullable

    def path(self, index: int) -> Path:
        return Path(self._parents.path(index), self._name, self._type_name)

    def scope(self, index: int) -> Hashable:
        return (id(self), index) if self._is_nullable else self._parents.scope(index)


class ItemPlaces:
    """Items of lists, flattened: `begins` are where each list's items begin, `origins` which list that is."""

    __slots__ = ("_begins", "_is_nullable", "_lists", "_origins")

    def __init__(self, lists: Places, origins: Sequence[int], begins: Sequence[int], *, is_nullable: bool) -> None:
        self._lists = lists
        self._origins = origins
        self._begins = begins
        self._is_nullable = is_nullable

    def path(self, index: int) -> Path:
        place = bisect_right(self._begins, index) - 1
        return Path(self._lists.path(self._origins[place]), index - self._begins[place], None)

    def scope(self, index: int) -> Hashable:
        if self._is_nullable:
            return (id(self), index)
        return self._lists.scope(self._origins[bisect_right(self._begins, index) - 1])


class PickedPlaces:
    """Some values of a level."""

    __slots__ = ("_picks", "_places")

    def __init__(self, places: Places, picks: Sequence[int]) -> None:
        self._picks = picks
        self._places = places

    def path(self, index: int) -> Path | None:
        return self._places.path(self._picks[index])

    def scope(self, index: int) -> Hashable:
        return self._places.scope(self._picks[index])
