"""What each act writes into the outbox, in its own transaction: once, with ids only, or not at all."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actions import (
    deletions,
    follow_requests,
    follows,
    hashtags,
    likes,
    lists,
    moderation,
    posts,
    read_positions,
    reposts,
)
from actions.feed_refs import FeedRef
from app.services import ProcessServices
from app.worker import Worker
from core.database import Transaction
from core.errors import NotFoundError, ValidationError
from models.feeds import FeedKind
from tests.worlds import World


async def recorded(services: ProcessServices) -> list[tuple[str, dict[str, Any]]]:
    """(event, facts) of everything that waits, oldest first; and takes it away."""
    async with services.db._connection() as connection:
        rows = await connection.fetch("DELETE FROM outbox WHERE done_at IS NULL RETURNING id, event, facts")
    return [(row["event"], json.loads(row["facts"])) for row in sorted(rows, key=lambda row: row["id"])]


async def test_a_post_and_its_deletion_are_told_once_each(services: ProcessServices, world: World) -> None:
    await recorded(services)
    post = await world.post(world.alice)
    author = world.alice.account_id
    assert await recorded(services) == [("EntryAdded", {"entry_id": post, "author_id": author})]
    await world.delete(world.alice, post)
    removed = {"entry_id": post, "author_id": author, "post_id": post}
    assert await recorded(services) == [("EntryRemoved", removed)]


async def test_an_edit_is_told_once_and_an_edit_of_nothing_never(services: ProcessServices, world: World) -> None:
    post = await world.post(world.alice, "one")
    await recorded(services)
    for _ in range(2):
        await world.edit(world.alice, post, "two")
    assert await recorded(services) == [("PostEdited", {"post_id": post, "author_id": world.alice.account_id})]


async def test_a_restored_post_is_told_like_a_new_one(services: ProcessServices, world: World) -> None:
    post = await world.post(world.alice)
    await world.delete(world.alice, post)
    await recorded(services)
    for _ in range(2):
        await services.db.transact(deletions.restore_post, world.alice.viewer, post)
    assert await recorded(services) == [("EntryAdded", {"entry_id": post, "author_id": world.alice.account_id})]


async def test_what_is_done_twice_is_told_once(services: ProcessServices, world: World) -> None:
    db, viewer = services.db, world.eve.viewer
    post = await world.post(world.bob)
    await recorded(services)
    for _ in range(2):
        await db.transact(reposts.repost, viewer, post)
        await db.transact(follows.follow_user, viewer, world.bob.account_id)
        await db.transact(likes.like_post, viewer, post)
    assert [event for event, _ in await recorded(services)] == ["EntryAdded", "FollowChanged"]
    for _ in range(2):
        await db.transact(reposts.undo_repost, viewer, post)
        await db.transact(follows.unfollow_user, viewer, world.bob.account_id)
        await db.transact(likes.unlike_post, viewer, post)
    assert [event for event, _ in await recorded(services)] == ["EntryRemoved", "FollowChanged", "HomeChanged"]


async def test_asking_to_follow_is_told_when_it_is_answered(services: ProcessServices, world: World) -> None:
    bob, eve = world.bob.account_id, world.eve.account_id
    await world.make_private(world.bob)
    await recorded(services)
    for _ in range(2):
        await world.follow(world.eve, world.bob)
    assert await recorded(services) == []
    for _ in range(2):
        await world.accept(world.bob, world.eve)
    assert await recorded(services) == [("FollowChanged", {"follower_id": eve, "followee_id": bob})]
    for _ in range(2):
        await services.db.transact(follow_requests.remove_follower, world.bob.viewer, eve)
    assert await recorded(services) == [
        ("FollowChanged", {"follower_id": eve, "followee_id": bob}),
        ("HomeChanged", {"account_id": eve}),
    ]
    await world.follow(world.eve, world.bob)
    for _ in range(2):
        await world.make_private(world.bob, is_private=False)
    assert await recorded(services) == [
        ("FollowersAdmitted", {"followee_id": bob, "follower_ids": [eve]}),
        ("SightChanged", {"author_id": bob, "has_opened": True}),
    ]


async def test_what_shows_or_hides_an_account_is_told_where_it_changes_anything(
    services: ProcessServices, world: World
) -> None:
    await recorded(services)
    for is_so in (True, True, False, False):
        await world.make_private(world.bob, is_private=is_so)
        await services.db.transact(moderation.suspend_by_handle, "eve", lifts=not is_so, note=None)
    bob, eve = ({"author_id": person.account_id} for person in (world.bob, world.eve))
    told = [bob, eve, {**bob, "has_opened": True}, eve]
    assert await recorded(services) == [("SightChanged", {"has_opened": False, **facts}) for facts in told]


@pytest.mark.parametrize("is_exclusive", [False, True])
async def test_what_an_exclusive_list_leaves_out_is_told_where_it_changes_and_of_others_nothing(
    services: ProcessServices, world: World, *, is_exclusive: bool
) -> None:
    db, viewer = services.db, world.alice.viewer
    members = [world.bob.account_id, world.carol.account_id]
    await recorded(services)

    async def told(act: Callable[..., Awaitable[int]], *given: object) -> int:
        """How often her home feed is said to be another, when she does something twice."""
        for _ in range(2):
            await db.transact(act, viewer, *given)
        events = await recorded(services)
        assert events == [("HomeChanged", {"account_id": world.alice.account_id})] * len(events)
        return len(events)

    list_id = await db.transact(lists.create_list, viewer, lists.NewList("Apart", is_exclusive=is_exclusive))
    assert await told(lists.add_to_list, list_id, members) == int(is_exclusive)
    assert await told(lists.remove_from_list, list_id, members[:1]) == int(is_exclusive)
    assert await told(lists.update_list, list_id, lists.ListChange(name="Aside", is_private=True)) == 0
    assert await told(lists.update_list, list_id, lists.ListChange(is_exclusive=not is_exclusive)) == 1
    assert await told(lists.update_list, list_id, lists.ListChange(is_exclusive=is_exclusive)) == 1
    await db.transact(lists.delete_list, viewer, list_id)
    events = [event for event, _ in await recorded(services)]
    assert events == ["HomeChanged"] * is_exclusive


async def test_following_a_hashtag_twice_is_told_once(services: ProcessServices, world: World) -> None:
    db, viewer = services.db, world.eve.viewer
    await world.post(world.bob, "some #tea")
    await recorded(services)
    for action in (hashtags.follow_hashtag, hashtags.unfollow_hashtag):
        hashtag_id = await db.transact(action, viewer, "#Tea")
        assert await db.transact(action, viewer, "#tea") == hashtag_id
        [(event, facts)] = await recorded(services)
        assert event == "HashtagFollowChanged"
        assert facts == {"follower_id": world.eve.account_id, "hashtag_id": hashtag_id}


async def test_a_refused_act_and_one_that_is_rolled_back_tell_nothing(services: ProcessServices, world: World) -> None:
    await recorded(services)
    viewer = world.alice.viewer
    with pytest.raises(ValidationError):
        await services.db.transact(posts.create_post, viewer, posts.NewPost(body=""))
    with pytest.raises(NotFoundError):
        await services.db.transact(reposts.repost, viewer, 1)

    async def post_and_fail(tx: Transaction) -> None:
        await posts.create_post(tx, viewer, posts.NewPost(body="never"))
        raise NotFoundError("made up")

    with pytest.raises(NotFoundError):
        await services.db.transact(post_and_fail)
    assert await recorded(services) == []
    async with services.db._connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM post") == 0
        assert await connection.fetchval("SELECT count(*) FROM count_delta WHERE counter = 5") == 0


async def test_folding_keeps_every_total_and_leaves_no_delta(
    services: ProcessServices, world: World, worker: Worker
) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    await worker.settle()
    await services.db.transact(likes.unlike_post, world.alice.viewer, post)
    await world.post(world.alice, reply_to=post)
    await worker.settle()
    async with services.db._connection() as connection:
        row = await connection.fetchrow("SELECT like_count, reply_count FROM post_count WHERE post_id = $1", post)
        assert row is not None
        assert tuple(row) == (0, 1)
        assert await connection.fetchval("SELECT count(*) FROM count_delta") == 0


async def test_a_read_position_is_told_where_it_moves_and_only_of_the_home_feed(
    services: ProcessServices, world: World
) -> None:
    post = await world.post(world.bob, "#owls")
    owls = await services.db.transact(hashtags.follow_hashtag, world.eve.viewer, "owls")
    await recorded(services)
    for ref in (FeedRef(FeedKind.HOME), FeedRef(FeedKind.HASHTAG, owls)):
        for entry_id in (post - 1, post, post, post - 1):
            await services.db.transact(read_positions.move_read_position, world.alice.viewer, ref, entry_id=entry_id)
    reader = world.alice.account_id
    assert await recorded(services) == [
        ("ReadPositionMoved", {"account_id": reader, "entry_id": entry_id}) for entry_id in (post - 1, post)
    ]
