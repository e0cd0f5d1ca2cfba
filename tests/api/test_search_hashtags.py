"""Finding hashtags as one types: by how they begin in any spelling, followed ones first, then those used most."""

from typing import Any

import pytest

from app.worker import Worker
from loaders.searches import MOST_RANKED
from tests.api import hashtags
from tests.api.paging import walk
from tests.api.test_hostile_strings import HOSTILE
from tests.fixtures.api import Api
from tests.worlds import Person, World

FIND = """
query ($query: String!, $first: Int!, $after: Cursor) {
  search(query: $query, kind: HASHTAGS, first: $first, after: $after) {
    edges { cursor node { __typename ... on Hashtag { name postCount viewerFollows } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def page(api: Api, query: str, *, by: Person | None = None, first: int = 20, after: str | None = None) -> Any:
    return (await api.data(FIND, by=by, query=query, first=first, after=after))["search"]


def names(found: Any) -> list[str]:
    assert {edge["node"]["__typename"] for edge in found["edges"]} <= {"Hashtag"}
    return [edge["node"]["name"] for edge in found["edges"]]


@pytest.fixture
async def used(world: World, worker: Worker) -> None:
    """Hashtags that begin alike, used once to three times."""
    for body in ("#Café", "#cafeteria #CAFE", "#Cafeteria #caféolé", "#cafe and #birds"):
        await world.post(world.bob, body)
    await worker.settle()


async def test_the_very_one_comes_first_then_the_followed_then_those_used_most(
    api: Api, world: World, used: None
) -> None:
    await hashtags.follow(api, "caféolé", by=world.alice)
    for query in ("caf", "#CAF", "  #Caf ", "\uff03\uff43\uff41\uff46"):
        assert names(await page(api, query)) == ["Café", "cafeteria", "caféolé"]
        assert names(await page(api, query, by=world.alice)) == ["caféolé", "Café", "cafeteria"]
    assert names(await page(api, "cafeteria", by=world.alice)) == ["cafeteria"]
    assert names(await page(api, "cafe", by=world.alice)) == ["Café", "caféolé", "cafeteria"]
    assert names(await page(api, "caf eo")) == ["caféolé"]


@pytest.mark.parametrize("query", ["afe", "cafes", "%", "c%", "c_fe", "", "#", " ", "##", "\u200b"])
async def test_what_begins_no_hashtag_finds_none(api: Api, world: World, used: None, query: str) -> None:
    assert names(await page(api, query)) == []


@pytest.mark.parametrize("first", [1, 2])
async def test_pages_show_each_once(api: Api, world: World, used: None, first: int) -> None:
    await hashtags.follow(api, "caféolé", by=world.alice)
    pages = await walk(lambda after: page(api, "caf", by=world.alice, first=first, after=after))
    assert [name for part in pages for name in names(part)] == ["caféolé", "Café", "cafeteria"]


async def test_a_followed_hashtag_is_found_among_more_than_are_ranked(api: Api, world: World) -> None:
    async with api.services.db._connection() as connection:
        await connection.execute(
            "INSERT INTO hashtag (name, shown) SELECT 'tea' || number, 'tea' || number"
            " FROM generate_series(1, $1::integer) AS number",
            MOST_RANKED + 100,
        )
    await hashtags.follow(api, "teatime", by=world.eve)
    assert names(await page(api, "te", by=world.eve, first=1)) == ["teatime"]
    assert names(await page(api, "teatime", by=world.bob)) == ["teatime"]


async def test_hashtags_cost_two_statements_and_have_cursors_of_their_own(api: Api, world: World, used: None) -> None:
    with api.budget(sql=2):
        found = await page(api, "birds")
    assert found["edges"][0]["node"] == {
        "__typename": "Hashtag",
        "name": "birds",
        "postCount": 1,
        "viewerFollows": False,
    }
    cursor = found["edges"][0]["cursor"]
    answer = await api.run(FIND.replace("HASHTAGS", "USERS"), query="a", first=1, after=cursor)
    assert answer.codes == ["BAD_CURSOR"]


@pytest.mark.parametrize("first", [1, 2])
async def test_what_only_hidden_posts_have_takes_no_place_and_no_statement(
    api: Api, world: World, worker: Worker, first: int
) -> None:
    await world.make_private(world.eve)
    await world.post(world.eve, "#SecretThing #secrets #Secretary")
    gone = await world.post(world.bob, "#secretion")
    await world.delete(world.bob, gone)
    for _ in range(2):
        for hidden in ("secretthing", "secret", "secretion", "nothing"):
            with api.budget(sql=1):
                assert names(await page(api, hidden, by=world.alice, first=first)) == []
        await worker.settle()
    await world.post(world.bob, "#secretary")
    with api.budget(sql=2):
        only = await page(api, "secret", by=world.alice, first=first)
    assert (names(only), only["pageInfo"]["hasNextPage"]) == (["secretary"], False)


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_is_an_error_beyond_its_length(api: Api, world: World, used: None, text: str) -> None:
    for query in (text, f"caf{text}", f"#{text}"):
        answer = await api.run(FIND, by=world.bob, query=query, first=5)
        assert set(answer.codes) <= {"BAD_INPUT"}, (query, answer)
        assert not answer.codes or len(query) > 100 or "\ud800" in query, (query, answer)
