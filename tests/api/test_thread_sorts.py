"""Replies by what people make of them, and the thread's author's first: the order, its pages, and what they cost."""

import random
from typing import Any

import pytest

from app.worker import Worker
from core.paging import Listing, RankedKey, encode_cursor
from tests.api.paging import nodes, walk
from tests.fixtures.api import Api
from tests.worlds import NAMES, Person, World, post_id

REPLIES = """
query ($id: ID!, $first: Int!, $after: Cursor, $sort: ReplySort!) {
  post(id: $id) {
    replies(first: $first, after: $after, sort: $sort) {
      edges { cursor node { id body likeCount replyCount repostCount quoteCount author { handle } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
LISTINGS = {"TOP": Listing.REPLIES_TOP, "AUTHOR_FIRST": Listing.REPLIES_AUTHOR_FIRST}
COUNTS = ("likeCount", "replyCount", "repostCount", "quoteCount")
SORTS = ["OLDEST", "NEWEST", *LISTINGS]


async def replies(api: Api, post: int, sort: str, *, by: Person | None = None) -> list[str]:
    """The bodies of all replies on one big page."""
    data = await api.data(REPLIES, by=by, id=post_id(post), first=100, sort=sort)
    return nodes([data["post"]["replies"]])


async def pages_of(api: Api, post: int, sort: str, first: int) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(REPLIES, id=post_id(post), first=first, after=after, sort=sort))["post"]["replies"]

    return await walk(fetch)


async def test_top_counts_likes_replies_reposts_and_quotes_and_takes_the_oldest_of_equals(
    api: Api, world: World, worker: Worker
) -> None:
    root = await world.post(world.alice)
    ids = {
        body: await world.post(world.bob, body, reply_to=root)
        for body in ("none", "liked", "answered", "quoted", "loved")
    }
    await world.post(world.bob, "none either", reply_to=root)
    await world.like(world.carol, ids["liked"])
    await world.post(world.dan, "yes", reply_to=ids["answered"])
    await world.post(world.dan, "look", quote=ids["quoted"])
    await world.like(world.carol, ids["loved"])
    await world.repost(world.dan, ids["loved"])
    for _ in range(2):
        assert await replies(api, root, "TOP") == ["loved", "liked", "answered", "quoted", "none", "none either"]
        await worker.settle()


async def test_top_is_exact_in_the_very_next_request_whatever_is_folded(api: Api, world: World, worker: Worker) -> None:
    root = await world.post(world.alice)
    one, two = [await world.post(world.bob, body, reply_to=root) for body in ("one", "two")]
    for liker, post, expected in (
        (world.carol, two, ["two", "one"]),
        (world.carol, one, ["one", "two"]),
        (world.dan, two, ["two", "one"]),
    ):
        await world.like(liker, post)
        assert await replies(api, root, "TOP") == expected
        await worker.settle()
        assert await replies(api, root, "TOP") == expected


async def test_the_thread_authors_replies_come_first_so_that_what_they_tell_reads_on(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    middle = await world.post(world.alice, "2", reply_to=root)
    for author, body, parent in (
        (world.bob, "bob", root),
        (world.carol, "carol", middle),
        (world.alice, "aside", root),
        (world.alice, "3", middle),
        (world.bob, "bob again", middle),
    ):
        await world.post(author, body, reply_to=parent)
    assert await replies(api, root, "AUTHOR_FIRST") == ["2", "aside", "bob"]
    assert await replies(api, middle, "AUTHOR_FIRST") == ["3", "carol", "bob again"]


async def test_below_another_ones_reply_it_is_still_the_thread_author_who_comes_first(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    question = await world.post(world.bob, "why?", reply_to=root)
    for author in (world.bob, world.carol, world.alice):
        await world.post(author, author.handle, reply_to=question)
    assert await replies(api, question, "AUTHOR_FIRST") == ["alice", "bob", "carol"]


async def test_the_order_does_not_tell_who_wrote_a_deleted_root(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    below = await world.post(world.bob, reply_to=root)
    for author in (world.carol, world.alice):
        await world.post(author, author.handle, reply_to=below)
    assert await replies(api, below, "AUTHOR_FIRST") == ["alice", "carol"]
    await world.delete(world.alice, root)
    assert await replies(api, below, "AUTHOR_FIRST") == ["carol", "alice"]


@pytest.mark.parametrize("sort", list(LISTINGS))
async def test_deleted_replies_are_gone_and_a_stranger_sees_what_all_see(api: Api, world: World, sort: str) -> None:
    root = await world.post(world.alice)
    gone = await world.post(world.bob, "gone", reply_to=root)
    await world.post(world.bob, "there", reply_to=root)
    await world.like(world.carol, gone)
    await world.delete(world.bob, gone)
    for viewer in (None, world.alice, world.eve):
        assert await replies(api, root, sort, by=viewer) == ["there"]


@pytest.mark.parametrize("sort", list(LISTINGS))
async def test_a_post_without_replies_has_an_empty_page(api: Api, world: World, sort: str) -> None:
    data = await api.data(REPLIES, id=post_id(await world.post(world.alice)), first=5, sort=sort)
    page_info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert data["post"]["replies"] == {"edges": [], "pageInfo": page_info}


async def _busy_post(world: World, chance: random.Random, worker: Worker) -> int:
    """A post with 40 replies to which people did things at random, half of them folded into the totals."""
    root = await world.post(world.alice)
    authors = [world.people[name] for name in chance.choices(NAMES, k=40)]
    ids = [await world.post(author, f"reply {number}", reply_to=root) for number, author in enumerate(authors)]
    for _ in range(2):
        for _ in range(40):
            person, target = world.people[chance.choice(NAMES)], chance.choice(ids)
            match chance.randrange(5):
                case 0:
                    await world.post(person, "below", reply_to=target)
                case 1:
                    await world.post(person, "beside", quote=target)
                case 2:
                    await world.repost(person, target)
                case _:
                    await world.like(person, target)
        await worker.settle()
        await world.like(world.eve, chance.choice(ids))
    return root


@pytest.mark.parametrize("seed", range(3))
async def test_every_order_equals_a_plain_model_and_its_pages_equal_one_big_page(
    api: Api, world: World, worker: Worker, seed: int
) -> None:
    chance = random.Random(seed)
    root = await _busy_post(world, chance, worker)
    data = await api.data(REPLIES, id=post_id(root), first=100, sort="OLDEST")
    oldest = [edge["node"] for edge in data["post"]["replies"]["edges"]]
    assert len(oldest) == 40
    expected = {
        "OLDEST": oldest,
        "NEWEST": oldest[::-1],
        # Sorting is stable.
        "TOP": sorted(oldest, key=lambda node: -sum(node[name] for name in COUNTS)),
        "AUTHOR_FIRST": sorted(oldest, key=lambda node: node["author"]["handle"] != "alice"),
    }
    for sort in SORTS:
        bodies = [node["body"] for node in expected[sort]]
        for first in (1, 7, 39, 40, 41):
            pages = await pages_of(api, root, sort, first)
            assert nodes(pages) == bodies, (sort, first)
            assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False] + [True] * (len(pages) - 1)
            for page in pages:
                cursors = [edge["cursor"] for edge in page["edges"]]
                assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])


async def test_paging_through_top_shows_whatever_keeps_its_counts_once_while_others_rise(
    api: Api, world: World
) -> None:
    root = await world.post(world.alice)
    ids = [await world.post(world.bob, f"reply {number}", reply_to=root) for number in range(12)]
    for number, reply in enumerate(ids[:6]):
        for liker in NAMES[: number % 5]:
            await world.like(world.people[liker], reply)
    restless = iter(ids[6:9])

    async def fetch(after: str | None) -> Any:
        return (await api.data(REPLIES, id=post_id(root), first=2, after=after, sort="TOP"))["post"]["replies"]

    async def one_rises() -> None:
        reply = next(restless, None)
        if reply is not None:
            for liker in NAMES:
                await world.like(world.people[liker], reply)

    shown = nodes(await walk(fetch, between=one_rises))
    for number in (*range(6), *range(9, 12)):
        assert shown.count(f"reply {number}") == 1


@pytest.mark.parametrize("sort", list(LISTINGS))
async def test_cursors_of_other_orders_and_made_up_ones_are_refused(api: Api, world: World, sort: str) -> None:
    root = await world.post(world.alice)
    reply = await world.post(world.bob, "there", reply_to=root)
    own = LISTINGS[sort]
    good = encode_cursor(own, RankedKey(rank=1, id=reply))
    others = [encode_cursor(listing, RankedKey(1, reply)) for listing in Listing if listing is not own]
    plain = [encode_cursor(listing, reply) for listing in Listing]
    negative = [encode_cursor(own, RankedKey(-1, reply)), encode_cursor(own, RankedKey(1, -reply))]
    for cursor in (*others, *plain, *negative, good[:-1], good + "A", good + "=", "", "17", "null", "💀", "\x00"):
        answer = await api.run(REPLIES, id=post_id(root), first=1, after=cursor, sort=sort)
        assert answer.codes == ["BAD_CURSOR"], cursor
    for rank, number in ((0, 0), (1, 0), (2**63 - 1, 2**63 - 1), (2**63 - 1, 0), (0, 2**63 - 1)):
        cursor = encode_cursor(own, RankedKey(rank, number))
        assert not (await api.run(REPLIES, id=post_id(root), first=1, after=cursor, sort=sort)).errors


@pytest.mark.parametrize("sort", list(LISTINGS))
@pytest.mark.parametrize("count", [3, 60])
async def test_a_ranked_page_of_each_post_of_a_feed_is_one_more_statement(
    api: Api, world: World, sort: str, count: int
) -> None:
    for number in range(10):
        root = await world.post(world.bob, f"post {number}")
        for reply in range(count // 3):
            await world.post(world.carol, f"{number}.{reply}", reply_to=root)
    document = """
    query ($sort: ReplySort!) { publicFeed(first: 10) { edges { node {
      body replies(first: 5, sort: $sort) { edges { node { body likeCount author { handle followerCount } } } }
    } } } }
    """
    with api.budget(sql=2):
        data = await api.data(document, sort=sort)
    for place, edge in enumerate(data["publicFeed"]["edges"]):
        bodies = [f"{9 - place}.{reply}" for reply in range(min(count // 3, 5))]
        assert [reply["node"]["body"] for reply in edge["node"]["replies"]["edges"]] == bodies
