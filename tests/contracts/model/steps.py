"""What people do at random: by the API, and to the model, which says whether the API may refuse it."""

from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from actions import circles, hashtags, lists
from core import ids
from models.lists import ListReplies
from tests.api.moderation import make_moderator
from tests.contracts.model.acts import ON_MEMBERS, ON_PEOPLE, ON_POSTS, Act, may_show_around
from tests.contracts.model.reference import (
    BARE,
    CIRCLE,
    FOLLOWERS,
    MENTIONED,
    MUTUALS,
    NONE,
    PUBLIC,
    UNLISTED,
    Entry,
    Model,
    ModelPost,
    Pair,
)
from tests.fixtures.api import Api
from tests.worlds import World

PEOPLE = ("ann", "bob", "cat", "dan", "eve")
MODERATOR, FAN, NOBODY = "eve", "dan", "nobody"
HASHTAG = "model"
# Posts and reposts of a play: no more than a feed folds into each other, and than are read at a price that is allowed.
MOST_ENTRIES = 40
LATEST = 8


class Step(NamedTuple):
    """Somebody does something to somebody else, or to the `choice`-th of the latest posts; then some look."""

    kind: str
    who: str
    whom: str
    choice: int
    visibility: str
    looks: "Looks"


class Looks(NamedTuple):
    """Who else looks, at what beside feeds, by which executor, after the worker or not, with timelines or without."""

    onlooker: str
    is_at_people: bool
    is_compiled: bool
    is_settled: bool
    is_cold: bool


_KINDS = (
    *("post", "reply") * 4,
    *("quote", "repost", "follow") * 3,
    *("circle add", "list add", "accept", "detach", "take down", "turn private", "turn public") * 2,
    *("unfollow", "remove follower", "block", "unblock", "mute", "unmute", "circle remove", "list remove"),
    *("like", "unlike", "bookmark", "undo repost", "delete", "suspend", "lift", "show"),
)
_VISIBILITIES = (*(PUBLIC,) * 5, UNLISTED, FOLLOWERS, MUTUALS, CIRCLE, MENTIONED)


def _step(seed: int) -> Step:
    """What a seed makes: drawn apart, the parts of a step repeat each other more than people do."""
    random = Random(seed)
    who, whom = random.sample(PEOPLE, 2)
    onlooker = random.choice((*PEOPLE, NOBODY))
    looks = Looks(onlooker, *(random.random() < 0.5 for _ in range(4)))
    return Step(random.choice(_KINDS), who, whom, random.randrange(LATEST), random.choice(_VISIBILITIES), looks)


def plays(*, least: int, most: int) -> st.SearchStrategy[list[Step]]:
    """So many steps, no two of one seed."""
    seeds = st.lists(st.integers(0, 2**32), min_size=least, max_size=most, unique=True)
    return seeds.map(lambda each: [_step(seed) for seed in each])


class Play:
    """A world that follows its model, step by step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = Model(MODERATOR, FAN)
        # What others have posted since the worker last settled: warm timelines may lack it.
        self.late: set[str] = set()
        self.history: list[Step] = []
        self._circles: dict[str, str] = {}
        self._lists: dict[str, str] = {}

    async def begin(self) -> None:
        """Everybody follows the next two, and has the next one on their list and in their circle."""
        db, model = self.world.services.db, self.model
        for name in PEOPLE:
            await self.world.join(name)
        await make_moderator(self.world, self.world.people[MODERATOR])
        await db.transact(hashtags.follow_hashtag, self.world.people[FAN].viewer, HASHTAG)
        for place, name in enumerate(PEOPLE):
            person, friends = self.world.people[name], [PEOPLE[(place + by) % len(PEOPLE)] for by in (1, 2)]
            new_list = lists.NewList("friends", replies=ListReplies.TO_MEMBERS)
            list_id = await db.transact(lists.create_list, person.viewer, new_list)
            circle_id = await db.transact(circles.create_circle, person.viewer, "friends")
            numbers = [self.world.people[friend].account_id for friend in friends]
            await db.transact(lists.add_to_list, person.viewer, list_id, numbers[:1])
            await db.transact(circles.add_to_circle, person.viewer, circle_id, numbers[:1])
            for friend in friends:
                await self.world.follow(person, self.world.people[friend])
                model.follows.append((name, friend))
            model.lists.append((name, friends[0]))
            model.circles.append((name, friends[0]))
            self._lists[name] = ids.encode(ids.Kind.LIST, list_id)
            self._circles[name] = ids.encode(ids.Kind.CIRCLE, circle_id)

    async def take(self, api: Api, step: Step) -> None:
        """Does it, if there is something to do it to."""
        self.history.append(step)
        before = deepcopy(self.model)
        match step.kind:
            case "post" | "reply" | "quote" | "repost" if len(self.model.entries) >= MOST_ENTRIES:
                pass
            case "post":
                await self._write(api, step)
            case "reply" | "quote" if (post := self._some_post(step)) is not None:
                await self._write(api, step, **{step.kind: post})
            case "suspend" | "lift":
                await self._suspend(api, step, begins=step.kind == "suspend")
            case "take down" | "show":
                await self._take_down(api, step, begins=step.kind == "take down")
            case "turn private" | "turn public":
                await self._turn(api, step, is_private=step.kind == "turn private")
            case kind if kind in ON_POSTS and (post := self._some_post(step)) is not None:
                await self._act(api, ON_POSTS[kind], (step.who, post), postId=post)
            case kind if kind in ON_PEOPLE:
                user_id = self.world.people[step.whom].id
                await self._act(api, ON_PEOPLE[kind], (step.who, step.whom), userId=user_id)
            case kind if kind in ON_MEMBERS:
                group = {"listId": self._lists[step.who]} if "list" in kind else {"circleId": self._circles[step.who]}
                user_ids = [self.world.people[step.whom].id]
                await self._act(api, ON_MEMBERS[kind], (step.who, step.whom), **group, userIds=user_ids)
        self._note_late(before)

    def _note_late(self, before: Model) -> None:
        """What has joined home feeds by this step."""
        now = self.model
        by = {followed for who, followed in now.follows if (who, followed) not in before.follows}
        by |= before.private - now.private
        self.late |= {entry.post for entry in now.entries if entry not in before.entries or entry.by in by}
        self.late |= before.taken_down - now.taken_down

    async def _do(self, api: Api, by: str, mutation: str, *, may: bool, gives: str = "", **given: Any) -> Any:
        """The payload, None if it is refused: as it must be exactly if one may not, or is suspended."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {gives} errors {{ code message }} }} }}"
        payload = (await api.data(document, by=self.world.people[by], input=given))[mutation]
        is_done = not payload["errors"]
        assert is_done is (may and by not in self.model.suspended), (by, mutation, given, payload, self.history)
        return payload if is_done else None

    async def _act(self, api: Api, act: Act, pair: Pair, **given: Any) -> None:
        if await self._do(api, pair[0], act.mutation, may=act.may(self.model, pair), **given):
            act.effect(self.model, pair)

    def _some_post(self, step: Step) -> str | None:
        """One of the latest that are seen, now and then of all; or of one's own, or of quotes of these."""
        model, who = self.model, step.who

        def is_meant(name: str, post: ModelPost) -> bool:
            if step.kind == "delete":
                return post.author == who and name not in model.deleted
            if step.kind == "detach":
                return post.quoted is not None and model.posts[post.quoted].author == who
            return step.choice == 0 or model.sees(who, name)

        found = [name for name, post in model.posts.items() if is_meant(name, post)][-LATEST:]
        return found[step.choice % len(found)] if found else None

    async def _write(self, api: Api, step: Step, *, reply: str | None = None, quote: str | None = None) -> None:
        model, who, whom = self.model, step.who, step.whom
        payload = await self._do(
            api,
            who,
            "createPost",
            may=(reply is None or model.sees(who, reply)) and (quote is None or may_show_around(model, (who, quote))),
            gives="post { id }",
            body=f"to @{whom} of #{HASHTAG}",
            visibility=step.visibility,
            circleId=self._circles[who] if step.visibility == CIRCLE else None,
            replyToId=reply,
            quoteId=quote,
        )
        if payload is not None:
            post = payload["post"]["id"]
            mentioned = whom if model.sight(who, whom) > BARE else None
            model.posts[post] = ModelPost(who, step.visibility, reply, quote, mentioned)
            model.entries.append(Entry(who, post))

    async def _suspend(self, api: Api, step: Step, *, begins: bool) -> None:
        """Suspends somebody who is not, or lifts that of somebody who is."""
        suspended = self.model.suspended
        found = [name for name in (*PEOPLE, step.whom) if name != MODERATOR and (name in suspended) is not begins]
        if found:
            name, kind = found[-1], "SUSPEND" if begins else "LIFT_SUSPENSION"
            if await self._moderate(
                api, kind, may=self.model.sight(MODERATOR, name) != NONE, userId=self.world.people[name].id
            ):
                (suspended.add if begins else suspended.discard)(name)
                # Suspending ends all sessions.
                await self.world.sign_in(name)

    async def _take_down(self, api: Api, step: Step, *, begins: bool) -> None:
        """Takes a post down that is not, or shows one that is."""
        model, marked = self.model, self.model.taken_down
        written = [name for name, post in model.posts.items() if post.author != MODERATOR]
        found = [name for name in written if (name in marked) is not begins][-LATEST:]
        if found:
            name, kind = found[step.choice % len(found)], "HIDE_POST" if begins else "SHOW_POST"
            if await self._moderate(api, kind, may=model.sees(MODERATOR, name), postId=name):
                (marked.add if begins else marked.discard)(name)

    async def _moderate(self, api: Api, kind: str, *, may: bool, **given: str) -> Any:
        return await self._do(api, MODERATOR, "takeAction", may=may, kind=kind, **given)

    async def _turn(self, api: Api, step: Step, *, is_private: bool) -> None:
        model, who = self.model, step.who
        waiting = [pair for pair in model.requests if pair[1] == who]
        # In which order several are let in at once is not promised.
        if len(waiting) > 1 and not is_private:
            return
        if await self._do(api, who, "updateSettings", may=True, isPrivate=is_private):
            (model.private.add if is_private else model.private.discard)(who)
            for pair in [] if is_private else waiting:
                model.requests.remove(pair)
                model.follows.append(pair)
