"""The schema, walked: which fields can lead to a post or a user, and which of them a document takes to get there."""

from collections.abc import Container, Iterable

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_introspection_type,
    parse,
    validate,
    visit,
)

# Field coordinates, as "Post.replies".
Coordinate = str
GUARDED = frozenset({"Post", "User"})


def fields_of(kind: GraphQLNamedType) -> dict[str, GraphQLNamedType]:
    """The fields of a type by name, and what they give."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return {}
    return {name: get_named_type(field.type) for name, field in kind.fields.items()}


def leading_types(schema: GraphQLSchema) -> set[str]:
    """The types from whose values a document can come to a post or a user, and these themselves."""
    leading = set(GUARDED)
    while True:
        found = {
            kind.name for kind in schema.type_map.values() if kind.name not in leading and _leads(schema, kind, leading)
        }
        if not found:
            return leading
        leading |= found


def _leads(schema: GraphQLSchema, kind: GraphQLNamedType, leading: set[str]) -> bool:
    if is_introspection_type(kind):
        return False
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType) and any(
        member.name in leading for member in schema.get_possible_types(kind)
    ):
        return True
    return any(target.name in leading for target in fields_of(kind).values())


def leading_fields(schema: GraphQLSchema) -> set[Coordinate]:
    """Every field that can lead to a post or a user."""
    leading = leading_types(schema)
    return {
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not is_introspection_type(kind)
        for name, target in fields_of(kind).items()
        if target.name in leading
    }


class _Claims(Visitor):
    """Notes the fields that stand around each spread of a fragment on a target."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self._around: list[Coordinate] = []
        self.found: list[tuple[Coordinate, ...]] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._types.get_parent_type()
        assert parent is not None
        self._around.append(f"{parent.name}.{node.name.value}")

    def leave_field(self, *_: object) -> None:
        self._around.pop()

    def enter_fragment_spread(self, *_: object) -> None:
        self.found.append(tuple(self._around))


def claims(schema: GraphQLSchema, document: str) -> tuple[Coordinate, ...]:
    """The fields that lead to the one spread of a valid document."""
    parsed = parse(document)
    assert [error.message for error in validate(schema, parsed)] == []
    types = TypeInfo(schema)
    noted = _Claims(types)
    visit(parsed, TypeInfoVisitor(types, noted))
    [around] = noted.found
    return around


def unclaimed(schema: GraphQLSchema, documents: Iterable[str], *, exempt: Container[Coordinate]) -> set[Coordinate]:
    """The fields that can lead to a post or a user, and that no document takes."""
    taken = {coordinate for document in documents for coordinate in claims(schema, document)}
    return {field for field in leading_fields(schema) - taken if field not in exempt}
