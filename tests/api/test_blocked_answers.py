"""What is left of one's say about replies and quotes by somebody whom one blocks, or who blocks."""

import pytest

from models.posts import Visibility
from tests.api.posts import act, refusals
from tests.fixtures.api import Api
from tests.worlds import World, post_id

ANSWER = "query ($id: ID!) { post(id: $id) { isHiddenReply quote { __typename } } }"


async def put(world: World, blocks: str) -> None:
    """Blocks between Alice and Eve, as the two names say who blocks: two at once cannot be made by acts one by one."""
    async with world.services.db._connection() as connection:
        for blocker, blocked in ((world.alice, world.eve), (world.eve, world.alice)):
            if blocker.handle in blocks:
                await connection.execute(
                    "INSERT INTO block (blocker_id, blocked_id) VALUES ($1, $2)", blocker.account_id, blocked.account_id
                )


@pytest.mark.parametrize("name", ["hideReply", "unhideReply", "detachQuote"])
@pytest.mark.parametrize("blocks", ["", "alice", "eve", "alice and eve"])
async def test_only_a_block_of_ones_own_leaves_one_what_one_may_do_about_answers(
    api: Api, world: World, name: str, blocks: str
) -> None:
    above = await world.post(world.alice)
    answer = await world.post(world.eve, "answer", reply_to=above, quote=above)
    absent = await act(api, name, post_id(1), by=world.alice)
    await put(world, blocks)
    payload = await act(api, name, post_id(answer), by=world.alice)
    if "eve" in blocks:
        assert payload == absent
    else:
        assert (payload["errors"], payload["post"] is None) == ([], blocks == "alice")
    shown = (await api.data(ANSWER, by=world.bob, id=post_id(answer)))["post"]
    is_done = "eve" not in blocks
    assert shown["isHiddenReply"] is (is_done and name == "hideReply")
    assert (shown["quote"]["__typename"] == "Unavailable") is (is_done and name == "detachQuote")


@pytest.mark.parametrize("name", ["hideReply", "detachQuote"])
async def test_a_block_of_ones_own_leaves_one_nothing_that_was_not_ones_to_do(
    api: Api, world: World, name: str
) -> None:
    above = await world.post(world.bob)
    answer = await world.post(world.eve, reply_to=above, quote=above)
    narrow = await world.post(world.eve, visibility=Visibility.MENTIONED, reply_to=await world.post(world.alice))
    gone = await world.post(world.eve, reply_to=await world.post(world.alice))
    await world.delete(world.eve, gone)
    absent = await act(api, name, post_id(1), by=world.alice)
    assert refusals(await act(api, name, post_id(answer), by=world.alice)) == [("NotAllowedError", ["postId"])]
    await world.block(world.alice, world.eve)
    for hidden in (answer, narrow, gone):
        assert await act(api, name, post_id(hidden), by=world.alice) == absent


async def test_replies_below_somebody_whom_one_blocks_are_still_ones_to_hide(api: Api, world: World) -> None:
    middle = await world.post(world.eve, reply_to=await world.post(world.alice))
    last = await world.post(world.bob, reply_to=middle)
    await world.block(world.alice, world.eve)
    payload = await act(api, "hideReply", post_id(last), by=world.alice)
    assert (payload["post"], payload["errors"]) == (None, [])
    assert (await api.data(ANSWER, by=world.bob, id=post_id(last)))["post"]["isHiddenReply"] is True
