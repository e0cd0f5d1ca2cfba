"""What every resolver finds in `info.context`: the viewer, fresh loaders, transactions, and the process's resources."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import strawberry

from access import policy
from access.viewer import Viewer
from compiler import GroupLoader
from core.database import Database, Transaction
from core.languages import LanguageDetector
from core.passwords import Passwords
from core.tokens import Tokens
from events.bus import Bell, Bus
from loaders.registry import Loaders
from loaders.users import fetch_is_suspended
from timelines.home import HomeTimelines

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Resources:
    """What a process has one of, as far as resolvers use it."""

    db: Database
    home: HomeTimelines
    bus: Bus
    bell: Bell
    channel_prefix: str
    passwords: Passwords
    tokens: Tokens
    session_ttl: timedelta
    languages: LanguageDetector | None = None


class Context:
    """One per HTTP request, and one per operation on a socket. Loaders live no longer than a request or an event."""

    __slots__ = ("_loaders", "client_ip", "request_id", "resources", "viewer")

    def __init__(self, resources: Resources, viewer: Viewer | None, *, client_ip: str, request_id: str) -> None:
        self.resources = resources
        self.viewer = viewer
        self.client_ip = client_ip
        self.request_id = request_id
        self._loaders: Loaders | None = None

    @property
    def loaders(self) -> Loaders:
        """The loaders of this moment; made when first asked for."""
        if self._loaders is None:
            self._loaders = Loaders(self.resources.db, viewer=self.viewer)
        return self._loaders

    def require_viewer(self) -> Viewer:
        """The viewer. Raises UnauthenticatedError for an anonymous caller."""
        return policy.require_viewer(self.viewer)

    def language_of(self, text: str) -> str | None:
        """The language that a text is plainly in; None where nobody tells."""
        languages = self.resources.languages
        return None if languages is None else languages.detect(text)

    def forget_loaded(self) -> None:
        """Drops everything loaded so far: something has changed, or a subscription's next event begins."""
        if self._loaders is not None:
            self._loaders.part()
            self._loaders = None

    async def transact(
        self, action: Callable[Concatenate[Transaction, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Runs an action in a transaction of its own and commits it; what is read afterwards is read anew.

        Raises NotAllowedError if the viewer is suspended.
        """
        await self._require_standing()
        return await self.transact_as_anyone(action, *args, **kwargs)

    async def transact_as_anyone(
        self, action: Callable[Concatenate[Transaction, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """The same for an act that stays open to suspended accounts: signing in, on and out."""
        result = await self.resources.db.transact(action, *args, **kwargs)
        self._committed()
        return result

    async def transact_in_one_write(
        self, action: Callable[Concatenate[Transaction, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """As `transact`, for an action whose one writing statement is its last."""
        await self._require_standing()
        result = await self.resources.db.transact_in_one_write(action, *args, **kwargs)
        self._committed()
        return result

    async def _require_standing(self) -> None:
        # Nobody else's account is looked up for it: a suspension ends the sessions, and the tokens, that there were.
        if self.viewer is not None and self.viewer.was_suspended:
            policy.require_standing(is_suspended=await fetch_is_suspended(self.resources.db, self.viewer))

    def _committed(self) -> None:
        self.forget_loaded()
        self.resources.bell.ring()

    async def close(self) -> None:
        """Breaks the circle of context, loaders and futures, so that nothing waits for the garbage collector."""
        self.forget_loaded()


@dataclass(frozen=True, slots=True)
class LoaderNamed:
    """Finds a loader of the request by its name. Equal ones are one, so fields that share a loader load once."""

    name: str

    def __call__(self, context: Context) -> GroupLoader[Any, Any]:
        found: GroupLoader[Any, Any] = getattr(context.loaders, self.name)
        return found


Info = strawberry.Info[Context, None]
