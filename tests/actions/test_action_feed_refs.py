"""Naming feeds: what there is to be named, and by whom."""

import pytest
import strawberry

from actions import blocks, hashtags, lists
from actions.feed_refs import FeedRef, require_feed
from app.services import ProcessServices
from core import ids
from core.errors import NotFoundError, ValidationError
from models.feeds import FeedKind
from resolvers import feed_refs
from resolvers.feed_refs import NamedFeed, feed_ref
from tests.worlds import Person, World

PATH = ("feed", "id")
SINGLE = (FeedKind.HOME, FeedKind.PUBLIC, FeedKind.FOR_YOU)
NO_IDS = ["", "x", "\0", "💥" * 9, ids.encode(ids.Kind.USER, 7), "A" * 5_000]


async def is_there(services: ProcessServices, ref: FeedRef, *, of: Person) -> bool:
    try:
        await require_feed(services.db, of.viewer, ref, path=PATH)
    except NotFoundError:
        return False
    return True


async def new_list(world: World, owner: Person, *, is_private: bool) -> FeedRef:
    new = lists.NewList("Birds", is_private=is_private)
    return FeedRef(FeedKind.LIST, await world.services.db.transact(lists.create_list, owner.viewer, new))


async def test_feeds_that_there_is_one_of_are_there_for_everybody(services: ProcessServices, world: World) -> None:
    for kind in SINGLE:
        assert await is_there(services, FeedRef(kind), of=world.eve)


async def test_a_private_list_is_its_owners_alone(services: ProcessServices, world: World) -> None:
    private = await new_list(world, world.alice, is_private=True)
    assert await is_there(services, private, of=world.alice)
    assert not await is_there(services, private, of=world.bob)


async def test_a_public_list_is_there_for_whoever_sees_its_owner(services: ProcessServices, world: World) -> None:
    public = await new_list(world, world.alice, is_private=False)
    assert await is_there(services, public, of=world.eve)
    await services.db.transact(blocks.block_user, world.alice.viewer, world.eve.account_id)
    assert not await is_there(services, public, of=world.eve)
    await world.make_private(world.alice)
    assert await is_there(services, public, of=world.bob)
    assert not await is_there(services, public, of=world.carol)
    await services.db.transact(lists.delete_list, world.alice.viewer, public.target_id)
    assert not await is_there(services, public, of=world.alice)


async def test_a_hashtag_is_there_while_somebody_uses_or_follows_it(services: ProcessServices, world: World) -> None:
    post = await world.post(world.alice, "#owls")
    tag = await services.db.transact(hashtags.follow_hashtag, world.bob.viewer, "owls")
    owls = FeedRef(FeedKind.HASHTAG, tag)
    assert await is_there(services, owls, of=world.eve)
    await world.delete(world.alice, post)
    assert await is_there(services, owls, of=world.eve)
    await services.db.transact(hashtags.unfollow_hashtag, world.bob.viewer, "owls")
    assert not await is_there(services, owls, of=world.eve)


async def test_the_id_of_another_kind_of_thing_leads_nowhere(services: ProcessServices, world: World) -> None:
    post = await world.post(world.alice, "#owls")
    public = await new_list(world, world.alice, is_private=False)
    assert not await is_there(services, FeedRef(FeedKind.LIST, post), of=world.alice)
    assert not await is_there(services, FeedRef(FeedKind.HASHTAG, public.target_id), of=world.alice)
    for kind in (FeedKind.LIST, FeedKind.HASHTAG):
        with pytest.raises(NotFoundError) as caught:
            await require_feed(services.db, world.alice.viewer, FeedRef(kind), path=PATH)
        assert caught.value.path == PATH


@pytest.mark.parametrize("kind", feed_refs.FeedKind)
def test_a_name_has_an_id_where_there_are_many_such_feeds_and_nowhere_else(kind: feed_refs.FeedKind) -> None:
    known = {feed_refs.FeedKind.LIST: ids.Kind.LIST, feed_refs.FeedKind.HASHTAG: ids.Kind.HASHTAG}
    stored = FeedKind[kind.name]
    if kind not in known:
        assert feed_ref(NamedFeed(kind, None)) == FeedRef(stored, 0)
        for text in NO_IDS:
            with pytest.raises(ValidationError):
                feed_ref(NamedFeed(kind, strawberry.ID(text)))
        return
    assert feed_ref(NamedFeed(kind, strawberry.ID(ids.encode(known[kind], 7)))) == FeedRef(stored, 7)
    assert {feed_ref(NamedFeed(kind, strawberry.ID(text))) for text in NO_IDS} == {FeedRef(stored, ids.NOBODY)}
    with pytest.raises(ValidationError) as caught:
        feed_ref(NamedFeed(kind, None))
    assert [problem.path for problem in caught.value.problems] == [PATH]
