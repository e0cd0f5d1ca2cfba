"""When two executors agree: the same data, the same errors where their position survives, and every null explained."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError


def explained(data: Any, errors: Sequence[GraphQLError] | None) -> set[tuple[Any, ...]]:
    """What the errors say of the data: (path, message) of each position that became null by its own error, and the
    path alone of each one that became null by an error below it. Of several errors below, any may be reported.
    """
    return {_explanation(data, error) for error in errors or ()}


def _explanation(data: Any, error: GraphQLError) -> tuple[Any, ...]:
    path = tuple(error.path or ())
    value = data
    for depth, key in enumerate(path):
        if value is None:
            return path[:depth]
        value = value[key]
    return (*path, "is", error.message)
