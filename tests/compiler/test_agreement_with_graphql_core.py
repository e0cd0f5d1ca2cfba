"""Random operations give the same on the compiled executor as on graphql-core's own."""

import gc
import random

import pytest
from graphql import parse, validate

from tests.compiler import faulty
from tests.compiler.conftest import FIXED_SEED, unawaited_by_graphql_core
from tests.compiler.documents import Writer
from tests.compiler.faulty_comparison import (
    SCHEMA,
    compiled,
    on_compiled_executor,
    run_many,
    written,
)
from tests.compiler.faulty_world import World

LONG_PARTS = 8
OPERATIONS_OF_PART = 4_000


async def test_compiled_operations_await_everything_they_start() -> None:
    seeds = random.Random(FIXED_SEED)
    for seed in [seeds.randrange(2**40) for _ in range(60)]:
        operation = written(seed)
        if operation is not None:
            keeper = compiled(operation)
            for _ in range(4):
                await keeper.execute(operation.variables, context=World(seed, 40))
            await on_compiled_executor(operation, World(seed, 40))
    # A coroutine that nobody awaited would now be an error, as every warning is.
    gc.collect()


def test_random_operations_are_valid_but_for_merging() -> None:
    seeds = random.Random(FIXED_SEED)
    written_before = [Writer(SCHEMA, seeds.randrange(2**40), faulty.STYLE).operation().text for _ in range(100)]

    problems = [error.message for text in written_before for error in validate(SCHEMA, parse(text))]

    assert [problem for problem in problems if "conflict" not in problem] == []


@unawaited_by_graphql_core
async def test_fixed_operations_agree() -> None:
    tally = await run_many(FIXED_SEED, 120)

    # Most of what was compared had code made for it.
    assert tally.selections_with_code > 0.7 * tally.selections > 0


@unawaited_by_graphql_core
async def test_fresh_operations_agree(fresh_seed: int) -> None:
    await run_many(fresh_seed, 60)


@pytest.mark.long
@unawaited_by_graphql_core
@pytest.mark.parametrize("part", range(LONG_PARTS))
async def test_thousands_of_operations_agree(part: int, fresh_seed: int) -> None:
    first_seed = FIXED_SEED if part % 2 == 0 else fresh_seed
    await run_many(first_seed + part + 1, OPERATIONS_OF_PART)
