"""What a document may ask for: bounds of its shape, and the price of what it may return.

The shape is measured in one pass that computes each fragment once, however often it is spread: twenty fragments that
each spread the next one twice are a million fields on paper and twenty steps here. It needs no types and comes before
validation, which is slower. The price needs types and comes after it.

One point is one object that may be returned: page sizes multiply down the tree. A connection, its edges and its page
info are the list's form and cost nothing; an act costs ten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.type import GraphQLInterfaceType, GraphQLObjectType

from core.errors import CostExceededError
from core.paging import LARGEST_PAGE

DEEPEST = 12
DEEPEST_INTROSPECTION = 20
MOST_ALIASES = 30
MOST_DIRECTIVES = 20
MOST_ROOT_FIELDS = 20
HIGHEST_COST = 5_000
COST_OF_ACT = 10

INTROSPECTION = frozenset({"__schema", "__type"})
# Types that are a list's form: their objects cost nothing, and `first` of the list is the length of their lists.
FORM_SUFFIXES = ("Connection", "Edge", "PageInfo")

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a selection is, with everything that it spreads counted as often as it is spread."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Both in one selection."""
        return Shape(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


def shape_problems(document: DocumentNode) -> list[GraphQLError]:
    """What of the document's shape is beyond the bounds; empty for a document that may be validated."""
    fragments = fragments_of(document)
    measure = _Measure(fragments)
    problems = []
    for operation in operations_of(document):
        shape = measure.selection(operation.selection_set, on_introspection=False)
        counts = (
            ("levels deep", shape.depth, DEEPEST),
            ("levels deep in its introspection", shape.introspection_depth, DEEPEST_INTROSPECTION),
            ("aliases", shape.aliases, MOST_ALIASES),
            ("directives", shape.directives, MOST_DIRECTIVES),
            ("root fields", measure.root_fields(operation.selection_set), MOST_ROOT_FIELDS),
        )
        problems += [
            GraphQLError(f"The operation has {_shown(count)} {what}; {bound} are allowed.", operation)
            for what, count, bound in counts
            if count > bound
        ]
    return problems


class _Measure:
    """Measures selections of one document; each fragment once."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._shapes: dict[tuple[str, bool], Shape] = {}
        self._root_fields: dict[str, int] = {}

    def selection(self, selections: SelectionSetNode, *, on_introspection: bool) -> Shape:
        total = Shape()
        for node in selections.selections:
            own = Shape(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total = total.beside(own).beside(self._field(node, on_introspection=on_introspection))
            elif isinstance(node, InlineFragmentNode):
                below = self.selection(node.selection_set, on_introspection=on_introspection)
                total = total.beside(own).beside(below)
            elif isinstance(node, FragmentSpreadNode):
                spread = self._fragment(node.name.value, on_introspection=on_introspection)
                total = total.beside(own).beside(spread)
        return total

    def _field(self, node: FieldNode, *, on_introspection: bool) -> Shape:
        on_introspection = on_introspection or node.name.value in INTROSPECTION
        below = Shape()
        if node.selection_set is not None:
            below = self.selection(node.selection_set, on_introspection=on_introspection)
        return Shape(
            depth=below.depth + (not on_introspection),
            introspection_depth=below.introspection_depth + on_introspection,
            aliases=below.aliases + (node.alias is not None),
            directives=below.directives,
        )

    def _fragment(self, name: str, *, on_introspection: bool) -> Shape:
        key = (name, on_introspection)
        known = self._shapes.get(key)
        if known is None:
            # A fragment that spreads itself counts nothing here; the validation refuses it.
            self._shapes[key] = Shape()
            fragment = self._fragments.get(name)
            known = Shape()
            if fragment is not None:
                known = self.selection(fragment.selection_set, on_introspection=on_introspection)
            self._shapes[key] = known
        return known

    def root_fields(self, selections: SelectionSetNode) -> int:
        count = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                count += 1
            elif isinstance(node, InlineFragmentNode):
                count += self.root_fields(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                count += self._root_fields_of(node.name.value)
        return count

    def _root_fields_of(self, name: str) -> int:
        if name not in self._root_fields:
            self._root_fields[name] = 0
            fragment = self._fragments.get(name)
            self._root_fields[name] = 0 if fragment is None else self.root_fields(fragment.selection_set)
        return self._root_fields[name]


def require_affordable(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """The cost of a valid operation with these variables (not coerced yet). Raises CostExceededError."""
    cost = _Price(schema, document, operation, variables).total()
    if cost > HIGHEST_COST:
        message = f"The operation may return {_shown(cost)} objects; {HIGHEST_COST} are allowed. Ask for smaller pages."
        raise CostExceededError(message)
    return cost


class _Price:
    """Prices one operation; each fragment once for each length of the list that it stands in."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)
        self._operation = operation
        self._given = variables
        self._defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        self._known: dict[tuple[str, str, int], int] = {}

    def total(self) -> int:
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        cost = self._selection(root, self._operation.selection_set, length=1)
        if self._operation.operation is OperationType.MUTATION:
            cost += COST_OF_ACT * _Measure(self._fragments).root_fields(self._operation.selection_set)
        return cost

    def _selection(self, parent: Any, selections: SelectionSetNode, *, length: int) -> int:
        """The cost of what is selected of one object; `length` is that of the lists in a connection."""
        cost = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                cost += self._field(parent, node, length=length)
            elif isinstance(node, InlineFragmentNode):
                narrowed = self._narrowed(parent, node.type_condition.name.value if node.type_condition else None)
                cost += self._selection(narrowed, node.selection_set, length=length)
            elif isinstance(node, FragmentSpreadNode):
                cost += self._spread(node.name.value, length=length)
        return cost

    def _spread(self, name: str, *, length: int) -> int:
        fragment = self._fragments[name]
        on_type = fragment.type_condition.name.value
        key = (name, on_type, length)
        if key not in self._known:
            self._known[key] = self._selection(self._narrowed(None, on_type), fragment.selection_set, length=length)
        return self._known[key]

    def _field(self, parent: Any, node: FieldNode, *, length: int) -> int:
        if node.selection_set is None or node.name.value in INTROSPECTION:
            return 0
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        field = parent.fields.get(node.name.value)
        if field is None:
            return 0
        named = get_named_type(field.type)
        assert is_composite_type(named)
        is_form = named.name.endswith(FORM_SUFFIXES)
        below_length = self._length(field.args, node) if named.name.endswith("Connection") else length
        below = self._selection(named, node.selection_set, length=below_length)
        count = self._count(parent, field, node, length=length)
        return count * (below + (not is_form))

    def _count(self, parent: Any, field: Any, node: FieldNode, *, length: int) -> int:
        """How many objects the field may give for one parent."""
        kind = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(kind):
            return 1
        if parent.name.endswith("Connection"):
            return length
        return max((self._list_length(argument.value) for argument in node.arguments or ()), default=1)

    def _length(self, arguments: Mapping[str, Any], node: FieldNode) -> int:
        """The page size that a connection's field asks for; one that will be refused counts as the largest."""
        if "first" not in arguments:
            return LARGEST_PAGE
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = self._value(argument.value)
                break
        else:
            value = arguments["first"].default_value
        if isinstance(value, bool) or not isinstance(value, int):
            return LARGEST_PAGE
        return min(max(value, 0), LARGEST_PAGE)

    def _list_length(self, value: Any) -> int:
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, VariableNode):
            given = self._given.get(value.name.value)
            return len(given) if isinstance(given, list) else 1
        return 1

    def _value(self, node: Any) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            if name in self._given:
                return self._given[name]
            default = self._defaults.get(name)
            return None if default is None else self._value(default)
        return int(node.value) if isinstance(node, IntValueNode) else None

    def _narrowed(self, parent: Any, name: str | None) -> Any:
        return parent if name is None else self._schema.get_type(name)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """A document's fragments by name."""
    found: Iterable[Any] = document.definitions
    return {node.name.value: node for node in found if isinstance(node, FragmentDefinitionNode)}


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """A document's operations."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _shown(count: int) -> str:
    # A document of two thousand tokens can say numbers of six hundred digits.
    return str(count) if count < 10**9 else "more than a thousand million"
