"""The root fields of a mutation come one after the other; what is below them does not."""

import asyncio
from functools import cache
from typing import Any

import pytest
import strawberry

from compiler import CompiledExecutor
from tests.compiler.rules.executors import Answer, Executor, repeated_too

pytestmark = repeated_too


class Diary(list[str]):
    """What has begun and ended, in order."""


async def _written(info: strawberry.Info, name: str, *, fails: bool = False, is_absent: bool = False) -> Any:
    info.context.append(f"{name} begins")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    info.context.append(f"{name} ends")
    return _noted(info, name, fails=fails, is_absent=is_absent)


def _noted(info: strawberry.Info, name: str, *, fails: bool = False, is_absent: bool = False) -> Any:
    info.context.append(name)
    if fails:
        raise ValueError(f"{name} failed")
    return None if is_absent else Entry(name=name)


async def _read(info: strawberry.Info, root: strawberry.Parent["Entry"], part: str) -> str:
    info.context.append(f"{root.name}.{part} begins")
    await asyncio.sleep(0)
    info.context.append(f"{root.name}.{part} ends")
    return part


@strawberry.type
class Entry:
    """What a mutation gives."""

    name: str
    read: str = strawberry.field(resolver=_read)


@strawberry.type
class Query:
    """There has to be one."""

    nothing: int | None


@strawberry.type
class Mutation:
    """Fields that wait and fields that do not, nullable or not."""

    write: Entry | None = strawberry.mutation(resolver=_written, graphql_type=Entry | None)
    sure_write: Entry = strawberry.mutation(resolver=_written, graphql_type=Entry)
    note: Entry | None = strawberry.mutation(resolver=_noted, graphql_type=Entry | None)
    sure_note: Entry = strawberry.mutation(resolver=_noted, graphql_type=Entry)


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query, mutation=Mutation)


async def ask(executor: Executor, text: str) -> tuple[Answer, Diary]:
    diaries: list[Diary] = []

    def new_diary() -> Diary:
        diaries.append(Diary())
        return diaries[-1]

    answer = await executor.run(schema(executor), text, new_context=new_diary)
    return answer, diaries[-1]


def named(*names: str) -> dict[str, Any]:
    return {name: {"name": name} for name in names}


def waited(name: str) -> list[str]:
    return [f"{name} begins", f"{name} ends", name]


async def test_fields_come_one_after_the_other_in_the_order_of_the_document(executor: Executor) -> None:
    text = """mutation { a: write(name: "a") { name } ...More d: note(name: "d") { name } a: write(name: "a") { name } }
    fragment More on Mutation { b: note(name: "b") { name } c: sureWrite(name: "c") { name } }"""
    answer, diary = await ask(executor, text)
    assert answer == Answer(named("a", "b", "c", "d"))
    assert list(answer.data) == ["a", "b", "c", "d"]
    assert diary == [*waited("a"), "b", *waited("c"), "d"]


async def test_what_is_below_a_field_ends_before_the_next_begins(executor: Executor) -> None:
    text = """mutation { a: note(name: "a") { x: read(part: "x") y: read(part: "y") } b: note(name: "b") { name } }"""
    answer, diary = await ask(executor, text)
    assert answer == Answer({"a": {"x": "x", "y": "y"}, "b": {"name": "b"}})
    # Side by side below one field.
    assert set(diary[1:3]) == {"a.x begins", "a.y begins"}
    assert set(diary[3:5]) == {"a.x ends", "a.y ends"}
    assert diary == ["a", *diary[1:5], "b"]


@pytest.mark.parametrize("kind", ["write", "note"])
async def test_error_in_a_nullable_field_does_not_stop_the_next(executor: Executor, kind: str) -> None:
    text = f"""mutation {{ a: {kind}(name: "a", fails: true) {{ name }} b: {kind}(name: "b") {{ name }} }}"""
    answer, diary = await ask(executor, text)
    assert answer.data == {"a": None, **named("b")}
    assert answer.said == {"a": "a failed"}
    assert diary == ([*waited("a"), *waited("b")] if kind == "write" else ["a", "b"])


@pytest.mark.parametrize("how", ["fails: true", "isAbsent: true"])
@pytest.mark.parametrize("kind", ["sureWrite", "sureNote"])
async def test_error_in_a_non_null_field_stops_the_next(executor: Executor, kind: str, how: str) -> None:
    text = f"""mutation {{ a: note(name: "a") {{ name }} b: {kind}(name: "b", {how}) {{ name }}
    c: note(name: "c") {{ name }} d: write(name: "d") {{ name }} }}"""
    answer, diary = await ask(executor, text)
    assert answer.data is None
    refused = f"Cannot return null for non-nullable field Mutation.{kind}."
    assert answer.said == {"b": "b failed" if how.startswith("fails") else refused}
    assert diary == ["a", *(waited("b") if kind == "sureWrite" else ["b"])]


async def test_skipped_field_is_not_run(executor: Executor) -> None:
    text = """mutation { a: note(name: "a") @skip(if: true) { name } b: note(name: "b") { name } __typename }"""
    answer, diary = await ask(executor, text)
    assert answer == Answer({**named("b"), "__typename": "Mutation"})
    assert diary == ["b"]


@pytest.mark.parametrize("fails", ["false", "true"])
def test_mutation_that_waits_for_nothing_runs_without_a_loop(executor: Executor, fails: str) -> None:
    diary = Diary()
    text = f'mutation {{ a: note(name: "a") {{ name }} b: sureNote(name: "b", fails: {fails}) {{ name }} }}'
    before = CompiledExecutor.plans.compiled_count
    result = schema(executor).execute_sync(text, context_value=diary)
    assert result.data == (None if fails == "true" else named("a", "b"))
    assert diary == ["a", "b"]
    assert CompiledExecutor.plans.compiled_count == before + executor.is_compiled
