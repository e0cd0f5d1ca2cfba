"""Nothing of the documents that matter is left to graphql-core: those of the benchmarks and of the GraphiQL page."""

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, OperationDefinitionNode, get_named_type, type_from_ast

from app.settings import CHECKOUT
from app.web_assets import PROJECT
from compiler import CompiledExecutor
from compiler.explain import explain
from schema.documents import core_schema
from schema.root import Schema, build_schema
from tests.worlds import World

DOCUMENTS = sorted([*(CHECKOUT / "benchmarks" / "documents").glob("*.graphql"), *PROJECT.glob("src/**/*.graphql")])
INPUT = {"handle": "alice", "password": "long enough", "refreshToken": "nonsense"}
VARIABLES: dict[str, Any] = {"first": 20, "id": "AgAAAAAAAAAB", "handle": "alice", "body": "hello"}
# What every tool asks a schema for is answered by graphql-core itself.
INTROSPECTION = "{ __schema { queryType { name } } }"
LIVE_HOME = PROJECT / "src" / "examples" / "live-home.graphql"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build_schema(suggests_fields=True)


def fallbacks_of(schema: Schema, text: str) -> list[str]:
    """What of each operation of a document would not run compiled, for all types that its values may have."""
    document = schema.documents.document(core_schema(schema), text)
    assert document.errors == []
    found: list[str] = []
    for operation in document.operations:
        explanation = explain(operation.compiled, _variables(schema, operation.node))
        assert explanation.is_whole
        found += map(str, explanation.fallbacks)
    return found


def _variables(schema: Schema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """Values for the variables that it declares."""
    found: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        kind = get_named_type(type_from_ast(core_schema(schema), definition.type))
        fields = kind.fields if isinstance(kind, GraphQLInputObjectType) else None
        name = definition.variable.name.value
        found[name] = VARIABLES[name] if fields is None else {field: INPUT[field] for field in fields}
    return found


def test_there_are_documents_to_check() -> None:
    assert len(DOCUMENTS) >= 12


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_document_has_no_fallback(document: Path, schema: Schema) -> None:
    assert fallbacks_of(schema, document.read_text()) == []


def test_introspection_is_told_as_a_fallback(schema: Schema) -> None:
    assert fallbacks_of(schema, INTROSPECTION) != []


async def test_events_of_a_subscription_run_compiled(world: World) -> None:
    services = world.services
    context = services.open_context(world.alice.viewer, client_ip="", request_id="")
    counters = CompiledExecutor.plans
    results: Any = await services.schema.subscribe(LIVE_HOME.read_text(), context_value=context)
    compiled_before, left_before = counters.compiled_count, counters.fallback_count

    async with aclosing(results):
        started = await anext(results)

    await context.close()
    assert started.data["homeFeed"]["__typename"] == "Started"
    assert (counters.compiled_count, counters.fallback_count) == (compiled_before + 1, left_before)
