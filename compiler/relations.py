"""Declared fields: those of which it is known that they only load by a key, or only compute something of their source.

A declared field is an ordinary Strawberry field and runs on any executor. The declaration lets a compiled operation
take a whole level at once, without what a resolver's call needs for each object: arguments, info, a path, a coroutine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry

from compiler.groups import GroupLoader

MARK = "__declared__"


@dataclass(frozen=True, slots=True)
class Relation:
    """`then(loader(context).load(key(source)))`; null where the key is None.

    `then` is called with what the loader gave, None included; without it that value is the field's.
    """

    loader: Callable[[Any], GroupLoader[Any, Any]]
    key: Callable[[Any], Any]
    then: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """`compute(source)`: no arguments, no context, no waiting."""

    compute: Callable[[Any], Any]


def derived(compute: Callable[[Any], Any], *, graphql_type: Any, description: str | None = None) -> Any:
    """A Strawberry field that is computed of its source alone."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        return compute(root)

    setattr(resolve, MARK, Derived(compute))
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)


def relation(declared: Relation, *, graphql_type: Any, description: str | None = None) -> Any:
    """A Strawberry field that follows the relation."""

    async def resolve(root: strawberry.Parent[Any], info: strawberry.Info) -> Any:
        key = declared.key(root)
        if key is None:
            return None
        found = await declared.loader(info.context).load(key)
        return found if declared.then is None else declared.then(found)

    setattr(resolve, MARK, declared)
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)
