"""Whom private accounts let in, and whom not any more, at once on sockets that were open before."""

from typing import Any

from tests.fixtures.live import LiveServer
from tests.realtime.socket_client import Socket, ask, opened
from tests.worlds import Person, World

SET = "mutation ($is: Boolean!) { updateSettings(input: {isPrivate: $is}) { errors { code } } }"
FOLLOW_TAG = 'mutation { followHashtag(input: {name: "birds"}) { errors { code } } }'


async def act(server: LiveServer, name: str, other: Person, *, by: Person) -> None:
    document = f"mutation ($id: ID!) {{ {name}(input: {{userId: $id}}) {{ errors {{ code }} }} }}"
    assert await ask(server.url, document, by, id=other.id) == {name: {"errors": []}}


async def become(server: LiveServer, person: Person, *, is_private: bool) -> None:
    told = await ask(server.url, SET, person, **{"is": is_private})
    assert told == {"updateSettings": {"errors": []}}


async def next_body(socket: Socket) -> Any:
    """The body of the next post. A feed that has lost somebody is told to be read anew, at any time from then on."""
    event = await socket.event()
    while event["__typename"] == "Reset":
        event = await socket.event()
    assert event["__typename"] == "PostAdded", event
    return event["edge"]["node"]["body"]


async def test_who_is_let_in_hears_and_who_is_removed_or_leaves_does_not(world: World, live_server: LiveServer) -> None:
    await become(live_server, world.bob, is_private=True)
    async with opened(live_server.socket_url, world.alice) as alice, opened(live_server.socket_url, world.eve) as eve:
        await alice.start()
        await eve.start()
        await act(live_server, "followUser", world.bob, by=world.eve)
        await world.post(world.bob, "for alice alone")
        assert await next_body(alice) == "for alice alone"

        await act(live_server, "acceptFollowRequest", world.eve, by=world.bob)
        await world.post(world.bob, "for both")
        assert [await next_body(alice), await next_body(eve)] == ["for both", "for both"]

        await act(live_server, "removeFollower", world.alice, by=world.bob)
        await world.post(world.bob, "for eve alone")
        await world.post(world.carol, "alice is still there")
        assert [await next_body(eve), await next_body(alice)] == ["for eve alone", "alice is still there"]

        await act(live_server, "unfollowUser", world.bob, by=world.eve)
        await world.post(world.bob, "for nobody")
        await world.post(world.eve, "eve is still there")
        assert await next_body(eve) == "eve is still there"
        await alice.nothing_more()


async def test_who_becomes_private_is_heard_by_strangers_no_more(world: World, live_server: LiveServer) -> None:
    await ask(live_server.url, FOLLOW_TAG, world.alice)
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        post = await world.post(world.eve, "open #birds")
        assert await next_body(alice) == "open #birds"

        await become(live_server, world.eve, is_private=True)
        await world.post(world.eve, "private #birds")
        await world.edit(world.eve, post, "private since #birds")
        await world.post(world.carol, "alice is still there")
        assert await next_body(alice) == "alice is still there"

        await become(live_server, world.eve, is_private=False)
        await world.post(world.eve, "open again #birds")
        assert await next_body(alice) == "open again #birds"
        await alice.nothing_more()
