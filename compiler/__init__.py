"""Executes GraphQL operations level by level instead of object by object.

    schema = strawberry.Schema(query=Query, execution_context_class=CompiledExecutor)

is all that a user writes. Knows graphql-core, Strawberry and aiodataloader, and nothing of the product around it.
What it does not know it leaves to graphql-core: a field, or a whole operation. Results are those of graphql-core;
docs/compiler.md says where the order of events differs.
"""

from compiler.ahead import Ahead, Call, look_ahead
from compiler.executor import CompiledExecutor
from compiler.groups import GroupLoader
from compiler.operation import CompiledOperation
from compiler.relations import Attribute, Derived, Lookup, Relation, derived, instance_of, lookup, relation

__all__ = [
    "Ahead",
    "Attribute",
    "Call",
    "CompiledExecutor",
    "CompiledOperation",
    "Derived",
    "GroupLoader",
    "Lookup",
    "Relation",
    "derived",
    "instance_of",
    "look_ahead",
    "lookup",
    "relation",
]
