"""What a document may ask for: bounds of its shape, and the price of each of its operations.

One pass measures both before the document is validated, which is slower. It measures each fragment once, however often
it is spread: twenty fragments that each spread the next one twice are a million fields on paper and twenty steps here.

A connection, its edges and its page info are the list's form and cost nothing; an act costs ten.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from core.errors import BadInputError, CostExceededError
from core.paging import LARGEST_PAGE, SMALLEST_PAGE
from schema.prices import KNOWN, Amount, Part, Price, Size, add, impossible_page, shown, times

DEEPEST = 12
DEEPEST_INTROSPECTION = 20
# Selections within each other, with fragments: what is walked by recursion, here and in the validation.
DEEPEST_NESTING = 50
MOST_FIELDS = 1_000
MOST_ALIASES = 30
MOST_DIRECTIVES = 20
MOST_ROOT_FIELDS = 20
MOST_OPERATIONS = 20
MOST_FRAGMENTS = 100
# Items of a list and fields of an object, in arguments and in variables.
MOST_ITEMS = 100
# Values in one argument: an error in one of them may quote them all.
MOST_VALUES = 300
MOST_VALUES_OF_VARIABLE = 10_000
MOST_PROBLEMS = 10
HIGHEST_COST = 5_000
COST_OF_ACT = 10
# Of a list that takes neither a page size nor a list.
LENGTH_OF_SHORT_LIST = 10
# What looks at a page of objects and gives none of them.
COSTS_OF_FIELDS = {("FeedConnection", "unreadCount"): LARGEST_PAGE}

INTROSPECTION = frozenset({"__schema", "__type"})
# Types that are a list's form: their objects cost nothing.
FORM_SUFFIXES = ("Connection", "Edge", "PageInfo")

Parent = GraphQLCompositeType | None


class Measured(NamedTuple):
    """A document that was measured: what is beyond the bounds, and the price of each operation."""

    problems: list[GraphQLError]
    prices: list[Price]


class Measure:
    """How large a selection is, with everything that it spreads counted as often as it is spread.

    `once` is what it costs for each object that it is a selection of; `each`, where that is a connection, what it
    costs for each item.
    """

    __slots__ = (
        "aliases",
        "depth",
        "directives",
        "each",
        "fields",
        "introspection_depth",
        "nesting",
        "once",
        "root_fields",
    )

    def __init__(self) -> None:
        self.depth = self.introspection_depth = self.nesting = 0
        self.fields = self.root_fields = self.aliases = self.directives = 0
        self.once: Amount = {}
        self.each: Amount = {}

    def contain(self, below: "Measure") -> None:
        """Counts what a field has below it. Its depth and its price are the field's to count."""
        self.nesting = max(self.nesting, below.nesting + 1)
        self.fields += below.fields
        self.aliases += below.aliases
        self.directives += below.directives

    def spread(self, fragment: "Measure") -> None:
        """Counts a fragment as part of this selection."""
        self.contain(fragment)
        self.depth = max(self.depth, fragment.depth)
        self.introspection_depth = max(self.introspection_depth, fragment.introspection_depth)
        self.root_fields += fragment.root_fields
        add(self.once, fragment.once)
        add(self.each, fragment.each)


BOUNDS = (
    ("depth", "levels of fields", DEEPEST),
    ("introspection_depth", "levels of fields in its introspection", DEEPEST_INTROSPECTION),
    ("nesting", "selections and fragments within each other", DEEPEST_NESTING),
    ("fields", "fields", MOST_FIELDS),
    ("aliases", "aliases", MOST_ALIASES),
    ("directives", "directives", MOST_DIRECTIVES),
)
BOUNDS_OF_OPERATIONS = (*BOUNDS, ("root_fields", "root fields", MOST_ROOT_FIELDS))


def measured(schema: GraphQLSchema, document: DocumentNode) -> Measured:
    """Measures a document, valid or not. One with problems is not to be validated: that might take long."""
    return _Pass(schema, document).measured()


def require_affordable(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """The cost of an operation of a valid document. Raises CostExceededError and BadInputError."""
    prices = measured(schema, document).prices
    return affordable(prices[operations_of(document).index(operation)].of(variables))


def affordable(cost: int) -> int:
    """The cost. Raises CostExceededError if it is too high."""
    if cost > HIGHEST_COST:
        message = f"The operation may cost {shown(cost)} points; {HIGHEST_COST} are allowed. Ask for smaller pages."
        raise CostExceededError(message)
    return cost


def require_bounded(name: str, value: Any) -> None:
    """Raises BadInputError if a variable has a list or an object that is too long, however deep, or too many values."""
    count = 0
    left = [value]
    while left:
        value = left.pop()
        is_list = type(value) is list
        if not is_list and type(value) is not dict:
            continue
        if len(value) > MOST_ITEMS:
            raise BadInputError(_too_long(f"The variable ${name}", is_list=is_list, length=len(value)))
        count += len(value)
        if count > MOST_VALUES_OF_VARIABLE:
            raise BadInputError(f"The variable ${name} has more than {MOST_VALUES_OF_VARIABLE} values.")
        left += value if is_list else value.values()


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """A document's operations."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


class _Pass:
    """The pass over one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._operations = operations_of(document)
        self._fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._by_name = {node.name.value: node for node in self._fragments}
        self._known: dict[str, Measure] = {}
        self._parts: list[Part] = []
        self._problems: list[GraphQLError] = []

    def measured(self) -> Measured:
        counted: tuple[tuple[list[Any], str, int], ...] = (
            (self._operations, "operations", MOST_OPERATIONS),
            (self._fragments, "fragments", MOST_FRAGMENTS),
        )
        for nodes, what, bound in counted:
            if len(nodes) > bound:
                self._refuse(f"The document has {len(nodes)} {what}; {bound} are allowed.", nodes[bound])
        if self._problems:
            return Measured(self._problems, [Price(node, {}, []) for node in self._operations])
        prices = [self._operation(node) for node in self._operations]
        # A fragment that no operation spreads is not valid, but it is validated.
        for fragment in self._fragments:
            measure = self._fragment(fragment.name.value, 0)
            if not self._problems:
                self._check(f"The fragment {fragment.name.value}", fragment, measure, BOUNDS)
        return Measured(self._problems, prices)

    def _operation(self, node: OperationDefinitionNode) -> Price:
        measure = self._selection(node.selection_set, self._schema.get_root_type(node.operation), 0)
        self._directives(node, measure)
        for definition in node.variable_definitions or ():
            self._directives(definition, measure)
            self._value(definition.default_value)
        self._check("The operation", node, measure, BOUNDS_OF_OPERATIONS)
        if node.operation is OperationType.MUTATION:
            add(measure.once, {KNOWN: COST_OF_ACT * measure.root_fields})
        return Price(node, measure.once, self._parts)

    def _check(self, subject: str, node: Node, measure: Measure, bounds: tuple[tuple[str, str, int], ...]) -> None:
        for attribute, what, bound in bounds:
            count = getattr(measure, attribute)
            if count > bound:
                self._refuse(f"{subject} has {shown(count)} {what}; {bound} are allowed.", node)

    def _selection(self, node: SelectionSetNode, parent: Parent, level: int) -> Measure:
        """Measures what is selected of an object of this type; None stands for a type that there is not."""
        total = Measure()
        if level > DEEPEST_NESTING:
            # Nothing is measured any more: each level above adds one to its nesting, which is too deep by now.
            return total
        for selection in node.selections:
            self._directives(selection, total)
            if isinstance(selection, FieldNode):
                self._field(selection, parent, total, level)
            elif isinstance(selection, InlineFragmentNode):
                narrowed = self._type(selection.type_condition) if selection.type_condition else parent
                total.spread(self._selection(selection.selection_set, narrowed, level + 1))
            elif isinstance(selection, FragmentSpreadNode):
                total.spread(self._fragment(selection.name.value, level + 1))
        return total

    def _fragment(self, name: str, level: int) -> Measure:
        known = self._known.get(name)
        if known is None:
            # A fragment that spreads itself counts nothing there, like one that there is not: neither is valid.
            known = self._known[name] = Measure()
            fragment = self._by_name.get(name)
            if fragment is not None:
                known = self._selection(fragment.selection_set, self._type(fragment.type_condition), level)
                self._directives(fragment, known)
                self._known[name] = known
        return known

    def _field(self, node: FieldNode, parent: Parent, total: Measure, level: int) -> None:
        name = node.name.value
        total.fields += 1
        total.root_fields += 1
        total.aliases += node.alias is not None
        for argument in node.arguments or ():
            self._value(argument.value)
        field = None if parent is None else self._schema.get_field(parent, name)
        below = Measure()
        if node.selection_set is not None:
            named = get_named_type(field.type) if field else None
            below = self._selection(node.selection_set, named if is_composite_type(named) else None, level + 1)
            total.contain(below)
        is_introspection = name in INTROSPECTION or (parent is not None and parent.name.startswith("__"))
        total.depth = max(total.depth, below.depth + (not is_introspection))
        total.introspection_depth = max(total.introspection_depth, below.introspection_depth + is_introspection)
        if parent is not None and (cost := COSTS_OF_FIELDS.get((parent.name, name))):
            add(total.once, {KNOWN: cost})
        if field is not None and parent is not None and (node.selection_set is not None or node.arguments):
            self._price(node, field, parent.name, below, total)

    def _price(self, node: FieldNode, field: GraphQLField, parent: str, below: Measure, total: Measure) -> None:
        """Adds what the field may give, with what is below it."""
        is_list = is_list_type(field.type.of_type if is_non_null_type(field.type) else field.type)
        named = get_named_type(field.type).name
        is_connection = named.endswith("Connection")
        objects = dict(below.once)
        if node.selection_set is not None and not named.startswith("__") and not named.endswith(FORM_SUFFIXES):
            add(objects, {KNOWN: 1})
        if is_connection:
            add(total.once, objects)
            add(total.once, times(self._page(node, field), below.each, self._parts))
        elif is_list and parent.endswith("Connection"):
            add(total.each, objects)
        elif "first" in field.args:
            add(total.once, times(self._page(node, field), objects, self._parts))
        elif is_list:
            add(total.once, times(_given_length(node, field), objects, self._parts))
        else:
            add(total.once, objects)

    def _page(self, node: FieldNode, field: GraphQLField) -> int | Size:
        """The page size that a field asks for; the largest where that cannot be said."""
        default = field.args["first"].default_value if "first" in field.args else None
        if type(default) is not int:
            default = LARGEST_PAGE
        argument = next((argument for argument in node.arguments or () if argument.name.value == "first"), None)
        if argument is None:
            return default
        value = argument.value
        if isinstance(value, VariableNode):
            return Size(value.name.value, is_page=True, default=default)
        if not isinstance(value, IntValueNode):
            return LARGEST_PAGE
        if len(value.value) <= len(str(LARGEST_PAGE)) and SMALLEST_PAGE <= int(value.value) <= LARGEST_PAGE:
            return int(value.value)
        self._refuse(impossible_page(value.value), argument)
        return LARGEST_PAGE

    def _type(self, node: NamedTypeNode) -> Parent:
        found = self._schema.get_type(node.name.value)
        return found if is_composite_type(found) else None

    def _directives(self, node: Any, measure: Measure) -> None:
        for directive in node.directives or ():
            measure.directives += 1
            for argument in directive.arguments or ():
                self._value(argument.value)

    def _value(self, value: ValueNode | None) -> None:
        """Bounds what is in a literal."""
        if not isinstance(value, ListValueNode | ObjectValueNode):
            return
        count = 0
        left: list[Any] = [value]
        while left:
            node = left.pop()
            count += 1
            is_list = isinstance(node, ListValueNode)
            if not is_list and not isinstance(node, ObjectValueNode):
                continue
            items = node.values if is_list else [field.value for field in node.fields]
            if len(items) > MOST_ITEMS:
                self._refuse(_too_long("The argument", is_list=is_list, length=len(items)), node)
            left += items
        if count > MOST_VALUES:
            self._refuse(f"The argument has {count} values; {MOST_VALUES} are allowed. Send a variable.", value)

    def _refuse(self, message: str, node: Node) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(GraphQLError(message, node))


def _given_length(node: FieldNode, field: GraphQLField) -> int | Size:
    """The length of a list that a field makes of a list that it is given, as `nodes` does of ids."""
    for argument in node.arguments or ():
        declared = field.args.get(argument.name.value)
        if declared is None or not is_list_type(
            declared.type.of_type if is_non_null_type(declared.type) else declared.type
        ):
            continue
        if isinstance(argument.value, VariableNode):
            return Size(argument.value.name.value, is_page=False, default=LENGTH_OF_SHORT_LIST)
        return len(argument.value.values) if isinstance(argument.value, ListValueNode) else 1
    return LENGTH_OF_SHORT_LIST


def _too_long(subject: str, *, is_list: bool, length: int) -> str:
    kind, what = ("a list", "items") if is_list else ("an object", "fields")
    return f"{subject} has {kind} of {length} {what}; {MOST_ITEMS} are allowed."
