"""Random operations give the same on the compiled executor as on graphql-core's own."""

import asyncio
import gc
import os
import random
import secrets
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, parse, validate
from strawberry.extensions import ParserCache

from compiler import CompiledExecutor
from tests.compiler import faulty
from tests.compiler.agreement import explained
from tests.compiler.documents import Operation, Writer
from tests.compiler.faulty import new_world


class QuietSchema(strawberry.Schema):
    """A schema that does not log the thousands of errors that are meant."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Logs nothing."""


STOCK = QuietSchema(faulty.Query, faulty.Mutation, types=faulty.TYPES)
FRESH_SEED = int(os.environ.get("COMPILER_SEED", secrets.randbelow(2**32)))
FIXED_SEED = 20_261_123


def compiled_schema() -> strawberry.Schema:
    return QuietSchema(
        faulty.Query,
        faulty.Mutation,
        types=faulty.TYPES,
        # The same text is the same document, and so the same plan.
        extensions=[lambda: ParserCache(maxsize=8)],
        execution_context_class=CompiledExecutor,
    )


COMPILED = compiled_schema()


async def outcome(schema: strawberry.Schema, operation: Operation, *, seed: int, fault_percent: int) -> Any:
    world = new_world(seed, fault_percent)
    result = await schema.execute(operation.text, variable_values=operation.variables, context_value=world)
    return result, world


def core_schema() -> GraphQLSchema:
    return STOCK._schema


async def agree(seed: int) -> tuple[int, int] | None:
    """Compares both executors on the operation of a seed; None if two fields of it cannot be merged."""
    kind = "mutation" if seed % 10 == 0 else "query"
    operation = Writer(core_schema(), seed).operation(kind)
    if validate(core_schema(), parse(operation.text)):
        return None
    fault_percent = (0, 3, 15, 40)[seed % 4]
    first = await agree_on(operation, seed=seed, fault_percent=fault_percent)
    # The plan is kept with the document: other values of the variables must not meet the wrong one.
    second = await agree_on(operation.flipped(), seed=seed, fault_percent=fault_percent)
    return first[0] + second[0], first[1] + second[1]


async def agree_on(operation: Operation, *, seed: int, fault_percent: int) -> tuple[int, int]:
    """Compares one execution; gives how many batches each executor's loader ran, the compiled one's first."""
    before = CompiledExecutor.plans.compiled_count
    stock, stock_world = await outcome(STOCK, operation, seed=seed, fault_percent=fault_percent)
    compiled, compiled_world = await outcome(COMPILED, operation, seed=seed, fault_percent=fault_percent)
    shown = f"seed {seed}\n{operation.text}\n{operation.variables}\nstock: {stock}\ncompiled: {compiled}"
    assert CompiledExecutor.plans.compiled_count == before + 1, shown
    assert stock.data == compiled.data, shown
    assert list(_flat(stock.data)) == list(_flat(compiled.data)), shown
    assert explained(stock.data, stock.errors) == explained(compiled.data, compiled.errors), shown
    return len(compiled_world.batches), len(stock_world.batches)


def _flat(data: Any) -> Any:
    """Keys in their order: equal dicts may differ in it, and responses may not."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _flat(value)
    elif isinstance(data, list):
        for item in data:
            yield from _flat(item)


async def run_many(seed: int, count: int) -> None:
    seeds = random.Random(seed)
    compared, compiled_batches, stock_batches = 0, 0, 0
    while compared < count:
        batches = await agree(seeds.randrange(2**40))
        if batches is not None:
            compared += 1
            compiled_batches += batches[0]
            stock_batches += batches[1]
    # A level's keys share a batch. Keys of different levels may meet in one by chance, on either executor; graphql-core
    # takes more turns of the loop to reach its loaders, so there they meet more often.
    assert compiled_batches <= 1.25 * stock_batches
    leftover = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and "dispatch" in repr(task)]
    assert leftover == []


async def test_compiled_operations_await_everything_they_start() -> None:
    seeds = random.Random(FIXED_SEED)
    for seed in [seeds.randrange(2**40) for _ in range(100)]:
        operation = Writer(core_schema(), seed).operation()
        await outcome(COMPILED, operation, seed=seed, fault_percent=40)
    # A coroutine that nobody awaited would now be an error, as every warning is.
    gc.collect()


# graphql-core itself leaves coroutines unawaited where a null ends what runs beside it.
unawaited_by_graphql_core = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@unawaited_by_graphql_core
async def test_fixed_operations_agree() -> None:
    await run_many(FIXED_SEED, 120)


@unawaited_by_graphql_core
async def test_fresh_operations_agree(record_property: Any) -> None:
    record_property("seed", FRESH_SEED)
    print(f"COMPILER_SEED={FRESH_SEED}")  # noqa: T201 (shown when the test fails)
    await run_many(FRESH_SEED, 60)


@unawaited_by_graphql_core
@pytest.mark.long
@pytest.mark.timeout(900)
async def test_five_thousand_operations_agree() -> None:
    print(f"COMPILER_SEED={FRESH_SEED}")  # noqa: T201 (shown when the test fails)
    await run_many(FIXED_SEED + 1, 2_500)
    await run_many(FRESH_SEED + 1, 2_500)
