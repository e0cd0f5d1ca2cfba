"""Where two answers to the same query differ, and which of it is the executors' doing.

What is read twice may have changed meanwhile, and some of it is new each time: the cursor of this moment, for one. So a
difference counts only if it lasts: in two pairs of answers each side says the same again, and the sides are apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError

from core.errors import UnavailableError
from schema.documents import NATIVES

Path = tuple[str | int, ...]
# What either answer has at a path.
Differences = Mapping[Path, tuple[Any, Any]]

_NATIVES = frozenset(NATIVES.values())


class Answer(NamedTuple):
    """What an executor gives."""

    data: Any
    errors: Sequence[GraphQLError]

    @property
    def is_momentary(self) -> bool:
        """Whether it lacks something only because a part that we need did not answer in time."""
        return any(isinstance(cause_of(error), UnavailableError | TimeoutError) for error in self.errors)


def differences(left: Answer, right: Answer) -> Differences:
    """Where one has something that the other has not."""
    found: dict[Path, tuple[Any, Any]] = {}
    _compare(("data",), left.data, right.data, found)
    one, other = _explanations(left), _explanations(right)
    for position in one.keys() | other.keys():
        if one.get(position) != other.get(position):
            found["errors", *position] = (one.get(position), other.get(position))
    return found


def lasting(first: Differences, second: Differences) -> list[Path]:
    """The differences between two executors, of the differences between two pairs of their answers."""
    return [path for path, values in first.items() if path in second and _is_same(values, second[path])]


def shown(path: Path) -> str:
    """A path as people read it."""
    return ".".join(map(str, path))


def _compare(path: Path, left: Any, right: Any, found: dict[Path, tuple[Any, Any]]) -> None:
    if isinstance(left, dict) and isinstance(right, dict):
        if list(left) != list(right):  # the order of keys is a part of the answer
            found[path] = (list(left), list(right))
        for key, value in left.items():
            if key in right:
                _compare((*path, key), value, right[key], found)
    elif isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            found[path] = (len(left), len(right))
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            _compare((*path, index), one, other, found)
    else:
        one, other = _as_sent(left), _as_sent(right)
        if type(one) is not type(other) or one != other:
            found[path] = (one, other)


def _as_sent(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value)) if type(value) in _NATIVES else value


def _is_same(first: tuple[Any, Any], second: tuple[Any, Any]) -> bool:
    kinds, kinds_again = tuple(map(type, first)), tuple(map(type, second))
    # Of what is new each time the kind must be the same on both sides: null is no cursor.
    return kinds == kinds_again and (first == second or kinds[0] is not kinds[1])


def _explanations(answer: Answer) -> dict[Path, set[str]]:
    """By the position that became null: its own error, or that there is one below, which may be any of several."""
    found: dict[Path, set[str]] = {}
    for error in answer.errors:
        position, what = _explanation(answer.data, error)
        found.setdefault(position, set()).add(what)
    return found


def _explanation(data: Any, error: GraphQLError) -> tuple[Path, str]:
    path: Path = tuple(error.path or ())
    value = data
    for depth, key in enumerate(path):
        if value is None:
            return path[:depth], "an error below"
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return path, "an error where nothing is"
    # Suggestions are cut from what clients get, after the execution.
    return path, f"{type(cause_of(error)).__name__}: {error.message.split('Did you mean')[0].strip()}"


def cause_of(error: GraphQLError) -> Exception:
    """What was raised; the error itself if that was graphql-core's."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause
