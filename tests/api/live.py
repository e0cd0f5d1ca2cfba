"""Subscriptions without a socket: what one would send, event by event."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from app.services import ProcessServices
from app.transport.api import GraphQLRequest, opened_context, subscribe
from tests.worlds import Person

LIVE_HOME = """
subscription LiveHome {
  homeFeed {
    __typename
    ... on Started { cursor }
    ... on PostAdded { edge { node { body author { handle } replies(first: 1) { edges { node { body } } } } } }
  }
}
"""


@asynccontextmanager
async def listening(
    services: ProcessServices, person: Person, document: str = LIVE_HOME
) -> AsyncIterator[AsyncIterator[Any]]:
    """The bodies of the responses of a person's subscription."""
    request = GraphQLRequest(document)
    async with (
        opened_context(services, person.viewer, client_ip="", request_id="live") as context,
        aclosing(subscribe(services, context, request, request_id="live")) as outcomes,
    ):
        yield (outcome.body async for outcome in outcomes)
