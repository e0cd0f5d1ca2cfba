"""What the fault-injecting schema shows: objects whose every attribute may fail, decided by a hash.

Two executions of one document therefore fail alike. Every object has a number; what a field of it does follows from
(seed, number, field name).
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

import strawberry

from compiler import GroupLoader

LARGEST_NUMBER = 40


class FaultError(Exception):
    """A field was told to fail."""


@strawberry.enum
class Colour(Enum):
    """An enum."""

    RED = "red"
    BLUE = "blue"


# Attributes of things and badges: what they are, and what else they may be, which their scalar takes or refuses.
PLAIN: dict[str, tuple[Any, Any]] = {
    "name": ("a name", 7),
    "maybe_name": ("another", True),
    "age": (7, 2**31),
    "maybe_age": (8, -(2**31) - 1),
    "weight": (1.5, "2.5"),
    "is_old": (False, 1),
    "colour": (Colour.RED, "red"),
    "born": (datetime(1999, 12, 31, 23, 59, tzinfo=UTC), "yesterday"),
    "words": (["one", "two", None], ("one", 2)),
    "strict_words": (["one", "two"], "words"),
    "grid": ([[1, 2], [], None], [(1, 2**31), [True]]),
    "label": ("a label", 1.0),
    "rank": (3, 4.0),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: its number decides everything about it."""

    number: int
    world: "World"

    def __getattr__(self, name: str) -> Any:
        if name not in PLAIN:
            raise AttributeError(name)
        return self.world.plain(self.number, name)

    @property
    def next_number(self) -> int:
        return self.number + 1


class BadgeRow(NamedTuple):
    """An object of plain attributes, as rows of a database are."""

    number: int
    world: "World"
    label: Any
    rank: Any
    owner_number: int | None


class MedalRow(BadgeRow):
    """Another kind of it."""


@dataclass(slots=True)
class World:
    """What faults happen, and how often (of 100). The context of one execution, with loaders of its own."""

    seed: int
    fault_percent: int
    # What its loaders loaded, and what mutations did, in this order.
    batches: list[list[int]] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    loader: "ThingLoader" = field(init=False)
    mirror: "ThingLoader" = field(init=False)

    def __post_init__(self) -> None:
        self.loader = ThingLoader(self, "loaded")
        self.mirror = ThingLoader(self, "mirrored", offset=5)

    def roll(self, number: int, name: str, sides: int) -> int:
        digest = hashlib.blake2b(f"{self.seed}/{number}/{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % sides

    def outcome(self, number: int, name: str, value: Any, *, odd: Any = object) -> Any:
        """The value, or one of the ways to fail: null, an error raised or returned, a value of a wrong or odd type."""
        if self.roll(number, name, 100) >= self.fault_percent:
            return value
        match self.roll(number, f"{name}/fault", 5):
            case 0:
                return None
            case 1:
                raise FaultError(f"{name} of {number}")
            case 2:
                return FaultError(f"{name} of {number}, returned")
            case 3:
                return object
            case _:
                return odd

    def plain(self, number: int, name: str) -> Any:
        value, odd = PLAIN[name]
        return self.outcome(number, name, value, odd=odd)

    def things(self, number: int, name: str) -> list["Thing | None"]:
        count = self.roll(number, f"{name}/count", 4)
        return [self.thing(number * 7 + place + len(name), f"{name}/{place}") for place in range(count)]

    def thing(self, number: int, name: str) -> Any:
        number %= LARGEST_NUMBER
        return self.outcome(number, name, Thing(number, self))

    def badges(self, number: int) -> list[BadgeRow]:
        return [self.badge(number * 3 + place) for place in range(self.roll(number, "badges", 4))]

    def badge(self, number: int) -> BadgeRow:
        number %= LARGEST_NUMBER
        kind = MedalRow if number % 3 == 0 else BadgeRow
        owner_number = None if number % 4 == 0 else number
        return kind(number, self, self._given(number, "label"), self._given(number, "rank"), owner_number)

    def _given(self, number: int, name: str) -> Any:
        """The value of an attribute that cannot raise."""
        try:
            return self.plain(number, name)
        except FaultError as error:
            return error


class ThingLoader(GroupLoader[int, Any]):
    """Things by number, in batches; some keys are absent, some fail."""

    max_batch_size = 7

    def __init__(self, world: World, name: str, *, offset: int = 0) -> None:
        super().__init__()
        self._world = world
        self._name = name
        self._offset = offset

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        self._world.batches.append(list(keys))
        await asyncio.sleep(0)
        return [self._loaded(key) for key in keys]

    def _loaded(self, key: int) -> Any:
        try:
            return self._world.thing(key + self._offset, self._name)
        except FaultError as error:
            return error
