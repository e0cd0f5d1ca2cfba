"""Hidden replies: gone from every list of replies but their own, still there by id, still counted."""

import asyncio
from typing import Any

import pytest

from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.policies import reasons
from tests.api.posts import act, act_document, delete, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

ACTS = ["hideReply", "unhideReply"]
SORTS = ["OLDEST", "NEWEST", "TOP", "AUTHOR_FIRST"]
_PAGE = "edges { node { id body isHiddenReply } } pageInfo { hasNextPage endCursor }"
REPLIES = f"""
query ($id: ID!, $sort: ReplySort!) {{
  post(id: $id) {{ replyCount replies(first: 10, sort: $sort) {{ {_PAGE} }} hiddenReplies {{ {_PAGE} }} }}
}}
"""
HIDDEN = f"""
query ($id: ID!, $first: Int!, $after: Cursor) {{
  post(id: $id) {{ hiddenReplies(first: $first, after: $after) {{ {_PAGE} }} }}
}}
"""
FEED = "{ publicFeed(first: 10) { edges { node { id replies(first: 5) { edges { node { body isHiddenReply } } } } } } }"
TREE = """
query ($id: ID!) {
  post(id: $id) {
    replies(first: 9) { edges { node { body replies(first: 9) { edges { node { body } } } } } }
  }
}
"""
BY_ID = "query ($id: ID!) { post(id: $id) { body isHiddenReply } }"


async def listed(api: Api, number: int, sort: str, *, by: Person | None = None) -> tuple[list[str], list[str]]:
    """The bodies of a post's replies, and of its hidden ones."""
    found = (await api.data(REPLIES, by=by, id=post_id(number), sort=sort))["post"]
    return nodes([found["replies"]]), nodes([found["hiddenReplies"]])


async def hidden_pages(api: Api, number: int, first: int) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        found = await api.data(HIDDEN, id=post_id(number), first=first, after=after)
        return found["post"]["hiddenReplies"]

    return await walk(fetch)


async def is_hidden(api: Api, number: int, *, by: Person | None = None) -> bool:
    found = (await api.data(BY_ID, by=by, id=post_id(number)))["post"]
    hidden: bool = found["isHiddenReply"]
    return hidden


@pytest.mark.parametrize("sort", SORTS)
async def test_a_hidden_reply_is_in_no_order_until_it_is_shown_again(api: Api, world: World, sort: str) -> None:
    root = await world.post(world.alice)
    one, two = [await world.post(author, author.handle, reply_to=root) for author in (world.bob, world.eve)]
    await world.like(world.carol, two)
    assert (await act(api, "hideReply", post_id(two), by=world.alice))["errors"] == []
    for viewer in (world.alice, world.bob, world.eve, None):
        assert await listed(api, root, sort, by=viewer) == (["bob"], ["eve"])
        assert (await is_hidden(api, two, by=viewer), await is_hidden(api, one, by=viewer)) == (True, False)
    assert (await seen(api, root))["replyCount"] == 2
    assert (await act(api, "unhideReply", post_id(two), by=world.alice))["errors"] == []
    shown, hidden = await listed(api, root, sort)
    assert (sorted(shown), hidden) == (["bob", "eve"], [])


async def test_hiding_twice_is_hiding_once_and_so_is_showing(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    reply = await world.post(world.bob, "reply", reply_to=root)
    for name, expected in (("hideReply", True), ("unhideReply", False)):
        for _ in range(2):
            payload = await act(api, name, post_id(reply), by=world.alice)
            assert (payload["errors"], payload["post"]["id"]) == ([], post_id(reply))
            assert await is_hidden(api, reply) is expected


async def test_a_tree_and_a_feed_show_no_hidden_replies(api: Api, world: World) -> None:
    root = await world.post(world.alice, "root")
    reply = await world.post(world.bob, "reply", reply_to=root)
    await world.post(world.carol, "fine", reply_to=reply)
    below = await world.post(world.carol, "rude", reply_to=reply)
    other = await world.post(world.eve, "other", reply_to=root)
    await act(api, "hideReply", post_id(below), by=world.bob)
    await act(api, "hideReply", post_id(other), by=world.alice)
    edges = (await api.data(TREE, id=post_id(root)))["post"]["replies"]["edges"]
    assert [edge["node"]["body"] for edge in edges] == ["reply"]
    assert [edge["node"]["body"] for edge in edges[0]["node"]["replies"]["edges"]] == ["fine"]
    with api.budget(sql=1):
        (entry,) = (await api.data(FEED))["publicFeed"]["edges"]
    assert [edge["node"] for edge in entry["node"]["replies"]["edges"]] == [{"body": "reply", "isHiddenReply": False}]


async def test_what_is_below_a_hidden_reply_is_found_there(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    reply = await world.post(world.bob, "reply", reply_to=root)
    below = await world.post(world.carol, "below", reply_to=reply)
    await act(api, "hideReply", post_id(reply), by=world.alice)
    assert await listed(api, reply, "OLDEST") == (["below"], [])
    assert not await is_hidden(api, below)


async def test_hidden_replies_are_paged_newest_first_without_deleted_ones(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    replies = [await world.post(world.bob, str(number), reply_to=root) for number in range(6)]
    for number in (3, 0, 5, 1, 4):
        await act(api, "hideReply", post_id(replies[number]), by=world.alice)
    await delete(api, post_id(replies[3]), by=world.bob)
    pages = await hidden_pages(api, root, 2)
    assert nodes(pages) == ["5", "4", "1", "0"]
    assert await listed(api, root, "OLDEST") == (["2"], ["5", "4", "1", "0"])


async def test_cursors_of_other_lists_are_refused(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    await world.post(world.bob, reply_to=root)
    found = await api.data(REPLIES, id=post_id(root), sort="OLDEST")
    cursor = found["post"]["replies"]["pageInfo"]["endCursor"]
    for after in (cursor, "", "' OR 1=1 --", "\x00", "%"):
        answered = await api.run(HIDDEN, id=post_id(root), first=2, after=after)
        assert answered.codes == ["BAD_CURSOR"]


@pytest.mark.parametrize("name", ACTS)
async def test_who_wrote_the_post_above_or_the_root_hides_replies_and_nobody_else(
    api: Api, world: World, name: str
) -> None:
    root = await world.post(world.alice)
    middle = await world.post(world.bob, reply_to=root)
    between = await world.post(world.carol, reply_to=middle)
    last = await world.post(world.dan, reply_to=between)
    for person in world.people.values():
        may = person in (world.alice, world.carol)
        assert (await reasons(api, last, by=person))["hideReply"] == ([] if may else ["NOT_AUTHOR_ABOVE"])
        found = refusals(await act(api, name, post_id(last), by=person))
        assert found == ([] if may else [("NotAllowedError", ["postId"])])
    assert (await reasons(api, last))["hideReply"] == ["NOT_SIGNED_IN"]


@pytest.mark.parametrize("name", ACTS)
async def test_what_replies_to_nothing_is_not_hidden(api: Api, world: World, name: str) -> None:
    root = await world.post(world.alice)
    assert (await reasons(api, root, by=world.alice))["hideReply"] == ["NOT_A_REPLY"]
    payload = await act(api, name, post_id(root), by=world.alice)
    assert (payload["post"], refusals(payload)) == (None, [("NotAllowedError", ["postId"])])
    assert payload["errors"][0]["message"] == "This post replies to nothing."


@pytest.mark.parametrize("name", ACTS)
async def test_a_deleted_reply_is_not_found_and_strangers_sign_in_first(api: Api, world: World, name: str) -> None:
    root = await world.post(world.alice)
    reply = await world.post(world.bob, reply_to=root)
    answered = await api.run(act_document(name), input={"postId": post_id(reply)})
    assert answered.codes == ["UNAUTHENTICATED"]
    await world.delete(world.bob, reply)
    for missing in (post_id(reply), "", "' OR 1=1 --", "\x00"):
        assert refusals(await act(api, name, missing, by=world.alice)) == [("NotFoundError", ["postId"])]


async def test_hiding_and_showing_at_once_leave_one_of_them(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    reply = await world.post(world.bob, "reply", reply_to=root)
    payloads = await asyncio.gather(*(act(api, name, post_id(reply), by=world.alice) for name in ACTS * 10))
    assert all(payload["errors"] == [] for payload in payloads)
    shown, hidden = await listed(api, root, "OLDEST")
    assert shown + hidden == ["reply"]
    assert await is_hidden(api, reply) is bool(hidden)
    assert (await seen(api, root))["replyCount"] == 1


async def test_hidden_replies_of_a_post_cost_a_statement_and_run_compiled(api: Api, world: World) -> None:
    root = await world.post(world.alice)
    for number in range(3):
        reply = await world.post(world.bob, str(number), reply_to=root)
        await act(api, "hideReply", post_id(reply), by=world.alice)
    with api.budget(sql=2):
        await api.data(HIDDEN, id=post_id(root), first=20, after=None)
    assert fallbacks_of(api, HIDDEN, id=post_id(root), first=20) == []
