"""Who follows too much is answered by SQL, and not pushed to."""

from collections.abc import Callable

import pytest

from app.worker import Worker
from tests.fixtures.api import Api
from tests.timelines.fanning import Sql, timelines
from tests.timelines.pulling import FEED, enter, feed
from tests.worlds import World
from timelines import keys


@pytest.fixture
def tiny_bounds(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whoever follows more than one account, or one pulled author, follows too much."""

    def make(bound: str) -> None:
        monkeypatch.setattr(keys, bound, 1)

    return make


@pytest.mark.parametrize("bound", ["MOST_FOLLOWED", "MOST_PULLED"])
async def test_who_follows_too_much_is_answered_by_sql_until_they_follow_less(
    api: Api, world: World, worker: Worker, sql: Sql, tiny_bounds: Callable[[str], None], bound: str
) -> None:
    tiny_bounds(bound)
    home = api.services.resources.home
    for author in (world.bob, world.carol):
        await enter(world, author)
    await home.forget(world.alice.account_id)
    posts = [await world.post(author) for author in (world.bob, world.carol, world.alice)]
    assert await feed(api, world.alice) == posts[::-1]
    await home.rebuilt()
    for _ in range(2):
        posts.append(await world.post(world.carol))
        await worker.settle()
        assert await timelines(api.services, [world.alice]) == [None]
        with api.budget(sql=1, redis=1):
            await api.data(FEED, by=world.alice, first=3)
        await home.rebuilt()
        assert await feed(api, world.alice, 2) == posts[::-1]
    await world.unfollow(world.alice, world.bob)
    await worker.settle()
    expected = [post for post in posts[::-1] if post != posts[0]]
    assert await feed(api, world.alice) == expected
    await home.rebuilt()
    assert await timelines(api.services, [world.alice]) == [expected]


async def test_timeline_of_one_who_has_come_to_follow_too_much_ends_when_it_is_to_be_kept(
    api: Api, world: World, worker: Worker, sql: Sql, tiny_bounds: Callable[[str], None]
) -> None:
    """No follow of theirs has changed: those whom they follow have become pulled."""
    tiny_bounds("MOST_PULLED")
    for author in (world.bob, world.carol):
        await enter(world, author)
    post = await world.post(world.bob)
    await worker.settle()
    assert await timelines(api.services, [world.alice]) == [[]]
    await api.services.resources.home.keep(world.alice.account_id)
    assert await timelines(api.services, [world.alice]) == [None]
    assert await feed(api, world.alice) == [post]
