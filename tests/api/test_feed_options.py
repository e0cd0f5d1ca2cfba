"""What is left out of feeds: by what a document asks for, and by what is kept where it says nothing."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from app.worker import Worker
from core.ids import Kind, number_of
from core.paging import Listing
from tests.api.compiled import fallbacks_of
from tests.api.feed_preferences import HOME, tuned_to
from tests.api.hashtags import seen
from tests.api.lists import new_list
from tests.api.paging import walk
from tests.api.read_positions import hashtag_feed, list_feed, move, place
from tests.fixtures.api import Api
from tests.worlds import Person, World

_PAGE = """
{ edges { node { body } repostedBy { handle } } pageInfo { hasNextPage endCursor } unreadCount gaps { kind } }
"""
_BEGIN = "query ($first: Int!, $after: Cursor, $until: Cursor, $options: FeedOptions"
_GIVEN = "(first: $first, after: $after, until: $until, options: $options)"
DOCUMENTS = {
    "home": f"{_BEGIN}) {{ feed: homeFeed{_GIVEN} {_PAGE} }}",
    "public": f"{_BEGIN}) {{ feed: publicFeed{_GIVEN} {_PAGE} }}",
    "hashtag": f'{_BEGIN}) {{ at: hashtag(name: "tea") {{ feed: posts{_GIVEN} {_PAGE} }} }}',
    "list": f"{_BEGIN}, $id: ID!) {{ at: list(id: $id) {{ feed: posts{_GIVEN} {_PAGE} }} }}",
}
FOR_YOU = """
query ($first: Int!, $after: Cursor, $options: FeedOptions) {
  feed: forYouFeed(first: $first, after: $after, options: $options) { edges { node { body } } }
}
"""
POST = """
mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } errors { message } } }
"""
LISTINGS = {"home": Listing.HOME_FEED, "list": Listing.LIST_FEED, "hashtag": Listing.HASHTAG_POSTS}
PLACES = {**LISTINGS, "public": Listing.PUBLIC_FEED}
# By the feed that alice reads: she follows bob, and has only him on the list.
EVERYTHING = {
    "home": ["mine", "boosted", "english", "german", "quote", "reply", "plain"],
    "list": ["boosted", "english", "german", "quote", "reply", "plain"],
    "hashtag": ["mine", "english", "german", "quote", "reply", "plain", "boosted"],
    "public": ["mine", "english", "german", "quote", "plain", "boosted"],
}


class Feed(NamedTuple):
    """A feed of alice's, and the ids of what bob wrote, by the first word."""

    name: str
    ref: dict[str, str]
    page: Callable[..., Awaitable[Any]]
    written: dict[str, int]

    async def bodies(self, *, first: int = 100, **options: Any) -> list[str]:
        """What the pages of the feed show, by the first word. Without options the document has none."""

        async def fetch(after: str | None) -> Any:
            return await self.page(first=first, after=after, options=options or None)

        return [edge["node"]["body"].split(" ")[0] for page in await walk(fetch) for edge in page["edges"]]

    def without(self, *left_out: str) -> list[str]:
        """Everything but this, and but the repost where it says so and the feed has one."""
        has_repost = self.name in {"home", "list"}
        gone = {word for word in left_out if word != "repost"}
        if "repost" in left_out and has_repost:
            gone.add("boosted")
        return [body for body in EVERYTHING[self.name] if body not in gone]


async def write(api: Api, person: Person, body: str, **rest: Any) -> str:
    """The id of a post with the hashtag."""
    payload = (await api.data(POST, by=person, input={"body": f"{body} #tea", **rest}))["createPost"]
    assert payload["errors"] == []
    written: str = payload["post"]["id"]
    return written


@pytest.fixture(params=["home", "home by SQL", "list", "hashtag", "public"])
async def feed(request: pytest.FixtureRequest, api: Api, world: World, worker: Worker) -> Feed:
    way: str = request.param
    name = way.split(" ", maxsplit=1)[0]
    boosted = await write(api, world.eve, "boosted")
    plain = await write(api, world.bob, "plain")
    written = {
        "plain": plain,
        "reply": await write(api, world.bob, "reply", replyToId=plain),
        "quote": await write(api, world.bob, "quote", quoteId=plain),
        "german": await write(api, world.bob, "german", language="de"),
        "english": await write(api, world.bob, "english", language="en-GB"),
    }
    await world.repost(world.bob, number_of(Kind.POST, boosted))
    written["mine"] = await write(api, world.alice, "mine", language="fi")
    list_id = await new_list(api, "Birds", world.bob, by=world.alice, replies="TO_FOLLOWED")
    await worker.settle()
    tea = (await seen(api, "tea"))["id"]
    refs = {"home": HOME, "list": list_feed(list_id), "hashtag": hashtag_feed(tea), "public": {"kind": "PUBLIC"}}

    async def page(**given: Any) -> Any:
        home = api.services.resources.home
        if way == "home by SQL":
            await home.forget(world.alice.account_id)
        elif way == "home":
            await home.rebuild(world.alice.account_id)
        named = {"id": list_id} if name == "list" else {}
        data = await api.data(DOCUMENTS[name], by=world.alice, **named, **given)
        return data.get("at", data)["feed"]

    return Feed(name, refs[name], page, {word: number_of(Kind.POST, id_) for word, id_ in written.items()})


OPTIONS = [
    ({}, []),
    ({"hideReplies": True}, ["reply"]),
    ({"hideReposts": True}, ["repost"]),
    ({"hideQuotes": True}, ["quote"]),
    ({"languages": ["en"]}, ["german"]),
    ({"languages": ["EN-gb", "de"]}, []),
    ({"languages": ["en-US", "fr"]}, ["german", "english"]),
    ({"languages": []}, []),
    (
        {"hideReplies": True, "hideReposts": True, "hideQuotes": True, "languages": ["de"]},
        ["reply", "repost", "quote", "english"],
    ),
]


@pytest.mark.parametrize(("options", "left_out"), OPTIONS)
async def test_what_a_document_asks_for_is_left_out(feed: Feed, options: dict[str, Any], left_out: list[str]) -> None:
    for first in (1, 2, 100):
        assert await feed.bodies(first=first, **options) == feed.without(*left_out)
    page = await feed.page(first=1, options=options)
    assert page["unreadCount"] == (None if feed.name == "public" else len(feed.without(*left_out)))


@pytest.mark.parametrize(("options", "left_out"), OPTIONS[1:])
async def test_what_is_kept_holds_where_a_document_says_nothing(
    api: Api, world: World, feed: Feed, options: dict[str, Any], left_out: list[str]
) -> None:
    await tuned_to(api, by=world.alice, feed=feed.ref, **options)
    for first in (2, 100):
        assert await feed.bodies(first=first) == feed.without(*left_out)
    page = await feed.page(first=1)
    assert page["unreadCount"] == (None if feed.name == "public" else len(feed.without(*left_out)))


async def test_a_document_overrides_field_by_field(api: Api, world: World, feed: Feed) -> None:
    await tuned_to(api, by=world.alice, feed=feed.ref, hideReplies=True, hideQuotes=True, languages=["de"])
    assert await feed.bodies(hideReplies=False) == feed.without("quote", "english")
    assert await feed.bodies(hideQuotes=False, languages=[]) == feed.without("reply")
    assert await feed.bodies(languages=["en"], hideReposts=True) == feed.without("reply", "quote", "german", "repost")
    # Other people's and other feeds' are none of this one's.
    other = {"kind": "PUBLIC"} if feed.name == "home" else HOME
    await tuned_to(api, by=world.alice, feed=feed.ref, hideReplies=False, hideQuotes=False, languages=[])
    await tuned_to(api, by=world.alice, feed=other, hideQuotes=True)
    await tuned_to(api, by=world.bob, feed=feed.ref, hideQuotes=True) if feed.name != "list" else None
    assert await feed.bodies() == feed.without()


@pytest.mark.parametrize("is_kept", [False, True])
async def test_what_was_seen_ends_the_feed(api: Api, world: World, feed: Feed, *, is_kept: bool) -> None:
    if feed.name not in LISTINGS:
        answer = await api.run(DOCUMENTS["public"], by=world.alice, first=1, options={"hideSeen": True})
        assert answer.codes == ["BAD_INPUT"]
        return
    options: dict[str, Any] = {"hideReplies": False}
    if is_kept:
        await tuned_to(api, by=world.alice, feed=feed.ref, hideSeen=True)
    else:
        options["hideSeen"] = True
    assert await feed.bodies(**options) == feed.without()
    for read_to in ("german", "mine"):
        await move(api, place(feed.written[read_to], LISTINGS[feed.name]), by=world.alice, feed=feed.ref)
        above = feed.without()[: feed.without().index(read_to)] if read_to in feed.without() else []
        for first in (1, 100):
            assert await feed.bodies(first=first, **options) == above
        last = await feed.page(first=max(len(above), 1), options=options)
        assert (last["pageInfo"]["hasNextPage"], last["unreadCount"]) == (False, len(above))
    assert await feed.bodies(hideSeen=False) == feed.without()


@pytest.mark.parametrize("is_kept", [False, True])
async def test_what_is_left_out_is_no_gap(api: Api, world: World, feed: Feed, *, is_kept: bool) -> None:
    options: dict[str, Any] = {"hideReplies": True, "hideReposts": True, "hideQuotes": True, "languages": ["fi"]}
    above = EVERYTHING[feed.name][: EVERYTHING[feed.name].index("plain")]
    until = place(feed.written["plain"], PLACES[feed.name])
    page = await feed.page(first=1, until=until)
    assert [edge["node"]["body"].split(" ")[0] for edge in page["edges"]] == above[:1]
    assert page["gaps"] == [{"kind": "UNLOADED"}]
    if is_kept:
        await tuned_to(api, by=world.alice, feed=feed.ref, **options)
    page = await feed.page(first=1, until=until, options=None if is_kept else options)
    assert [edge["node"]["body"].split(" ")[0] for edge in page["edges"]] == [body for body in above if body == "mine"]
    assert (page["gaps"], page["pageInfo"]["hasNextPage"]) == ([], False)


async def test_what_is_left_out_folds_nothing_and_is_not_told(api: Api, world: World) -> None:
    by_bob = await world.post(world.bob, "by bob")
    await world.repost(world.carol, by_bob)
    document = DOCUMENTS["home"]
    for options, told in ((None, ["carol"]), ({"hideReposts": True}, [])):
        [edge] = (await api.data(document, by=world.alice, first=10, options=options))["feed"]["edges"]
        assert [by["handle"] for by in edge["repostedBy"]] == told


async def test_one_document_reads_lists_each_as_it_is_wanted(api: Api, world: World) -> None:
    await world.post(world.bob, "quoting", quote=await world.post(world.eve))
    ids = [await new_list(api, name, world.bob, by=world.alice) for name in ("One", "Other", "Third")]
    await tuned_to(api, by=world.alice, feed=list_feed(ids[1]), hideQuotes=True)
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on List { posts { edges { node { body } } } } } }"
    found = (await api.data(document, by=world.alice, ids=ids))["nodes"]
    assert [len(each["posts"]["edges"]) for each in found] == [1, 0, 1]


async def test_the_feed_for_you_has_them_too(api: Api, world: World) -> None:
    german = await write(api, world.eve, "german", language="de")
    await write(api, world.eve, "quote", quoteId=german)
    follow = 'mutation { followHashtag(input: {name: "tea"}) { errors { code } } }'
    await api.data(follow, by=world.alice)

    async def words(**options: Any) -> list[str]:
        page = (await api.data(FOR_YOU, by=world.alice, first=10, options=options or None))["feed"]
        return [edge["node"]["body"].split(" ")[0] for edge in page["edges"]]

    assert sorted(await words()) == ["german", "quote"]
    assert await words(hideQuotes=True) == ["german"]
    assert await words(languages=["fr"]) == ["quote"]
    await tuned_to(api, by=world.alice, feed={"kind": "FOR_YOU"}, hideQuotes=True, languages=["de"])
    assert await words() == ["german"]
    answer = await api.run(FOR_YOU, by=world.alice, first=1, options={"hideSeen": True})
    assert answer.codes == ["BAD_INPUT"]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_languages_that_are_none_are_refused(api: Api, world: World, name: str) -> None:
    await write(api, world.bob, "some")
    named = {"id": await new_list(api, "Birds", by=world.alice)} if name == "list" else {}
    for tags in (["english!"], [""], ["en\0"], ["en"] * 21):
        answer = await api.run(DOCUMENTS[name], by=world.alice, first=1, options={"languages": tags}, **named)
        assert answer.codes == ["BAD_INPUT"]


async def test_nobody_in_particular_has_options_and_no_preferences(api: Api, world: World) -> None:
    await write(api, world.bob, "german", language="de")
    await write(api, world.bob, "english", language="en")
    for name in ("public", "hashtag"):
        for options, count in ((None, 2), ({"languages": ["de"]}, 1), ({"hideReplies": True}, 2)):
            data = await api.data(DOCUMENTS[name], first=5, options=options)
            assert len(data.get("at", data)["feed"]["edges"]) == count


async def test_they_cost_no_statement_and_no_round_trip(api: Api, world: World, worker: Worker) -> None:
    for number in range(12):
        await world.post(world.bob, f"post {number}")
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    document = f"{_BEGIN}) {{ homeFeed{_GIVEN} {{ edges {{ node {{ body }} }} }} }}"
    await tuned_to(api, by=world.alice, hideReposts=True, hideSeen=True)
    for options in (None, {"hideSeen": True, "languages": ["en"]}):
        with api.budget(sql=1, redis=1):
            data = await api.data(document, by=world.alice, first=10, options=options)
        assert len(data["homeFeed"]["edges"]) == 10


@pytest.mark.parametrize("text", [*DOCUMENTS.values(), FOR_YOU])
async def test_its_documents_run_compiled(api: Api, text: str) -> None:
    assert fallbacks_of(api, text, first=1, id="") == []
