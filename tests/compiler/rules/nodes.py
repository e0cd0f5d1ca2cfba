"""A type whose fields are there in every way in which a value can be found.

`sure` is a plain attribute of the object, `sureCalled` a resolver, `sureLater` a coroutine, `sureDerived` and
`sureRelated` are declared; all give what the object was made with.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from compiler import GroupLoader, Relation, derived, relation

WAYS = ("", "Called", "Later", "Derived", "Related")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A value that can be used once: it is made anew for each who asks."""

    make: Callable[[], Any]


class Thing:
    """Has the attributes that it is made with; those that are exceptions are raised."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(name)
        value = self._values[name]
        if isinstance(value, Exception):
            raise value
        return value.make() if isinstance(value, Fresh) else value


class Values(GroupLoader[tuple[Thing, str], Any]):
    """Attributes of things, by thing and name."""

    async def batch_load_fn(self, keys: list[tuple[Thing, str]]) -> list[Any]:
        await asyncio.sleep(0)
        return [_outcome(thing, name) for thing, name in keys]


def _outcome(thing: Thing, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception as error:  # noqa: BLE001 (a loader gives it as the key's value)
        return error


def _in_every_way(name: str, graphql_type: Any) -> dict[str, Any]:
    def called(root: strawberry.Parent[Thing]) -> Any:
        return getattr(root, name)

    async def later(root: strawberry.Parent[Thing]) -> Any:
        await asyncio.sleep(0)
        return getattr(root, name)

    def key(thing: Thing) -> tuple[Thing, str]:
        return thing, name

    return {
        f"{name}_called": strawberry.field(resolver=called, graphql_type=graphql_type),
        f"{name}_later": strawberry.field(resolver=later, graphql_type=graphql_type),
        f"{name}_derived": derived(lambda thing: getattr(thing, name), graphql_type=graphql_type),
        f"{name}_related": relation(Relation(lambda context: context, key), graphql_type=graphql_type),
    }


LazyNode = Annotated["Node", strawberry.lazy("tests.compiler.rules.nodes")]
_FIELDS: dict[str, Any] = {
    "maybe": int | None,
    "sure": int,
    "maybe_node": LazyNode | None,
    "sure_node": LazyNode,
    "maybe_of_maybe": list[int | None] | None,
    "maybe_of_sure": list[int] | None,
    "sure_of_maybe": list[int | None],
    "sure_of_sure": list[int],
    "grid": list[list[int | None] | None] | None,
    "strict_grid": list[list[int]] | None,
    "nodes": list[LazyNode | None] | None,
    "strict_nodes": list[LazyNode] | None,
}
_members: dict[str, Any] = {"__annotations__": _FIELDS, "__module__": __name__}
for _name, _type in _FIELDS.items():
    _members |= _in_every_way(_name, _type)
Node: Any = strawberry.type(type("Node", (), _members))


@strawberry.type
class Query:
    """Two ways in: an error may end at the first, not at the second."""

    node: Node | None
    root: Node
    other: int | None
