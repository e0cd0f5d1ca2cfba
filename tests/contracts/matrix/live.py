"""The home feed live, as a path to posts: what a viewer is told who is sent word of every target."""

import asyncio
from collections.abc import Mapping

from events import channels
from events.bus import HomeMessage
from tests.api.live import listening
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import NEUTRAL, TARGETS, viewers_of
from tests.contracts.matrix.paths import FRAGMENTS
from tests.contracts.matrix.play import Cell
from tests.contracts.matrix.stage import Stage
from tests.fixtures.api import Api

WITHIN_S = 10
# The field that a message of an entry is told by, and the document that hears of it.
LIVE: Mapping[str, str] = {
    field: f"subscription {{ homeFeed {{ __typename ... on {selected} }} }} {FRAGMENTS['PostTarget']}"
    for field, selected in (
        ("PostAdded.edge", "PostAdded { edge { node { ...PostTarget } } }"),
        ("PostChanged.post", "PostChanged { post { ...PostTarget } }"),
    )
}


async def connected(api: Api) -> None:
    """Waits until the process hears what is published."""
    async with asyncio.timeout(WITHIN_S):
        while not api.services.resources.bus.is_connected:  # noqa: ASYNC110 (a flag without an event)
            await asyncio.sleep(0.01)


async def hear(api: Api, stage: Stage, field: str, viewer: str) -> list[Cell]:
    """What the viewer hears of every target, and then of a post that all followers of somebody hear of."""
    [last_id] = await stage.write(NEUTRAL, [{"body": "<the last>"}])
    told: list[str] = []
    async with listening(api.services, stage.people[viewer], LIVE[field]) as bodies:
        assert (await anext(bodies))["data"]["homeFeed"] == {"__typename": "Started"}
        for number, entry_id in enumerate((*stage.posts.values(), last_id), 1):
            await _publish(api, stage.number(viewer), _message(field, number, entry_id))
        async for body in bodies:
            told.append(str(body))
            if "<the last>" in told[-1]:
                break
    heard = "\n".join(told)
    return [
        Cell(field, viewer, target.word, oracle.is_in_home(viewer, target), target.word in heard)
        for target in TARGETS
        if viewer in viewers_of(target.author)
    ]


def _message(field: str, number: int, entry_id: int) -> HomeMessage:
    if field == "PostAdded.edge":
        return HomeMessage(number, added_entry_id=entry_id)
    return HomeMessage(number, changed_entry_id=entry_id)


async def _publish(api: Api, account_id: int, message: HomeMessage) -> None:
    channel = channels.home(api.services.resources.channel_prefix, account_id)
    await api.services.cache.run(lambda client, _: client.publish(channel, message.to_bytes()))
