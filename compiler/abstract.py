"""Which object type a Python type is shown as, where the declarations of a schema say it for all of its values."""

from collections.abc import Callable
from typing import Any

from graphql.type import GraphQLObjectType, GraphQLSchema
from strawberry.types.base import has_object_definition

from compiler.relations import InstanceOf

_STRAWBERRYS_OWN = {
    ("strawberry.types.union", "_resolve_union_type"),
    ("strawberry.schema.schema_converter", "resolve_type"),
}


def type_of_kind(schema: GraphQLSchema, abstract_type: Any) -> Callable[[type], GraphQLObjectType | None]:
    """A function that gives the object type of all values of a Python type; None where each value has to be asked.

    What it gives is what Strawberry's own type resolver says: the first possible type whose `is_type_of` holds.
    """
    resolve_type = abstract_type.resolve_type
    name = (getattr(resolve_type, "__module__", ""), getattr(resolve_type, "__name__", ""))
    possible = schema.get_possible_types(abstract_type)
    shown = [(found, found.is_type_of) for found in possible]
    declared = [(found, predicate.classes) for found, predicate in shown if isinstance(predicate, InstanceOf)]
    is_declared = name in _STRAWBERRYS_OWN and len(declared) == len(shown)

    def declared_type(kind: type) -> GraphQLObjectType | None:
        # Objects that Strawberry knows, and those that can carry a mark of `strawberry.cast`, are asked.
        if not is_declared or has_object_definition(kind) or kind.__dictoffset__ != 0:
            return None
        return next((found for found, classes in declared if issubclass(kind, classes)), None)

    return declared_type
