"""What everybody sees beside a plain model of it, while people act at random; compiled and by graphql-core alike."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from tests.contracts.model.looks import SURFACES, feeds, look, people, posts
from tests.contracts.model.steps import NOBODY, PEOPLE, Play, Step, plays
from tests.fixtures.api import Api, api_over
from tests.fixtures.database import EMPTY
from tests.worlds import World

VIEWERS = (*PEOPLE, NOBODY)
# Everybody looks so often and at the end.
STEPS_BETWEEN = 25
# What fails is made smaller by the long test only: that takes minutes.
_SHORT = settings(
    max_examples=10,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Stage(NamedTuple):
    """The application as it runs, and as it runs when nothing is compiled; and a worker that works when told."""

    compiled: Api
    stock: Api
    worker: Worker
    database_url: str


@pytest.fixture
async def stage(
    services: ProcessServices, settings: Settings, worker: Worker, database_url: str
) -> AsyncIterator[Stage]:
    plain = ProcessServices(settings.model_copy(update={"compiled_execution": False}))
    await plain.start()
    async with api_over(services) as compiled, api_over(plain) as stock:
        yield Stage(compiled, stock, worker, database_url)
    await plain.stop()


async def new_play(stage: Stage) -> Play:
    """In a database with nothing else in it."""
    connection = await asyncpg.connect(stage.database_url)
    await connection.execute(await connection.fetchval(EMPTY))
    await connection.close()
    play = Play(World(stage.compiled.services))
    await play.begin()
    return play


async def look_after(stage: Stage, play: Play, step: Step, *, is_long: bool) -> None:
    """Those whom the step concerns and one more see what the model says; in a long play everybody, everywhere."""
    looks, late = step.looks, play.late
    api = stage.compiled if looks.is_compiled else stage.stock
    if looks.is_settled:
        await settle(stage, play)
    viewers = VIEWERS if is_long else sorted({step.who, step.whom, looks.onlooker})
    surfaces = SURFACES if is_long else (feeds, people if looks.is_at_people else posts)
    for viewer in viewers:
        if looks.is_cold and viewer != NOBODY:
            await api.services.resources.home.forget(play.world.people[viewer].account_id)
        await look(api, play, viewer, surfaces, late=() if looks.is_cold else late)


async def look_all(stage: Stage, play: Play) -> None:
    """Everybody sees by every path what the model says, by both executors."""
    for viewer in VIEWERS:
        for api in (stage.compiled, stage.stock):
            await look(api, play, viewer, late=play.late)


async def settle(stage: Stage, play: Play) -> None:
    await stage.worker.settle()
    play.late.clear()


async def run(stage: Stage, steps: list[Step], *, is_long: bool = False) -> None:
    play = await new_play(stage)
    for count, step in enumerate(steps, 1):
        await play.take(stage.compiled if step.looks.is_compiled else stage.stock, step)
        await look_after(stage, play, step, is_long=is_long)
        if count % STEPS_BETWEEN == 0:
            await look_all(stage, play)
    await settle(stage, play)
    await look_all(stage, play)


@_SHORT
@given(steps=plays(least=20, most=50))
async def test_everybody_sees_what_the_model_says(stage: Stage, steps: list[Step]) -> None:
    await run(stage, steps)


@pytest.mark.long
@settings(_SHORT, max_examples=15, phases=(Phase.generate, Phase.shrink))
@given(steps=plays(least=40, most=100))
async def test_everybody_sees_what_the_model_says_for_long(stage: Stage, steps: list[Step]) -> None:
    await run(stage, steps, is_long=True)
