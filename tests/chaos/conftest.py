"""Fixtures of these tests beside those of all."""

from tests.timelines.own_redis import own_redis

__all__ = ["own_redis"]
