"""Which authors are pulled: who costs too much becomes so, whoever costs half of that for a week is so no more."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.worker import Worker
from events.posts import EntryAdded
from tests.fixtures.api import Api
from tests.timelines.fanning import UNLIMITED, Sql, fan_out_of, timelines
from tests.timelines.pulling import enter, feed, state
from tests.worlds import World
from timelines import pulled_authors
from timelines.pulled_authors import PulledAuthors


@pytest.mark.parametrize("what", ["readers", "posts"])
async def test_author_who_costs_too_much_enters_with_the_post_that_is_handled(
    api: Api, world: World, worker: Worker, sql: Sql, what: str
) -> None:
    limits = UNLIMITED._replace(readers=1) if what == "readers" else UNLIMITED._replace(posts_per_day=1)
    fan_out = fan_out_of(api.services, limits)

    async def advance(_: int) -> bool:
        return True

    async def handle(post: int) -> None:
        await fan_out.on_entry_added(EntryAdded(post, world.bob.account_id), event_id=1, checkpoint=0, advance=advance)

    first = await world.post(world.bob)
    await handle(first)
    assert await state(sql, world.bob) is None
    assert await timelines(api.services, [world.alice]) == [[first]]
    if what == "readers":
        for person in (world.dan, world.eve):
            await world.follow(person, world.bob)
        await api.services.resources.home.rebuild(world.dan.account_id)
    second = await world.post(world.bob)
    await handle(second)
    assert await state(sql, world.bob) is None, "looked at a moment ago"
    third = await world.post(world.bob)
    fan_out = fan_out_of(api.services, limits)
    await handle(third)
    assert await state(sql, world.bob) == "pulled"
    assert await timelines(api.services, [world.alice]) == [[second, first]]
    assert await feed(api, world.alice) == [third, second, first]


@pytest.mark.parametrize(
    ("changed", "becomes"),
    [
        ({}, None),
        ({"pull_above_followers": 1}, "pulled"),
        ({"pull_above_followers": 2, "pull_above_posts_per_day": 3}, None),
        ({"pull_above_posts_per_day": 2}, "pulled"),
    ],
    ids=["neither", "readers", "not above", "posts"],
)
async def test_a_worker_goes_by_the_bounds_that_are_set(
    settings: Settings, world: World, sql: Sql, changed: dict[str, int], becomes: str | None
) -> None:
    """Bob has two readers and posts three times."""
    await world.follow(world.dan, world.bob)
    await world.services.resources.home.rebuild(world.dan.account_id)
    for _ in range(3):
        await world.post(world.bob)
    worker = Worker(settings.model_copy(update=changed))
    await worker.open()
    await worker.settle()
    await worker.close()
    assert await state(sql, world.bob) == becomes


async def test_author_stays_while_half_of_a_bound_is_passed_and_for_a_week(
    api: Api, world: World, worker: Worker, sql: Sql
) -> None:
    limits = UNLIMITED._replace(readers=4, posts_per_day=2)
    watch = PulledAuthors(api.services.db, limits)
    await enter(world, world.bob)
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "not for a week yet"
    await sql.execute("UPDATE pulled_author SET since = since - $1::interval", pulled_authors.STAYS)
    followers = [await world.join(f"follower{number}") for number in range(2)]
    for person in followers:
        await world.follow(person, world.bob)
        await api.services.resources.home.rebuild(person.account_id)
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "three read, of whom two are half of the bound"
    await sql.execute("DELETE FROM reader WHERE account_id = $1", followers[0].account_id)
    posts = [await world.post(world.bob) for _ in range(8)]
    await watch.look_after()
    assert await state(sql, world.bob) == "pulled", "seven in a week are half of the bound"
    await world.delete(world.bob, posts[0])
    await watch.look_after()
    assert await state(sql, world.bob) == "leaving"


async def test_the_largest_bounds_that_settings_take_pull_nobody(
    api: Api, settings: Settings, world: World, worker: Worker, sql: Sql
) -> None:
    largest = {"pull_above_followers": 1_000_000_000, "pull_above_posts_per_day": 1_000_000}
    for name, bound in largest.items():
        with pytest.raises(ValidationError, match="less than or equal"):
            Settings.model_validate({**settings.model_dump(), name: bound + 1})
    Settings.model_validate({**settings.model_dump(), **largest})
    watch = PulledAuthors(api.services.db, UNLIMITED._replace(readers=1_000_000_000, posts_per_day=1_000_000))
    await watch.consider(world.bob.account_id)
    assert await state(sql, world.bob) is None
    await enter(world, world.bob)
    await sql.execute("UPDATE pulled_author SET since = since - $1::interval", pulled_authors.STAYS)
    await watch.look_after()
    assert await state(sql, world.bob) == "leaving"


async def test_sweep_looks_at_some_of_the_pulled_and_comes_to_all(
    api: Api, world: World, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = PulledAuthors(api.services.db, UNLIMITED)
    for person in world.people.values():
        await enter(world, person)
    await sql.execute("UPDATE pulled_author SET since = since - interval '8 days'")
    looked_at: list[int] = []

    async def is_above(_watch: PulledAuthors, _limits: object, author_id: int, *, within: timedelta) -> bool:
        looked_at.append(author_id)
        return within == pulled_authors.STAYS

    monkeypatch.setattr(pulled_authors, "LOOKED_AT_ONCE", 2)
    monkeypatch.setattr(PulledAuthors, "_is_above", is_above)
    everybody = sorted(person.account_id for person in world.people.values())
    rounds: list[list[int]] = []
    for _ in range(4):
        looked_at.clear()
        await watch.look_after()
        rounds.append(list(looked_at))
    assert rounds == [everybody[:2], everybody[2:4], everybody[4:], everybody[:2]]
