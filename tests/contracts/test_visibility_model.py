"""What everybody sees beside a plain model of it, while people act at random; compiled and by graphql-core alike."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.services import ProcessServices
from app.settings import Settings
from core import ids
from tests.contracts.model.reference import Entry
from tests.contracts.model.steps import HASHTAG, MOST_ENTRIES, PEOPLE, STEPS, Play, Step
from tests.fixtures.api import Api, api_over
from tests.fixtures.database import EMPTY
from tests.rows import insert, mint
from tests.worlds import World, post_id

NOBODY = "nobody"
_EDGES = "{ edges { node { id } repostedBy { handle } } }"
_PROFILES = " ".join(f'{name}: user(handle: "{name}") {{ posts(first: {MOST_ENTRIES}) {_EDGES} }}' for name in PEOPLE)
READ = f"""
query ($isSignedIn: Boolean!) {{
  homeFeed(first: {MOST_ENTRIES}) @include(if: $isSignedIn) {_EDGES}
  publicFeed(first: {MOST_ENTRIES}) {_EDGES}
  hashtag(name: "{HASHTAG}") {{ posts(first: {MOST_ENTRIES}) {_EDGES} }}
  {_PROFILES}
}}
"""
# Apart, because both together cost more than is allowed.
READ_REPLIES = f"""
query ($ids: [ID!]!) {{
  nodes(ids: $ids) {{ id ... on Post {{ replies(first: {MOST_ENTRIES}) {{ edges {{ node {{ id }} }} }} }} }}
}}
"""
# An example looks at everything so often, and at its end.
STEPS_BETWEEN = 12
# What fails is made smaller by the long test only: that takes minutes.
_SHORT = settings(
    max_examples=10,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def both(services: ProcessServices, settings: Settings) -> AsyncIterator[list[Api]]:
    """The application as it runs, and as it runs when nothing is compiled."""
    plain = ProcessServices(settings.model_copy(update={"compiled_execution": False}))
    await plain.start()
    async with api_over(services) as compiled, api_over(plain) as stock:
        yield [compiled, stock]
    await plain.stop()


async def new_play(services: ProcessServices, database_url: str) -> Play:
    """People who know nobody, in a database with nothing else in it."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(await connection.fetchval(EMPTY))
    await connection.close()
    world = World(services)
    for name in PEOPLE:
        await world.join(name)
    [hashtag_id] = await mint(services.db, 1)
    await insert(services.db, "hashtag", [{"id": hashtag_id, "name": HASHTAG, "shown": HASHTAG}])
    await insert(services.db, "hashtag_count", [{"hashtag_id": hashtag_id, "follower_count": 1}])
    return Play(world, hashtag_id)


def number_of(node: Any) -> int:
    return ids.number_of(ids.Kind.POST, node["id"])


def entries_of(feed: Any) -> list[Entry]:
    if feed is None:
        return []
    return [(number_of(edge["node"]), tuple(by["handle"] for by in edge["repostedBy"])) for edge in feed["edges"]]


async def check(both: list[Api], play: Play) -> None:
    """Everybody sees by every path what the model says: of copies that are made meanwhile, and of the tables."""
    compiled, stock = both
    for viewer in (*PEOPLE, NOBODY):
        if viewer != NOBODY:
            await compiled.services.resources.home.forget(play.number(viewer))
        await check_for(compiled, play, viewer)
        await compiled.services.resources.home.rebuilt()
        await check_for(compiled, play, viewer)
        await check_for(stock, play, viewer)


async def check_for(api: Api, play: Play, viewer: str) -> None:
    model, person = play.model, play.world.people.get(viewer)
    numbers = sorted(model.posts)
    named = [post_id(number) for number in numbers]
    told = await api.data(READ, by=person, isSignedIn=person is not None)
    nodes = (await api.data(READ_REPLIES, by=person, ids=named))["nodes"]
    if person is not None:
        assert entries_of(told["homeFeed"]) == model.home(viewer), viewer
    assert entries_of(told["publicFeed"]) == model.public(viewer), viewer
    assert entries_of(told["hashtag"]["posts"]) == model.hashtag(viewer), viewer
    for name in PEOPLE:
        assert entries_of((told[name] or {}).get("posts")) == model.profile(viewer, name), (viewer, name)
    for number, node in zip(numbers, nodes, strict=True):
        assert (node is not None) is model.sees(viewer, number), (viewer, number)
        if node is not None:
            found = [number_of(edge["node"]) for edge in node["replies"]["edges"]]
            assert found == model.replies(viewer, number), (viewer, number)


async def run(both: list[Api], database_url: str, steps: list[Step]) -> None:
    play = await new_play(both[0].services, database_url)
    for count, step in enumerate(steps, 1):
        await play.take(step)
        if count % STEPS_BETWEEN == 0:
            await check(both, play)
    await check(both, play)


@_SHORT
@given(steps=STEPS)
async def test_everybody_sees_what_the_model_says(both: list[Api], database_url: str, steps: list[Step]) -> None:
    await run(both, database_url, steps)


@pytest.mark.long
@settings(_SHORT, max_examples=150, phases=(Phase.generate, Phase.shrink))
@given(steps=st.lists(STEPS, min_size=2, max_size=4).map(lambda parts: [step for part in parts for step in part]))
async def test_everybody_sees_what_the_model_says_for_long(
    both: list[Api], database_url: str, steps: list[Step]
) -> None:
    await run(both, database_url, steps)
