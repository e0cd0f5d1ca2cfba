"""Quotes: what is embedded, what is counted, and what stays of a quote whose post is gone."""

from typing import Any

from app.worker import Worker
from tests.api.posts import CREATE, delete, refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

QUOTE = """
quote {
  __typename
  ... on Post { id body author { handle } quote { __typename ... on Post { id } ... on Unavailable { id } } }
  ... on Unavailable { id }
}
"""
POST = f"""
query ($id: ID!, $after: Cursor) {{
  post(id: $id) {{
    body quoteCount {QUOTE}
    quotes(first: 2, after: $after) {{ edges {{ node {{ body }} }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
"""
FEED = f"{{ homeFeed(first: 20) {{ edges {{ node {{ body {QUOTE} }} }} }} }}"


async def quote(api: Api, number: int, body: str, *, by: Person) -> Any:
    """The payload of a quote."""
    return (await api.data(CREATE, by=by, input={"body": body, "quoteId": post_id(number)}))["createPost"]


async def seen(api: Api, number: int, *, after: str | None = None) -> Any:
    """The post with its quotes."""
    return (await api.data(POST, id=post_id(number), after=after))["post"]


async def test_a_quote_shows_the_post_and_one_more_by_its_id(api: Api, world: World) -> None:
    first = await world.post(world.alice, "first")
    second = await world.post(world.bob, "second", quote=first)
    third = await world.post(world.carol, "third", quote=second)
    found = (await seen(api, third))["quote"]
    assert (found["__typename"], found["body"], found["author"]["handle"]) == ("Post", "second", "bob")
    assert found["quote"] == {"__typename": "Post", "id": post_id(first)}


async def test_quotes_are_counted_and_listed_newest_first(api: Api, world: World, worker: Worker) -> None:
    post = await world.post(world.alice, "quoted")
    for number, person in enumerate([world.bob, world.carol, world.bob]):
        assert (await quote(api, post, f"quote {number}", by=person))["errors"] == []
    for _ in range(2):
        found = await seen(api, post)
        assert found["quoteCount"] == 3
        assert [edge["node"]["body"] for edge in found["quotes"]["edges"]] == ["quote 2", "quote 1"]
        rest = await seen(api, post, after=found["quotes"]["pageInfo"]["endCursor"])
        assert [edge["node"]["body"] for edge in rest["quotes"]["edges"]] == ["quote 0"]
        assert not rest["quotes"]["pageInfo"]["hasNextPage"]
        await worker.settle()


async def test_a_deleted_quote_is_neither_counted_nor_listed(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    quoting = await world.post(world.bob, "quoting", quote=post)
    await delete(api, post_id(quoting), by=world.bob)
    found = await seen(api, post)
    assert (found["quoteCount"], found["quotes"]["edges"]) == (0, [])


async def test_a_quote_of_what_is_deleted_keeps_its_own_words(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    quoting = await world.post(world.bob, "quoting", quote=post)
    await world.delete(world.alice, post)
    found = await seen(api, quoting)
    assert found["body"] == "quoting"
    assert found["quote"] == {"__typename": "Unavailable", "id": post_id(post)}


async def test_a_post_may_reply_and_quote_at_once(api: Api, world: World) -> None:
    parent, quoted = await world.post(world.alice, "parent"), await world.post(world.carol, "quoted")
    given = {"body": "both", "replyToId": post_id(parent), "quoteId": post_id(quoted)}
    payload = (await api.data(CREATE, by=world.bob, input=given))["createPost"]
    assert payload["post"]["replyTo"]["replyCount"] == 1
    assert (await seen(api, quoted))["quoteCount"] == 1


async def test_what_cannot_be_seen_cannot_be_quoted(api: Api, world: World) -> None:
    gone = await world.post(world.alice)
    await world.delete(world.alice, gone)
    for number in (gone, 1):
        assert refusals(await quote(api, number, "quote", by=world.bob)) == [("NotFoundError", ["quoteId"])]


async def test_quoting_needs_a_viewer_and_words(api: Api, world: World) -> None:
    post = await world.post(world.alice)
    answer = await api.run(CREATE, input={"body": "quote", "quoteId": post_id(post)})
    assert answer.codes == ["UNAUTHENTICATED"]
    assert refusals(await quote(api, post, " ", by=world.bob)) == [("ValidationError", ["body"])]
    assert (await seen(api, post))["quoteCount"] == 0


async def test_a_feed_of_quotes_costs_a_statement_for_each_level(api: Api, world: World) -> None:
    for _ in range(2):
        for _ in range(8):
            inner = await world.post(world.eve, "inner")
            outer = await world.post(world.carol, "outer", quote=inner)
            await world.post(world.bob, "quote", quote=outer)
        await api.data(FEED, by=world.alice)
        await api.services.resources.home.rebuilt()
        with api.budget(sql=3, redis=1):
            edges: Any = (await api.data(FEED, by=world.alice))["homeFeed"]["edges"]
        assert {edge["node"]["quote"]["__typename"] for edge in edges} == {"Post"}
