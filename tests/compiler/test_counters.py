"""What became of operations, counted: compiled, left to graphql-core and why, plans forgotten."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension

from compiler import CompiledExecutor, CompiledOperation
from compiler.counters import MOST_REASONS, OTHER_REASONS, Counters, reason_of
from compiler.executor import NOT_ORDINARY, PlanCache
from compiler.plan import NotCompilableError

DOCUMENT = "query ($in: Boolean = true) { word @include(if: $in) }"


@strawberry.type
class Query:
    """One word."""

    @strawberry.field
    def word(self) -> str:
        return "yes"


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> PlanCache:
    """What the compiler counts with in this test."""
    plans = PlanCache(most_operations=2)
    monkeypatch.setattr(CompiledExecutor, "plans", plans)
    return plans


@pytest.fixture
def schema() -> strawberry.Schema:
    return strawberry.Schema(query=Query, execution_context_class=CompiledExecutor)


def operation_of(schema: strawberry.Schema, text: str) -> CompiledOperation:
    document = parse(text)
    [node] = document.definitions
    assert isinstance(node, OperationDefinitionNode)
    return CompiledOperation(schema._schema, document, node)


def test_compiled_operation_counts_as_such(schema: strawberry.Schema, counters: PlanCache) -> None:
    assert schema.execute_sync("{ word }").errors is None
    assert (counters.compiled_count, counters.fallback_count) == (1, 0)
    assert counters.fallback_reasons == {}


async def test_operation_that_is_kept_with_its_plan_counts_once_whichever_way_it_goes(
    schema: strawberry.Schema, counters: PlanCache
) -> None:
    operation = operation_of(schema, DOCUMENT)
    for variables, counts in (({}, (1, 0)), ({"in": False}, (2, 0)), ({"in": None}, (2, 1))):
        inputs: dict[str, Any] = variables
        result = await operation.execute(inputs, context=None)
        assert bool(result.errors) == (inputs == {"in": None})
        assert (counters.compiled_count, counters.fallback_count) == counts
        assert (operation.why_not_with(inputs) is None) == (inputs != {"in": None})
    assert counters.fallback_reasons == {operation.why_not_with({"in": None}): 1}


async def test_wrong_variables_are_no_operation(schema: strawberry.Schema, counters: PlanCache) -> None:
    operation = operation_of(schema, DOCUMENT)
    result = await operation.execute({"in": "a word"}, context=None)
    assert result.errors
    assert operation.why_not_with({"in": "a word"}) is None
    assert (counters.compiled_count, counters.fallback_count) == (0, 0)


class Watching(SchemaExtension):
    """Takes part in each field, so that no operation is ordinary."""

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        return _next(root, info, *args, **kwargs)


def test_operation_under_middleware_is_counted_with_its_reason(counters: PlanCache) -> None:
    schema = strawberry.Schema(query=Query, execution_context_class=CompiledExecutor, extensions=[Watching])
    for _ in range(3):
        assert schema.execute_sync("{ word }").data == {"word": "yes"}
    assert (counters.compiled_count, counters.fallback_count) == (0, 3)
    assert counters.fallback_reasons == {NOT_ORDINARY: 3}


def test_forgotten_plans_are_counted(schema: strawberry.Schema, counters: PlanCache) -> None:
    for name in "abcde":
        assert schema.execute_sync(f"{{ {name}: word }}").data == {name: "yes"}
    assert counters.evicted_count == 3


def test_reasons_are_bounded() -> None:
    counters = Counters()
    for number in range(MOST_REASONS + 10):
        counters.count_fallback(f"reason {number}")
    counters.count_fallback("reason 0")
    assert counters.fallback_count == MOST_REASONS + 11
    assert sum(counters.fallback_reasons.values()) == counters.fallback_count
    assert len(counters.fallback_reasons) == MOST_REASONS + 1
    assert counters.fallback_reasons[OTHER_REASONS] == 10
    assert counters.fallback_reasons["reason 0"] == 2


def test_no_reason_quotes_the_request() -> None:
    assert "secret" not in reason_of(GraphQLError('Argument "secret" is not what it should be.'))
    assert "secret" not in reason_of(RecursionError("secret"))
    assert reason_of(NotCompilableError("it uses @defer")) == "it uses @defer"
