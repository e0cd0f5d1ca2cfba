"""What of a document would be left to graphql-core."""

from typing import Any

from compiler.explain import explain
from schema.documents import core_schema
from schema.root import Schema
from tests.fixtures.api import Api


def fallbacks_of(api: Api, text: str, **variables: Any) -> list[str]:
    """What would not run compiled, for all types that its values may have; empty where everything does."""
    schema = api.services.schema
    assert isinstance(schema, Schema)
    document = schema.documents.document(core_schema(schema), text)
    assert document.errors == []
    operation = document.named(None)
    assert operation is not None
    explanation = explain(operation.compiled, variables)
    assert explanation.is_whole
    return [*map(str, explanation.fallbacks)]
