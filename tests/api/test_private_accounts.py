"""Private accounts: strangers see their face and their counts, and nothing that is behind these."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from actions import profiles
from app.worker import Worker
from core.database import command
from loaders.rows import ProfileField
from models.blocks import block
from tests.api.compiled import fallbacks_of
from tests.api.paging import nodes, walk
from tests.api.posts import POST_ACTS, act, create, refusals, seen
from tests.fixtures.api import Api
from tests.worlds import Person, World, post_id

LISTS = ("posts", "replies", "quotes", "followers", "following")
PROFILE = """
query ($handle: String!) {
  user(handle: $handle) {
    handle displayName bio avatarUrl isPrivate postCount followerCount followingCount
    headerUrl website location fields { name value }
  }
}
"""
EVERY_LIST = """
query ($handle: String!, $first: Int! = 2) {
  user(handle: $handle) {
    posts(first: $first) { edges { node { body } } pageInfo { hasNextPage endCursor } }
    replies: posts(kind: REPLIES, first: $first) { edges { node { body } } pageInfo { hasNextPage endCursor } }
    quotes: posts(kind: QUOTES, first: $first) { edges { node { body } } pageInfo { hasNextPage endCursor } }
    followers(first: $first) { edges { node { handle } } pageInfo { hasNextPage endCursor } }
    following(first: $first) { edges { node { handle } } pageInfo { hasNextPage endCursor } }
    pinnedPosts { body }
  }
}
"""
UPDATE = """
mutation ($input: UpdateSettingsInput!) {
  updateSettings(input: $input) { viewer { user { isPrivate } settings { isPrivate } } errors { __typename path } }
}
"""
SETTINGS = "{ viewer { settings { isPrivate } } }"
PUBLIC = "{ publicFeed { edges { node { body } } } }"
NOTHING = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}

_BLOCK = command(
    sa.insert(block).values(
        blocker_id=sa.bindparam("blocker", type_=sa.BigInteger), blocked_id=sa.bindparam("blocked", type_=sa.BigInteger)
    )
)


async def update(api: Api, *, by: Person, is_private: bool | None) -> Any:
    """The payload of updateSettings."""
    return (await api.data(UPDATE, by=by, input={"isPrivate": is_private}))["updateSettings"]


@pytest.fixture
async def private(world: World) -> Person:
    """Bob, with a whole profile and something in each of its lists. Alice follows him and has posted."""
    post = await world.post(world.bob, "open before")
    await world.post(world.bob, "a reply", reply_to=await world.post(world.alice, "by alice"))
    await world.post(world.bob, "a quote", quote=post)
    change = profiles.ProfileChange(
        bio="about me",
        avatar_url="https://rookery.example/face.png",
        header_url="https://rookery.example/wide.png",
        website="https://rookery.example/",
        location="a nest",
        fields=[ProfileField("pronouns", "they")],
    )
    await world.services.db.transact(profiles.update_profile, world.bob.viewer, change)
    await world.make_private(world.bob)
    return world.bob


async def test_settings_change_and_stay(api: Api, world: World) -> None:
    assert await api.data(SETTINGS, by=world.bob) == {"viewer": {"settings": {"isPrivate": False}}}
    for is_private in (True, True, False, False):
        payload = await update(api, by=world.bob, is_private=is_private)
        assert payload["errors"] == []
        assert payload["viewer"] == {"user": {"isPrivate": is_private}, "settings": {"isPrivate": is_private}}
        unchanged = await update(api, by=world.bob, is_private=None)
        assert unchanged["viewer"]["settings"] == {"isPrivate": is_private}
        assert await api.data(SETTINGS, by=world.bob) == {"viewer": {"settings": {"isPrivate": is_private}}}
    assert await api.data(SETTINGS, by=world.alice) == {"viewer": {"settings": {"isPrivate": False}}}
    assert await api.data(SETTINGS) == {"viewer": None}


async def test_settings_need_a_viewer(api: Api, world: World) -> None:
    assert (await api.run(UPDATE, input={"isPrivate": True})).codes == ["UNAUTHENTICATED"]


async def test_strangers_see_face_and_counts_followers_the_whole_profile(
    api: Api, world: World, private: Person
) -> None:
    face = {
        "handle": "bob",
        "displayName": "Bob",
        "bio": "about me",
        "avatarUrl": "https://rookery.example/face.png",
        "isPrivate": True,
        "postCount": 3,
        "followerCount": 1,
        "followingCount": 1,
    }
    rest = {
        "headerUrl": "https://rookery.example/wide.png",
        "website": "https://rookery.example/",
        "location": "a nest",
        "fields": [{"name": "pronouns", "value": "they"}],
    }
    nothing: dict[str, Any] = {"headerUrl": None, "website": None, "location": None, "fields": []}
    for friend in (private, world.alice):
        assert (await api.data(PROFILE, by=friend, handle="bob"))["user"] == face | rest
    for viewer in (world.eve, world.carol, None):
        assert (await api.data(PROFILE, by=viewer, handle="bob"))["user"] == face | nothing


async def test_strangers_find_every_list_empty(api: Api, world: World, private: Person) -> None:
    await act(api, "pinPost", post_id(await world.post(private, "pinned, for @eve")), by=private)
    for viewer in (world.eve, world.carol, None):
        user = (await api.data(EVERY_LIST, by=viewer, handle="bob"))["user"]
        assert user == {**dict.fromkeys(LISTS, NOTHING), "pinnedPosts": []}
    for viewer in (private, world.alice):
        user = (await api.data(EVERY_LIST, by=viewer, handle="bob"))["user"]
        assert [len(user[name]["edges"]) for name in LISTS] == [2, 1, 1, 1, 1]
        assert nodes([user["posts"]]) == ["pinned, for @eve", "a quote"]
        assert user["pinnedPosts"] == [{"body": "pinned, for @eve"}]


async def test_lists_of_whom_one_does_not_see_cost_no_rounds(api: Api, world: World, private: Person) -> None:
    for number in range(30):
        await world.post(private, f"post {number}")
    page = 'query { user(handle: "bob") { bio posts(first: 2) { edges { node { body } } pageInfo { hasNextPage } } } }'
    with api.budget(sql=1):
        user = (await api.data(page, by=world.eve))["user"]
    assert user["posts"] == {"edges": [], "pageInfo": {"hasNextPage": False}}
    people = 'query { user(handle: "bob") { followers { edges { node { handle } } } following { edges { cursor } } } }'
    with api.budget(sql=1):
        await api.data(people, by=world.eve)


async def test_open_posts_read_as_for_followers_while_their_author_is_private(api: Api, world: World) -> None:
    post = await world.post(world.bob, "open")
    for is_private in (False, True, False, True):
        await update(api, by=world.bob, is_private=is_private)
        for viewer in (world.eve, None):
            assert (await seen(api, post, by=viewer) is None) is is_private
            assert nodes([(await api.data(PUBLIC, by=viewer))["publicFeed"]]) == ([] if is_private else ["open"])
        for viewer in (world.bob, world.alice):
            assert (await seen(api, post, by=viewer))["body"] == "open"


async def test_who_is_mentioned_sees_the_post_all_the_same(api: Api, world: World, private: Person) -> None:
    post = await world.post(private, "ask @eve")
    assert (await seen(api, post, by=world.eve))["body"] == "ask @eve"
    assert await seen(api, post, by=world.dan) is None
    reply = await create(api, "asked", by=world.eve, reply_to=post_id(post))
    assert reply["errors"] == []
    assert (await seen(api, await world.post(private, "thanks", reply_to=post), by=world.eve)) is None


@pytest.mark.parametrize("name", [name for name in POST_ACTS if not name.endswith("pinPost")])
async def test_strangers_act_on_nothing_that_they_do_not_see(
    api: Api, world: World, private: Person, name: str
) -> None:
    post = post_id(await world.post(private))
    payload = await act(api, name, post, by=world.eve)
    assert payload["post"] is None
    assert refusals(payload) == [("NotFoundError", ["postId"])]
    # A follower sees it, shares with others only what is for everyone, and leaves to its author what is the author's.
    is_refused = name in {"repost", "hideReply", "unhideReply", "detachQuote"}
    refused = [("NotAllowedError", ["postId"])] if is_refused else []
    assert refusals(await act(api, name, post, by=world.alice)) == refused


async def test_strangers_neither_reply_nor_quote(api: Api, world: World, private: Person) -> None:
    post = post_id(await world.post(private))
    assert refusals(await create(api, "a reply", by=world.eve, reply_to=post)) == [("NotFoundError", ["replyToId"])]
    quote = 'mutation ($id: ID!) { createPost(input: {body: "look", quoteId: $id}) { errors { __typename } } }'
    assert (await api.data(quote, by=world.eve, id=post))["createPost"]["errors"] == [{"__typename": "NotFoundError"}]


async def test_what_a_private_account_wrote_counts_only_while_it_is_public(
    api: Api, world: World, worker: Worker
) -> None:
    post = await world.post(world.alice)
    await world.post(world.bob, "a reply", reply_to=post)
    await world.post(world.bob, "a quote", quote=post)
    counts = "query ($id: ID!) { post(id: $id) { replyCount quoteCount } }"
    for is_private in (False, True, True, False, False):
        await update(api, by=world.bob, is_private=is_private)
        expected = {"replyCount": 0, "quoteCount": 0} if is_private else {"replyCount": 1, "quoteCount": 1}
        for viewer in (world.alice, world.bob, None):
            assert (await api.data(counts, by=viewer, id=post_id(post)))["post"] == expected
        await worker.settle()


async def test_becoming_private_many_times_at_once_is_once(api: Api, world: World, worker: Worker) -> None:
    await asyncio.gather(*(update(api, by=world.bob, is_private=number % 2 == 0) for number in range(20)))
    await update(api, by=world.bob, is_private=True)
    payloads = await asyncio.gather(*(update(api, by=world.bob, is_private=True) for _ in range(20)))
    assert all(payload["viewer"]["settings"] == {"isPrivate": True} for payload in payloads)
    await worker.settle()
    assert await seen(api, await world.post(world.bob), by=world.eve) is None


@pytest.mark.parametrize("field", ["followers", "following"])
async def test_lists_of_people_page_full_without_those_whom_a_block_hides(api: Api, world: World, field: str) -> None:
    people = [await world.join(f"fan{number}") for number in range(9)]
    for person in people:
        await (world.follow(person, world.eve) if field == "followers" else world.follow(world.eve, person))
    for person in people[3:6]:
        await _stand_apart(world, blocker=person, blocked=world.dan)
    page = f"""
    query ($after: Cursor) {{
      user(handle: "eve") {{
        {field}(first: 2, after: $after) {{ edges {{ node {{ handle }} }} pageInfo {{ hasNextPage endCursor }} }}
      }}
    }}
    """

    async def fetch(after: str | None) -> Any:
        return (await api.data(page, by=world.dan, after=after))["user"][field]

    pages = await walk(fetch)
    assert [len(each["edges"]) for each in pages] == [2, 2, 2]
    assert nodes(pages, "handle") == [f"fan{number}" for number in (8, 7, 6, 2, 1, 0)]


async def _stand_apart(world: World, *, blocker: Person, blocked: Person) -> None:
    await world.services.db.transact(lambda tx: tx.run(_BLOCK, blocker=blocker.account_id, blocked=blocked.account_id))


@pytest.mark.parametrize("document", [PROFILE, EVERY_LIST, SETTINGS, UPDATE])
async def test_the_documents_run_compiled(api: Api, document: str) -> None:
    assert fallbacks_of(api, document, handle="bob", first=2, input={"isPrivate": True}) == []
