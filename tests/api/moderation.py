"""Documents about reports and moderation that several tests send, and short ways to what they answer."""

from typing import Any

from actions import moderation
from core import ids
from models.reports import ModerationKind
from tests.fixtures.api import Api
from tests.worlds import Person, World

_ERRORS = "errors { __typename message code path }"
_REPORT = """
id reporter { handle } user { handle } post { id body } said reason comment state answer createdAt resolvedAt
"""
_ACTION = """
id kind moderator { handle } user { handle } post { id } report { id state } note createdAt
"""
_PAGE = "pageInfo { hasNextPage endCursor }"
REPORT = f"""
mutation ($input: ReportContentInput!) {{ reportContent(input: $input) {{ report {{ {_REPORT} }} {_ERRORS} }} }}
"""
RESOLVE = f"""
mutation ($input: ResolveReportInput!) {{ resolveReport(input: $input) {{ report {{ {_REPORT} }} {_ERRORS} }} }}
"""
TAKE = f"""
mutation ($input: TakeActionInput!) {{ takeAction(input: $input) {{ action {{ {_ACTION} }} {_ERRORS} }} }}
"""
OWN = f"""
query ($first: Int! = 20, $after: Cursor) {{
  viewer {{ reports(first: $first, after: $after) {{ edges {{ cursor node {{ {_REPORT} }} }} {_PAGE} }} }}
}}
"""
QUEUE = f"""
query ($state: ReportState! = OPEN, $first: Int! = 20, $after: Cursor) {{
  reports(state: $state, first: $first, after: $after) {{ edges {{ cursor node {{ {_REPORT} }} }} {_PAGE} }}
}}
"""
LOG = f"""
query ($user: ID, $first: Int! = 20, $after: Cursor) {{
  moderationActions(userId: $user, first: $first, after: $after) {{ edges {{ cursor node {{ {_ACTION} }} }} {_PAGE} }}
}}
"""
OF_USER = f"""
query ($handle: String!) {{ user(handle: $handle) {{ moderationActions {{ edges {{ node {{ {_ACTION} }} }} }} }} }}
"""
WARNINGS = f"""
query ($first: Int! = 20, $after: Cursor) {{
  viewer {{
    isModerator suspendedAt
    warnings(first: $first, after: $after) {{ edges {{ node {{ kind note createdAt post {{ id }} }} }} {_PAGE} }}
  }}
}}
"""
NODE = f"""
query ($id: ID!) {{
  node(id: $id) {{ __typename id ... on Report {{ {_REPORT} }} ... on ModerationAction {{ kind note }} }}
}}
"""
HANDLE = "query ($handle: String!) { user(handle: $handle) { handle postCount } }"


async def make_moderator(world: World, person: Person, *, is_one: bool = True) -> None:
    await world.services.db.transact(moderation.make_moderator, person.handle, is_one=is_one)


async def suspend(world: World, person: Person, *, lifts: bool = False) -> None:
    """As on the server's command line."""
    await world.services.db.transact(moderation.suspend_by_handle, person.handle, lifts=lifts, note=None)


async def report(api: Api, *, by: Person, reason: str = "SPAM", **thing: str) -> Any:
    """The payload of reportContent."""
    return (await api.data(REPORT, by=by, input={"reason": reason, **thing}))["reportContent"]


async def resolve(api: Api, report_id: str, state: str = "ACTED_UPON", *, by: Person, answer: str | None = None) -> Any:
    """The payload of resolveReport."""
    wanted = {"reportId": report_id, "state": state, "answer": answer}
    return (await api.data(RESOLVE, by=by, input=wanted))["resolveReport"]


async def take(api: Api, kind: str, *, by: Person, **about: str) -> Any:
    """The payload of takeAction."""
    return (await api.data(TAKE, by=by, input={"kind": kind, **about}))["takeAction"]


async def reported(api: Api, *, by: Person | None, state: str = "OPEN") -> list[Any]:
    """The reports of the moderators' queue."""
    edges = (await api.data(QUEUE, by=by, state=state))["reports"]["edges"]
    return [edge["node"] for edge in edges]


async def own_reports(api: Api, *, by: Person) -> list[Any]:
    """The viewer's own reports."""
    edges = (await api.data(OWN, by=by))["viewer"]["reports"]["edges"]
    return [edge["node"] for edge in edges]


async def acts(api: Api, *, by: Person | None, about: Person | None = None) -> list[Any]:
    """What moderators did, newest first."""
    found = await api.data(LOG, by=by, user=None if about is None else about.id)
    return [edge["node"] for edge in found["moderationActions"]["edges"]]


async def standing(api: Api, token: str) -> Any:
    """The viewer's warnings, and how they stand."""
    answer = await api.run(WARNINGS, token=token)
    assert not answer.errors, answer.errors
    return answer.data["viewer"]


async def kinds_written(world: World) -> list[str]:
    """The kinds of all rows that acts have left, oldest first."""
    async with world.services.db._connection() as connection:
        rows = await connection.fetch("SELECT kind FROM moderation_action ORDER BY id")
    return [ModerationKind(row["kind"]).name for row in rows]


def report_id(number: int) -> str:
    """A report's id as clients know it."""
    return ids.encode(ids.Kind.REPORT, number)
