"""What all types share: nodes, views of rows, relations, connections, scalars."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import strawberry

import compiler
from core import ids
from resolvers.arguments import Cursor, EventCursor, Url
from resolvers.context import LoaderNamed

T = TypeVar("T")


def _address(value: object) -> str:
    # Whether it is a good one is for the act to say, in its payload.
    if not isinstance(value, str):
        raise TypeError("An address is a text.")
    return value


SCALARS: dict[object, Any] = {  # what StrawberryConfig takes
    Cursor: strawberry.scalar(name="Cursor", description="A place in one kind of list; opaque."),
    EventCursor: strawberry.scalar(name="EventCursor", description="A place in a log of events; opaque."),
    Url: strawberry.scalar(
        name="URL", description="An address that begins with http:// or https://.", parse_value=_address
    ),
}


def view_of(*rows: type) -> Callable[[type[T]], type[T]]:
    """Declares which rows a type shows, so that interfaces and unions know it by them."""

    def decorate(cls: type[T]) -> type[T]:
        cls.is_type_of = compiler.instance_of(*rows)  # type: ignore[attr-defined]
        return cls

    return decorate


@strawberry.interface(description="Whatever has an id of its own.")
class Node:
    """The Relay interface."""

    id: strawberry.ID = strawberry.field(description="An opaque id, unique across all types.")


def encoded(kind: ids.Kind, attribute: str, *, description: str, graphql_type: Any) -> Any:
    """A field that shows the number in `attribute` as an id."""

    def shown(number: int | None) -> str | None:
        return None if number is None else ids.encode(kind, number)

    compute = compiler.Attribute(attribute, then=shown)
    return compiler.derived(compute, graphql_type=graphql_type, description=description)


def node_id(kind: ids.Kind) -> Any:
    """The `id` field of a type whose rows have a number of this kind."""
    shown = compiler.Attribute("id", then=partial(ids.encode, kind))
    return compiler.derived(shown, graphql_type=strawberry.ID, description="An opaque id, unique across all types.")


def relation(
    loader: str, *, key: str, graphql_type: Any, description: str, then: Callable[[Any], Any] | None = None
) -> Any:
    """A field whose value `context.loaders.<loader>` finds under the row's attribute `key`; null where that is null.

    `then` makes the field's value of what was found, None included.
    """
    declared = compiler.Relation(loader=LoaderNamed(loader), key=compiler.Attribute(key), then=then)
    return compiler.relation(declared, graphql_type=graphql_type, description=description)


def part(loader: str, attribute: str, *, absent: Any, description: str, graphql_type: Any) -> Any:
    """A field that shows one attribute of what `context.loaders.<loader>` holds for the row's id."""
    then = compiler.Attribute(attribute, absent=absent)
    return relation(loader, key="id", then=then, graphql_type=graphql_type, description=description)


@strawberry.type(description="Where a page begins and ends, and whether the list goes on.")
class PageInfo:
    """View of connections.PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether there is more. Ask this, not how full the page is.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for behind a cursor.")
    start_cursor: Cursor | None = strawberry.field(description="The place of the page's first item.")
    end_cursor: Cursor | None = strawberry.field(description="Where to go on: the `after` of the next page.")
