"""What ends that somebody sees something takes effect on open subscriptions within a second."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.api.moderation import TAKE, make_moderator
from tests.fixtures.live import LiveServer
from tests.realtime.socket_client import Socket, ask, opened
from tests.worlds import Person, World, post_id

WITHIN_S = 1.0
# Other things may be done on this machine: what takes longer every time is too slow.
TRIES = 3
BLOCK = "mutation ($id: ID!) { blockUser(input: {userId: $id}) { errors { code } } }"
UNFOLLOW = "mutation ($id: ID!) { unfollowUser(input: {userId: $id}) { errors { code } } }"
CLOSE = "mutation { updateSettings(input: {isPrivate: true}) { errors { code } } }"
DELETE = "mutation ($id: ID!) { deletePost(input: {postId: $id}) { errors { code } } }"


@dataclass(frozen=True, slots=True)
class Scene:
    """A reader who follows an author and has a post of theirs on the screen; both have their home feeds open."""

    url: str
    moderator: Person
    author: Person
    reader: Person
    post_id: str
    socket: Socket
    socket_of_author: Socket


@asynccontextmanager
async def staged(world: World, server: LiveServer, number: int) -> AsyncIterator[Scene]:
    author, reader = [await world.join(f"{name}{number}") for name in ("author", "reader")]
    await world.follow(reader, author)
    async with opened(server.socket_url, reader) as socket, opened(server.socket_url, author) as socket_of_author:
        await socket.start()
        await socket_of_author.start()
        post = post_id(await world.post(author, "on the screen"))
        for each in (socket, socket_of_author):
            assert (await each.added())["id"] == post
        yield Scene(server.url, world.carol, author, reader, post, socket, socket_of_author)


async def block(scene: Scene) -> None:
    await ask(scene.url, BLOCK, scene.author, id=scene.reader.id)


async def unfollow(scene: Scene) -> None:
    await ask(scene.url, UNFOLLOW, scene.reader, id=scene.author.id)


async def go_private(scene: Scene) -> None:
    await ask(scene.url, CLOSE, scene.author)


async def delete(scene: Scene) -> None:
    await ask(scene.url, DELETE, scene.author, id=scene.post_id)


async def suspend(scene: Scene) -> None:
    await ask(scene.url, TAKE, scene.moderator, input={"kind": "SUSPEND", "userId": scene.author.id})


async def is_reset(scene: Scene) -> None:
    assert (await scene.socket.event())["__typename"] == "Reset"


async def is_removed(scene: Scene) -> None:
    event = await scene.socket.event()
    assert (event["__typename"], event.get("postId")) == ("PostRemoved", scene.post_id)


async def is_closed(scene: Scene) -> None:
    assert await scene.socket_of_author.close_code() == 4403


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        (block, is_reset),
        (unfollow, is_reset),
        (go_private, is_reset),
        (delete, is_removed),
        (suspend, is_reset),
        (suspend, is_closed),
    ],
    ids=["block", "unfollow", "going private", "delete", "suspension", "suspension, for the suspended"],
)
async def test_what_somebody_may_see_no_more_leaves_open_feeds_within_a_second(
    world: World,
    live_server: LiveServer,
    change: Callable[[Scene], Awaitable[None]],
    effect: Callable[[Scene], Awaitable[None]],
) -> None:
    await make_moderator(world, world.carol)
    took_s: list[float] = []
    while not took_s or (took_s[-1] > WITHIN_S and len(took_s) < TRIES):
        async with staged(world, live_server, len(took_s)) as scene:
            await change(scene)
            answered_at_s = time.monotonic()
            await effect(scene)
            took_s.append(time.monotonic() - answered_at_s)
    assert took_s[-1] <= WITHIN_S, took_s
