"""What a change of the schema would break for clients of the last release."""

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema
from graphql.utilities import BreakingChangeType, find_breaking_changes


def breaking_changes(released: str, current: str) -> list[str]:
    """Each breaking change from one printed schema to the other, but for fields that were deprecated in the first."""
    old, new = build_schema(released), build_schema(current)
    deprecated = _deprecated_fields(old)
    return [
        change.description
        for change in find_breaking_changes(old, new)
        if not (
            change.type is BreakingChangeType.FIELD_REMOVED
            and any(change.description.startswith(f"Field {name} ") for name in deprecated)
        )
    ]


def _deprecated_fields(schema: GraphQLSchema) -> set[str]:
    return {
        f"{name}.{field_name}"
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for field_name, field in kind.fields.items()
        if field.deprecation_reason is not None
    }
