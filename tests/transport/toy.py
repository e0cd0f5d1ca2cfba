"""A small schema and the services around it: enough to see everything that the transports do."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter
from strawberry.scalars import JSON
from strawberry.types import ExecutionContext

from access.viewer import Viewer
from core.deadlines import Deadlines
from core.errors import (
    BadCursorError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)

FAILURES: dict[str, Callable[[], Exception]] = {
    "bug": lambda: ValueError("secret detail"),
    "refusal": lambda: NotFoundError("secret detail"),
    "cursor": BadCursorError,
    "rate": lambda: RateLimitedError("Too many requests.", retry_after_s=1.25),
    "unavailable": UnavailableError,
    "nul": lambda: asyncpg.CharacterNotInRepertoireError("invalid byte sequence"),
    "surrogate": lambda: UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "long": lambda: GraphQLError("x" * 1000),
    "recursion": lambda: RecursionError("maximum recursion depth exceeded"),
}


@dataclass
class ToyContext:
    viewer: Viewer | None
    request_id: str
    client_ip: str
    services: "ToyServices"

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.services.contexts_open -= 1


Info = strawberry.Info[ToyContext, None]


@strawberry.type
class Failing:
    @strawberry.field
    def name(self, info: Info) -> str | None:
        raise info.context.services.shared_failure


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello, {name}!"

    @strawberry.field
    def whole(self, n: int) -> int:
        return n

    @strawberry.field
    def viewer(self, info: Info) -> str | None:
        viewer = info.context.viewer
        return None if viewer is None else str(viewer.account_id)

    @strawberry.field
    def request_id(self, info: Info) -> str:
        return info.context.request_id

    @strawberry.field
    def client_ip(self, info: Info) -> str:
        return info.context.client_ip

    @strawberry.field
    def fail(self, kind: str) -> str | None:
        raise FAILURES[kind]()  # noqa: RSE102 (not a class but a function)

    @strawberry.field
    def fail_hard(self, kind: str) -> str:
        raise FAILURES[kind]()  # noqa: RSE102 (not a class but a function)

    @strawberry.field
    def day(self, at: date) -> str:
        return at.isoformat()

    @strawberry.field
    def huge_integer(self) -> JSON:
        return JSON({"n": 2**70})

    @strawberry.field
    async def slow(self, seconds: float = 30.0) -> str:
        await asyncio.sleep(seconds)
        return "at last"

    @strawberry.field
    def failures(self, count: int) -> list[Failing]:
        return [Failing() for _ in range(count)]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def bump(self, info: Info) -> int:
        info.context.services.bumps += 1
        return info.context.services.bumps


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def forever(self, info: Info, goodbye_s: float = 0.0) -> AsyncGenerator[int, None]:
        services = info.context.services
        services.streams_open += 1
        try:
            yield services.streams_open
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(goodbye_s)
            services.streams_open -= 1

    @strawberry.subscription
    async def flood(self, info: Info, events: int, chars: int) -> AsyncGenerator[str, None]:
        services = info.context.services
        services.streams_open += 1
        try:
            for _ in range(events):
                yield "x" * chars
                await asyncio.sleep(0)
        finally:
            services.streams_open -= 1

    @strawberry.subscription
    async def break_after(self, events: int) -> AsyncGenerator[int, None]:
        for number in range(events):
            yield number
        raise ValueError("secret detail")


class LimitError(strawberry.extensions.SchemaExtension):
    """Refuses before execution, as the real limits do, when the document asks for it by name."""

    def on_operation(self) -> Any:
        query = self.execution_context.query or ""
        if "# limited" in query:
            raise RateLimitedError("Too many requests.", retry_after_s=2.5)
        if "# broken" in query:
            raise KeyError("secret detail")
        yield


class ToySchema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """The transport logs what deserves it."""


def toy_schema() -> ToySchema:
    return ToySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[LimitError, lambda: MaxTokensLimiter(max_token_count=2000)],
    )


@dataclass
class ToyServices:
    schema: strawberry.Schema = field(default_factory=toy_schema)
    operation_deadlines: Deadlines = field(default_factory=lambda: Deadlines(5.0))
    is_production: bool = False
    is_draining: bool = False
    is_database_up: bool = True
    token_ttl_s: float = 3600.0
    revoked_sessions: set[int] = field(default_factory=set)
    contexts_open: int = 0
    streams_open: int = 0
    bumps: int = 0
    shared_failure: Exception = field(default_factory=lambda: ValueError("one cause"))

    def authenticate(self, authorization: str | None) -> Viewer | None:
        match authorization:
            case None:
                return None
            case "Bearer ann":
                expiry = datetime.now(UTC) + timedelta(seconds=self.token_ttl_s)
                return Viewer(account_id=1, session_id=11, token_expires_at=expiry)
            case "Bearer unavailable":
                raise UnavailableError
            case "Bearer bug":
                raise ValueError("secret detail")
            case _:
                raise UnauthenticatedError("The token is not valid.")

    def is_revoked(self, viewer: Viewer) -> bool:
        return viewer.session_id in self.revoked_sessions

    def open_context(self, viewer: Viewer | None, *, client_ip: str, request_id: str) -> ToyContext:
        self.contexts_open += 1
        return ToyContext(viewer=viewer, request_id=request_id, client_ip=client_ip, services=self)

    async def is_ready(self) -> bool:
        return self.is_database_up
