"""Where a value of a level stands in the response, worked out only when an error or a resolver asks."""

from collections.abc import Sequence
from typing import Protocol

from graphql.pyutils import Path


class Places(Protocol):
    """The paths of a level's values, by their index in the level."""

    def path(self, index: int) -> Path | None: ...


class RootPlace:
    """The operation's root has no path."""

    __slots__ = ()

    def path(self, _index: int) -> None:
        return None


class FieldPlaces:
    """Values of one field, one for each parent object."""

    __slots__ = ("name", "parents", "type_name")

    def __init__(self, parents: Places, name: str, type_name: str) -> None:
        self.parents = parents
        self.name = name
        self.type_name = type_name

    def path(self, index: int) -> Path:
        return Path(self.parents.path(index), self.name, self.type_name)


class ItemPlaces:
    """Items of lists, flattened: the list that each came from, and its index there."""

    __slots__ = ("indexes", "lists", "origins")

    def __init__(self, lists: Places, origins: Sequence[int], indexes: Sequence[int]) -> None:
        self.lists = lists
        self.origins = origins
        self.indexes = indexes

    def path(self, index: int) -> Path:
        return Path(self.lists.path(self.origins[index]), self.indexes[index], None)


class PickedPlaces:
    """Some values of a level."""

    __slots__ = ("picks", "places")

    def __init__(self, places: Places, picks: Sequence[int]) -> None:
        self.places = places
        self.picks = picks

    def path(self, index: int) -> Path | None:
        return self.places.path(self.picks[index])
