"""What benchmarks.timelines measures in: a database of its own, people who follow, and timelines that are full."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from redis.asyncio import Redis

from app.commands.migrate import upgrade
from app.services import open_cache, open_database, timeline_store
from app.settings import CHECKOUT, Settings
from benchmarks.contestants import WORKER
from core.cache import Cache
from core.database import Database
from core.ids import SEQUENCE_BITS
from timelines import keys
from timelines.epochs import Epochs
from timelines.store import FILLED, OPEN, TimelineStore, member_of

DATABASE = "rookery_bench_timelines"
# Timelines that are filled by one pipeline.
FILLED_AT_ONCE = 200
# What our processes need beside where the servers are.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "ROOKERY_ENV": "development"}
_MINTED = "SELECT mint_id() FROM generate_series(1, $1)"


class Place:
    """A database and a Redis with nothing else in it, as a process of ours has them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db: Database = open_database(settings)
        self.cache: Cache = open_cache(settings)
        self.store: TimelineStore = timeline_store(settings, self.cache)
        assert settings.database_url is not None
        assert settings.redis_url is not None
        self.redis: Redis = Redis.from_url(settings.redis_url)
        self.environment = {
            **_ENVIRONMENT,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "REDIS_KEY_PREFIX": settings.redis_key_prefix,
            "SECRET_KEY": settings.secret_key.get_secret_value(),
            "LOG_LEVEL": "warning",
        }
        self._name = ""

    async def open(self) -> None:
        await self.db.open()
        self._name = (await Epochs(self.cache).learn()).name

    async def close(self) -> None:
        await self.redis.flushdb()
        await self.redis.aclose()
        await self.cache.close()
        await self.db.close()

    def key(self, account_id: int) -> str:
        """The key of a timeline."""
        return keys.home(self.cache.prefix, self._name, account_id)

    async def rows(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """What a statement gives that no loader has."""
        async with self.db._connection() as connection:  # noqa: SLF001 (a benchmark looks at what is not the loaders')
            found: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments, timeout=300)
            return found

    async def numbers(self, query: str, *arguments: object) -> list[int]:
        """Its first column."""
        return [row[0] for row in await self.rows(query, *arguments)]

    async def join(self, count: int, *, prefix: str) -> list[int]:
        """So many new accounts."""
        return await self.numbers(
            "INSERT INTO account (handle, display_name) SELECT $2 || n, $2 FROM generate_series(1, $1) n RETURNING id",
            count,
            prefix,
        )

    async def follow(self, follower_ids: Sequence[int], followee_ids: Sequence[int]) -> None:
        """Each follows each."""
        await self.rows(
            "INSERT INTO follow (follower_id, followee_id) SELECT a, b FROM unnest($1::bigint[]) a,"
            " unnest($2::bigint[]) b WHERE a <> b ON CONFLICT DO NOTHING",
            follower_ids,
            followee_ids,
        )

    async def read(self, account_ids: Sequence[int]) -> None:
        """They have read today."""
        await self.rows(
            "INSERT INTO reader (account_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING", account_ids
        )

    async def fill(self, account_ids: Sequence[int], *, entries: int) -> None:
        """Gives them timelines of so many entries, older than all that is posted from now on."""
        [newest] = await self.numbers(_MINTED, 1)
        members = {member_of(newest - (number << SEQUENCE_BITS)): 0 for number in range(1, entries + 1)}
        for start in range(0, len(account_ids), FILLED_AT_ONCE):
            pipeline = self.redis.pipeline(transaction=False)
            for account_id in account_ids[start : start + FILLED_AT_ONCE]:
                pipeline.zadd(self.key(account_id), {**members, FILLED: 0, OPEN: 0})
            await pipeline.execute()


@asynccontextmanager
async def copied(admin_url: str, template: str, url: str, redis_url: str) -> AsyncIterator[Place]:
    """The standard world, in a copy that is dropped at the end."""
    async with _made(admin_url, f"TEMPLATE {template}"), _opened(url, redis_url) as place:
        yield place


@asynccontextmanager
async def imported(admin_url: str, url: str, redis_url: str, *, graph: Path) -> AsyncIterator[Place]:
    """A graph of follows, imported by the command that everybody has. Raises RuntimeError if that fails."""
    async with _made(admin_url, ""):
        await asyncio.to_thread(upgrade, url)
        command = (sys.executable, "-m", "app", "import", "graph", str(graph), "--prefix", "graph")
        environment = {**_ENVIRONMENT, "DATABASE_URL": url, "REDIS_URL": redis_url}
        done = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, env=environment, stdout=DEVNULL)
        if await done.wait() != 0:
            raise RuntimeError(f"{graph} could not be imported.")
        async with _opened(url, redis_url) as place:
            await place.rows("ANALYZE")
            yield place


@asynccontextmanager
async def working(place: Place) -> AsyncIterator[None]:
    """A worker process."""
    environment = {**place.environment, "REDIS_TIMEOUT_S": "5"}
    worker = await asyncio.create_subprocess_exec(*WORKER, cwd=CHECKOUT, env=environment, stdout=DEVNULL)
    try:
        yield
    finally:
        worker.terminate()
        await worker.wait()


@asynccontextmanager
async def _made(admin_url: str, how: str) -> AsyncIterator[None]:
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {DATABASE} {how}", timeout=120)
        yield
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.close()


@asynccontextmanager
async def _opened(url: str, redis_url: str) -> AsyncIterator[Place]:
    place = Place(_settings(url, redis_url))
    await place.open()
    try:
        yield place
    finally:
        await place.close()


def _settings(url: str, redis_url: str) -> Settings:
    return Settings(
        rookery_env="development",
        database_url=url,
        redis_url=redis_url,
        redis_key_prefix="bench:",
        redis_timeout_s=5.0,
        database_command_timeout_s=300.0,
        database_pool_size=4,
        secret_key=SecretStr("a secret of a benchmark, long enough"),
    )
