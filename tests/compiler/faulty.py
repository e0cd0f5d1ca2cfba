"""A schema whose fields fail in every way, decided by a hash, so that two executions of one document fail alike.

Every object is a Thing with a number; what a field of it does follows from (seed, number, field name).
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.permission import BasePermission

from compiler import GroupLoader, Relation, derived, relation

LARGEST_NUMBER = 40


class FaultError(Exception):
    """A field was told to fail."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: its number decides everything about it."""

    number: int
    world: "World"

    def __getattr__(self, name: str) -> Any:
        if name not in _PLAIN:
            raise AttributeError(name)
        return self.world.outcome(self.number, name, _PLAIN[name])


@dataclass(slots=True)
class World:
    """What faults happen, and how often (of 100)."""

    seed: int
    fault_percent: int
    batches: list[list[int]] = field(default_factory=list)
    loader: "ThingLoader | None" = None

    def roll(self, number: int, name: str, sides: int) -> int:
        digest = hashlib.blake2b(f"{self.seed}/{number}/{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % sides

    def outcome(self, number: int, name: str, value: Any) -> Any:
        """The value, or one of the ways to fail: null, an error raised or returned, a value of a wrong type."""
        if self.roll(number, name, 100) >= self.fault_percent:
            return value
        match self.roll(number, f"{name}/fault", 4):
            case 0:
                return None
            case 1:
                raise FaultError(f"{name} of {number}")
            case 2:
                return FaultError(f"{name} of {number}, returned")
            case _:
                return object

    def things(self, number: int, name: str) -> list["Thing | None"]:
        count = self.roll(number, f"{name}/count", 4)
        return [self.thing(number * 7 + place + len(name), f"{name}/{place}") for place in range(count)]

    def thing(self, number: int, name: str) -> Any:
        number %= LARGEST_NUMBER
        return self.outcome(number, name, Thing(number, self))


class ThingLoader(GroupLoader[int, Any]):
    """Things by number, in batches; some keys are absent, some fail."""

    max_batch_size = 7

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        self._world.batches.append(list(keys))
        await asyncio.sleep(0)
        return [self._loaded(key) for key in keys]

    def _loaded(self, key: int) -> Any:
        try:
            return self._world.thing(key, "loaded")
        except FaultError as error:
            return error


def is_cat(thing: Thing) -> bool:
    return thing.number % 2 == 0


class Refused(BasePermission):
    """Sometimes says no, so that a field has something the compiler does not know."""

    message = "refused"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 (as it must be)
        return not isinstance(source, Thing) or source.number % 5 != 0


@strawberry.enum
class Colour(Enum):
    """An enum."""

    RED = "red"
    BLUE = "blue"


_PLAIN: dict[str, Any] = {
    "name": "a name",
    "maybe_name": "another",
    "age": 7,
    "weight": 1.5,
    "is_old": False,
    "colour": Colour.RED,
    "words": ["one", "two", None],
    "strict_words": ["one", "two"],
    "grid": [[1, 2], [], None],
}


@strawberry.input
class Choice:
    """An input object."""

    offset: int = 0
    names: list[str] | None = None


LazyBeing = Annotated["Being", strawberry.lazy("tests.compiler.faulty")]
LazyPet = Annotated[
    Annotated["Cat", strawberry.lazy("tests.compiler.faulty")]
    | Annotated["Dog", strawberry.lazy("tests.compiler.faulty")],
    strawberry.union("Pet"),
]


def _owner(root: strawberry.Parent[Thing]) -> Any:
    return root.world.thing(root.number + 1, "owner")


async def _slow_owner(root: strawberry.Parent[Thing]) -> Any:
    await asyncio.sleep(0)
    return root.world.thing(root.number + 2, "slow_owner")


def _friends(root: strawberry.Parent[Thing], first: int = 3, choice: Choice | None = None) -> Any:
    return root.world.things(root.number + (choice.offset if choice else 0), "friends")[:first]


async def _pets(root: strawberry.Parent[Thing]) -> Any:
    return root.world.things(root.number, "pets")


def _later(root: strawberry.Parent[Thing]) -> Any:
    """A list with awaitables in it."""

    async def one(value: Any) -> Any:
        await asyncio.sleep(0)
        return value

    return [one(thing) if place % 2 else thing for place, thing in enumerate(root.world.things(root.number, "later"))]


async def _slow_name(root: strawberry.Parent[Thing], prefix: str = "") -> Any:
    await asyncio.sleep(0)
    value = root.world.outcome(root.number, "slow_name", "slow")
    return prefix + value if isinstance(value, str) else value


def _loader(context: World) -> ThingLoader:
    assert context.loader is not None
    return context.loader


def _absent_every_third(thing: Thing) -> int | None:
    return None if thing.number % 3 == 0 else thing.number + 3


def _parity(thing: Any) -> Any:
    return None if thing is None else thing.world.outcome(thing.number, "parity", thing.number % 2)


def _shout(thing: Thing) -> Any:
    return thing.world.outcome(thing.number, "shout", "a shout")


@strawberry.interface
class Being:
    """The interface of everything; its plain fields read attributes that may fail."""

    name: str
    maybe_name: str | None
    age: int
    weight: float | None
    is_old: bool
    colour: Colour | None
    words: list[str | None] | None
    strict_words: list[str]
    grid: list[list[int] | None]
    owner = strawberry.field(resolver=_owner, graphql_type=LazyBeing | None)
    strict_owner = strawberry.field(resolver=_owner, graphql_type=LazyBeing)
    slow_owner = strawberry.field(resolver=_slow_owner, graphql_type=LazyBeing | None)
    friends = strawberry.field(resolver=_friends, graphql_type=list[LazyBeing | None])
    strict_friends = strawberry.field(resolver=_friends, graphql_type=list[LazyBeing] | None)
    later = strawberry.field(resolver=_later, graphql_type=list[LazyBeing | None] | None)
    slow_name = strawberry.field(resolver=_slow_name, graphql_type=str | None)
    guarded = strawberry.field(resolver=_owner, graphql_type=LazyBeing | None, permission_classes=[Refused])
    related = relation(Relation(_loader, _absent_every_third), graphql_type=LazyBeing | None)
    strict_related = relation(Relation(_loader, lambda thing: thing.number + 4), graphql_type=LazyBeing)
    shout = derived(_shout, graphql_type=str | None)
    strict_shout = derived(_shout, graphql_type=str)
    parity = relation(Relation(_loader, _absent_every_third, then=_parity), graphql_type=int | None)


def _is(kind: bool) -> Any:  # noqa: FBT001
    return classmethod(lambda _cls, value, _info: isinstance(value, Thing) and is_cat(value) is kind)


@strawberry.type
class Cat(Being):
    """An even thing."""

    is_type_of = _is(True)
    pets = strawberry.field(resolver=_pets, graphql_type=list[LazyPet | None] | None)


@strawberry.type
class Dog(Being):
    """An odd thing."""

    is_type_of = _is(False)
    only_pet = strawberry.field(resolver=_slow_owner, graphql_type=LazyPet | None)


def _being(info: strawberry.Info, number: int = 1) -> Any:
    return Thing(number % LARGEST_NUMBER, info.context)


async def _beings(info: strawberry.Info, first: int = 4, choice: Choice | None = None) -> Any:
    await asyncio.sleep(0)
    offset = choice.offset if choice else 0
    return [Thing((number + offset) % LARGEST_NUMBER, info.context) for number in range(first)]


def _cat(info: strawberry.Info) -> Any:
    return Thing(2, info.context)


def _dogs(info: strawberry.Info) -> Any:
    return (Thing(number, info.context) for number in (1, 3, 5))


async def _move(info: strawberry.Info, number: int = 1) -> Any:
    info.context.batches.append([-number])
    await asyncio.sleep(0)
    return info.context.thing(number, "move")


def _strict_move(info: strawberry.Info, number: int = 1) -> Any:
    info.context.batches.append([-number])
    return info.context.thing(number, "strict_move")


@strawberry.type
class Query:
    """The ways in."""

    being = strawberry.field(resolver=_being, graphql_type=Being | None)
    beings = strawberry.field(resolver=_beings, graphql_type=list[Being | None])
    cat = strawberry.field(resolver=_cat, graphql_type=Cat | None)
    dogs = strawberry.field(resolver=_dogs, graphql_type=list[Dog])


@strawberry.type
class Mutation:
    """Writes, one after the other."""

    move = strawberry.mutation(resolver=_move, graphql_type=Being | None)
    strict_move = strawberry.mutation(resolver=_strict_move, graphql_type=Being)


def new_world(seed: int, fault_percent: int) -> World:
    """A world with a loader of its own; as the context of one execution."""
    world = World(seed, fault_percent)
    world.loader = ThingLoader(world)
    return world


TYPES: Sequence[type] = (Cat, Dog)
