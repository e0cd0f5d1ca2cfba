"""Keyword filters: few, as they were asked for, and nobody else's business."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from actions.filters import MOST_FILTERS
from app.worker import Worker
from core import ids
from core.clock import utc_now
from tests.api.compiled import fallbacks_of
from tests.api.filters import CREATE, DELETE, FILTER, FILTERS, UPDATE, create, delete, new_filter, update
from tests.api.mutes import count_of, run_out
from tests.api.paging import nodes, walk
from tests.api.posts import refusals
from tests.fixtures.api import Api
from tests.worlds import Person, World

ABSENT = ids.encode(ids.Kind.FILTER, 1)


async def filters_of(api: Api, person: Person, *, first: int = 100) -> list[Any]:
    async def fetch(after: str | None) -> Any:
        return (await api.data(FILTERS, by=person, first=first, after=after))["viewer"]["filters"]

    return await walk(fetch)


async def keywords_of(api: Api, person: Person) -> list[str]:
    return nodes(await filters_of(api, person), "keyword")


async def test_a_filter_is_as_it_was_asked_for_and_a_node_for_whose_it_is_alone(api: Api, world: World) -> None:
    until = (utc_now() + timedelta(days=1)).isoformat()
    made = await new_filter(
        api,
        "  green \n tea ",
        by=world.alice,
        isWholeWord=True,
        action="WARN",
        contexts=["THREAD", "HOME"],
        until=until,
    )
    expected = {"keyword": "green tea", "isWholeWord": True, "action": "WARN", "contexts": ["HOME", "THREAD"]}
    assert made == {**expected, "until": until, "id": made["id"], "createdAt": made["createdAt"]}
    assert (await api.data(FILTER, by=world.alice, id=made["id"]))["node"] == {"__typename": "Filter", **made}
    for other in (world.bob, None):
        assert (await api.data(FILTER, by=other, id=made["id"]))["node"] is None
    assert (await api.data(FILTER, by=world.alice, id=ABSENT))["node"] is None
    assert await keywords_of(api, world.bob) == []


async def test_an_update_changes_what_it_names_and_nothing_else(api: Api, world: World) -> None:
    until = (utc_now() + timedelta(days=1)).isoformat()
    made = await new_filter(api, "tea", by=world.alice, until=until)
    changes: list[dict[str, Any]] = [
        {"keyword": "coffee"},
        {"isWholeWord": True},
        {"isWholeWord": False},
        {"action": "WARN"},
        {"contexts": ["PUBLIC", "PROFILE", "PUBLIC"]},
        {"until": None},
        {"until": until, "keyword": "cocoa"},
        {},
    ]
    for change in changes:
        payload = await update(api, made["id"], by=world.alice, **change)
        assert payload["errors"] == []
        made |= change
        made["contexts"] = sorted(set(made["contexts"]), key=["HOME", "PUBLIC", "THREAD", "PROFILE"].index)
        assert payload["filter"] == made
    nothing = {"keyword": None, "isWholeWord": None, "action": None, "contexts": None}
    assert (await update(api, made["id"], by=world.alice, **nothing))["filter"] == made


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"keyword": ""}, "keyword", "BLANK"),
        ({"keyword": " \n"}, "keyword", "BLANK"),
        ({"keyword": "\u200b\ufe0f"}, "keyword", "BLANK"),
        ({"keyword": "\u034f"}, "keyword", "BLANK"),
        ({"keyword": "x" * 101}, "keyword", "TOO_LONG"),
        ({"keyword": "e" + "\u0301" * 600}, "keyword", "TOO_LONG"),
        ({"keyword": "a\x00b"}, "keyword", "UNSTORABLE"),
        ({"keyword": "\x1b[31m"}, "keyword", "UNSTORABLE"),
        ({"contexts": []}, "contexts", "BLANK"),
        ({"until": "2020-01-01T00:00:00Z"}, "until", "PAST"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until", "TOO_LATE"),
    ],
)
async def test_a_filter_that_breaks_a_rule_is_refused(
    api: Api, world: World, change: dict[str, Any], path: str, code: str
) -> None:
    kept = await new_filter(api, "x" * 100, by=world.alice)
    for payload in (
        await create(api, **{"keyword": "tea", **change}, by=world.alice),
        await update(api, kept["id"], by=world.alice, **change),
    ):
        assert payload["filter"] is None
        [error] = payload["errors"]
        assert (error["__typename"], error["path"], error["code"]) == ("ValidationError", [path], code)
    assert nodes(await filters_of(api, world.alice), "id") == [kept["id"]]


async def test_everything_that_is_wrong_is_told_at_once(api: Api, world: World) -> None:
    payload = await create(api, "", by=world.alice, contexts=[], until="2020-01-01T00:00:00Z")
    assert [path for _, path in refusals(payload)] == [["keyword"], ["contexts"], ["until"]]


async def test_a_deleted_filter_is_gone_and_nobody_else_deletes_or_changes_it(api: Api, world: World) -> None:
    made = await new_filter(api, "tea", by=world.alice)
    for other in (world.bob, world.eve):
        assert refusals(await delete(api, made["id"], by=other)) == [("NotFoundError", ["filterId"])]
        assert refusals(await update(api, made["id"], by=other, keyword="x")) == [("NotFoundError", ["filterId"])]
    assert await keywords_of(api, world.alice) == ["tea"]
    assert await delete(api, made["id"], by=world.alice) == {"deletedFilterId": made["id"], "errors": []}
    assert await keywords_of(api, world.alice) == []
    for missing in (made["id"], ABSENT, "'; --", world.alice.id):
        assert refusals(await delete(api, missing, by=world.alice)) == [("NotFoundError", ["filterId"])]
        assert refusals(await update(api, missing, by=world.alice)) == [("NotFoundError", ["filterId"])]


@pytest.mark.parametrize(
    ("document", "given"),
    [
        (CREATE, {"keyword": "tea", "action": "HIDE", "contexts": ["HOME"]}),
        (UPDATE, {"filterId": ABSENT}),
        (DELETE, {"filterId": ABSENT}),
    ],
)
async def test_nobody_has_filters_without_signing_in(api: Api, document: str, given: dict[str, Any]) -> None:
    assert (await api.run(document, input=given)).codes == ["UNAUTHENTICATED"]


async def test_filters_are_listed_newest_first_in_pages(api: Api, world: World) -> None:
    for number in range(5):
        await new_filter(api, f"word{number}", by=world.alice)
        await new_filter(api, "of bob", by=world.bob)
    with api.budget(sql=1):
        data = await api.data(FILTERS, by=world.alice, first=3)
    assert nodes([data["viewer"]["filters"]], "keyword") == ["word4", "word3", "word2"]
    pages = await filters_of(api, world.alice, first=2)
    assert nodes(pages, "keyword") == [f"word{number}" for number in (4, 3, 2, 1, 0)]
    assert [len(page["edges"]) for page in pages] == [2, 2, 1]


async def test_no_account_has_more_than_a_hundred_however_many_are_made_at_once(
    api: Api, world: World, database_url: str
) -> None:
    for number in range(MOST_FILTERS - 2):
        await new_filter(api, f"word {number}", by=world.alice)
    await new_filter(api, "of bob", by=world.bob)
    payloads = await asyncio.gather(*(create(api, f"last {number}", by=world.alice) for number in range(5)))
    refused = [refusals(payload) for payload in payloads if payload["errors"]]
    assert refused == [[("NotAllowedError", None)]] * 3
    assert len(await keywords_of(api, world.alice)) == MOST_FILTERS
    await run_out(database_url, "keyword_filter")
    assert await keywords_of(api, world.alice) == []
    assert (await create(api, "one more", by=world.alice))["errors"] == []


async def test_a_filter_that_has_ended_is_none_and_is_swept(
    api: Api, world: World, worker: Worker, database_url: str
) -> None:
    ended = await new_filter(api, "ended", by=world.alice)
    await run_out(database_url, "keyword_filter")
    await new_filter(api, "for ever", by=world.alice)
    await new_filter(api, "for a day", by=world.alice, until=(utc_now() + timedelta(days=1)).isoformat())
    assert await keywords_of(api, world.alice) == ["for a day", "for ever"]
    assert (await api.data(FILTER, by=world.alice, id=ended["id"]))["node"] is None
    await worker._sweep()
    assert await count_of(database_url, "keyword_filter") == 2


async def test_everything_about_filters_runs_compiled(api: Api) -> None:
    assert fallbacks_of(api, FILTERS, first=20) == []
    assert fallbacks_of(api, CREATE, input={"keyword": "tea", "action": "HIDE", "contexts": ["HOME"]}) == []
