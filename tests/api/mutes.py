"""Documents about mutes that several tests send, and short ways to what they answer."""

from typing import Any

import asyncpg

from tests.fixtures.api import Api
from tests.worlds import Person

_ERRORS = "errors { __typename message code path }"
_STANCE = "handle viewerIsMuting viewerMute { until hidesNotifications onlyReposts mutedAt }"
MUTE = f"mutation ($input: MuteUserInput!) {{ muteUser(input: $input) {{ user {{ {_STANCE} }} {_ERRORS} }} }}"
UNMUTE = f"mutation ($input: UnmuteUserInput!) {{ unmuteUser(input: $input) {{ user {{ {_STANCE} }} {_ERRORS} }} }}"
MUTES = """
query ($first: Int!, $after: Cursor) {
  viewer {
    mutes(first: $first, after: $after) {
      edges { cursor node { handle } mute { until hidesNotifications onlyReposts mutedAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


async def mute(api: Api, other: Person, *, by: Person, **options: Any) -> Any:
    """The payload of muteUser."""
    return (await api.data(MUTE, by=by, input={"userId": other.id, **options}))["muteUser"]


async def unmute(api: Api, other: Person, *, by: Person) -> Any:
    """The payload of unmuteUser."""
    return (await api.data(UNMUTE, by=by, input={"userId": other.id}))["unmuteUser"]


async def run_out(database_url: str, table: str) -> None:
    """Lets all that there is in a table with the column `until` have ended a moment ago."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"UPDATE {table} SET until = now() - interval '1 second'")
    finally:
        await connection.close()


async def count_of(database_url: str, table: str) -> int:
    """How many rows a table has."""
    connection = await asyncpg.connect(database_url)
    try:
        count: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    finally:
        await connection.close()
    return count
