"""Moderation live: what is hidden leaves open feeds, and the sockets of the suspended close."""

from tests.api.moderation import TAKE, make_moderator
from tests.fixtures.live import LiveServer
from tests.realtime.socket_client import ask, opened
from tests.worlds import World, post_id

SOON_S = 2.5


async def test_a_hidden_post_leaves_open_feeds_and_comes_back_when_it_is_shown(
    world: World, live_server: LiveServer
) -> None:
    await make_moderator(world, world.carol)
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        post = post_id(await world.post(world.bob, "a post"))
        assert (await alice.added())["body"] == "a post"
        await ask(live_server.url, TAKE, world.carol, input={"kind": "HIDE_POST", "postId": post})
        event = await alice.event(within_s=SOON_S)
        assert (event["__typename"], event["postId"]) == ("PostRemoved", post)
        await alice.nothing_more()
        await ask(live_server.url, TAKE, world.carol, input={"kind": "SHOW_POST", "postId": post})
        assert (await alice.added())["body"] == "a post"


async def test_suspending_closes_the_sockets_of_the_account_and_quiets_it_elsewhere(
    world: World, live_server: LiveServer
) -> None:
    await make_moderator(world, world.carol)
    async with opened(live_server.socket_url, world.alice) as alice, opened(live_server.socket_url, world.bob) as bob:
        await alice.start()
        await bob.start()
        taken = await ask(live_server.url, TAKE, world.carol, input={"kind": "SUSPEND", "userId": world.bob.id})
        assert taken["takeAction"]["errors"] == []
        assert await bob.close_code(within_s=SOON_S) == 4403
        assert (await alice.event(within_s=SOON_S))["__typename"] == "Reset"
        # What was on its way when he was suspended reaches nobody.
        await world.post(world.bob, "unseen")
        await world.post(world.carol, "seen")
        assert (await alice.added())["body"] == "seen"
