"""Counts stay exact while they are folded, whoever reads and writes meanwhile."""

import asyncio

import pytest
import sqlalchemy as sa

from actions import counts, likes
from app.worker import Worker
from core.database import Transaction, values_of
from models.counts import count_delta
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

LIKE_COUNT = "query ($id: ID!) { post(id: $id) { likeCount } }"
_DELTAS = values_of(sa.select(sa.func.count()).select_from(count_delta), int)


async def like_count(api: Api, post: int) -> int:
    count: int = (await api.data(LIKE_COUNT, id=post_id(post)))["post"]["likeCount"]
    return count


async def folding_until(api: Api, ended: asyncio.Event) -> None:
    while not ended.is_set():
        await api.services.db.transact(counts.fold)
        await asyncio.sleep(0)


async def test_count_is_exact_at_every_moment_while_two_workers_fold(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    likers = [world.alice, world.carol, world.dan, world.eve]
    ended = asyncio.Event()
    folding = [asyncio.create_task(folding_until(api, ended)) for _ in range(2)]
    try:
        for _ in range(10):
            for number, liker in enumerate(likers, start=1):
                await world.like(liker, post)
                assert await like_count(api, post) == number
            for number, liker in enumerate(likers, start=1):
                await api.services.db.transact(likes.unlike_post, liker.viewer, post)
                assert await like_count(api, post) == len(likers) - number
    finally:
        ended.set()
        await asyncio.gather(*folding)


async def test_likes_at_once_and_folds_at_once_lose_nothing(api: Api, world: World, worker: Worker) -> None:
    posts = [await world.post(world.bob), await world.post(world.bob)]
    likers = [*world.people.values(), *[await world.join(f"liker{number}") for number in range(15)]]
    ended = asyncio.Event()
    folding = [asyncio.create_task(folding_until(api, ended)) for _ in range(2)]

    async def like_twice_unlike_like(liker: Person, post: int) -> None:
        await world.like(liker, post)
        await world.like(liker, post)
        await api.services.db.transact(likes.unlike_post, liker.viewer, post)
        await world.like(liker, post)

    try:
        await asyncio.gather(*(like_twice_unlike_like(liker, post) for liker in likers for post in posts))
    finally:
        ended.set()
        await asyncio.gather(*folding)
    assert [await like_count(api, post) for post in posts] == [len(likers)] * 2
    await worker.settle()
    assert await api.services.db.row(_DELTAS) == 0
    assert [await like_count(api, post) for post in posts] == [len(likers)] * 2


async def test_fold_that_is_undone_changes_nothing(api: Api, world: World) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)

    async def fold_and_fail(tx: Transaction) -> None:
        assert await counts.fold(tx) > 0
        raise ZeroDivisionError

    deltas = await api.services.db.row(_DELTAS)
    with pytest.raises(ZeroDivisionError):
        await api.services.db.transact(fold_and_fail)
    assert await api.services.db.row(_DELTAS) == deltas
    assert await like_count(api, post) == 1
