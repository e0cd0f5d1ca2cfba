"""Runs documents on graphql-core's executor or on the compiled one, so that each rule is shown of both."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache

from compiler import CompiledExecutor

EXECUTORS = ("graphql-core", "compiled")
REPEATED = "compiled-repeated"
# An operation that comes again and again gets code of its own. For tests that may run a document several times:
repeated_too = pytest.mark.parametrize("executor", [*EXECUTORS, REPEATED], indirect=True)
REPETITIONS = 4
_numbers = count()


class QuietSchema(strawberry.Schema):
    """A schema that does not log errors that are meant."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Logs nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, as far as the rules are about it."""

    data: Any
    errors: list[GraphQLError] = field(default_factory=list)

    @property
    def said(self) -> dict[str, str]:
        """The message of each error, by its path with dots; two errors at one path fail the test."""
        paths = [dotted(error.path) for error in self.errors]
        assert len(set(paths)) == len(paths), paths
        return {path: error.message for path, error in zip(paths, self.errors, strict=True)}

    @property
    def error(self) -> GraphQLError:
        """The only error."""
        [error] = self.errors
        return error


@dataclass(frozen=True, slots=True)
class Executor:
    """One of the two executors."""

    name: str

    @property
    def is_compiled(self) -> bool:
        return self.name != "graphql-core"

    @property
    def repetitions(self) -> int:
        """How often a document has to run before the one run that counts."""
        return REPETITIONS if self.name == REPEATED else 0

    def schema(self, query: Any, **options: Any) -> strawberry.Schema:
        """A schema for this executor. The same text is the same document to it, and so the same plan."""
        if self.is_compiled:
            options["execution_context_class"] = CompiledExecutor
        return QuietSchema(query, extensions=[lambda: ParserCache(maxsize=8)], **options)

    async def run(
        self, schema: strawberry.Schema, text: str, *, new_context: Callable[[], Any] = dict, **options: Any
    ) -> Answer:
        """What the schema answers to a document it has not seen; the compiled executor has to have compiled it."""
        text = f"{text} # {next(_numbers)}"
        for _ in range(self.repetitions):
            await self.run_again(schema, text, context_value=new_context(), **options)
        return await self.run_again(schema, text, context_value=new_context(), **options)

    async def run_again(self, schema: strawberry.Schema, text: str, **options: Any) -> Answer:
        """What the schema answers to a document that it may have seen before."""
        before = CompiledExecutor.plans.compiled_count
        answer = await self.ask(schema, text, **options)
        assert CompiledExecutor.plans.compiled_count == before + self.is_compiled, "it was left to graphql-core"
        return answer

    async def ask(self, schema: strawberry.Schema, text: str, **options: Any) -> Answer:
        """The same for operations that may be refused before any field is executed."""
        result = await schema.execute(text, options.pop("variables", None), **options)
        return Answer(result.data, list(result.errors or []))


def dotted(path: Iterable[str | int] | None) -> str:
    return ".".join(map(str, path or ()))


def keys_of(data: Any) -> list[Any]:
    """The keys of a response in their order, nested: equal dicts may differ in it."""
    if isinstance(data, dict):
        return [(key, keys_of(value)) if isinstance(value, dict | list) else key for key, value in data.items()]
    return [keys_of(item) for item in data if isinstance(item, dict | list)]
