"""What one server process has one of: made from settings, opened by the lifespan, asked by the transports."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import strawberry
import structlog

from access.viewer import Viewer
from app.backlogs import BacklogWatch
from app.counting import CountsLog
from app.revocations import Revocations
from app.settings import Settings
from app.transport.registry import SocketRegistry
from core.cache import Cache, CacheUnavailableError
from core.clock import utc_now
from core.database import Database
from core.deadlines import Deadlines
from core.errors import RequestError, UnauthenticatedError
from core.languages import LanguageDetector
from core.passwords import Passwords
from core.spans import Tracer
from core.tasks import end_tasks
from core.tokens import InvalidTokenError, Tokens
from events.bus import Bell, Bus
from resolvers.context import Context, Resources
from schema.root import build_schema
from schema.shadow import Shadow
from timelines.encoding import keep_asking, warn_unless_compact
from timelines.home import HomeTimelines
from timelines.store import TimelineStore

log = structlog.get_logger(__name__)

_SCHEME = "bearer "
SECONDS_PER_DAY = 86_400
RESTART_AFTER_S = 1.0


def open_database(
    settings: Settings, *, pool_size: int | None = None, command_timeout_s: float | None = None
) -> Database:
    """The database that the settings name; not connected yet. What is given wins over the settings."""
    assert settings.database_url is not None
    return Database(
        settings.database_url,
        pool_size=pool_size or settings.database_pool_size,
        connect_timeout_s=settings.database_connect_timeout_s,
        acquire_timeout_s=settings.database_acquire_timeout_s,
        command_timeout_s=command_timeout_s or settings.database_command_timeout_s,
    )


def open_cache(settings: Settings) -> Cache:
    """The Redis that the settings name; not connected yet."""
    assert settings.redis_url is not None
    return Cache(settings.redis_url, prefix=settings.redis_key_prefix, timeout_s=settings.redis_timeout_s)


def timeline_store(settings: Settings, cache: Cache) -> TimelineStore:
    """The timelines in a Redis."""
    return TimelineStore(cache, ttl_s=settings.timeline_ttl_days * SECONDS_PER_DAY)


def open_tracer(settings: Settings) -> Tracer | None:
    """Who takes the spans of this process, if somebody does."""
    if not settings.tracing:
        return None
    from app import tracing  # its packages may be missing

    return tracing.open_tracer()


def open_language_detector(settings: Settings) -> LanguageDetector | None:
    """Who tells the languages of posts, if somebody is to."""
    if not settings.detect_language:
        return None
    from app import languages  # its packages may be missing

    return languages.Py3LangidDetector()


def open_shadow(settings: Settings) -> Shadow | None:
    """Compares the executors, if a share of the queries is to be run on both."""
    if not settings.shadow_reads_per_thousand:
        return None
    return Shadow(per_thousand=settings.shadow_reads_per_thousand, deadline_s=settings.operation_deadline_s)


class ProcessServices:
    """The services of a server process (app.transport.api.Services)."""

    def __init__(self, settings: Settings, *, tracer: Tracer | None = None) -> None:
        self.settings = settings
        self.tracer = tracer or open_tracer(settings)
        self.shadow = open_shadow(settings)
        schema = build_schema(
            suggests_fields=not settings.is_production,
            is_compiled=settings.compiled_execution,
            shadow=self.shadow,
            tracer=self.tracer,
        )
        self.schema: strawberry.Schema = schema
        self.operation_deadlines = Deadlines(settings.operation_deadline_s)
        self.is_production = settings.is_production
        self.is_draining = False
        self.sockets = SocketRegistry()
        self.db = open_database(settings)
        self.cache = open_cache(settings)
        bus = Bus(self.cache)
        self._timelines = timeline_store(settings, self.cache)
        self.resources = Resources(
            db=self.db,
            home=HomeTimelines(
                self.db, self._timelines, verified_per_thousand=settings.timelines_verified_per_thousand
            ),
            bus=bus,
            bell=Bell(self.cache),
            channel_prefix=self.cache.prefix,
            passwords=Passwords(at_once=settings.password_hashes_at_once),
            tokens=Tokens(settings.secret_key.get_secret_value(), access_ttl_s=settings.access_token_ttl_s),
            session_ttl=timedelta(days=settings.refresh_token_ttl_days),
            languages=open_language_detector(settings),
        )
        home = self.resources.home
        self._counts_logs = (
            CountsLog("operations", lambda: {**schema.counts._asdict()}),
            CountsLog("timelines compared", lambda: home.verdicts),
        )
        self.backlogs = BacklogWatch(self.db)
        self._revocations = Revocations(self.db, remember=timedelta(seconds=settings.access_token_ttl_s))
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Opens what needs an event loop. Postgres and Redis may be away: requests say so until they are back."""
        await self.db.open()
        self._tasks = [
            asyncio.create_task(_kept_up(self.resources.bus.run), name="bus"),
            asyncio.create_task(_kept_up(self.resources.bell.run), name="bell"),
            asyncio.create_task(_kept_up(self._revocations.run), name="revocations"),
            *(asyncio.create_task(_kept_up(log.run), name="counts") for log in self._counts_logs),
        ]
        with suppress(CacheUnavailableError):
            await self._timelines.prepare()
        if not await warn_unless_compact(self.cache):
            self._tasks.append(asyncio.create_task(keep_asking(self.cache), name="encoding"))

    async def stop(self) -> None:
        """Closes everything; tasks first, connections last."""
        await end_tasks(self._tasks)
        if self.shadow is not None:
            await end_tasks(self.shadow.tasks)
        await self.resources.home.rebuilt()
        self.resources.passwords.close()
        await self.cache.close()
        await self.db.close()
        if self.tracer is not None:
            await self.tracer.close()
        for log in self._counts_logs:
            log.tell()

    def authenticate(self, authorization: str | None) -> Viewer | None:
        """The account behind an Authorization header; None without one. Raises UnauthenticatedError."""
        if authorization is None:
            return None
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise UnauthenticatedError("Send the access token as `Authorization: Bearer …`.")
        try:
            claims = self.resources.tokens.access_claims(authorization[len(_SCHEME) :].strip(), now=utc_now())
        except InvalidTokenError as error:
            raise UnauthenticatedError(str(error)) from error
        viewer = Viewer(claims.account_id, claims.session_id, claims.expires_at, claims.was_suspended)
        if self.is_revoked(viewer):
            raise UnauthenticatedError("This session has ended. Sign in again.")
        return viewer

    def is_revoked(self, viewer: Viewer) -> bool:
        """Whether the viewer's session was ended, as far as this process knows: at most a second behind."""
        return viewer.session_id in self._revocations

    def open_context(self, viewer: Viewer | None, *, client_ip: str, request_id: str) -> Context:
        return Context(self.resources, viewer, client_ip=client_ip, request_id=request_id)

    async def is_ready(self) -> bool:
        """Whether Postgres answers. Without Redis a process is slower, and as ready as ever."""
        with suppress(RequestError):
            return await self.db.is_reachable()
        return False


async def _kept_up(run: Callable[[], Awaitable[None]]) -> None:
    """Runs a background task that never ends; what ends it is a bug, is logged, and does not end the process."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("background task failed", task=asyncio.current_task())
            await asyncio.sleep(RESTART_AFTER_S)
