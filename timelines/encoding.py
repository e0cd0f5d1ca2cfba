"""Whether the server keeps timelines in their compact form, which is a tenth of the other (docs/timelines.md)."""

import asyncio

import redis.exceptions
import structlog
from redis.asyncio import Redis

from core.cache import Cache, CacheUnavailableError
from timelines import keys

log = structlog.get_logger(__name__)

SETTING = "zset-max-listpack-entries"
# A full timeline with its markers, and what is pushed before it is trimmed. What was larger once stays in the other
# form.
NEEDED_ENTRIES = keys.LARGEST_TIMELINE + 4
ASKED_AGAIN_AFTER_S = 5.0


async def fetch_compact_entries(cache: Cache) -> int | None:
    """How many entries a sorted set may have in the compact form; None if the server does not tell.

    Raises CacheUnavailableError.
    """

    async def call(client: Redis, _run_id: str) -> int | None:
        try:
            said = await client.config_get(SETTING)
        except redis.exceptions.ResponseError:  # CONFIG is forbidden, or has another name
            return None
        entries = said.get(SETTING)
        return None if entries is None else int(entries)

    return await cache.run(call)


async def warn_unless_compact(cache: Cache) -> bool:
    """Tells the log once if timelines will take ten times their size. False if Redis is away, and nobody knows."""
    try:
        entries = await fetch_compact_entries(cache)
    except CacheUnavailableError:
        return False
    if entries is None or entries < NEEDED_ENTRIES:
        log.warning("timelines may be ten times as large", setting=SETTING, is_set_to=entries, needed=NEEDED_ENTRIES)
    return True


async def keep_asking(cache: Cache) -> None:
    """Warns as soon as Redis is back."""
    while not await warn_unless_compact(cache):  # noqa: ASYNC110 (nothing tells when it is)
        await asyncio.sleep(ASKED_AGAIN_AFTER_S)
