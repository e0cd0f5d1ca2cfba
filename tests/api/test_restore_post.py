"""Restoring deleted posts: for half a minute, as they were; and what is erased after that."""

import asyncio
from typing import Any

from actions.deletions import ERASED_AFTER_S, RESTORABLE_FOR_S
from app.worker import Worker
from tests.api.posts import refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

DELETE = """
mutation ($input: DeletePostInput!) {
  deletePost(input: $input) {
    deletedPostId
    source {
      body contentWarning isSensitive language
      replyTo { __typename ... on Post { id } } quote { __typename ... on Post { id } }
    }
    errors { __typename path }
  }
}
"""
RESTORE = """
mutation ($input: RestorePostInput!) {
  restorePost(input: $input) {
    post {
      id body likeCount author { postCount }
      replyTo { ... on Post { replyCount } }
      quote { ... on Post { quoteCount } }
    }
    errors { __typename path message }
  }
}
"""
HOME = "{ homeFeed(first: 20) { edges { node { body } } } }"
KEPT = """
SELECT (SELECT count(*) FROM post WHERE id = $1 AND (body, entities, content_warning, language) IS NULL) AS erased,
    (SELECT count(*) FROM post_edit WHERE post_id = $1) AS versions,
    (SELECT count(*) FROM post_mention WHERE post_id = $1) AS mentions,
    (SELECT count(*) FROM post_hashtag WHERE post_id = $1) AS hashtags
"""


async def delete(api: Api, number: int, *, by: Person) -> Any:
    """The payload of deletePost."""
    return (await api.data(DELETE, by=by, input={"postId": post_id(number)}))["deletePost"]


async def restore(api: Api, number: int, *, by: Person) -> Any:
    """The payload of restorePost."""
    return (await api.data(RESTORE, by=by, input={"postId": post_id(number)}))["restorePost"]


async def home(api: Api, *, by: Person) -> list[str]:
    """What stands in somebody's home feed."""
    edges: Any = (await api.data(HOME, by=by))["homeFeed"]["edges"]
    return [edge["node"]["body"] for edge in edges]


async def let_pass(api: Api, seconds: float) -> None:
    """Deletions become so much older."""
    async with api.services.db._connection() as connection:
        await connection.execute(
            "UPDATE post SET deleted_at = deleted_at - make_interval(secs => $1) WHERE deleted_at IS NOT NULL", seconds
        )


async def kept(api: Api, number: int) -> dict[str, int]:
    """What the database still has of a post."""
    async with api.services.db._connection() as connection:
        row = await connection.fetchrow(KEPT, number)
    assert row is not None
    return dict(row)


async def test_a_restored_post_is_back_with_all_that_belongs_to_it(api: Api, world: World, worker: Worker) -> None:
    parent, quoted = await world.post(world.carol, "parent"), await world.post(world.carol, "quoted")
    post = await world.post(world.bob, "back #soon @alice", reply_to=parent, quote=quoted)
    await world.like(world.alice, post)
    await worker.settle()
    assert await home(api, by=world.alice) == ["back #soon @alice", "quoted", "parent"]
    await delete(api, post, by=world.bob)
    await worker.settle()
    assert await home(api, by=world.alice) == ["quoted", "parent"]
    payload = await restore(api, post, by=world.bob)
    assert payload == {
        "post": {
            "id": post_id(post),
            "body": "back #soon @alice",
            "likeCount": 1,
            "replyTo": {"replyCount": 1},
            "quote": {"quoteCount": 1},
            "author": {"postCount": 1},
        },
        "errors": [],
    }
    await worker.settle()
    assert await home(api, by=world.alice) == ["back #soon @alice", "quoted", "parent"]
    assert await kept(api, post) == {"erased": 0, "versions": 0, "mentions": 1, "hashtags": 1}


async def test_a_deletion_that_is_told_after_its_restoration_takes_nothing_away(
    api: Api, world: World, worker: Worker
) -> None:
    post = await world.post(world.bob, "quick")
    await worker.settle()
    assert await home(api, by=world.alice) == ["quick"]
    await api.services.resources.home.rebuilt()
    await delete(api, post, by=world.bob)
    await restore(api, post, by=world.bob)
    # The events of both are handled at once, in any order.
    await worker.settle()
    assert await home(api, by=world.alice) == ["quick"]


async def test_deleting_gives_the_source_for_another_try(api: Api, world: World) -> None:
    parent, quoted = await world.post(world.carol), await world.post(world.carol)
    post = await world.post(world.bob, "typpo", reply_to=parent, quote=quoted)
    assert (await delete(api, post, by=world.bob))["source"] == {
        "body": "typpo",
        "contentWarning": None,
        "isSensitive": False,
        "language": None,
        "replyTo": {"__typename": "Post", "id": post_id(parent)},
        "quote": {"__typename": "Post", "id": post_id(quoted)},
    }
    refused = await delete(api, parent, by=world.bob)
    assert (refused["source"], refusals({"errors": refused["errors"]})) == (None, [("NotAllowedError", ["postId"])])


async def test_after_half_a_minute_it_is_too_late(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    await delete(api, post, by=world.alice)
    await let_pass(api, RESTORABLE_FOR_S)
    assert refusals(await restore(api, post, by=world.alice)) == [("NotAllowedError", ["postId"])]
    assert await seen(api, post, by=world.alice) is None


async def test_what_cannot_be_restored_is_erased_with_its_earlier_versions(
    api: Api, world: World, worker: Worker
) -> None:
    edit = "mutation ($input: EditPostInput!) { editPost(input: $input) { errors { code } } }"
    gone, fresh = await world.post(world.alice, "gone @bob #tag"), await world.post(world.alice, "fresh @bob #tag")
    for number in (gone, fresh):
        await api.data(edit, by=world.alice, input={"postId": post_id(number), "body": "edited @bob #tag"})
    await delete(api, gone, by=world.alice)
    await let_pass(api, ERASED_AFTER_S)
    await delete(api, fresh, by=world.alice)
    await worker._sweep()
    assert await kept(api, gone) == {"erased": 1, "versions": 0, "mentions": 0, "hashtags": 0}
    assert await kept(api, fresh) == {"erased": 0, "versions": 1, "mentions": 1, "hashtags": 1}
    assert refusals(await restore(api, gone, by=world.alice)) == [("NotAllowedError", ["postId"])]


async def test_restoring_twice_is_restoring_once(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    await delete(api, post, by=world.alice)
    payloads = await asyncio.gather(*(restore(api, post, by=world.alice) for _ in range(6)))
    assert all(payload["errors"] == [] for payload in payloads)
    assert payloads[0]["post"]["author"]["postCount"] == 1


async def test_only_the_author_restores_and_only_posts(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    await delete(api, post, by=world.alice)
    for number in (post, 1):
        assert refusals(await restore(api, number, by=world.bob)) == [("NotFoundError", ["postId"])]
    assert (await api.run(RESTORE, input={"postId": post_id(post)})).codes == ["UNAUTHENTICATED"]
    assert await seen(api, post) is None
