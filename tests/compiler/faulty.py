"""A schema whose fields fail in every way, over the objects of tests.compiler.faulty_world."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.permission import BasePermission

from compiler import Attribute, Relation, derived, instance_of, lookup, relation
from tests.compiler.documents import Style
from tests.compiler.faulty_world import LARGEST_NUMBER, BadgeRow, Colour, MedalRow, Thing, ThingLoader, World

STYLE = Style(
    {
        "first": ("0", "1", "2", "3", "5"),
        "number": ("0", "1", "2", "3", "17"),
        "prefix": ('""', '"x"'),
        "step": ("0", "1", "2", "9"),
        "choice": ("{}", "{offset: 2}", '{offset: 1, names: ["a"]}', "null"),
        "colours": ("[]", "[RED]", "[BLUE, RED]", "BLUE"),
    }
)


class Refused(BasePermission):
    """Sometimes says no, so that a field has something the compiler does not know."""

    message = "refused"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 (as it must be)
        return not isinstance(source, Thing) or source.number % 5 != 0


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
LazyBadge = Annotated["Badge", strawberry.lazy("tests.compiler.faulty")]
LazyPrize = Annotated[
    Annotated["Medal", strawberry.lazy("tests.compiler.faulty")]
    | Annotated["Badge", strawberry.lazy("tests.compiler.faulty")],
    strawberry.union("Prize"),
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


def _painted(root: strawberry.Parent[Thing], colours: list[Colour] | None = None) -> Any:
    return [root.world.outcome(root.number + place, "painted", colour) for place, colour in enumerate(colours or [])]


def _badges(root: strawberry.Parent[Thing]) -> Any:
    return root.world.outcome(root.number, "badges", root.world.badges(root.number))


def _prize(root: strawberry.Parent[Thing]) -> Any:
    return root.world.outcome(root.number, "prize", root.world.badge(root.number))


def _loader(context: World) -> ThingLoader:
    return context.loader


def _mirror(context: World) -> ThingLoader:
    return context.mirror


def _absent_every_third(thing: Thing) -> int | None:
    return None if thing.number % 3 == 0 else thing.number + 3


def _by_step(_context: World, step: int = 1) -> Relation:
    if step == 9:
        raise ValueError("no such step")
    return Relation(_loader, lambda thing: thing.number + step)


def _parity(thing: Any) -> Any:
    return None if thing is None else thing.world.outcome(thing.number, "parity", thing.number % 2)


def _shout(thing: Thing) -> Any:
    return thing.world.outcome(thing.number, "shout", f"shout {thing.number}")


@strawberry.interface
class Being:
    """The interface of everything; its plain fields read attributes that may fail."""

    number: int
    name: str
    maybe_name: str | None
    age: int
    maybe_age: int | None
    weight: float | None
    is_old: bool
    colour: Colour | None
    born: datetime
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
    painted = strawberry.field(resolver=_painted, graphql_type=list[Colour])
    guarded = strawberry.field(resolver=_owner, graphql_type=LazyBeing | None, permission_classes=[Refused])
    related = relation(Relation(_loader, _absent_every_third), graphql_type=LazyBeing | None)
    strict_related = relation(Relation(_loader, lambda thing: thing.number + 4), graphql_type=LazyBeing)
    mirrored = relation(Relation(_mirror, _absent_every_third), graphql_type=LazyBeing | None)
    by_step = lookup(_by_step, graphql_type=LazyBeing | None)
    shout = derived(_shout, graphql_type=str | None)
    strict_shout = derived(_shout, graphql_type=str)
    parity = relation(Relation(_loader, _absent_every_third, then=_parity), graphql_type=int | None)
    next_name = relation(
        Relation(_loader, Attribute("next_number"), then=Attribute("name", absent="nobody")), graphql_type=str
    )
    next_number = relation(Relation(_loader, Attribute("next_number"), then=Attribute("number")), graphql_type=int)
    mirrored_number = relation(
        Relation(_mirror, Attribute("next_number"), then=Attribute("number", absent=None)), graphql_type=int | None
    )
    badges = strawberry.field(resolver=_badges, graphql_type=list[LazyBadge] | None)
    prize = strawberry.field(resolver=_prize, graphql_type=LazyPrize | None)


def _is(kind: bool) -> Any:  # noqa: FBT001
    return classmethod(lambda _cls, value, _info: isinstance(value, Thing) and (value.number % 2 == 0) is kind)


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


@strawberry.interface
class Rated:
    """What badges of every kind have; they are known by the class of their rows."""

    label: str
    rank: int
    owner = relation(Relation(_loader, Attribute("owner_number")), graphql_type=LazyBeing | None)
    owner_number: int | None
    owner_age = relation(Relation(_loader, Attribute("owner_number"), then=Attribute("age")), graphql_type=int | None)


@strawberry.type
class Medal(Rated):
    """View of MedalRow."""

    is_type_of = instance_of(MedalRow)
    maybe_label: str | None = strawberry.field(resolver=lambda root: root.label)


@strawberry.type
class Badge(Rated):
    """View of BadgeRow, and so of MedalRow where nothing says more."""

    is_type_of = instance_of(BadgeRow)


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


def _rated(info: strawberry.Info, first: int = 3) -> Any:
    return [info.context.badge(number) for number in range(first)]


async def _move(info: strawberry.Info, number: int = 1) -> Any:
    info.context.moves.append(number)
    await asyncio.sleep(0)
    return info.context.thing(number, "move")


def _strict_move(info: strawberry.Info, number: int = 1) -> Any:
    info.context.moves.append(number)
    return info.context.thing(number, "strict_move")


@strawberry.type
class Query:
    """The ways in."""

    being = strawberry.field(resolver=_being, graphql_type=Being | None)
    beings = strawberry.field(resolver=_beings, graphql_type=list[Being | None])
    cat = strawberry.field(resolver=_cat, graphql_type=Cat | None)
    dogs = strawberry.field(resolver=_dogs, graphql_type=list[Dog])
    rated = strawberry.field(resolver=_rated, graphql_type=list[Rated])


@strawberry.type
class Mutation:
    """Writes, one after the other."""

    move = strawberry.mutation(resolver=_move, graphql_type=Being | None)
    strict_move = strawberry.mutation(resolver=_strict_move, graphql_type=Being)


TYPES: Sequence[type] = (Cat, Dog, Medal, Badge)
