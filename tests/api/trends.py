"""Documents about trends that several tests send, and rankings that are made when a test says so."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from actions import trends
from actions.trends import Rules
from core.clock import utc_now
from core.database import Transaction, command
from models.trends import TrendKind, trend_round
from tests.api.paging import walk
from tests.fixtures.api import Api
from tests.worlds import Person, World

# Everybody of a test has joined a moment ago.
RULES = Rules(half_life=timedelta(hours=6), youngest=timedelta(0), fewest_accounts=2, every=timedelta(minutes=1))
_PAGED = "$first: Int! = 100, $after: Cursor"
HASHTAGS = f"""
query ({_PAGED}) {{
  trends {{
    hashtags(first: $first, after: $after) {{
      edges {{ cursor score postCount accountCount node {{ name postCount }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""
POSTS = f"""
query ({_PAGED}) {{
  trends {{
    posts(first: $first, after: $after) {{
      edges {{ cursor score actCount accountCount node {{ id body author {{ handle }} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""
_MAKE_DUE = command(sa.update(trend_round).values(due_at=sa.func.now()))


async def rank(world: World, rules: Rules = RULES, *, at: datetime | None = None) -> list[int | None]:
    """Makes a new ranking of hashtags and one of posts, and gives their lengths."""
    db = world.services.db
    await make_due(world)
    return [await db.transact(trends.rank, kind, rules, as_of=at or utc_now()) for kind in TrendKind]


async def make_due(world: World) -> None:
    """As if the last rankings were old."""

    async def update(tx: Transaction) -> None:
        await tx.run(_MAKE_DUE)

    await world.services.db.transact(update)


async def hashtags(api: Api, *, by: Person | None = None) -> list[Any]:
    """The edges of all hashtags that trend."""
    edges: list[Any] = (await api.data(HASHTAGS, by=by))["trends"]["hashtags"]["edges"]
    return edges


async def names(api: Api, *, by: Person | None = None) -> list[str]:
    """The hashtags that trend."""
    return [edge["node"]["name"] for edge in await hashtags(api, by=by)]


async def posts(api: Api, *, by: Person | None = None) -> list[Any]:
    """The edges of all posts that trend."""
    edges: list[Any] = (await api.data(POSTS, by=by))["trends"]["posts"]["edges"]
    return edges


async def bodies(api: Api, *, by: Person | None = None) -> list[str]:
    """The bodies of the posts that trend."""
    return [edge["node"]["body"] for edge in await posts(api, by=by)]


async def pages(api: Api, document: str, field: str, *, by: Person | None = None, first: int, **rest: Any) -> list[Any]:
    """Every page of what trends."""

    async def fetch(after: str | None) -> Any:
        return (await api.data(document, by=by, first=first, after=after))["trends"][field]

    return await walk(fetch, **rest)
