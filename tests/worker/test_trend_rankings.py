"""Rankings of trends: whose acts count, how much, and that one worker makes them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import exp2, isclose
from random import Random
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from actions import likes, reposts, trends
from app.services import ProcessServices
from app.settings import Settings
from app.worker import Worker
from core import ids
from core.clock import utc_now
from core.database import Database, command
from models.posts import Visibility
from models.trends import TrendKind
from tests.api import trends as asked
from tests.api.trends import RULES, rank
from tests.worlds import Person, World

pytestmark = pytest.mark.usefixtures("world")
HOUR = timedelta(hours=1)
WITHIN_S = 20.0


@pytest.fixture
def db(services: ProcessServices) -> Database:
    return services.db


async def like_at(world: World, liker: Person, number: int, at: datetime) -> None:
    await world.services.db.transact_at(at, likes.like_post, liker.viewer, number)


async def repost_at(world: World, reposter: Person, number: int, at: datetime) -> None:
    await world.services.db.transact_at(at, reposts.repost, reposter.viewer, number)


async def ranked(world: World, kind: TrendKind) -> list[tuple[int, float, int, int]]:
    """(subject, score, acts, accounts) of the newest ranking, in order."""
    connection = await asyncpg.connect(world.services.settings.database_url)
    query = """
    SELECT subject_id, score, act_count, account_count FROM trend
    JOIN trend_round ON trend_round.kind = trend.kind AND number = round WHERE trend.kind = $1 ORDER BY place
    """
    try:
        return [tuple(row) for row in await connection.fetch(query, int(kind))]
    finally:
        await connection.close()


async def scores(world: World) -> dict[int, float]:
    """The score of each post."""
    return {number: score for number, score, _, _ in await ranked(world, TrendKind.POSTS)}


def decayed(newest: Mapping[int, datetime], at: datetime) -> float:
    """The formula, said once more: the newest act of each account, by the account."""
    return sum(exp2(-(max(at - moment, timedelta(0)) / RULES.half_life)) for moment in newest.values())


@pytest.mark.parametrize("seed", range(4))
async def test_scores_are_those_of_the_formula_whoever_acts_and_when(world: World, seed: int) -> None:
    rng = Random(seed)
    people = [*world.people.values(), *[await world.join(f"more{number}") for number in range(5)]]
    now = utc_now()
    newest: dict[int, dict[int, datetime]] = defaultdict(dict)
    acts: dict[int, int] = defaultdict(int)
    for _ in range(8):
        author = rng.choice(people)
        number = await world.post(author, at=now - timedelta(hours=rng.uniform(48, 71)))
        for act in (like_at, repost_at):
            for person in rng.sample(people, rng.randint(0, len(people))):
                moment = ids.time_of(ids.first_at(now - timedelta(hours=rng.uniform(0, 48))))
                await act(world, person, number, moment)
                if person is not author:
                    newest[number][person.account_id] = max(moment, newest[number].get(person.account_id, moment))
                    acts[number] += 1
    await rank(world, at=now)
    expected = {number: decayed(found, now) for number, found in newest.items() if len(found) >= RULES.fewest_accounts}
    found = await ranked(world, TrendKind.POSTS)
    assert [row[0] for row in found] == sorted(expected, key=lambda number: (-expected[number], -number))
    for number, score, act_count, account_count in found:
        assert isclose(score, expected[number], rel_tol=1e-6)
        assert (act_count, account_count) == (acts[number], len(newest[number]))


async def test_hashtags_are_scored_by_accounts_and_not_by_posts(world: World) -> None:
    now = utc_now()
    for _ in range(20):
        await world.post(world.alice, "#loud", at=now)
    await world.post(world.bob, "#loud", at=now - 6 * HOUR)
    for person in (world.alice, world.bob, world.carol):
        await world.post(person, "#tea", at=now)
    await rank(world, at=now)
    (_, tea, tea_posts, tea_accounts), (_, loud, loud_posts, loud_accounts) = await ranked(world, TrendKind.HASHTAGS)
    assert (round(tea, 6), tea_posts, tea_accounts) == (3, 3, 3)
    assert (round(loud, 3), loud_posts, loud_accounts) == (1.5, 21, 2)


async def test_one_account_makes_no_trend(world: World) -> None:
    number = await world.post(world.alice, "#mine")
    for _ in range(5):
        await world.post(world.alice, "#mine", quote=number)
    await world.like(world.alice, number)
    await world.repost(world.alice, number)
    assert await rank(world) == [0, 0]
    # Nor does anybody by what they do to their own, with one other beside them.
    await world.like(world.bob, number)
    assert await rank(world) == [0, 0]
    await world.repost(world.carol, number)
    assert await rank(world) == [0, 1]


async def acted_on(world: World, number: int) -> None:
    """Two others like a post."""
    await world.like(world.carol, number)
    await world.like(world.dan, number)


@pytest.mark.parametrize(
    "new",
    [
        {"visibility": Visibility.UNLISTED},
        {"visibility": Visibility.FOLLOWERS},
        {"visibility": Visibility.MUTUALS},
        {"is_sensitive": True},
        {"content_warning": "spoilers"},
    ],
    ids=str,
)
async def test_posts_that_not_everybody_is_shown_unasked_count_nowhere(world: World, new: dict[str, Any]) -> None:
    for author in (world.alice, world.bob):
        await world.follow(world.carol, author)
        await world.follow(author, world.carol)
        await world.follow(world.dan, author)
        await world.follow(author, world.dan)
        number = await world.post(author, "#tea", **new)
        await acted_on(world, number)
    assert await rank(world) == [0, 0]


async def test_what_is_gone_or_taken_down_or_by_withdrawn_or_new_accounts_counts_nowhere(world: World) -> None:
    for author in (world.alice, world.bob):
        await acted_on(world, await world.post(author, "#tea"))
    assert await rank(world) == [1, 2]
    assert await rank(world, RULES._replace(youngest=HOUR)) == [0, 0]
    connection = await asyncpg.connect(world.services.settings.database_url)
    try:
        for spoilt, mended in (
            ("post SET deleted_at = now()", "post SET deleted_at = NULL"),
            ("post SET taken_down_at = now()", "post SET taken_down_at = NULL"),
            ("account SET is_private = true", "account SET is_private = false"),
            ("account SET suspended_at = now()", "account SET suspended_at = NULL"),
        ):
            await connection.execute(f"UPDATE {spoilt}")
            assert await rank(world) == [0, 0], spoilt
            await connection.execute(f"UPDATE {mended}")
        # Of those who act as of those who write.
        await connection.execute("UPDATE account SET is_private = true WHERE handle = 'dan'")
        assert await rank(world) == [1, 0]
    finally:
        await connection.close()


async def test_replies_are_no_trend_and_bring_their_hashtags_in(world: World) -> None:
    root = await world.post(world.eve)
    for author in (world.alice, world.bob):
        await acted_on(world, await world.post(author, "#tea", reply_to=root))
    assert await rank(world) == [1, 0]


async def test_quotes_count_if_all_see_them_and_they_still_quote(world: World) -> None:
    number = await world.post(world.alice)
    quotes = [await world.post(person, quote=number) for person in (world.bob, world.carol)]
    await world.post(world.dan, quote=number, visibility=Visibility.FOLLOWERS)
    await rank(world)
    assert [(row[0], row[2:]) for row in await ranked(world, TrendKind.POSTS)] == [(number, (2, 2))]
    await world.delete(world.bob, quotes[0])
    assert await rank(world) == [0, 0]


async def test_what_is_older_than_the_window_counts_nothing(world: World) -> None:
    now = utc_now()
    await acted_on(world, await world.post(world.alice, "#tea", at=now - trends.WINDOW - HOUR))
    await world.post(world.bob, "#tea", at=now)
    assert await rank(world, at=now) == [0, 0]


async def test_only_the_newest_acts_are_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = [await world.post(world.alice, f"number {number}") for number in range(2)]
    await acted_on(world, first)
    await acted_on(world, second)
    monkeypatch.setattr(trends, "MOST_ACTS", 2)
    few = {
        TrendKind.HASHTAGS: command(trends._rank(trends._select_uses())),
        TrendKind.POSTS: command(trends._rank(trends._select_acts())),
    }
    monkeypatch.setattr(trends, "_RANK", few)
    await rank(world)
    assert [*await scores(world)] == [second]


async def test_a_ranking_is_made_when_it_is_due_and_by_one_worker(world: World, db: Database) -> None:
    await acted_on(world, await world.post(world.alice))

    async def make() -> int | None:
        return await db.transact(trends.rank, TrendKind.POSTS, RULES, as_of=utc_now())

    made = await asyncio.gather(*(make() for _ in range(5)))
    assert sorted(made, key=str) == [1, None, None, None, None]
    assert await make() is None
    assert await rank(world) == [0, 1]


async def test_older_rankings_are_kept_for_a_while_and_no_longer(world: World) -> None:
    await acted_on(world, await world.post(world.alice))
    connection = await asyncpg.connect(world.services.settings.database_url)
    try:
        for number in range(1, trends.KEPT_ROUNDS + 4):
            assert await rank(world) == [0, 1]
            kept = await connection.fetch("SELECT round FROM trend ORDER BY round")
            assert [row[0] for row in kept] == [*range(max(1, number - trends.KEPT_ROUNDS + 1), number + 1)]
    finally:
        await connection.close()


async def test_a_ranking_that_fails_leaves_the_last_one_and_the_worker_alive(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acted_on(world, await world.post(world.alice))
    await rank(world)
    monkeypatch.setattr(trends, "_FORGET", command(sa.text("SELECT 1 / 0")))
    await asked.make_due(world)
    await worker._rank_trends()
    assert len(await scores(world)) == 1


async def test_workers_rank_by_their_settings(world: World, settings: Settings, api: Any) -> None:
    await acted_on(world, await world.post(world.alice, "seen"))
    changed = settings.model_copy(
        update={"trends_youngest_account_h": 0.0, "trends_fewest_accounts": 2, "trends_every_s": 0.1}
    )
    worker = Worker(changed)
    await worker.open()
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            while await asked.bodies(api) != ["seen"]:  # noqa: ASYNC110 (nobody is told of a ranking)
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running
        await worker.close()
