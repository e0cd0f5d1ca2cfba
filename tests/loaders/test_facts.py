"""The facts that Postgres gathers, beside the same told from the rows in Python, in random worlds."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from access import policy
from access.facts import ActFact, PostFact, UserFact
from app.services import ProcessServices
from core.database import Database, rows_of, values_of
from loaders.facts import ANONYMOUS_ID, VIEWER_ID, act_facts, is_admitted, is_in_sight, post_facts, user_facts
from models.accounts import account
from models.posts import Visibility, post
from tests.rows import insert, mint

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE, POSTS = 6, 40
# Above a reply so many different authors are listed (the trigger note_above); of more it is asked post by post.
MOST_LISTED = 100


class Facts(NamedTuple):
    """What a column of a statement says of a row, and what the function behind it says."""

    id: int
    glance: Any
    gathered: Any


class Openness(NamedTuple):
    """Whether a post is not open to everyone, as a statement says."""

    id: int
    author_id: int
    is_narrow: bool


_OF_USERS = rows_of(
    sa.select(account.c.id, user_facts(), sa.func.user_facts(VIEWER_ID, account.c.id)).order_by(account.c.id), Facts
)
_OF_POSTS = rows_of(
    sa.select(post.c.id, post_facts(), sa.func.post_facts(VIEWER_ID, post.c.id)).join(
        account, account.c.id == post.c.author_id
    ),
    Facts,
)
_IN_SIGHT = values_of(sa.select(account.c.id).where(is_in_sight(account.c.id)), int)
_ADMITTED = values_of(sa.select(post.c.id).where(is_admitted()), int)
_NARROW = rows_of(
    sa.select(post.c.id, post.c.author_id, act_facts().op("&")(int(ActFact.NARROW)) != 0).join(
        account, account.c.id == post.c.author_id
    ),
    Openness,
)


@dataclass(slots=True)
class Rows:
    """A world as plain rows."""

    accounts: dict[int, dict[str, Any]]
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    follows: set[tuple[int, int]] = field(default_factory=set)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    members: set[tuple[int, int]] = field(default_factory=set)  # (circle, account)
    mentions: set[tuple[int, int]] = field(default_factory=set)  # (post, account)
    circles: dict[int, int] = field(default_factory=dict)  # by owner

    async def store(self, db: Database) -> None:
        await insert(db, "account", [*self.accounts.values()])
        await insert(
            db, "circle", [{"id": id_, "account_id": owner, "name": "c"} for owner, id_ in self.circles.items()]
        )
        await insert(db, "post", [*self.posts.values()])
        for table, columns, pairs in (
            ("follow", ("follower_id", "followee_id"), self.follows),
            ("block", ("blocker_id", "blocked_id"), self.blocks),
            ("circle_member", ("circle_id", "account_id"), self.members),
            ("post_mention", ("post_id", "account_id"), self.mentions),
        ):
            await insert(db, table, [dict(zip(columns, pair, strict=True)) for pair in pairs])

    def moderates(self, viewer: int) -> bool:
        account = self.accounts.get(viewer)
        return account is not None and account["role"] > 0 and account["suspended_at"] is None

    def of_user(self, viewer: int, subject: int) -> int:
        if viewer == subject:
            return UserFact.IS_VIEWER
        facts, row = UserFact(0), self.accounts[subject]
        if row["suspended_at"] is not None:
            facts |= UserFact.SUSPENDED
            if self.moderates(viewer):
                facts |= UserFact.FOR_MODERATOR
        if (subject, viewer) in self.blocks:
            facts |= UserFact.BLOCKS_VIEWER
        if (viewer, subject) in self.blocks:
            facts |= UserFact.BLOCKED
        if row["is_private"]:
            facts |= UserFact.PRIVATE
            if (viewer, subject) in self.follows:
                facts |= UserFact.FOLLOWED
        return facts

    def of_audience(self, viewer: int, row: dict[str, Any]) -> int:
        author, facts = row["author_id"], PostFact(0)
        if row["taken_down_at"] is not None:
            facts |= PostFact.TAKEN_DOWN
            if self.moderates(viewer):
                facts |= PostFact.FOR_MODERATOR
        audience = row["visibility"]
        if self.accounts[author]["is_private"]:
            audience = max(audience, Visibility.FOLLOWERS)
        if audience <= Visibility.UNLISTED:
            return facts
        if (viewer, author) in self.follows:
            facts |= PostFact.FOLLOWED
        if audience == Visibility.MUTUALS and (author, viewer) in self.follows:
            facts |= PostFact.FOLLOWS
        if audience == Visibility.CIRCLE and (row["circle_id"], viewer) in self.members:
            facts |= PostFact.IN_CIRCLE
        if (row["id"], viewer) in self.mentions:
            facts |= PostFact.MENTIONED
        return int(facts) + int(audience)

    def of_post(self, viewer: int, subject: int) -> list[int]:
        return [fact for pair in self._pairs(viewer, subject) for fact in pair]

    def admits(self, viewer: int, row: dict[str, Any]) -> bool:
        """Whether the viewer is among those whom a post itself is for."""
        author = row["author_id"]
        follows, is_followed = (viewer, author) in self.follows, (author, viewer) in self.follows
        is_among = {
            Visibility.FOLLOWERS: follows,
            Visibility.MUTUALS: follows and is_followed,
            Visibility.CIRCLE: (row["circle_id"], viewer) in self.members,
            Visibility.MENTIONED: False,
        }
        return viewer == author or is_among.get(row["visibility"], True) or (row["id"], viewer) in self.mentions

    def is_narrow(self, subject: int) -> bool:
        row = self.posts[subject]
        if self.accounts[row["author_id"]]["suspended_at"] is not None or row["taken_down_at"] is not None:
            return True
        at: int | None = subject
        while at is not None:
            row = self.posts[at]
            if row["visibility"] > Visibility.UNLISTED or self.accounts[row["author_id"]]["is_private"]:
                return True
            at = row["reply_to_id"]
        return False

    def _pairs(self, viewer: int, subject: int) -> Iterator[tuple[int, int]]:
        row = self.posts[subject]
        yield self.of_user(viewer, row["author_id"]), self.of_audience(viewer, row)
        while row["author_id"] != viewer and row["reply_to_id"] is not None:
            row = self.posts[row["reply_to_id"]]
            if row["author_id"] == viewer:
                return
            pair = self.of_user(viewer, row["author_id"]), self.of_audience(viewer, row)
            if pair != (0, 0):
                yield pair


def account_row(number: int, source: random.Random) -> dict[str, Any]:
    return {
        "id": number,
        "handle": f"a{number}",
        "display_name": "A",
        "is_private": source.random() < 0.2,
        "suspended_at": MOMENT if source.random() < 0.2 else None,
        "role": int(source.random() < 0.2),
    }


def post_row(number: int, author: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "author_id": author,
        "body": "b",
        "reply_to_id": None,
        "visibility": int(Visibility.PUBLIC),
        "circle_id": None,
        "deleted_at": None,
        "taken_down_at": None,
        **more,
    }


async def random_rows(db: Database, source: random.Random) -> Rows:
    people, numbers = await mint(db, PEOPLE), await mint(db, POSTS)
    circles = dict(zip(people, await mint(db, PEOPLE), strict=True))
    rows = Rows({number: account_row(number, source) for number in people}, circles=circles)
    pairs = [(one, other) for one in people for other in people if one != other]
    rows.follows = {pair for pair in pairs if source.random() < 0.4}
    rows.blocks = {pair for pair in pairs if source.random() < 0.1}
    rows.members = {(circle, person) for circle in circles.values() for person in people if source.random() < 0.3}
    for number in numbers:
        author, visibility = source.choice(people), source.choice([0, 0, 0, *map(int, Visibility)])
        rows.posts[number] = post_row(
            number,
            author,
            reply_to_id=source.choice([None, *([*rows.posts][-8:])]),
            visibility=visibility,
            circle_id=circles[author] if visibility == Visibility.CIRCLE else None,
            deleted_at=MOMENT if source.random() < 0.1 else None,
            taken_down_at=MOMENT if source.random() < 0.1 else None,
        )
        rows.mentions |= {(number, person) for person in people if source.random() < 0.1}
    return rows


async def check(db: Database, rows: Rows, viewer: int) -> list[bool]:
    """Compares all facts for a viewer; gives whether each post could be seen."""
    for of_user in await db.rows(_OF_USERS, viewer_id=viewer):
        told = rows.of_user(viewer, of_user.id)
        assert of_user.gathered == told
        assert of_user.glance == told or (of_user.glance, told) == (0, UserFact.IS_VIEWER)
    in_sight = {*await db.rows(_IN_SIGHT, viewer_id=viewer)}
    sights = {number: policy.sight_of_user(rows.of_user(viewer, number)) for number in rows.accounts}
    assert in_sight == {number for number, sight in sights.items() if sight is not policy.Sight.NONE}
    seen: list[bool] = []
    admitted = {*await db.rows(_ADMITTED, viewer_id=viewer)}
    assert admitted == {number for number, row in rows.posts.items() if rows.admits(viewer, row)}
    for of_post in await db.rows(_OF_POSTS, viewer_id=viewer):
        told_of_post = rows.of_post(viewer, of_post.id)
        assert of_post.gathered == told_of_post
        # Nothing restricts at a glance: then nothing does.
        assert of_post.glance == told_of_post or (of_post.glance is None and policy.could_see_post(told_of_post))
        seen.append(policy.could_see_post(told_of_post))
        assert of_post.id in admitted or not seen[-1], "a list would pass over what the viewer may see"
    return seen


@pytest.mark.parametrize("seed", range(8))
async def test_facts_are_those_of_the_rows(services: ProcessServices, seed: int) -> None:
    rows = await random_rows(services.db, random.Random(seed))
    await rows.store(services.db)
    seen = [could for viewer in (*rows.accounts, ANONYMOUS_ID) for could in await check(services.db, rows, viewer)]
    assert {True, False} == set(seen)


@pytest.mark.parametrize("seed", range(8))
async def test_only_what_is_open_with_everything_above_is_open_to_be_shown_around(
    services: ProcessServices, seed: int
) -> None:
    rows = await random_rows(services.db, random.Random(seed))
    await rows.store(services.db)
    for viewer in rows.accounts:
        for of in await services.db.rows(_NARROW, viewer_id=viewer):
            assert of.is_narrow is (viewer != of.author_id and rows.is_narrow(of.id)), of


@pytest.mark.parametrize("is_private", [False, True])
async def test_facts_reach_up_a_thread_by_more_people_than_are_listed(
    services: ProcessServices, *, is_private: bool
) -> None:
    db, source = services.db, random.Random(0)
    people = await mint(db, MOST_LISTED + 3)
    plain = {"is_private": False, "suspended_at": None, "role": 0}
    rows = Rows({number: account_row(number, source) | plain for number in people})
    first, *_, viewer = people
    rows.accounts[first]["is_private"] = is_private
    if not is_private:
        rows.blocks = {(first, viewer)}
    parent = None
    for number, author in zip(await mint(db, len(people) - 1), people, strict=False):
        rows.posts[number] = post_row(number, author, reply_to_id=parent)
        parent = number
    await rows.store(db)
    assert not any(await check(db, rows, viewer))
    assert all(await check(db, rows, first))
