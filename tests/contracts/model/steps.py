"""What people do at random, to the model and to the database at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from hypothesis import strategies as st

from core.database import Transaction, command
from models.accounts import account
from models.blocks import block
from models.follows import follow
from models.mutes import mute
from models.posts import Visibility, post
from tests.contracts.model.reference import FOLLOWERS, MENTIONED, MUTUALS, PUBLIC, UNLISTED, Model, ModelPost
from tests.rows import insert, mint
from tests.worlds import World

PEOPLE = ("ann", "bob", "cat", "dan")
HASHTAG = "model"
# Posts and reposts of a play: what a reader sees of a feed in one page, at a price that is allowed.
MOST_ENTRIES = 50


class Step(NamedTuple):
    """Somebody does something to somebody, or to one of the latest posts: to the `choice`-th."""

    kind: str
    who: str
    whom: str
    choice: int
    visibility: str


_KINDS = (
    *("post", "reply") * 4,
    *("follow", "repost") * 3,
    *("unfollow", "block", "unblock", "mute", "unmute", "turn private", "turn public", "delete"),
)
STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(_KINDS),
        who=st.sampled_from(PEOPLE),
        whom=st.sampled_from(PEOPLE),
        choice=st.integers(0, 7),
        visibility=st.sampled_from((PUBLIC, PUBLIC, UNLISTED, FOLLOWERS, MUTUALS, MENTIONED)),
    ),
    min_size=10,
    max_size=40,
)

_ONE, _OTHER = (sa.bindparam(name, type_=sa.BigInteger) for name in ("one", "other"))
_LINKS: Mapping[str, tuple[str, str, sa.Table]] = {
    "follow": ("follower_id", "followee_id", follow),
    "block": ("blocker_id", "blocked_id", block),
    "mute": ("muter_id", "muted_id", mute),
}
_UNLINK = {
    name: command(sa.delete(table).where(table.c[one] == _ONE, table.c[other] == _OTHER))
    for name, (one, other, table) in _LINKS.items()
}
_SET_PRIVATE = command(
    sa.update(account).where(account.c.id == _ONE).values(is_private=sa.bindparam("is_private", type_=sa.Boolean))
)
_DELETE = command(sa.update(post).where(post.c.id == _ONE).values(deleted_at=sa.func.now()))


class Play:
    """A world that follows its model, step by step."""

    def __init__(self, world: World, hashtag_id: int) -> None:
        self.world = world
        self.db = world.services.db
        self.model = Model()
        self._hashtag_id = hashtag_id

    def number(self, name: str) -> int:
        return self.world.people[name].account_id

    async def take(self, step: Step) -> None:
        """Does it, if it can be done: nobody blocks themselves, or replies to what they do not see."""
        match step.kind.split():
            case ["post" | "reply" | "repost"] if len(self.model.entries()) >= MOST_ENTRIES:
                pass
            case ["post"]:
                await self._write(step, None)
            case ["reply"]:
                if (parent := self._some_post(step)) is not None:
                    await self._write(step, parent)
            case ["repost"]:
                await self._repost(step)
            case ["delete"]:
                await self._delete(step)
            case ["turn", how]:
                await self._turn(step.who, is_private=how == "private")
            case [kind] if step.who != step.whom:
                await self._link(kind, (step.who, step.whom))

    def _some_post(self, step: Step) -> int | None:
        seen = [number for number in sorted(self.model.posts) if self.model.sees(step.who, number)][-8:]
        return seen[step.choice % len(seen)] if seen else None

    async def _write(self, step: Step, parent: int | None) -> None:
        [number] = await mint(self.db, 1)
        visibility, author = Visibility[step.visibility], self.number(step.who)
        row = {"id": number, "author_id": author, "body": "b", "visibility": int(visibility), "reply_to_id": parent}
        await insert(self.db, "post", [row])
        await insert(self.db, "post_mention", [{"post_id": number, "account_id": self.number(step.whom)}])
        await insert(self.db, "post_hashtag", [{"post_id": number, "hashtag_id": self._hashtag_id}])
        self.model.posts[number] = ModelPost(step.who, step.visibility, parent, step.whom)

    async def _repost(self, step: Step) -> None:
        number = self._some_post(step)
        if number is None or (step.who, number) in self.model.reposts.values():
            return
        [entry] = await mint(self.db, 1)
        await insert(self.db, "post", [{"id": entry, "author_id": self.number(step.who), "repost_of_id": number}])
        self.model.reposts[entry] = (step.who, number)

    async def _delete(self, step: Step) -> None:
        own = [number for number, written in self.model.posts.items() if written.author == step.who]
        if own:
            number = own[step.choice % len(own)]
            await self._run(lambda tx: tx.run(_DELETE, one=number))
            self.model.deleted.add(number)

    async def _turn(self, who: str, *, is_private: bool) -> None:
        await self._run(lambda tx: tx.run(_SET_PRIVATE, one=self.number(who), is_private=is_private))
        (self.model.private.add if is_private else self.model.private.discard)(who)

    async def _link(self, kind: str, pair: tuple[str, str]) -> None:
        name = kind.removeprefix("un")
        one, other, table = _LINKS[name]
        links = {"follow": self.model.follows, "block": self.model.blocks, "mute": self.model.mutes}[name]
        ids = [self.number(who) for who in pair]
        if kind != name:
            await self._run(lambda tx: tx.run(_UNLINK[name], one=ids[0], other=ids[1]))
            links.discard(pair)
        elif pair not in links:
            await insert(self.db, table.name, [dict(zip((one, other), ids, strict=True))])
            links.add(pair)

    async def _run(self, act: Callable[[Transaction], Awaitable[object]]) -> None:
        await self.db.transact(_acted, act)


async def _acted(tx: Transaction, act: Callable[[Transaction], Awaitable[object]]) -> None:
    await act(tx)
