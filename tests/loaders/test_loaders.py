"""Loaders: order, duplicates, absence, chunks, and one statement for a batch."""

import asyncio
from collections.abc import Callable

import pytest

from access.viewer import Viewer
from app.services import ProcessServices
from core.database import Reader
from core.paging import PageRequest
from loaders.posts import fetch_posts_by_id
from loaders.registry import Loaders
from loaders.rows import Following, UserRow
from loaders.tabs import Tab
from loaders.wanted import WHOLE_POSTS
from tests.fixtures.api import Api
from tests.worlds import World

ABSENT = 1
LoadersOf = Callable[[Viewer | None], Loaders]


@pytest.fixture
def loaders(services: ProcessServices) -> LoadersOf:
    """Makes the loaders of a viewer."""
    return lambda viewer: Loaders(services.db, viewer=viewer)


async def test_values_come_in_the_order_of_keys_with_duplicates_and_gaps(
    api: Api, world: World, loaders: LoadersOf
) -> None:
    one, two, three = [await world.post(world.bob, body) for body in ("one", "two", "three")]
    with api.budget(sql=1):
        rows = await loaders(None).posts.load_many([three, ABSENT, one, three, two, one])
    assert [row and row.body for row in rows] == ["three", None, "one", "three", "two", "one"]


async def test_what_is_asked_for_separately_at_once_is_one_statement(
    api: Api, world: World, loaders: LoadersOf
) -> None:
    posts = [await world.post(world.bob) for _ in range(5)]
    opened = loaders(world.alice.viewer)
    with api.budget(sql=1):
        await asyncio.gather(*(opened.posts.load(post) for post in posts))
    with api.budget(sql=0):
        await opened.posts.load_many(posts)


async def test_parts_that_nobody_foresaw_come_by_one_statement(api: Api, world: World, loaders: LoadersOf) -> None:
    stranger = await world.join("stranger")
    await world.follow(world.alice, stranger)
    post = await world.post(stranger)
    await world.like(world.alice, post)
    opened = loaders(world.alice.viewer)
    with api.budget(sql=2):
        counts, follows, is_followed, of_post, has_liked = await asyncio.gather(
            opened.user_counts.load(stranger.account_id),
            opened.viewer_follows.load(stranger.account_id),
            opened.viewer_followers.load(stranger.account_id),
            opened.post_counts.load(post),
            opened.viewer_likes.load(post),
        )
    assert counts is not None
    assert of_post is not None
    assert (counts.follower_count, follows, is_followed) == (1, Following.FOLLOWING, False)
    assert (of_post.like_count, has_liked) == (1, True)


async def test_a_post_brings_its_counts_its_author_and_the_viewers_state(
    api: Api, world: World, loaders: LoadersOf
) -> None:
    post = await world.post(world.bob)
    await world.like(world.alice, post)
    opened = loaders(world.alice.viewer)
    with api.budget(sql=1):
        await opened.posts.load(post)
        counts = await opened.post_counts.load(post)
        has_liked = await opened.viewer_likes.load(post)
        has_reposted = await opened.viewer_reposts.load(post)
        author = await opened.users.load(world.bob.account_id)
        author_counts = await opened.user_counts.load(world.bob.account_id)
        following = await opened.viewer_follows.load(world.bob.account_id)
    assert counts is not None
    assert author is not None
    assert author_counts is not None
    assert (counts.like_count, has_liked, has_reposted) == (1, True, False)
    assert (author.handle, author_counts.follower_count) == ("bob", 1)
    assert following == Following.FOLLOWING


@pytest.mark.parametrize(("keys", "statements"), [(1, 1), (500, 1), (501, 2), (1200, 3)])
async def test_many_keys_go_in_chunks_of_five_hundred(
    api: Api, world: World, loaders: LoadersOf, keys: int, statements: int
) -> None:
    post = await world.post(world.bob)
    wanted = [*range(1, keys), post]
    sent: list[str] = []
    db = api.services.db
    db.observers.append(sent.append)
    rows = await loaders(None).posts.load_many(wanted)
    db.observers.remove(sent.append)
    assert len([text for text in sent if "FROM post" in text]) == statements
    assert [row is not None for row in rows] == [False] * (keys - 1) + [True]


async def test_deleted_posts_reposts_and_absent_ones_are_none_alike(world: World, loaders: LoadersOf) -> None:
    deleted, shown = await world.post(world.bob), await world.post(world.bob)
    await world.delete(world.bob, deleted)
    await world.repost(world.carol, shown)
    repost = (
        await loaders(None).entries(PageRequest(1), WHOLE_POSTS, tab=Tab.POSTS).load(world.carol.account_id) or []
    )[0]
    assert repost.post_id == shown
    for viewer in (None, world.bob.viewer, world.carol.viewer):
        assert await loaders(viewer).posts.load_many([deleted, repost.id, ABSENT]) == [None, None, None]


async def test_fetching_is_raw_and_loading_is_guarded(
    world: World, services: ProcessServices, loaders: LoadersOf
) -> None:
    deleted = await world.post(world.bob)
    await world.delete(world.bob, deleted)
    found = await fetch_posts_by_id(services.db, [deleted, ABSENT], viewer_id=0)
    assert found.posts.keys() == {deleted}
    row = found.posts[deleted]
    assert row is not None
    assert row.deleted_at is not None
    assert await loaders(None).posts.load(deleted) is None


async def test_handles_are_found_in_lower_case(api: Api, world: World, loaders: LoadersOf) -> None:
    await world.join("FeltHat")
    with api.budget(sql=1):
        users = await loaders(None).users_by_handle.load_many(["bob", "felthat", "nobody", "bob"])
    assert [user and user.handle for user in users] == ["bob", "FeltHat", None, "bob"]


async def test_pages_of_many_parents_are_one_statement_and_never_mixed(
    api: Api, world: World, loaders: LoadersOf
) -> None:
    parents = [await world.post(world.bob, f"parent {number}") for number in range(6)]
    for number, parent in enumerate(parents):
        for reply in range(number):
            await world.post(world.carol, f"{number}.{reply}", reply_to=parent)
    request = PageRequest(3)
    opened = loaders(None)
    with api.budget(sql=1):
        pages = await opened.replies(request, is_newest_first=False).load_many(parents)
    assert all(page is not None for page in pages)
    bodies = [[row.body for _, row in page.items] for page in pages if page is not None]
    assert bodies == [[f"{number}.{reply}" for reply in range(min(number, 3))] for number in range(6)]
    assert [page.has_next for page in pages if page is not None] == [number > 3 for number in range(6)]


async def test_an_event_sees_what_changed_because_its_loaders_are_new(world: World, loaders: LoadersOf) -> None:
    post = await world.post(world.bob)
    opened = loaders(None)
    await opened.posts.load(post)
    await world.delete(world.bob, post)
    assert await opened.posts.load(post) is not None
    assert await loaders(None).posts.load(post) is None


class _FailingReader(Reader):
    """A reader whose every statement fails."""

    async def rows(self, *_args: object, **_kwargs: object) -> list[UserRow]:  # type: ignore[override]  # only fails
        raise RuntimeError("made up")


async def test_a_failed_batch_fails_everyone_who_waits_for_it() -> None:
    opened = Loaders(_FailingReader(), viewer=None)
    results = await asyncio.gather(*(opened.users.load(key) for key in (1, 2, 3)), return_exceptions=True)
    assert [str(result) for result in results] == ["made up"] * 3
