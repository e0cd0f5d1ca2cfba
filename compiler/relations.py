"""Declared fields: what the compiler knows of them makes a whole level one step instead of a call for each object.

A declared field is an ordinary Strawberry field and runs on any executor. The declaration lets a compiled operation
take a whole level at once, without what a resolver's call needs for each object: arguments, info, a path, a coroutine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from typing import Any, Final

import strawberry

from compiler.groups import GroupLoader

MARK = "__declared__"
_ROOT: Any = strawberry.Parent[Any]  # type: ignore[misc]  # an annotation, used as a value


class _Missing:
    """Nothing was given."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Attribute:
    """Gets an attribute, or `absent` (if that is given) of None; `then` makes the value of what was got.

    Compiled operations have it in their code.
    """

    name: str
    absent: Any = MISSING
    then: Callable[[Any], Any] | None = None

    def __call__(self, source: Any) -> Any:
        if source is None and self.absent is not MISSING:
            return self.absent
        value = getattr(source, self.name)
        return value if self.then is None else self.then(value)


@dataclass(frozen=True, slots=True)
class Relation:
    """`then(loader(context).load(key(source)))`; null where the key is None.

    `then` is called with what the loader gave, None included; without it that value is the field's. Relations of one
    level with equal loaders and keys are loaded once.
    """

    loader: Callable[[Any], GroupLoader[Any, Any]]
    key: Callable[[Any], Any]
    then: Callable[[Any], Any] | None = None

    async def follow(self, context: Any, source: Any) -> Any:
        """What it leads to from one object."""
        key = self.key(source)
        if key is None:
            return None
        found = await self.loader(context).load(key)
        return found if self.then is None else self.then(found)


@dataclass(frozen=True, slots=True)
class Derived:
    """`compute(source)`: no arguments, no context, no waiting."""

    compute: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Lookup:
    """`relation_of(context, **arguments)`, asked once for all objects of a level, says how the field is loaded."""

    relation_of: Callable[..., Relation]


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """The `is_type_of` of a type that shows instances of some classes, so that the compiler need not ask for each."""

    classes: tuple[type, ...]

    def __call__(self, value: Any, _info: Any) -> bool:
        return isinstance(value, self.classes)


def instance_of(*classes: type) -> Any:
    """For the class attribute `is_type_of` of a Strawberry type, set before `@strawberry.type` sees it."""
    return InstanceOf(classes)


def derived(compute: Callable[[Any], Any], *, graphql_type: Any, description: str | None = None) -> Any:
    """A Strawberry field that is computed of its source alone."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        return compute(root)

    return _field(resolve, Derived(compute), graphql_type, description)


def relation(declared: Relation, *, graphql_type: Any, description: str | None = None) -> Any:
    """A Strawberry field that follows the relation."""

    async def resolve(root: strawberry.Parent[Any], info: strawberry.Info) -> Any:
        return await declared.follow(info.context, root)

    return _field(resolve, declared, graphql_type, description)


def lookup(relation_of: Callable[..., Relation], *, graphql_type: Any, description: str | None = None) -> Any:
    """A Strawberry field with arguments that follows the relation which `relation_of(context, **arguments)` gives.

    The parameters behind the first one are the field's arguments, annotated as those of any resolver. What it raises
    is the error of every object that was asked.
    """

    async def resolve(root: Any, info: Any, **arguments: Any) -> Any:
        return await relation_of(info.context, **arguments).follow(info.context, root)

    arguments = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in list(signature(relation_of).parameters.values())[1:]
    ]
    resolve.__signature__ = Signature(  # type: ignore[attr-defined]  # where inspect looks first
        [
            Parameter("root", Parameter.POSITIONAL_OR_KEYWORD, annotation=_ROOT),
            Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
            *arguments,
        ]
    )
    resolve.__module__ = relation_of.__module__  # where names in annotations are looked up
    return _field(resolve, Lookup(relation_of), graphql_type, description)


def _field(resolve: Callable[..., Any], declared: Any, graphql_type: Any, description: str | None) -> Any:
    setattr(resolve, MARK, declared)
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)
