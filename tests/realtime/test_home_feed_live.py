"""The home feed live: real sockets, to real server processes, with a real worker beside them."""

import asyncio
import dataclasses
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from actions import feed_preferences, profiles, read_positions, reposts
from actions.feed_refs import FeedRef
from app.settings import Settings
from core.clock import utc_now
from loaders.tuning import FeedOptions
from models.feeds import FeedKind
from tests.fixtures.live import LiveServer
from tests.realtime.socket_client import ask, opened
from tests.timelines.own_redis import OwnRedis
from tests.worlds import World, post_id

POST = "mutation ($body: String!) { createPost(input: {body: $body}) { post { id } errors { message } } }"
LOGOUT = "mutation { logout { __typename } }"
MALFORMED_CURSOR = "no cursor of ours"
SOME_CURSOR = "query { homeFeed(first: 1) { eventCursor } }"


@pytest.fixture
def settings(settings: Settings, own_redis: OwnRedis) -> Settings:
    """With a Redis of their own: its connections are counted, and it is restarted."""
    return settings.model_copy(update={"redis_url": own_redis.url, "redis_timeout_s": 0.25})


async def test_post_accepted_by_one_process_reaches_a_socket_of_another(
    world: World, start_server: Callable[[], LiveServer], live_worker: subprocess.Popen[bytes], own_redis: OwnRedis
) -> None:
    one, other = start_server(), start_server()
    async with opened(other.socket_url, world.alice) as alice, opened(other.socket_url, world.bob) as bob:
        await alice.start()
        await bob.start()
        created = await ask(one.url, POST, world.bob, body="from bob")
        for socket in (alice, bob):
            assert await socket.added() == {
                "id": created["createPost"]["post"]["id"],
                "body": "from bob",
                "likeCount": 0,
                "author": {"handle": "bob", "displayName": "Bob"},
            }
        await ask(one.url, POST, world.eve, body="from a stranger")
        await alice.nothing_more()
    before = _subscribed_connections(own_redis)
    async with AsyncExitStack() as stack:
        for person in (world.alice, world.bob, world.carol, world.dan, world.eve) * 4:
            await (await stack.enter_async_context(opened(one.socket_url, person))).start()
        assert _subscribed_connections(own_redis) - before <= 1, "one connection for all sockets of a process"


def _subscribed_connections(own_redis: OwnRedis) -> int:
    return sum(int(client["sub"]) > 0 for client in own_redis.client().client_list())


async def test_everything_that_happens_to_a_feed_is_told(world: World, live_server: LiveServer) -> None:
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        post = await world.post(world.bob, "a post")
        assert (await alice.added())["body"] == "a post"

        # Loaded anew for each event: what has changed between two events shows.
        await world.like(world.dan, post)
        change = profiles.ProfileChange(display_name="Robert", bio=None)
        await world.services.db.transact(profiles.update_profile, world.bob.viewer, change)
        await world.repost(world.carol, post)
        event = await alice.event()
        assert event["edge"]["repostedBy"] == [{"handle": "carol"}]
        assert event["edge"]["node"]["likeCount"] == 1
        assert event["edge"]["node"]["author"]["displayName"] == "Robert"
        repost_cursor = event["edge"]["cursor"]

        await world.post(world.carol, "a reply", reply_to=post)
        assert (await alice.added())["body"] == "a reply"

        await world.services.db.transact(reposts.undo_repost, world.carol.viewer, post)
        event = await alice.event()
        assert event["__typename"] == "PostRemoved"
        assert (event["postId"], event["edgeCursor"]) == (post_id(post), repost_cursor)

        await world.delete(world.bob, post)
        event = await alice.event()
        assert (event["__typename"], event["postId"]) == ("PostRemoved", post_id(post))

        await world.unfollow(world.alice, world.bob)
        assert (await alice.event())["__typename"] == "Reset"
        await world.post(world.bob, "unseen")
        await world.post(world.carol, "seen")
        assert (await alice.added())["body"] == "seen"

        await world.block(world.carol, world.alice)
        assert (await alice.event())["__typename"] == "Reset"
        await world.post(world.carol, "unseen")
        await world.post(world.alice, "one's own")
        assert (await alice.added())["body"] == "one's own"


async def test_what_is_left_out_of_the_feed_is_not_told(world: World, live_server: LiveServer) -> None:
    options = FeedOptions(hides_replies=True)
    await world.services.db.transact(feed_preferences.tune_feed, world.alice.viewer, FeedRef(FeedKind.HOME), options)
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        post = await world.post(world.bob, "a post")
        assert (await alice.added())["body"] == "a post"
        await world.post(world.bob, "a reply", reply_to=post)
        await alice.nothing_more()


async def test_changes_are_told_of_what_was_read_and_of_what_a_document_may_have_asked_for(
    world: World, live_server: LiveServer
) -> None:
    feed, options = FeedRef(FeedKind.HOME), FeedOptions(hides_replies=True, hides_seen=True)
    await world.services.db.transact(feed_preferences.tune_feed, world.alice.viewer, feed, options)
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        post = await world.post(world.bob, "a post")
        assert (await alice.added())["body"] == "a post"
        reply = await world.post(world.bob, "a reply", reply_to=post)
        await world.services.db.transact(read_positions.move_read_position, world.alice.viewer, feed, entry_id=reply)
        assert (await alice.event())["__typename"] == "ReadPositionMoved"
        for changed in (post, reply):
            await world.edit(world.bob, changed, "better")
            event = await alice.event()
            assert (event["__typename"], event["post"]) == (
                "PostChanged",
                {"id": post_id(changed), "body": "better"},
            )


async def test_what_one_cannot_have_is_said_for_that_operation_alone(world: World, live_server: LiveServer) -> None:
    async with opened(live_server.socket_url, None) as nobody:
        operation_id = await nobody.subscribe()
        assert await _refusal(nobody.message, operation_id) == "UNAUTHENTICATED"
    cursor = (await ask(live_server.url, SOME_CURSOR, world.alice))["homeFeed"]["eventCursor"]
    async with opened(live_server.socket_url, world.alice) as alice:
        operation_id = await alice.subscribe(after=MALFORMED_CURSOR)
        assert await _refusal(alice.message, operation_id) == "BAD_CURSOR"
        await alice.subscribe(after=cursor)
        assert [(await alice.event())["__typename"] for _ in range(2)] == ["Started", "Reset"]
        await world.post(world.bob, "still there")
        assert (await alice.added())["body"] == "still there"


async def _refusal(message: Callable[[], Awaitable[dict[str, Any]]], operation_id: str) -> str:
    said = await message()
    assert said["id"] == operation_id
    errors = said["payload"] if said["type"] == "error" else said["payload"]["errors"]
    code: str = errors[0]["extensions"]["code"]
    return code


async def test_restarted_redis_is_told_as_reset_and_later_posts_arrive(
    world: World, live_server: LiveServer, own_redis: OwnRedis
) -> None:
    async with opened(live_server.socket_url, world.alice) as alice:
        await alice.start()
        own_redis.kill()
        await asyncio.sleep(1.0)
        own_redis.start()
        assert (await alice.event())["__typename"] == "Reset"
        await world.post(world.bob, "after the restart")
        assert (await alice.added())["body"] == "after the restart"
        await alice.nothing_more()


async def test_logout_closes_the_sockets_of_the_session_soon(world: World, live_server: LiveServer) -> None:
    async with opened(live_server.socket_url, world.alice) as alice, opened(live_server.socket_url, world.bob) as bob:
        await alice.start()
        await bob.start()
        await ask(live_server.url, LOGOUT, world.alice)
        assert await alice.close_code(within_s=2.5) == 4403
        await world.post(world.alice, "bob is still there")
        assert (await bob.added())["body"] == "bob is still there"


async def test_socket_ends_when_its_token_expires(world: World, live_server: LiveServer, settings: Settings) -> None:
    tokens, viewer = world.services.resources.tokens, world.alice.viewer
    issued_at = utc_now() - timedelta(seconds=settings.access_token_ttl_s - 2)
    token, _ = tokens.access_token(account_id=viewer.account_id, session_id=viewer.session_id, now=issued_at)
    async with opened(live_server.socket_url, dataclasses.replace(world.alice, token=token)) as alice:
        await alice.start()
        assert await alice.close_code(within_s=4.0) == 4401
