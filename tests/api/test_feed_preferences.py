"""How people want their feeds: kept of each feed, for themselves alone."""

import asyncio
from typing import Any

import pytest

from actions.feed_preferences import MOST_LANGUAGES, MOST_PREFERENCES
from core import ids
from models.feeds import FeedKind
from tests.api.compiled import fallbacks_of
from tests.api.feed_preferences import HOME, PREFERENCES, TUNE, UNTUNED, tune, tuned_to
from tests.api.hashtags import seen
from tests.api.lists import change, new_list
from tests.api.paging import walk
from tests.api.posts import refusals
from tests.api.read_positions import hashtag_feed, list_feed
from tests.fixtures.api import Api
from tests.rows import insert
from tests.worlds import Person, World


async def preferences_of(api: Api, *, by: Person, first: int = 20) -> list[Any]:
    """All of somebody's preferences, page after page."""

    async def fetch(after: str | None) -> Any:
        return (await api.data(PREFERENCES, by=by, first=first, after=after))["viewer"]["feedPreferences"]

    return [edge["node"] for page in await walk(fetch) for edge in page["edges"]]


async def test_what_is_not_said_stays_and_what_is_taken_back_goes(api: Api, world: World) -> None:
    first = await tuned_to(api, by=world.alice, hideReplies=True, languages=["EN", "pt-br", "en"])
    assert first == {**UNTUNED, "kind": "HOME", "hideReplies": True, "languages": ["en", "pt-BR"]}
    second = await tuned_to(api, by=world.alice, hideSeen=True, hideReplies=None)
    assert second == {**first, "hideSeen": True}
    assert await preferences_of(api, by=world.alice) == [second]
    assert await preferences_of(api, by=world.bob) == []
    third = await tuned_to(api, by=world.alice, hideReplies=False, languages=[])
    assert third == {**UNTUNED, "kind": "HOME", "hideSeen": True}
    assert await tuned_to(api, by=world.alice, hideSeen=False) == {**UNTUNED, "kind": "HOME"}
    assert await preferences_of(api, by=world.alice) == []


async def test_each_feed_has_its_own(api: Api, world: World) -> None:
    await world.post(world.bob, "some #tea")
    tea, birds = (await seen(api, "tea"))["id"], await new_list(api, "Birds", by=world.bob)
    feeds = [{"kind": "FOR_YOU"}, list_feed(birds), HOME, hashtag_feed(tea), {"kind": "PUBLIC"}]
    for feed in feeds:
        await tuned_to(api, by=world.alice, feed=feed, hideQuotes=True)
    quiet = {**UNTUNED, "hideQuotes": True}
    expected = [
        *({**quiet, "kind": kind} for kind in ("HOME", "PUBLIC", "FOR_YOU")),
        {**quiet, "kind": "HASHTAG", "hashtag": {"name": "tea"}},
        {**quiet, "kind": "LIST", "list": {"name": "Birds"}},
    ]
    for first in (1, 2, 20):
        assert await preferences_of(api, by=world.alice, first=first) == expected


async def test_devices_that_tune_at_once_lose_nothing(api: Api, world: World) -> None:
    options = ("hideReplies", "hideReposts", "hideQuotes", "hideSeen")
    await asyncio.gather(*(tuned_to(api, by=world.alice, **{option: True}) for option in options))
    [kept] = await preferences_of(api, by=world.alice)
    assert kept == {**UNTUNED, "kind": "HOME", **dict.fromkeys(options, True)}


async def test_a_feed_that_one_does_not_see_is_not_found(api: Api, world: World) -> None:
    private = await new_list(api, "Birds", by=world.bob, isPrivate=True)
    of_a_blocker = await new_list(api, "Birds", by=world.eve)
    await world.block(world.eve, world.alice)
    payloads = []
    for list_id in (private, of_a_blocker, ids.encode(ids.Kind.LIST, 1)):
        with api.budget(sql=1):
            payloads.append(await tune(api, by=world.alice, feed=list_feed(list_id), hideQuotes=True))
    payloads.append(
        await tune(api, by=world.alice, feed=hashtag_feed(ids.encode(ids.Kind.HASHTAG, 1)), hideQuotes=True)
    )
    assert payloads[0] == payloads[1] == payloads[2]
    for payload in payloads:
        assert payload["preference"] is None
        assert refusals(payload) == [("NotFoundError", ["feed", "id"])]
    assert await preferences_of(api, by=world.alice) == []


async def test_a_preference_goes_with_the_sight_of_its_list(api: Api, world: World) -> None:
    birds = await new_list(api, "Birds", by=world.bob)
    await tuned_to(api, by=world.alice, feed=list_feed(birds), hideQuotes=True)
    assert len(await preferences_of(api, by=world.alice)) == 1
    await change(api, "updateList", by=world.bob, listId=birds, isPrivate=True)
    assert await preferences_of(api, by=world.alice) == []
    await change(api, "updateList", by=world.bob, listId=birds, isPrivate=False)
    assert len(await preferences_of(api, by=world.alice)) == 1
    await change(api, "deleteList", by=world.bob, listId=birds)
    assert await preferences_of(api, by=world.alice) == []


async def test_what_cannot_be_kept_is_refused_and_nothing_changes(api: Api, world: World) -> None:
    await tuned_to(api, by=world.alice, hideReplies=True)
    before = await preferences_of(api, by=world.alice)
    for tags, code in ((["english!"], "MALFORMED"), (["en"] * (MOST_LANGUAGES + 1), "TOO_MANY"), (["\0"], "MALFORMED")):
        payload = await tune(api, by=world.alice, hideQuotes=True, languages=tags)
        assert payload["preference"] is None
        assert refusals(payload) == [("ValidationError", ["options", "languages"])]
        assert payload["errors"][0]["code"] == code
    for kind in ("PUBLIC", "FOR_YOU"):
        payload = await tune(api, by=world.alice, feed={"kind": kind}, hideSeen=True, hideQuotes=True)
        assert refusals(payload) == [("ValidationError", ["options", "hideSeen"])]
    for feed in ({"kind": "HOME", "id": world.bob.id}, {"kind": "LIST"}, {"kind": "HASHTAG"}):
        payload = await tune(api, by=world.alice, feed=feed, hideQuotes=True)
        assert refusals(payload) == [("ValidationError", ["feed", "id"])]
    assert await preferences_of(api, by=world.alice) == before
    answer = await api.run(TUNE, input={"feed": HOME, "options": {}})
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_of_very_many_lists_and_hashtags_those_of_the_oldest_go(api: Api, world: World) -> None:
    birds = await new_list(api, "Birds", by=world.alice)
    number = ids.number_of(ids.Kind.LIST, birds)
    newer = range(number + 1, number + 1 + MOST_PREFERENCES)
    feed = {"account_id": world.alice.account_id, "feed": int(FeedKind.LIST)}
    for alone in ("HOME", "PUBLIC"):
        await tuned_to(api, by=world.alice, feed={"kind": alone}, hideQuotes=True)
    await insert(api.services.db, "feed_preference", [{**feed, "target_id": i, "hides_quotes": True} for i in newer])
    # What was tuned last stays, and so does all of which there is one feed.
    assert (await tuned_to(api, by=world.alice, feed=list_feed(birds), hideQuotes=True))["hideQuotes"]
    assert (await tuned_to(api, by=world.alice, hideReplies=True))["hideQuotes"]
    async with api.services.db._connection() as connection:
        kept = await connection.fetch(
            "SELECT feed, target_id FROM feed_preference WHERE account_id = $1", world.alice.account_id
        )
    of_lists = {row["target_id"] for row in kept if row["feed"] == FeedKind.LIST}
    assert of_lists == {number, *newer} - {number + 1}
    assert {row["feed"] for row in kept} == {FeedKind.HOME, FeedKind.LIST, FeedKind.PUBLIC}


@pytest.mark.parametrize("text", [TUNE, PREFERENCES])
async def test_its_documents_run_compiled(api: Api, text: str) -> None:
    assert fallbacks_of(api, text, input={"feed": HOME, "options": {}}) == []
