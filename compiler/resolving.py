"""How a field's values are found, for all objects of a level: five ways, from the cheapest to graphql-core's own.

`values` gives a list with a value (or an awaitable, or an Exception) for each source.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from graphql.type import GraphQLSchema
from strawberry.types.field import StrawberryField

from compiler.arguments import STRAWBERRY_DEFINITION, Arguments, Position
from compiler.places import Places
from compiler.relations import MARK, Attribute, Derived, Lookup, Relation
from compiler.run import VOID, Later, Run

_CONVERTER = "strawberry.schema.schema_converter"
_CONVERTED = frozenset({"_resolver", "_async_resolver", "_get_basic_result"})


class Resolving(Protocol):
    """A way to a field's values. `kind` names it; `why_not` says why it is not a better one, if it is the last."""

    @property
    def kind(self) -> str: ...
    @property
    def why_not(self) -> str | None: ...
    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any] | Later: ...


class Computed:
    """An attribute of the source, or a function of nothing but the source."""

    why_not = None

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.kind = f"attribute {compute.name}" if isinstance(compute, Attribute) else "derived"

    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any]:  # noqa: ARG002 (as the others)
        compute = self.compute
        try:
            return list(map(compute, sources))
        except Exception:  # noqa: BLE001 (a property may raise anything; each source is asked by itself)
            return [applied(compute, source) for source in sources]


class Related:
    """What a loader has under a key. The selection loads it, once for all fields with the same loader and key."""

    kind = "relation"
    why_not = None

    def __init__(self, relation: Relation) -> None:
        self.relation = relation

    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any] | Later:  # noqa: ARG002 (as above)
        found = Link(self.relation).values(run, sources)
        return self.shown(found) if isinstance(found, list) else partial(self._shown_later, found)

    async def _shown_later(self, found: Later, run: Run) -> list[Any]:
        return self.shown(await found(run))

    def shown(self, found: list[Any]) -> list[Any]:
        """The field's values, of what was loaded."""
        then = self.relation.then
        if then is None and type(found) is list:
            return list(found)
        return [
            None if value is NO_KEY else value if then is None or value is VOID else applied(then, value)
            for value in found
        ]


class LookedUp:
    """A relation that depends on the field's arguments."""

    kind = "lookup"
    why_not = None

    def __init__(self, lookup: Lookup, arguments: "Arguments") -> None:
        self._lookup = lookup
        self._arguments = arguments

    def relation(self, run: Run) -> Relation:
        """The relation that the arguments lead to. Raises what is wrong with them."""
        return self._lookup.relation_of(run.context, **self._arguments.of(run))

    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any] | Later:
        try:
            relation = self.relation(run)
        except Exception as error:  # noqa: BLE001 (the error of every object that was asked)
            return [error] * len(sources)
        return Related(relation).values(run, sources, places)


class Called:
    """A Strawberry resolver with nothing around it: called directly, its arguments converted once."""

    kind = "resolver"
    why_not = None

    def __init__(self, definition: StrawberryField, position: Position, arguments: "Arguments", info: type) -> None:
        resolver = definition.base_resolver
        assert resolver is not None
        self._function: Callable[..., Any] = resolver
        self._definition = definition
        self._position = position
        self._arguments = arguments
        self._info_class = info
        self._takes_self = resolver.self_parameter is not None
        reserved = (resolver.parent_parameter, resolver.root_parameter)
        self._source_names = tuple({parameter.name for parameter in reserved if parameter is not None})
        self._info_name = resolver.info_parameter.name if resolver.info_parameter is not None else None

    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any]:
        position, values = self._position, []
        for index, source in enumerate(sources):
            try:
                arguments = dict(self._arguments.of(run))
                for name in self._source_names:
                    arguments[name] = source
                if self._info_name is not None:
                    info = run.info(
                        position, position.field_def, position.nodes, position.parent_type, places.path(index)
                    )
                    arguments[self._info_name] = self._info_class(_raw_info=info, _field=self._definition)
                own = (source,) if self._takes_self else ()
                values.append(self._function(*own, **arguments))
            except Exception as error:  # noqa: BLE001 (whatever a resolver raises is its field's error)
                values.append(error)
        return values


class Resolved:
    """The field's own resolve function, called as graphql-core calls it, with all that is around the resolver."""

    kind = "graphql-core"

    def __init__(self, position: Position, why_not: str) -> None:
        self._position = position
        self.why_not = why_not

    def values(self, run: Run, sources: Sequence[Any], places: Places) -> list[Any]:
        position = self._position
        field = position.field_def
        resolve = field.resolve or run.executor.field_resolver
        values: list[Any] = []
        for index, source in enumerate(sources):
            try:
                arguments: dict[str, Any] = {}
                if field.args or position.details.node.arguments:
                    arguments = run.arguments(field, position.details)
                info = run.info(position, field, position.nodes, position.parent_type, places.path(index))
                values.append(resolve(source, info, **arguments))
            except Exception as error:  # noqa: BLE001 (whatever a resolver raises is its field's error)
                values.append(error)
        return values


NO_KEY = object()
"""Stands in a level's loaded values where an object has no key."""


class Irregular(list[Any]):
    """Values of which some have failed, or have no key: no generated code may touch them."""


class Link:
    """A loader and a key: what a level loads, once for all relations that share them."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation

    def values(self, run: Run, sources: Sequence[Any]) -> list[Any] | Later:
        """What the loader has for each source; `Irregular` if that is not a value for each."""
        relation = self._relation
        try:
            key = relation.key
            keys = (
                [getattr(source, key.name) for source in sources]
                if isinstance(key, Attribute)
                else [key(source) for source in sources]
            )
            loader = relation.loader(run.context)
            present = [key for key in keys if key is not None] if None in keys else keys
            loaded = loader.loaded_group(present)
        except Exception:  # noqa: BLE001 (one source may have raised; each is asked by itself)
            return partial(self._one_by_one, sources)
        if present is not keys:
            return partial(self._some, sources, keys, present) if loaded is None else self._spread(keys, loaded)
        return partial(self._all, sources, keys) if loaded is None else loaded

    async def _all(self, sources: Sequence[Any], keys: list[Any], run: Run) -> list[Any]:
        try:
            loaded = await self._relation.loader(run.context).load_group(keys)
        except Exception:  # noqa: BLE001 (one key may be none that a loader takes)
            return await self._one_by_one(sources, run)
        return Irregular(loaded) if any(isinstance(value, Exception) for value in loaded) else loaded

    async def _some(self, sources: Sequence[Any], keys: list[Any], present: list[Any], run: Run) -> list[Any]:
        try:
            loaded = await self._relation.loader(run.context).load_group(present)
        except Exception:  # noqa: BLE001 (as above)
            return await self._one_by_one(sources, run)
        return self._spread(keys, loaded)

    def _spread(self, keys: list[Any], loaded: list[Any]) -> list[Any]:
        rest = iter(loaded)
        return Irregular(NO_KEY if key is None else next(rest) for key in keys)

    async def _one_by_one(self, sources: Sequence[Any], run: Run) -> list[Any]:
        found = Irregular()
        keys: dict[int, Any] = {}
        for index, source in enumerate(sources):
            try:
                key = self._relation.key(source)
                loader = self._relation.loader(run.context)
                if key is not None:
                    hash(loader.get_cache_key(key))
                    keys[index] = key
                found.append(NO_KEY)
            except Exception as error:  # noqa: BLE001 (whatever a key's function raises is its field's error)
                found.append(error)
        if keys:
            loaded = await self._relation.loader(run.context).load_group(list(keys.values()))
            for index, value in zip(keys, loaded, strict=True):
                found[index] = value
        return found


def resolving_of(position: Position, schema: GraphQLSchema) -> Resolving:
    """The best way to a field's values."""
    field = position.field_def
    definition = (field.extensions or {}).get(STRAWBERRY_DEFINITION)
    if not isinstance(definition, StrawberryField):
        return Resolved(position, "it is no Strawberry field")
    strawberry_schema = schema.extensions[STRAWBERRY_DEFINITION]
    if why_not := _obstacle(strawberry_schema, definition, field.resolve):
        return Resolved(position, why_not)
    return _found_by(definition, position, schema)


def _found_by(definition: StrawberryField, position: Position, schema: GraphQLSchema) -> Resolving:
    """The way to the values of a field with nothing around it."""
    if definition.base_resolver is None:
        return Computed(Attribute(definition.python_name))
    arguments = Arguments(definition, position, schema)
    declared = getattr(definition.base_resolver.wrapped_func, MARK, None)
    if isinstance(declared, Derived):
        return Computed(declared.compute)
    if isinstance(declared, Relation):
        return Related(declared)
    if isinstance(declared, Lookup):
        return LookedUp(declared, arguments)
    return Called(definition, position, arguments, schema.extensions[STRAWBERRY_DEFINITION].config.info_class)


def _obstacle(strawberry_schema: Any, definition: StrawberryField, resolve: Any) -> str | None:
    """What is around a field's resolver or attribute that only its own resolve function knows; None for nothing."""
    if strawberry_schema.exception_handlers:
        return "the schema handles exceptions of resolvers"
    if type(definition).get_result is not StrawberryField.get_result:
        return f"{type(definition).__name__} resolves in its own way"
    if definition.extensions:
        names = ", ".join(type(extension).__name__ for extension in definition.extensions)
        return f"it has extensions: {names}"
    is_converted = getattr(resolve, "__module__", "") == _CONVERTER
    if not is_converted or getattr(resolve, "__name__", "") not in _CONVERTED:
        return "its resolve function is not Strawberry's own"
    if definition.base_resolver is None and definition.default_resolver is not getattr:
        return "attributes are found by another function than getattr"
    return None


def applied(function: Callable[[Any], Any], value: Any) -> Any:
    """The function's result, or the exception that it raised; a value that has failed stays as it is."""
    if isinstance(value, Exception):
        return value
    try:
        return function(value)
    except Exception as error:  # noqa: BLE001 (whatever it raises is its field's error)
        return error
