"""Compares the executors on the fault-injecting schema: graphql-core's own with both ways to run a compiled one."""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    execute,
    validate,
)
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiler import CompiledExecutor, CompiledOperation
from compiler.plan import NotCompilableError
from tests.compiler import faulty
from tests.compiler.agreement import DisagreementError, is_run, message_and_locations, require_agreement
from tests.compiler.documents import Operation, Writer
from tests.compiler.faulty_world import World

SCHEMA = strawberry.Schema(faulty.Query, faulty.Mutation, types=faulty.TYPES)._schema

FAULT_PERCENTS = (0, 3, 15, 40)

# Runs an operation, its variables included, in a world.
Way = Callable[[Operation, World], Awaitable[ExecutionResult]]


@dataclass(slots=True)
class Tally:
    """What was compared: operations, and the batches that the loaders of each side ran for the same work."""

    operations: int = 0
    compiled_batches: int = 0
    stock_batches: int = 0
    selections: int = 0
    selections_with_code: int = 0


async def _run(operation: Operation, world: World, executor_class: type[Executor[Any]]) -> ExecutionResult:
    result = execute(
        SCHEMA,
        operation.document,
        context_value=world,
        variable_values=dict(operation.variables),
        executor_class=executor_class,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # Strawberry's predicate is no type guard
    )
    return await result if inspect.isawaitable(result) else result


async def on_graphql_core(operation: Operation, world: World) -> ExecutionResult:
    """As Strawberry runs operations."""
    return await _run(operation, world, StrawberryGraphQLCoreExecutionContext)


async def on_compiled_executor(operation: Operation, world: World) -> ExecutionResult:
    """As Strawberry does with `execution_context_class=CompiledExecutor`."""
    return await _run(operation, world, CompiledExecutor)


def compiled(operation: Operation) -> CompiledOperation:
    """As whoever keeps documents does."""
    [node] = [one for one in operation.document.definitions if isinstance(one, OperationDefinitionNode)]
    return CompiledOperation(SCHEMA, operation.document, node, natives={"DateTime": datetime})


def written(seed: int) -> Operation | None:
    """The operation of a seed; None if two fields of it cannot be merged, which is all that can be wrong with it."""
    operation = Writer(SCHEMA, seed, faulty.STYLE).operation("mutation" if seed % 10 == 0 else "query")
    return None if validate(SCHEMA, operation.document, [OverlappingFieldsCanBeMergedRule]) else operation


@dataclass(frozen=True, slots=True)
class Case:
    """An operation in a world, and what graphql-core makes of it."""

    seed: int
    operation: Operation
    world: tuple[int, int]
    expected: ExecutionResult
    left: World

    @classmethod
    async def of(cls, seed: int, operation: Operation, world: tuple[int, int]) -> "Case":
        left = World(*world)
        return cls(seed, operation, world, await on_graphql_core(operation, left), left)

    async def require_alike(self, way: Way) -> World:
        """Runs it another way, which must be compiled and agree; gives the world that this leaves."""
        counted = CompiledExecutor.plans.compiled_count
        world = World(*self.world)
        given = await way(self.operation, world)
        require_agreement(self.expected, given, of=message_and_locations, shown=self.shown)
        if world.moves != self.left.moves:
            raise DisagreementError(f"moves differ\n{self.shown()}\n{self.left.moves}\n{world.moves}")
        if is_run(given) and not self.operation.has_null_condition:
            assert CompiledExecutor.plans.compiled_count == counted + 1, f"not compiled\n{self.shown()}"
        return world

    def shown(self) -> str:
        return f"seed {self.seed}, world {self.world}\n{self.operation.text}\n{self.operation.variables}"


async def agree(seed: int, tally: Tally) -> None:
    """Compares the operation of a seed, run several times: code is made for what comes again.

    Between its runs come those with other variables, which must not meet its plans or its arguments, and those in
    another world, where other fields fail.
    """
    operation = written(seed)
    if operation is None:
        return
    varied = operation.varied(random.Random(seed))
    here, there = (seed, FAULT_PERCENTS[seed % 4]), (seed + 1, FAULT_PERCENTS[(seed + 2) % 4])
    usual = await Case.of(seed, operation, here)
    other_variables = await Case.of(seed, varied, here)
    elsewhere = await Case.of(seed, operation, there)
    keeper = compiled(operation)
    way = on_compiled_executor if seed % 3 == 0 else _way_of(keeper)
    for case in (usual, other_variables, elsewhere):
        world = await case.require_alike(way)
        tally.compiled_batches += len(world.batches)
        tally.stock_batches += len(case.left.batches)
    for case in (usual, other_variables, elsewhere, usual, other_variables, other_variables):
        await case.require_alike(way)
    tally.operations += 1
    if way is not on_compiled_executor:
        _count_code(keeper, operation, tally)


def _way_of(keeper: CompiledOperation) -> Way:
    async def run(operation: Operation, world: World) -> ExecutionResult:
        return await keeper.execute(operation.variables, context=world)

    return run


def _count_code(keeper: CompiledOperation, operation: Operation, tally: Tally) -> None:
    """How much of the plan has code by now."""
    with suppress(NotCompilableError, GraphQLError):
        for _, selection in keeper.plan(operation.variables).walk():
            tally.selections += 1
            tally.selections_with_code += selection._rows is not None


async def run_many(seed: int, count: int) -> Tally:
    """Compares so many operations. Raises DisagreementError."""
    seeds = random.Random(seed)
    tally = Tally()
    while tally.operations < count:
        await agree(seeds.randrange(2**40), tally)
    # A level's keys share a batch. Keys of different levels may meet in one by chance, on either executor; graphql-core
    # takes more turns of the loop to reach its loaders, so there they meet more often.
    assert tally.compiled_batches <= 1.25 * tally.stock_batches, tally
    leftover = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and "dispatch" in repr(task)]
    assert leftover == []
    return tally
