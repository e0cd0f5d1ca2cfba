"""Top-level errors: what a client is told when a request cannot be served, and what the log is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.services import ProcessServices
from app.settings import Settings
from core.paging import Listing, encode_cursor
from loaders import feeds as feed_loaders
from tests.fixtures.api import Api, api_over
from tests.worlds import World, post_id

PUBLIC = "{ publicFeed(first: 10) { edges { node { body author { handle } } } } }"
LIKE = "mutation ($input: LikePostInput!) { likePost(input: $input) { errors { code } } }"
UNAVAILABLE_WITHIN_S = 3.0
# Tests wait longer for Postgres than servers do (tests/fixtures/process.py).
TIMEOUTS = ("database_connect_timeout_s", "database_acquire_timeout_s")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@asynccontextmanager
async def served(settings: Settings, **changes: object) -> AsyncIterator[Api]:
    """The application of a process with other settings."""
    services = ProcessServices(settings.model_copy(update=changes))
    await services.start()
    try:
        async with api_over(services) as api:
            yield api
    finally:
        await services.stop()


async def assert_unavailable(api: Api, world: World) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [(PUBLIC, {}), (LIKE, {"input": {"postId": post_id(1)}})]
    for document, variables in asked:
        async with asyncio.timeout(UNAVAILABLE_WITHIN_S):
            answer = await api.run(document, by=world.alice, **variables)
        assert answer.codes == ["UNAVAILABLE"]
        assert answer.errors[0]["extensions"]["retryAfter"] > 0
        assert "postgres" not in str(answer.errors).lower()


async def test_a_postgres_that_refuses_is_unavailable(settings: Settings, world: World, closed_port: int) -> None:
    url = f"postgresql://nobody@127.0.0.1:{closed_port}/none"
    with capture_logs() as entries:
        async with served(settings, database_url=url) as api:
            await assert_unavailable(api, world)
            assert not await api.services.is_ready()
    told = [entry for entry in entries if entry["log_level"] != "debug"]
    assert told == [], "an outage is no bug of ours: nothing to log per request"


async def test_a_postgres_that_hangs_is_unavailable_in_time(settings: Settings, world: World, silent_port: int) -> None:
    url = f"postgresql://nobody@127.0.0.1:{silent_port}/none"
    usual = {name: Settings.model_fields[name].default for name in TIMEOUTS}
    async with served(settings, database_url=url, **usual) as api:
        await assert_unavailable(api, world)


async def test_what_was_asked_without_postgres_is_answered_without_it(
    settings: Settings, world: World, closed_port: int
) -> None:
    async with served(settings, database_url=f"postgresql://nobody@127.0.0.1:{closed_port}/none") as api:
        answer = await api.run("{ __typename }")
    assert answer.data == {"__typename": "Query"}


async def test_a_dead_redis_costs_no_error(settings: Settings, world: World, closed_port: int) -> None:
    post = await world.post(world.bob)
    async with served(settings, redis_url=f"redis://127.0.0.1:{closed_port}/0") as api:
        feed = await api.data("{ homeFeed(first: 10) { edges { node { id } } } }", by=world.alice)
        assert feed["homeFeed"]["edges"] == [{"node": {"id": post_id(post)}}]
        liked = await api.data(LIKE, by=world.alice, input={"postId": post_id(post)})
        assert liked["likePost"]["errors"] == []


async def test_what_nobody_expected_is_masked_and_logged_once(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_kwargs: object) -> Any:
        raise RuntimeError("a detail of ours")

    for number in range(3):
        await world.post(world.bob, f"post {number}")
    monkeypatch.setattr(feed_loaders, "load_entries", fail)
    with capture_logs() as entries:
        answer = await api.run(PUBLIC)
    assert answer.codes == ["INTERNAL"]
    [error] = answer.errors
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"]["requestId"] == answer.request_id
    assert "a detail of ours" not in str(answer)
    [entry] = entries
    assert (entry["event"], entry["request_id"]) == ("request failed", answer.request_id)
    assert str(entry["exc_info"]) == "a detail of ours"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{ publicFed { edges { cursor } } }", "Cannot query field 'publicFed' on type 'Query'. Did you mean"),
        ("{ publicFeed(first: 1) }", "must have a selection of subfields"),
        ("{ post { id } }", "of type 'ID!' is required, but it was not provided"),
        ('{ publicFeed(first: "two") { edges { cursor } } }', 'Int cannot represent non-integer value: "two"'),
        ("query ($id: ID!) { post(id: $id) { id } }", "Variable '$id'"),
        ("{", "Syntax Error"),
    ],
)
async def test_a_mistake_in_a_document_is_told_readably_and_not_logged(api: Api, document: str, says: str) -> None:
    with capture_logs() as entries:
        answer = await api.run(document)
    assert answer.codes == ["BAD_INPUT"]
    assert says in answer.errors[0]["message"]
    assert answer.data is None
    assert entries == []


LISTS = {
    "homeFeed": (Listing.HOME_FEED, "{ homeFeed(%s) { edges { cursor } } }"),
    "publicFeed": (Listing.PUBLIC_FEED, "{ publicFeed(%s) { edges { cursor } } }"),
    "posts": (Listing.USER_POSTS, '{ user(handle: "bob") { posts(%s) { edges { cursor } } } }'),
    "followers": (Listing.FOLLOWERS, '{ user(handle: "bob") { followers(%s) { edges { cursor } } } }'),
    "following": (Listing.FOLLOWING, '{ user(handle: "bob") { following(%s) { edges { cursor } } } }'),
    "likes": (Listing.VIEWER_LIKES, "{ viewer { likes(%s) { edges { cursor } } } }"),
    "bookmarks": (Listing.BOOKMARKS, "{ viewer { bookmarks(%s) { edges { cursor } } } }"),
    "bookmarkFolders": (Listing.BOOKMARK_FOLDERS, "{ viewer { bookmarkFolders(%s) { edges { cursor } } } }"),
    "replies": (Listing.REPLIES_OLDEST_FIRST, '{ post(id: "POST") { replies(%s) { edges { cursor } } } }'),
    "newest replies": (
        Listing.REPLIES_NEWEST_FIRST,
        '{ post(id: "POST") { replies(sort: NEWEST, %s) { edges { cursor } } } }',
    ),
    "muted threads": (Listing.MUTED_THREADS, "{ viewer { mutedThreads(%s) { edges { cursor } } } }"),
    "followed threads": (Listing.FOLLOWED_THREADS, "{ viewer { followedThreads(%s) { edges { cursor } } } }"),
    "likedBy": (Listing.LIKED_BY, '{ post(id: "POST") { likedBy(%s) { edges { cursor } } } }'),
    "repostedBy": (Listing.REPOSTED_BY, '{ post(id: "POST") { repostedBy(%s) { edges { cursor } } } }'),
    "ancestors": (Listing.ANCESTORS, '{ post(id: "POST") { ancestors(%s) { edges { cursor } } } }'),
}


@pytest.fixture
async def listed(world: World) -> Callable[[str, str], str]:
    """The document that asks for a list with some arguments."""
    post = post_id(await world.post(world.bob))
    return lambda name, arguments: (LISTS[name][1] % arguments).replace("POST", post)


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_of_an_impossible_size_is_bad_input(
    api: Api, world: World, listed: Callable[[str, str], str], name: str
) -> None:
    for first in (0, 101, -1, -(2**31)):
        answer = await api.run(listed(name, f"first: {first}"), by=world.alice)
        assert answer.codes == ["BAD_INPUT"]
        assert "between 1 and 100" in answer.errors[0]["message"]
    for first in (1, 100):
        assert not (await api.run(listed(name, f"first: {first}"), by=world.alice)).errors


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_that_the_list_never_gave_out_is_refused(
    api: Api, world: World, listed: Callable[[str, str], str], name: str
) -> None:
    own = LISTS[name][0]
    good = encode_cursor(own, 2**40)
    foreign = [encode_cursor(listing, 2**40) for listing in Listing if listing is not own]
    flipped = [good[:place] + ("A" if good[place] != "A" else "_") + good[place + 1 :] for place in (0, 1, 2)]
    for cursor in (*foreign, *flipped, good[:-1], good + "A", good + "=", "", "zzz", "17", "null", "💀"):
        answer = await api.run(listed(name, f'first: 1, after: "{cursor}"'), by=world.alice)
        assert answer.codes == ["BAD_CURSOR"], cursor
    assert not (await api.run(listed(name, f'first: 1, after: "{good}"'), by=world.alice)).errors
