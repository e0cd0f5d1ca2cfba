"""Fixtures of these tests beside those of all."""

from tests.timelines.own_redis import own_redis
from tests.timelines.pulling import sql

__all__ = ["own_redis", "sql"]
