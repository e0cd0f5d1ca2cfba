"""Exclusive lists: who is on one is left out of its owner's home feed, and of nobody else's."""

import pytest

from app.worker import Worker
from tests.api.lists import change, new_list
from tests.api.paging import walk
from tests.api.test_muted_threads_at_home import HOME, home
from tests.fixtures.api import Api
from tests.worlds import World


@pytest.mark.parametrize("timeline", ["cold", "warm"])
async def test_what_people_on_an_exclusive_list_bring_is_left_out_of_its_owners_home_feed(
    api: Api, world: World, worker: Worker, timeline: str
) -> None:
    await world.follow(world.dan, world.bob)
    bobs = await world.post(world.bob, "bob's")
    carols = await world.post(world.carol, "carol's")
    await world.post(world.alice, "alice's")
    await world.repost(world.bob, carols)
    await world.repost(world.carol, bobs)
    await worker.settle()
    if timeline == "warm":
        await home(api, world.alice)
        await api.services.resources.home.rebuilt()
    everything = ["bob's", "carol's", "alice's"]
    assert await home(api, world.alice) == everything
    dans = await home(api, world.dan)
    list_id = await new_list(api, "Apart", world.bob, world.alice, by=world.alice, isExclusive=True)
    for _ in range(2):
        # It is who brought an entry that counts, and one's own stay.
        assert await home(api, world.alice) == ["bob's", "alice's", "carol's"]
        await api.services.resources.home.rebuilt()
    assert await home(api, world.dan) == dans
    await change(api, "updateList", by=world.alice, listId=list_id, isExclusive=False)
    assert await home(api, world.alice) == everything
    await change(api, "updateList", by=world.alice, listId=list_id, isExclusive=True)
    await change(api, "removeFromList", by=world.alice, listId=list_id, userIds=[world.bob.id])
    assert await home(api, world.alice) == everything


async def test_neither_an_ordinary_list_nor_somebody_elses_leaves_anybody_out(api: Api, world: World) -> None:
    await world.post(world.bob, "bob's")
    await new_list(api, "Ordinary", world.bob, by=world.alice)
    await new_list(api, "Empty", by=world.alice, isExclusive=True)
    await new_list(api, "Theirs", world.bob, by=world.dan, isExclusive=True)
    assert await home(api, world.alice) == ["bob's"]


async def test_what_a_hashtag_brings_of_people_on_an_exclusive_list_is_left_out_too(api: Api, world: World) -> None:
    document = 'mutation { followHashtag(input: { name: "tea" }) { errors { code } } }'
    assert (await api.data(document, by=world.alice))["followHashtag"]["errors"] == []
    await world.post(world.eve, "eve's #tea")
    await world.post(world.dan, "dan's #tea")
    assert await home(api, world.alice) == ["dan's #tea", "eve's #tea"]
    await new_list(api, "Apart", world.eve, by=world.alice, isExclusive=True)
    assert await home(api, world.alice) == ["dan's #tea"]


async def test_pages_are_full_behind_who_is_left_out_and_cost_no_statement_more(api: Api, world: World) -> None:
    for number in range(4):
        await world.post(world.bob, f"bob's {number}")
        await world.post(world.carol, f"carol's {number}")
    await new_list(api, "Apart", world.bob, by=world.alice, isExclusive=True)

    async def fetch(after: str | None) -> object:
        return (await api.data(HOME, by=world.alice, first=2, after=after))["homeFeed"]

    pages = await walk(fetch)
    assert [len(page["edges"]) for page in pages] == [2, 2]
    with api.budget(sql=1, redis=1):
        await api.data(HOME, by=world.alice, first=100)
