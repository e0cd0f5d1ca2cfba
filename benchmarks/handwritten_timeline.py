"""The hand-written endpoint with its home timelines in Redis: what a feed costs when its ids need no SQL.

A timeline is made at the first read and trusted from then on: nothing here writes while feeds are read. Deleted posts
are dropped when rows are fetched. `python -m benchmarks.handwritten_timeline` serves as `benchmarks.handwritten` does.
"""

import secrets
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from app.settings import settings
from benchmarks import handwritten
from benchmarks import handwritten_sql as sql

KEPT_ENTRIES = 400
TIMELINE_TTL_S = 3_600

_ID = struct.Struct(">Q")


class Timelines:
    """Sorted sets of ids: all scores are 0, so members of eight bytes, big-endian, lie in the order of their ids."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        # Of this process: what an earlier one left may be of another world.
        self._prefix = f"hand-written:{secrets.token_hex(8)}:"

    async def home_feed(self, connection: Any, viewer_id: int, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = int(variables["first"])
        ids = await self._newest(connection, viewer_id, first + 1)
        return await handwritten.feed_of(connection, await connection.fetch(sql.HOME_FEED_AMONG, viewer_id, ids), first)

    async def _newest(self, connection: Any, viewer_id: int, count: int) -> Sequence[int]:
        members: Any = await self._redis.zrange(f"{self._prefix}{viewer_id}", 0, count - 1, desc=True)
        if members:
            return [_ID.unpack(member)[0] for member in members]
        return (await self._fill(connection, viewer_id))[:count]

    async def _fill(self, connection: Any, viewer_id: int) -> Sequence[int]:
        ids = [row["id"] for row in await connection.fetch(sql.HOME_ENTRY_IDS, viewer_id, KEPT_ENTRIES)]
        if ids:
            key = f"{self._prefix}{viewer_id}"
            await self._redis.zadd(key, {_ID.pack(number): 0 for number in ids})
            await self._redis.expire(key, TIMELINE_TTL_S)
        return ids


def main() -> None:
    url = settings().redis_url
    assert url is not None
    handwritten.serve({**handwritten.ANSWERS, "HomeFeed": Timelines(Redis.from_url(url)).home_feed})


if __name__ == "__main__":
    main()
