"""Followed hashtags in the home feed: which posts join it, why, once each, at what cost."""

from typing import Any

import pytest

from actions import deletions
from app.worker import Worker
from loaders.home import fetch_home_entries
from tests.api.hashtags import HOME, act, follow
from tests.fixtures.api import Api
from tests.worlds import Person, World
from timelines import keys
from timelines.verifying import Verdict

BARE = "query ($first: Int!) { homeFeed(first: $first) { edges { reason { kind } node { body } } } }"
FOLLOWING = "mutation ($id: ID!) { followUser(input: {userId: $id}) { errors { code } } }"


async def edges(api: Api, reader: Person, first: int = 100, after: str | None = None) -> Any:
    return (await api.data(HOME, by=reader, first=first, after=after))["homeFeed"]["edges"]


async def reasons(api: Api, reader: Person) -> dict[str, tuple[str, str | None]]:
    """Body of each entry, and why it is there: the kind, and the hashtag. No body may come twice."""
    found = await edges(api, reader)
    by_body = {
        edge["node"]["body"]: (edge["reason"]["kind"], (edge["reason"]["hashtag"] or {}).get("name")) for edge in found
    }
    assert len(by_body) == len(found)
    return by_body


async def in_each_way(api: Api, reader: Person, worker: Worker) -> list[dict[str, tuple[str, str | None]]]:
    """The feed by SQL, from a timeline that was rebuilt, and from one that had everything pushed."""
    await worker.settle()
    home = api.services.resources.home
    await home.forget(reader.account_id)
    by_sql = await reasons(api, reader)
    await home.rebuilt()
    return [by_sql, await reasons(api, reader)]


async def test_a_strangers_post_with_a_followed_hashtag_joins_with_that_reason(
    api: Api, world: World, worker: Worker
) -> None:
    await follow(api, "#Tea", by=world.alice)
    await world.post(world.eve, "#tea")
    await world.post(world.eve, "#coffee")
    await world.post(world.eve, "plain")
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"#tea": ("HASHTAG", "Tea")}
    [edge] = await edges(api, world.alice)
    assert edge["reason"]["user"] == {"handle": "eve"}
    for stranger in (world.bob, world.dan):
        assert "#tea" not in await reasons(api, stranger)


async def test_the_author_comes_before_the_hashtag_and_of_two_hashtags_the_older(
    api: Api, world: World, worker: Worker
) -> None:
    for name in ("older", "younger"):
        await follow(api, name, by=world.alice)
    await world.post(world.alice, "own #older")
    await world.post(world.bob, "followed #younger #older")
    await world.post(world.eve, "both #younger #older")
    await world.post(world.eve, "one #younger")
    for found in await in_each_way(api, world.alice, worker):
        assert found == {
            "one #younger": ("HASHTAG", "younger"),
            "both #younger #older": ("HASHTAG", "older"),
            "followed #younger #older": ("FOLLOWED", None),
            "own #older": ("OWN", None),
        }


async def test_replies_and_reposts_join_by_their_authors_only(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.alice)
    original = await world.post(world.dan, "original #tea")
    await world.post(world.eve, "a stranger's reply #tea", reply_to=original)
    await world.post(world.bob, "a friend's reply #tea", reply_to=original)
    await world.repost(world.eve, original)
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"original #tea": ("HASHTAG", "tea"), "a friend's reply #tea": ("FOLLOWED", None)}
    await world.repost(world.bob, original)
    await worker.settle()
    kinds = [(edge["reason"]["kind"], edge["node"]["body"]) for edge in await edges(api, world.alice)]
    assert kinds == [("REPOSTED", "original #tea"), ("FOLLOWED", "a friend's reply #tea")]


async def test_following_and_unfollowing_show_in_the_very_next_request(api: Api, world: World) -> None:
    await world.post(world.eve, "#tea")
    for doing, expected in (("followHashtag", ["#tea"]), ("unfollowHashtag", []), ("followHashtag", ["#tea"])):
        await act(api, doing, "tea", by=world.alice)
        for _ in range(2):
            assert list(await reasons(api, world.alice)) == expected
            await api.services.resources.home.rebuilt()


async def test_what_was_pushed_into_a_timeline_is_dropped_when_the_hashtag_is_not_followed_any_more(
    api: Api, world: World, worker: Worker
) -> None:
    await follow(api, "tea", by=world.alice)
    await api.services.resources.home.rebuild(world.alice.account_id)
    post = await world.post(world.eve, "#tea")
    await world.post(world.eve, "later #tea")
    await worker.settle()
    await world.delete(world.eve, post)
    assert list(await reasons(api, world.alice)) == ["later #tea"]
    # As if the timeline could not be forgotten.
    async with api.services.db._connection() as connection:
        await connection.execute("DELETE FROM hashtag_follow")
    assert await reasons(api, world.alice) == {}


async def test_who_follows_author_and_hashtag_loses_the_entry_only_with_both(
    api: Api, world: World, worker: Worker
) -> None:
    await follow(api, "tea", by=world.alice)
    await world.post(world.bob, "#tea")
    await world.post(world.bob, "plain")
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"plain": ("FOLLOWED", None), "#tea": ("FOLLOWED", None)}
    await world.unfollow(world.alice, world.bob)
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"#tea": ("HASHTAG", "tea")}
    await api.data(FOLLOWING, by=world.alice, id=world.bob.id)
    await act(api, "unfollowHashtag", "tea", by=world.alice)
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"plain": ("FOLLOWED", None), "#tea": ("FOLLOWED", None)}


async def test_viewer_follow_is_exact_beside_each_reason(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.alice)
    for author in (world.alice, world.bob, world.dan):
        await world.post(author, f"{author.handle} #tea")
    await worker.settle()
    for _ in range(2):
        found = {edge["node"]["author"]["handle"]: edge for edge in await edges(api, world.alice)}
        state = {handle: edge["node"]["author"]["viewerFollow"] for handle, edge in found.items()}
        assert state == {"alice": "NONE", "bob": "FOLLOWING", "dan": "NONE"}
        await api.services.resources.home.rebuilt()


@pytest.mark.parametrize("first", [1, 2, 3, 5])
async def test_posts_that_are_the_newest_of_many_hashtags_do_not_end_a_page_early(
    api: Api, world: World, first: int
) -> None:
    """Each head counts once, however many hashtags and authors lead to it."""
    names = [f"tag{number}" for number in range(6)]
    for name in names:
        await follow(api, name, by=world.alice)
    everything = " ".join(f"#{name}" for name in names)
    expected: list[str] = []
    for number in range(4):
        for author in (world.bob, world.eve):
            expected.append(f"{author.handle} {number} {everything}")
            await world.post(author, expected[-1])
        expected.append(f"plain {number}")
        await world.post(world.carol, expected[-1])
    found: list[str] = []
    has_next, after = True, None
    while has_next:
        page = (await api.data(HOME, by=world.alice, first=first, after=after))["homeFeed"]
        found += [edge["node"]["body"] for edge in page["edges"]]
        has_next, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        await api.services.resources.home.forget(world.alice.account_id)
    assert found == expected[::-1]


@pytest.mark.parametrize("follow_count", [0, 1, 40])
async def test_a_page_costs_one_statement_and_one_round_trip_with_any_number_of_followed_hashtags(
    api: Api, world: World, worker: Worker, follow_count: int
) -> None:
    for number in range(follow_count):
        await follow(api, f"tag{number}", by=world.alice)
    for number in range(20):
        await world.post((world.bob, world.eve)[number % 2], f"{number} #tag{number}")
    await worker.settle()
    await api.data(BARE, by=world.alice, first=20)
    await api.services.resources.home.rebuilt()
    with api.budget(sql=1, redis=1):
        found = (await api.data(BARE, by=world.alice, first=20))["homeFeed"]["edges"]
    by_hashtag = [edge for edge in found if edge["reason"]["kind"] == "HASHTAG"]
    assert len(by_hashtag) == min(follow_count // 2, 10)
    with api.budget(sql=2, redis=1):
        await api.data(HOME, by=world.alice, first=20)


async def test_an_edit_brings_a_post_by_the_hashtags_that_it_has_now(api: Api, world: World, worker: Worker) -> None:
    for name in ("tea", "milk"):
        await follow(api, name, by=world.alice)
    post = await world.post(world.eve, "one #tea")
    plain = await world.post(world.eve, "two")
    await worker.settle()
    await api.services.resources.home.rebuild(world.alice.account_id)
    await world.edit(world.eve, post, "one #milk")
    await world.edit(world.eve, plain, "two #tea")
    await worker.settle()
    assert await reasons(api, world.alice) == {"two #tea": ("HASHTAG", "tea"), "one #milk": ("HASHTAG", "milk")}
    await world.edit(world.eve, post, "one")
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"two #tea": ("HASHTAG", "tea")}


@pytest.mark.parametrize("is_pushed_during_rebuild", [False, True])
async def test_edits_of_old_posts_leave_no_hole_in_a_timeline_that_does_not_reach_back_to_them(
    api: Api, world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch, *, is_pushed_during_rebuild: bool
) -> None:
    monkeypatch.setattr(keys, "REBUILT_ENTRIES", 4)
    home = api.services.resources.home
    await follow(api, "tea", by=world.alice)
    old = [await world.post(world.eve, f"old {number}") for number in range(4)]
    for number in range(8):
        await world.post(world.bob, str(number))
    await worker.settle()

    async def edit() -> None:
        for number, post in enumerate(old):
            await world.edit(world.eve, post, f"old {number} #tea")
        await worker.settle()

    async def edited_meanwhile(*args: Any, **rest: Any) -> Any:
        found = await fetch_home_entries(*args, **rest)
        await edit()
        return found

    if is_pushed_during_rebuild:
        monkeypatch.setattr("timelines.home.fetch_home_entries", edited_meanwhile)
    await home.rebuild(world.alice.account_id)
    if not is_pushed_during_rebuild:
        await edit()
    found: list[str] = []
    has_next, after = True, None
    while has_next:
        page = (await api.data(HOME, by=world.alice, first=2, after=after))["homeFeed"]
        found += [edge["node"]["body"] for edge in page["edges"]]
        has_next, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    newest_first = [
        *(str(number) for number in range(7, -1, -1)),
        *(f"old {number} #tea" for number in range(3, -1, -1)),
    ]
    assert found == newest_first


async def test_a_quote_joins_and_a_quote_that_replies_does_not(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.alice)
    quoted = await world.post(world.dan, "quoted")
    await world.post(world.eve, "a quote #tea", quote=quoted)
    await world.post(world.eve, "a reply that quotes #tea", quote=quoted, reply_to=quoted)
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"a quote #tea": ("HASHTAG", "tea")}


async def test_what_was_posted_in_private_joins_when_the_account_opens(api: Api, world: World, worker: Worker) -> None:
    for reader in (world.carol, world.dan):
        await follow(api, "tea", by=reader)
    await follow(api, "milk", by=world.bob)
    await world.follow(world.dan, world.eve)
    await world.make_private(world.eve)
    for body in ("#tea", "to @carol"):
        await world.post(world.eve, body)
    await worker.settle()
    home = api.services.resources.home
    for person in (world.carol, world.dan, world.bob):
        await home.rebuild(person.account_id)
    assert await reasons(api, world.carol) == {}
    await world.make_private(world.eve, is_private=False)
    await worker.settle()
    assert await reasons(api, world.carol) == {"#tea": ("HASHTAG", "tea")}
    # Their timelines had all of it.
    for person in (world.dan, world.bob):
        assert await home.check(person.account_id) is Verdict.EQUAL


async def test_a_restored_post_is_back(api: Api, world: World, worker: Worker) -> None:
    await follow(api, "tea", by=world.alice)
    post = await world.post(world.eve, "#tea")
    await in_each_way(api, world.alice, worker)
    await world.delete(world.eve, post)
    await worker.settle()
    assert await reasons(api, world.alice) == {}
    await world.services.db.transact(deletions.restore_post, world.eve.viewer, post)
    for found in await in_each_way(api, world.alice, worker):
        assert found == {"#tea": ("HASHTAG", "tea")}
