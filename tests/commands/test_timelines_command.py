"""`rookery timelines` as people run it: what it prints, and its exit status."""

import pytest

from app.services import ProcessServices
from app.settings import Settings
from app.timeline_checks import TimelineChecks
from app.worker import Worker
from tests.fixtures.commands import run_command
from tests.worlds import World
from timelines.store import Act

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


async def timelines(settings: Settings, *options: str) -> tuple[int, str, str]:
    """The command over the test's servers: its status, and what it says."""
    done = await run_command(settings, "timelines", *options)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
async def lost(services: ProcessServices, worker: Worker, world: World) -> int:
    """A post that Alice's timeline lacks, and Dan's has."""
    home = services.resources.home
    post = await world.post(world.bob, "lost")
    await world.follow(world.dan, world.bob)
    await worker.settle()
    for person in (world.alice, world.dan):
        await home.rebuild(person.account_id)
    account_ids = [world.alice.account_id]
    await home._store.deliver(post, account_ids, act=Act.REMOVE, channel_prefix="nobody:", message=b"")
    return post


@pytest.mark.usefixtures("lost")
async def test_verify_finds_what_is_wrong_and_repair_mends_it(settings: Settings) -> None:
    status, said, told = await timelines(settings, "verify", "--all")
    assert (status, said) == (1, "2 compared, 1 wrong\n")
    assert "rookery timelines verify --repair" in told
    status, said, told = await timelines(settings, "verify", "--all", "--repair")
    assert (status, said) == (0, "2 compared, 1 wrong\n")
    assert await timelines(settings, "verify", "dan", "@Alice", "eve") == (0, "2 compared, 0 wrong\n1 have none\n", "")


@pytest.mark.usefixtures("lost")
async def test_rebuild_makes_anew_those_that_are_named_or_all(settings: Settings) -> None:
    assert (await timelines(settings, "verify", "dan"))[0] == 0
    assert await timelines(settings, "rebuild", "alice") == (0, "1 made anew.\n", "")
    assert (await timelines(settings, "verify", "--all"))[:2] == (0, "2 compared, 0 wrong\n")
    assert (await timelines(settings, "rebuild", "--all"))[1] == "2 made anew.\n"


@pytest.mark.usefixtures("lost")
async def test_a_sample_is_of_those_who_read(settings: Settings) -> None:
    assert await timelines(settings, "verify", "--sample", "2", "--repair") == (0, "2 compared, 1 wrong\n", "")
    assert await timelines(settings, "verify", "--sample", "1") == (0, "1 compared, 0 wrong\n", "")
    assert await timelines(settings, "verify", "--sample", "9") == (0, "2 compared, 0 wrong\n", "")


async def test_progress_is_told_of_a_long_run(settings: Settings, world: World, services: ProcessServices) -> None:
    people = [world.alice, world.bob, world.carol, world.dan, world.eve]
    for person in people:
        await services.resources.home.rebuild(person.account_id)
    told: list[tuple[int, int]] = []
    checks = TimelineChecks(settings, progress=lambda done, total: told.append((done, total)))
    await checks.open()
    try:
        await checks.verify(None, repairs=False)
        assert told == [(4, 5), (5, 5)]
    finally:
        await checks.close()


async def test_nobody_has_the_handle_and_nobody_is_named(settings: Settings, world: World) -> None:
    assert await timelines(settings, "verify", "alice", "nobody") == (1, "", "There is no account @nobody.\n")
    for options in (("verify",), ("rebuild",), ("rebuild", "alice", "--all"), ("verify", "--all", "--sample", "2")):
        status, said, told = await timelines(settings, *options)
        assert (status, said) == (2, "")
        assert "--all" in told


async def test_without_redis_the_status_is_2(settings: Settings, world: World) -> None:
    away = settings.model_copy(update={"redis_url": NOBODY_LISTENS})
    status, said, told = await timelines(away, "verify", "alice")
    assert (status, said) == (2, "")
    assert "cannot be reached" in told
