"""Trends as people see them: what is hidden, muted or filtered is not there, and pages hold while rankings change."""

import asyncio
from typing import Any

import asyncpg
import pytest

from core.paging import Listing, RankedKey, encode_cursor
from tests.api import filters, trends
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes
from tests.api.relations import block_, make_private, mute_, suspend
from tests.api.trends import RULES, bodies, hashtags, names, posts, rank
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id


@pytest.fixture
async def fans(world: World) -> list[Person]:
    """Five more people, who like and post what is to trend."""
    return [await world.join(f"fan{number}") for number in range(5)]


async def trending(world: World, author: Person, body: str, likers: list[Person], **new: Any) -> int:
    """A post that these people like."""
    number = await world.post(author, body, **new)
    for liker in likers:
        await world.like(liker, number)
    return number


async def test_what_more_people_have_to_do_with_comes_first(api: Api, world: World, fans: list[Person]) -> None:
    for count, tag in enumerate(("two", "three", "four"), start=2):
        for fan in fans[:count]:
            await world.post(fan, f"about #{tag}")
    few = await trending(world, world.alice, "few", fans[:2])
    many = await trending(world, world.bob, "many", fans)
    await rank(world)
    found = await hashtags(api)
    assert [(edge["node"]["name"], edge["postCount"], edge["accountCount"]) for edge in found] == [
        ("four", 4, 4),
        ("three", 3, 3),
        ("two", 2, 2),
    ]
    assert [edge["score"] for edge in found] == pytest.approx([4, 3, 2], abs=0.01)
    found = await posts(api, by=world.eve)
    assert [(edge["node"]["id"], edge["actCount"], edge["accountCount"]) for edge in found] == [
        (post_id(many), 5, 5),
        (post_id(few), 2, 2),
    ]


async def test_nothing_trends_before_there_is_a_ranking(api: Api, world: World) -> None:
    assert await hashtags(api) == await posts(api, by=world.alice) == []


async def test_everybody_sees_the_same_numbers_and_who_is_hidden_from_whom_is_not_there(
    api: Api, world: World, fans: list[Person]
) -> None:
    await trending(world, world.alice, "by alice", fans[:3])
    await trending(world, world.bob, "by bob", fans[:2])
    await rank(world)
    everybody: list[Person | None] = [None, world.eve, world.alice, fans[0]]
    whole = [(edge["node"]["body"], edge["score"]) for edge in await posts(api)]
    for person in everybody:
        assert [(edge["node"]["body"], edge["score"]) for edge in await posts(api, by=person)] == whole
    await block_(world, world.eve, world.alice)
    await block_(world, world.bob, world.carol)
    await mute_(world, world.dan, world.bob)
    assert await bodies(api, by=world.eve) == ["by bob"]
    assert await bodies(api, by=world.carol) == ["by alice"]
    assert await bodies(api, by=world.dan) == ["by alice"]
    assert [(edge["node"]["body"], edge["score"]) for edge in await posts(api)] == whole


@pytest.mark.parametrize(
    "change",
    [
        "post SET deleted_at = now()",
        "post SET taken_down_at = now()",
        "post SET visibility = 1",
        "post SET is_sensitive = true",
        "post SET content_warning = 'spoilers'",
    ],
)
async def test_what_has_changed_since_the_ranking_is_gone_at_once(
    api: Api, world: World, fans: list[Person], change: str
) -> None:
    await trending(world, world.alice, "hello", fans)
    await rank(world)
    assert await bodies(api) == ["hello"]
    connection = await asyncpg.connect(world.services.settings.database_url)
    try:
        await connection.execute(f"UPDATE {change}")
    finally:
        await connection.close()
    # Not even its author sees it here.
    assert await bodies(api) == await bodies(api, by=world.alice) == []


async def test_who_becomes_private_or_suspended_is_gone_at_once_for_followers_too(
    api: Api, world: World, fans: list[Person]
) -> None:
    await trending(world, world.bob, "by bob", fans)
    await trending(world, world.carol, "by carol", fans)
    await rank(world)
    await make_private(world, world.bob)
    assert await bodies(api, by=world.alice) == ["by carol"]
    await suspend(world, world.carol)
    assert await bodies(api, by=world.alice) == []


async def test_a_hashtag_nobody_has_any_more_is_gone_at_once(api: Api, world: World, fans: list[Person]) -> None:
    numbers = [(fan, await world.post(fan, "#tea")) for fan in fans[:2]]
    await rank(world)
    assert await names(api) == ["tea"]
    for fan, number in numbers:
        await world.delete(fan, number)
    assert await names(api) == []


@pytest.mark.parametrize("action", ["HIDE", "WARN"])
async def test_filters_hold_in_trends(api: Api, world: World, fans: list[Person], action: str) -> None:
    for fan in fans[:2]:
        await world.post(fan, "#football")
    await trending(world, world.alice, "so much football", fans)
    await rank(world)
    payload = await filters.create(api, "football", by=world.eve, contexts=["PUBLIC"], action=action)
    assert payload["errors"] == []
    await filters.create(api, "football", by=world.dan, contexts=["HOME", "THREAD"], action="HIDE")
    shown = (["football"], ["so much football"])
    assert (await names(api, by=world.eve), await bodies(api, by=world.eve)) == (
        ([], []) if action == "HIDE" else shown
    )
    assert (await names(api, by=world.dan), await bodies(api, by=world.dan)) == shown


@pytest.mark.parametrize("kept", [60, 0], ids=["kept", "forgotten"])
async def test_paging_goes_on_in_the_ranking_that_it_began_with(
    api: Api, world: World, fans: list[Person], kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [await trending(world, world.alice, f"number {number}", fans[:number]) for number in range(2, 6)]
    await rank(world)

    async def turn_around() -> None:
        """The last one rises above all others, and a ranking says so."""
        for person in (world.bob, world.carol, world.dan, world.eve):
            await api.data(LIKE, by=person, input={"postId": post_id(numbers[0])})
        await rank(world)
        if not kept:
            connection = await asyncpg.connect(world.services.settings.database_url)
            await connection.execute("DELETE FROM trend WHERE round < (SELECT max(number) FROM trend_round)")
            await connection.close()

    found = nodes(await trends.pages(api, trends.POSTS, "posts", first=2, between=turn_around))
    before = ["number 5", "number 4", "number 3", "number 2"]
    # Behind the second place of the newest ranking, where the old one is kept no longer.
    assert found == (before if kept else [*before[:2], "number 4", "number 3"])
    assert await bodies(api) == ["number 2", "number 5", "number 4", "number 3"]


LIKE = "mutation ($input: LikePostInput!) { likePost(input: $input) { errors { message } } }"


async def test_hidden_posts_leave_full_pages_and_no_trace(api: Api, world: World, fans: list[Person]) -> None:
    for number in range(12):
        author = world.bob if number % 2 else world.alice
        await trending(world, author, f"{number}", fans[:2])
    await rank(world)
    await block_(world, world.bob, world.eve)
    for first in (1, 2, 5):
        found = await trends.pages(api, trends.POSTS, "posts", by=world.eve, first=first)
        assert [len(page["edges"]) for page in found[:-1]] == [first] * (len(found) - 1)
        assert nodes(found) == ["10", "8", "6", "4", "2", "0"]


async def test_what_it_costs(api: Api, world: World, fans: list[Person]) -> None:
    for fan in fans[:3]:
        await world.post(fan, "#tea")
    for number in range(4):
        await trending(world, world.alice, f"{number}", fans[:2])
    await rank(world)
    for document in (trends.POSTS, trends.HASHTAGS):
        await api.data(document)
        with api.budget(sql=2):
            await api.data(document)
        assert fallbacks_of(api, document) == []
    with api.budget(sql=2):
        await api.data(trends.POSTS, by=world.eve)
    # Whether the viewer has filters is not known beside a hashtag.
    with api.budget(sql=3):
        await api.data(trends.HASHTAGS, by=world.eve)


async def test_many_read_while_rankings_are_made(api: Api, world: World, fans: list[Person]) -> None:
    expected = [f"number {number}" for number in (5, 4, 3, 2)]
    for number in range(2, 6):
        await trending(world, world.alice, f"number {number}", fans[:number])
    await rank(world)

    async def read() -> list[str]:
        return nodes(await trends.pages(api, trends.POSTS, "posts", first=2))

    async def rank_again() -> None:
        for _ in range(5):
            await rank(world, RULES)

    found: list[Any] = await asyncio.gather(*(read() for _ in range(8)), rank_again())
    assert found[:-1] == [expected] * 8


@pytest.mark.parametrize("after", ["", "nonsense", "AQ==", "' OR 1=1"])
@pytest.mark.parametrize("document", [trends.HASHTAGS, trends.POSTS])
async def test_cursors_of_nothing_are_refused(api: Api, document: str, after: str) -> None:
    answer = await api.run(document, after=after)
    assert answer.codes == ["BAD_CURSOR"]


@pytest.mark.parametrize("listing", [Listing.TRENDING_HASHTAGS, Listing.TRENDING_POSTS])
async def test_no_place_that_a_cursor_can_name_is_an_error_of_ours(
    api: Api, world: World, fans: list[Person], listing: Listing
) -> None:
    for fan in fans[:2]:
        await world.post(fan, "#tea")
    await rank(world)
    document = trends.HASHTAGS if listing is Listing.TRENDING_HASHTAGS else trends.POSTS
    for number, place in ((0, 2**63 - 1), (2**63 - 1, 2**63 - 1), (2**63 - 1, 2**31), (1, 2**31)):
        answer = await api.run(document, after=encode_cursor(listing, RankedKey(number, place)))
        assert answer.codes == []


async def test_a_cursor_of_one_list_is_none_of_the_other(api: Api, world: World, fans: list[Person]) -> None:
    for fan in fans[:2]:
        await world.post(fan, "#tea")
    await rank(world)
    [edge] = await hashtags(api)
    assert (await api.run(trends.POSTS, after=edge["cursor"])).codes == ["BAD_CURSOR"]
    assert (await api.run(trends.HASHTAGS, first=0)).codes == ["BAD_INPUT"]
