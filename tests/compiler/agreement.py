"""When two executors agree: the same data, the same errors where their position survives, and every null explained."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from graphql import GraphQLError


class DisagreementError(AssertionError):
    """Two executors gave different answers."""


def require_agreement(
    stock: Any, compiled: Any, *, of: Callable[[GraphQLError], Any], shown: Callable[[], str]
) -> None:
    """Compares two results: data to the byte, order of keys included, and errors, `of` which is what a client is told.

    Raises DisagreementError, which shows `shown()`.
    """
    expected, given = _encoded(stock.data, shown), _encoded(compiled.data, shown)
    if expected != given:
        raise DisagreementError(f"data differs\n{shown()}\nstock: {expected!r}\ncompiled: {given!r}")
    explanations = [explained(result.data, result.errors, of=of) for result in (stock, compiled)]
    if explanations[0] != explanations[1]:
        only_stock, only_compiled = explanations[0] - explanations[1], explanations[1] - explanations[0]
        raise DisagreementError(
            f"errors differ\n{shown()}\ndata: {expected!r}\nonly stock: {only_stock}\nonly compiled: {only_compiled}"
        )


def is_run(result: Any) -> bool:
    """Whether fields were run at all; if not, the request was wrong."""
    return result.data is not None or any(error.path for error in result.errors or ())


def _encoded(data: Any, shown: Callable[[], str]) -> bytes:
    """The data as a client gets it."""
    try:
        return orjson.dumps(data)
    except TypeError as error:
        raise DisagreementError(f"data cannot be encoded: {error}\n{shown()}\n{data}") from error


def explained(
    data: Any, errors: Sequence[GraphQLError] | None, *, of: Callable[[GraphQLError], Any]
) -> set[tuple[Any, ...]]:
    """What the errors say of the data: path and what `of` says of each position that became null by its own error, and
    the path alone of each one that became null by an error below it. Of several errors below, any may be reported.
    """
    return {_explanation(data, error, of) for error in errors or ()}


def _explanation(data: Any, error: GraphQLError, of: Callable[[GraphQLError], Any]) -> tuple[Any, ...]:
    path = tuple(error.path or ())
    value = data
    for depth, key in enumerate(path):
        if value is None:
            return path[:depth]
        try:
            value = value[key]
        except LookupError:
            return (*path, "is nowhere")
    return (*path, "is", of(error))


def message_and_locations(error: GraphQLError) -> tuple[str, tuple[tuple[int, int], ...]]:
    """What an error says, and of which places of the document."""
    return error.message, tuple((location.line, location.column) for location in error.locations or ())
