"""What an operation may cost: known but for the sizes that come with variables.

One point is one object that may be returned: page sizes multiply down the tree. The pass of schema/limits.py makes the
price of each operation; a request then adds and multiplies what the pass has left open, and looks at no document.

    publicFeed(first: 20) { edges { node { replies(first: $n) { edges { node { id } } } } } }

    20 + 20 * part 1,  part 1 = $n * 1
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import IntValueNode, ListValueNode, OperationDefinitionNode

from core.errors import BadInputError
from core.paging import LARGEST_PAGE, SMALLEST_PAGE

# GraphQL's integers have no more; the validation refuses others.
MOST_DIGITS = 11
# Of one operation's costs that are remembered.
MOST_REMEMBERED_SIZES = 256

# A number of objects: what is known stands under KNOWN, and how often each Part is in it under the part's number.
Amount = dict[int, int]
KNOWN = 0


class Size(NamedTuple):
    """The length of a list that comes with a variable; `default` is its length where the variable is not given."""

    variable: str
    is_page: bool
    default: int

    def of(self, variables: Mapping[str, Any], defaults: Mapping[str, Any]) -> int:
        """The length with some variables, as the request gives them. Raises BadInputError for an impossible page."""
        name = self.variable
        if name in variables:
            value = variables[name]
        elif name in defaults:
            value = defaults[name]
        else:
            return self.default
        if not self.is_page:
            return len(value) if type(value) is list else 1
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            # No page, and refused before any is read: by the coercion, or by the field if it is null.
            return LARGEST_PAGE
        if not SMALLEST_PAGE <= value <= LARGEST_PAGE:
            raise BadInputError(impossible_page(value))
        return value


class Part(NamedTuple):
    """What is in a list whose length comes with a variable: `each`, as often as the list is long."""

    size: Size
    each: Amount


class Price:
    """What one operation may cost, as a function of its variables."""

    __slots__ = ("_defaults", "_parts", "_remembered", "_sizes", "_total")

    def __init__(self, operation: OperationDefinitionNode, total: Amount, parts: list[Part]) -> None:
        """`parts` are those of the whole document, by their numbers; each comes after those that are in it."""
        self._total = total
        self._defaults = {
            definition.variable.name.value: _default_of(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        needed: set[int] = set()
        left = [*total]
        while left:
            number = left.pop()
            if number != KNOWN and number not in needed:
                needed.add(number)
                left += parts[number - 1].each
        self._parts = [(number, *parts[number - 1]) for number in sorted(needed)]
        self._sizes = sorted({size.variable for _, size, _ in self._parts})
        self._remembered: dict[tuple[Any, ...], int] = {}

    def of(self, variables: Mapping[str, Any]) -> int:
        """The cost with some variables, as the request gives them. Raises BadInputError for an impossible page."""
        if not self._parts:
            return self._total.get(KNOWN, 0)
        sizes: list[Any] = []
        for name in self._sizes:
            value = variables.get(name, self)  # Which stands for one that is not given.
            if type(value) is list:
                value = (len(value),)  # Which is the size of no page.
            elif type(value) is not int and value is not self:
                return self._computed(variables)
            sizes.append(value)
        key = tuple(sizes)
        cost = self._remembered.get(key)
        if cost is None:
            cost = self._computed(variables)
            if (len(self._remembered) + 1) * len(key) > MOST_REMEMBERED_SIZES:
                self._remembered.clear()
            self._remembered[key] = cost
        return cost

    def _computed(self, variables: Mapping[str, Any]) -> int:
        found = {KNOWN: 1}
        for number, size, each in self._parts:
            found[number] = size.of(variables, self._defaults) * _value_of(each, found)
        return _value_of(self._total, found)


def add(total: Amount, more: Amount) -> None:
    """Adds to `total`."""
    for number, count in more.items():
        total[number] = total.get(number, 0) + count


def times(size: int | Size, each: Amount, parts: list[Part]) -> Amount:
    """A list of such a size of what costs `each`. A size that comes with a variable makes a new part."""
    if isinstance(size, int):
        return {number: size * count for number, count in each.items()}
    parts.append(Part(size, each))
    return {len(parts): 1}


def impossible_page(size: object) -> str:
    """What is said of a page of an impossible size."""
    return f"`first` must be between {SMALLEST_PAGE} and {LARGEST_PAGE}, not {size}."


def shown(count: int) -> str:
    """A count for a message."""
    # A document of two thousand tokens can say numbers of six hundred digits.
    return str(count) if count < 10**9 else "more than a thousand million"


def _value_of(amount: Amount, found: Mapping[int, int]) -> int:
    return sum([count * found[number] for number, count in amount.items()])


def _default_of(value: Any) -> Any:
    """A variable's default, as far as it is a size."""
    if isinstance(value, IntValueNode) and len(value.value) <= MOST_DIGITS:
        return int(value.value)
    return [None] * len(value.values) if isinstance(value, ListValueNode) else None
