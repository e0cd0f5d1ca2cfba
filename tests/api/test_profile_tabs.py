"""The tabs of a profile: posts, replies, quotes."""

from typing import Any

from tests.api.paging import nodes, walk
from tests.fixtures.api import Api
from tests.worlds import Person, World

TAB = """
query ($handle: String!, $kind: UserPostsKind!, $first: Int!, $after: Cursor) {
  user(handle: $handle) {
    posts(kind: $kind, first: $first, after: $after) {
      edges { cursor node { body } reason { kind } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


async def tab(api: Api, kind: str, *, first: int = 10, after: str | None = None, by: Person | None = None) -> Any:
    """A page of a tab of Alice's profile."""
    found = await api.data(TAB, by=by, handle="alice", kind=kind, first=first, after=after)
    return found["user"]["posts"]


async def test_each_tab_has_its_posts(api: Api, world: World) -> None:
    bobs = await world.post(world.bob, "bob's")
    await world.post(world.alice, "plain")
    await world.post(world.alice, "reply", reply_to=bobs)
    await world.post(world.alice, "quote", quote=bobs)
    await world.post(world.alice, "reply with quote", quote=bobs, reply_to=bobs)
    await world.repost(world.alice, bobs)
    gone = await world.post(world.alice, "gone", quote=bobs)
    await world.delete(world.alice, gone)
    for viewer in (world.alice, world.eve, None):
        found = {kind: nodes([await tab(api, kind, by=viewer)]) for kind in ("POSTS", "REPLIES", "QUOTES")}
        assert found == {
            "POSTS": ["bob's", "quote", "plain"],
            "REPLIES": ["reply with quote", "reply"],
            "QUOTES": ["reply with quote", "quote"],
        }


async def test_quotes_page_and_have_cursors_of_their_own(api: Api, world: World) -> None:
    bobs = await world.post(world.bob)
    for number in range(5):
        await world.post(world.alice, f"quote {number}", quote=bobs)
    pages = await walk(lambda after: tab(api, "QUOTES", first=2, after=after))
    assert nodes(pages) == [f"quote {number}" for number in range(4, -1, -1)]
    cursor = pages[0]["pageInfo"]["endCursor"]
    answer = await api.run(TAB, handle="alice", kind="POSTS", first=2, after=cursor)
    assert answer.codes == ["BAD_CURSOR"]
    with api.budget(sql=1):
        await tab(api, "QUOTES", first=2)
    with api.budget(sql=2):
        await tab(api, "QUOTES", first=2, after=cursor)
