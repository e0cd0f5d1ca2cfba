"""Which rows count, and that counts follow whatever posts and accounts come to."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import asyncpg
import pytest

from actions import counted, deletions, edits, posts, reposts
from app.recounting import verify
from app.services import ProcessServices
from app.worker import Worker
from core.database import Database, Transaction
from core.errors import RefusalError
from models.counts import Counter
from models.posts import Visibility
from tests.worlds import Person, World

HIDES = {"is_private": ("true", "false"), "suspended_at": ("now()", "NULL")}


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def db(services: ProcessServices) -> Database:
    return services.db


async def hide(db: Database, person: Person, *, how: str) -> None:
    """Makes an account private, or suspends it."""
    await db.transact(_hide, person.account_id, how)


async def show(db: Database, person: Person, *, how: str) -> None:
    """Takes that back."""
    await db.transact(_show, person.account_id, how)


async def _set(tx: Transaction, table: str, column: str, value: str, row_id: int) -> bool:
    """Whether that changed anything."""
    command = f"UPDATE {table} SET {column} = {value} WHERE id = $1 AND {column} IS DISTINCT FROM {value}"
    return await tx._connection.execute(command, row_id) == "UPDATE 1"


async def _hide(tx: Transaction, account_id: int, how: str) -> None:
    await counted.withdraw_account(tx, account_id)
    await _set(tx, "account", how, HIDES[how][0], account_id)


async def _show(tx: Transaction, account_id: int, how: str) -> None:
    if await _set(tx, "account", how, HIDES[how][1], account_id):
        await counted.return_account(tx, account_id)


async def _take_down(tx: Transaction, post_id: int) -> None:
    await counted.withdraw_post(tx, post_id)
    await _set(tx, "post", "taken_down_at", "now()", post_id)


async def _put_back(tx: Transaction, post_id: int) -> None:
    if await _set(tx, "post", "taken_down_at", "NULL", post_id):
        await counted.return_post(tx, post_id)


async def _take_off(tx: Transaction, post_id: int) -> None:
    await counted.withdraw_quote(tx, post_id)
    await _set(tx, "post", "quote_detached_at", "now()", post_id)


async def _put_on(tx: Transaction, post_id: int) -> None:
    if await _set(tx, "post", "quote_detached_at", "NULL", post_id):
        await counted.return_quote(tx, post_id)


async def _delete_circle(tx: Transaction, owner: Person, circle_id: int) -> None:
    await counted.withdraw_circle(tx, circle_id, owner_id=owner.account_id)
    await tx._connection.execute("DELETE FROM circle WHERE id = $1", circle_id)


async def told(sql: asyncpg.Connection, counter: Counter, subject_id: int) -> int:
    """A count that nothing has folded yet."""
    number: int = await sql.fetchval(
        "SELECT coalesce(sum(amount), 0) FROM count_delta WHERE subject_id = $1 AND counter = $2",
        subject_id,
        int(counter),
    )
    return number


async def drifted(db: Database) -> dict[Counter, int]:
    """How many subjects of each counter are told wrongly."""
    return {tally.counter: tally.drifted for tally in await verify(db, repairs=False) if tally.drifted}


async def make_circle(sql: asyncpg.Connection, owner: Person, name: str) -> int:
    number: int = await sql.fetchval(
        "INSERT INTO circle (account_id, name) VALUES ($1, $2) RETURNING id", owner.account_id, name
    )
    return number


class Case(NamedTuple):
    """A post of bob, and an answer to it, by bob or by carol."""

    of: Visibility
    answer: Visibility
    is_own: bool
    counts: bool


PUBLIC, UNLISTED, FOLLOWERS, MUTUALS, CIRCLE, MENTIONED = Visibility
REPLIES = [
    *(
        Case(PUBLIC, visibility, is_own, visibility <= UNLISTED)
        for visibility in Visibility
        for is_own in (True, False)
    ),
    Case(FOLLOWERS, FOLLOWERS, is_own=True, counts=True),
    Case(MUTUALS, MUTUALS, is_own=True, counts=True),
    Case(FOLLOWERS, MUTUALS, is_own=True, counts=False),
    Case(FOLLOWERS, PUBLIC, is_own=True, counts=True),
    Case(CIRCLE, CIRCLE, is_own=True, counts=True),
    Case(MENTIONED, MENTIONED, is_own=True, counts=False),
]


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: "-".join(map(str, case)))
async def test_a_reply_counts_if_whoever_sees_its_parent_sees_it(
    db: Database, world: World, sql: asyncpg.Connection, case: Case
) -> None:
    circles = {person.handle: await make_circle(sql, person, "friends") for person in (world.bob, world.carol)}

    def new(author: Person, visibility: Visibility, parent: int | None) -> posts.NewPost:
        circle_id = circles[author.handle] if visibility is CIRCLE else None
        return posts.NewPost("hello", reply_to_id=parent, visibility=visibility, circle_id=circle_id)

    parent = await db.transact(posts.create_post, world.bob.viewer, new(world.bob, case.of, None))
    author = world.bob if case.is_own else world.carol
    reply = await db.transact(posts.create_post, author.viewer, new(author, case.answer, parent))
    assert await told(sql, Counter.POST_REPLIES, parent) == case.counts
    assert await drifted(db) == {}
    await world.delete(author, reply)
    assert await told(sql, Counter.POST_REPLIES, parent) == 0
    assert await drifted(db) == {}


@pytest.mark.parametrize("visibility", Visibility)
async def test_only_open_posts_count_as_quotes_and_at_their_authors_and_public_ones_at_hashtags(
    db: Database, world: World, sql: asyncpg.Connection, visibility: Visibility
) -> None:
    await world.post(world.eve, "#rooks")
    hashtag = await sql.fetchval("SELECT id FROM hashtag WHERE name = 'rooks'")
    quoted = await world.post(world.bob)
    circle_id = await make_circle(sql, world.carol, "friends") if visibility is CIRCLE else None
    new = posts.NewPost("a #rooks quote", quote_id=quoted, visibility=visibility, circle_id=circle_id)
    await db.transact(posts.create_post, world.carol.viewer, new)
    is_open = visibility <= UNLISTED
    assert await told(sql, Counter.POST_QUOTES, quoted) == is_open
    assert await told(sql, Counter.ACCOUNT_POSTS, world.carol.account_id) == is_open
    assert await told(sql, Counter.HASHTAG_POSTS, hashtag) == 1 + (visibility is PUBLIC)
    assert await drifted(db) == {}


async def test_what_stands_below_a_narrower_post_counts_only_there(
    db: Database, world: World, sql: asyncpg.Connection
) -> None:
    quoted = await world.post(world.bob)
    narrow = await db.transact(posts.create_post, world.bob.viewer, posts.NewPost("narrow", visibility=FOLLOWERS))
    await world.post(world.alice, "a #rooks reply", reply_to=narrow, quote=quoted)
    hashtag = await sql.fetchval("SELECT id FROM hashtag WHERE name = 'rooks'")
    assert await told(sql, Counter.POST_REPLIES, narrow) == 1
    assert await told(sql, Counter.POST_QUOTES, quoted) == 0
    assert await told(sql, Counter.ACCOUNT_POSTS, world.alice.account_id) == 0
    assert await told(sql, Counter.HASHTAG_POSTS, hashtag) == 0
    assert await drifted(db) == {}


@pytest.mark.parametrize("how", HIDES)
async def test_what_an_account_has_posted_counts_nowhere_else_while_it_hides(
    db: Database, world: World, sql: asyncpg.Connection, how: str
) -> None:
    theirs, own = await world.post(world.bob), await world.post(world.carol, "#rooks")
    hashtag = await sql.fetchval("SELECT id FROM hashtag WHERE name = 'rooks'")
    for post in (theirs, own):
        await world.post(world.carol, reply_to=post, quote=post)
        await world.repost(world.carol, post)
    counters = (Counter.POST_REPLIES, Counter.POST_QUOTES, Counter.POST_REPOSTS)

    async def counts_of(post: int) -> list[int]:
        return [await told(sql, counter, post) for counter in counters]

    for _ in range(2):
        await hide(db, world.carol, how=how)
        assert await counts_of(theirs) == [0, 0, 0]
        assert await counts_of(own) == [1, 1, 1]
        assert await told(sql, Counter.HASHTAG_POSTS, hashtag) == 0
        assert await told(sql, Counter.ACCOUNT_POSTS, world.carol.account_id) == 3
        assert await drifted(db) == {}
        await show(db, world.carol, how=how)
        assert await counts_of(theirs) == await counts_of(own) == [1, 1, 1]
        assert await told(sql, Counter.HASHTAG_POSTS, hashtag) == 1
        assert await drifted(db) == {}


async def test_an_account_that_hides_for_two_reasons_counts_when_both_are_gone(
    db: Database, world: World, sql: asyncpg.Connection
) -> None:
    post = await world.post(world.bob)
    await world.post(world.carol, reply_to=post)
    for act, how, left in (
        (hide, "is_private", 0),
        (hide, "suspended_at", 0),
        (show, "is_private", 0),
        (hide, "is_private", 0),
        (show, "suspended_at", 0),
        (show, "is_private", 1),
    ):
        await act(db, world.carol, how=how)
        assert await told(sql, Counter.POST_REPLIES, post) == left
        assert await drifted(db) == {}


@pytest.fixture
async def old_statistics(sql: asyncpg.Connection) -> None:
    """What Postgres knows of accounts is of a few others, who came before everybody here and are gone.

    It takes a join in the order of accounts for one that ends at once, although it goes through all posts.
    """
    await sql.execute(
        "INSERT INTO account (id, handle, display_name) SELECT n, 'gone_' || n, '' FROM generate_series(1, 5000) AS n"
    )
    await sql.execute("DELETE FROM account WHERE id % 80 > 0")
    await sql.execute("ANALYZE account")
    await sql.execute("DELETE FROM account")


@pytest.mark.long
@pytest.mark.usefixtures("old_statistics")
async def test_more_than_a_delta_can_hold_is_taken_in_shares(
    db: Database, world: World, sql: asyncpg.Connection
) -> None:
    post = await world.post(world.bob)
    await sql.execute(
        "INSERT INTO post (author_id, body, reply_to_id) SELECT $1, 'x', $2 FROM generate_series(1, 61000)",
        world.carol.account_id,
        post,
    )
    # As anywhere, most posts have few replies. Where all replies are to one post, plans expect as many of each.
    await sql.execute(
        "WITH other AS (INSERT INTO post (author_id, body) SELECT $1, 'x' FROM generate_series(1, 1000) RETURNING id) "
        "INSERT INTO post (author_id, body, reply_to_id) SELECT $1, 'x', id FROM other",
        world.bob.account_id,
    )
    await sql.execute("ANALYZE post")
    await verify(db, repairs=True)
    await hide(db, world.carol, how="is_private")
    assert await told(sql, Counter.POST_REPLIES, post) == -61_000
    assert await drifted(db) == {}


@pytest.mark.parametrize("how", HIDES)
async def test_who_posts_while_the_account_hides_is_counted_as_it_ends(db: Database, world: World, how: str) -> None:
    post = await world.post(world.bob, "hello")
    acts: list[Callable[[], object]] = []
    for number in range(12):
        reply = posts.NewPost(f"#rooks {number}", reply_to_id=post, quote_id=post)
        acts.append(lambda reply=reply: db.transact_in_one_write(posts.create_post, world.carol.viewer, reply))  # type: ignore[misc]  # the default binds it
    acts.append(lambda: hide(db, world.carol, how=how))
    acts.append(lambda: db.transact(reposts.repost, world.carol.viewer, post))
    random.Random(how).shuffle(acts)
    await asyncio.gather(*(act() for act in acts))  # type: ignore[call-overload]  # each can be awaited
    assert await drifted(db) == {}
    await show(db, world.carol, how=how)
    assert await drifted(db) == {}


async def test_a_post_and_its_deletion_with_a_reply_of_its_author_do_not_wait_in_a_circle(
    db: Database, world: World
) -> None:
    for _ in range(10):
        post = await world.post(world.bob)
        await asyncio.gather(
            world.delete(world.bob, post),
            *(world.post(world.bob, reply_to=post) for _ in range(3)),
            return_exceptions=True,
        )
    assert await drifted(db) == {}


class Walk:
    """A random walk through all acts that counts follow."""

    def __init__(self, db: Database, world: World, sql: asyncpg.Connection, *, seed: str) -> None:
        self.db, self.world, self.sql = db, world, sql
        self.random = random.Random(seed)
        self.people = [world.alice, world.bob, world.carol]
        self.posts: list[tuple[Person, int]] = []
        self.circles: list[tuple[Person, int]] = []
        self.done: set[str] = set()

    async def step(self) -> None:
        """One act of somebody on something, which may be refused."""
        acts = [
            *([self.post] * 6),
            *([self.repost] * 3),
            self.undo_repost,
            self.delete,
            self.restore,
            self.edit,
            self.hide_or_show,
            self.take_down_or_put_back,
            self.take_off_or_put_on,
            self.delete_circle,
        ]
        act = self.random.choice(acts) if self.posts else self.post
        try:
            await act()
        except RefusalError:
            return
        self.done.add(act.__name__)

    def someone(self) -> Person:
        return self.random.choice(self.people)

    def some_post(self) -> tuple[Person, int]:
        return self.random.choice(self.posts[-12:])

    async def post(self) -> None:
        author = self.someone()
        visibility = self.random.choice([PUBLIC, PUBLIC, PUBLIC, *Visibility])
        own = [number for owner, number in self.circles if owner is author]
        if visibility is CIRCLE and (not own or self.random.random() < 0.3):
            own = [await make_circle(self.sql, author, f"circle {len(self.posts)}")]
            self.circles += [(author, own[0])]
        new = posts.NewPost(
            self.random.choice(["plain", "#rooks", "#rooks @bob", "@alice #jackdaws #rooks"]),
            reply_to_id=self.some_post()[1] if self.random.random() < 0.6 and self.posts else None,
            quote_id=self.some_post()[1] if self.random.random() < 0.3 and self.posts else None,
            visibility=visibility,
            circle_id=self.random.choice(own) if visibility is CIRCLE else None,
        )
        self.posts.append((author, await self.db.transact_in_one_write(posts.create_post, author.viewer, new)))

    async def repost(self) -> None:
        await self.db.transact(reposts.repost, self.someone().viewer, self.some_post()[1])

    async def undo_repost(self) -> None:
        await self.db.transact(reposts.undo_repost, self.someone().viewer, self.some_post()[1])

    async def delete(self) -> None:
        author, post = self.some_post()
        await self.db.transact(deletions.delete_post, author.viewer, post)

    async def restore(self) -> None:
        author, post = self.some_post()
        await self.db.transact(deletions.restore_post, author.viewer, post)

    async def edit(self) -> None:
        author, post = self.some_post()
        body = self.random.choice(["edited", "#crows #rooks", "#crows @bob"])
        await self.db.transact(edits.edit_post, author.viewer, post, edits.PostChange({"body": body}))

    async def hide_or_show(self) -> None:
        act = self.random.choice([hide, show])
        await act(self.db, self.someone(), how=self.random.choice(list(HIDES)))

    async def take_down_or_put_back(self) -> None:
        await self.db.transact(self.random.choice([_take_down, _put_back]), self.some_post()[1])

    async def take_off_or_put_on(self) -> None:
        await self.db.transact(self.random.choice([_take_off, _put_on]), self.some_post()[1])

    async def delete_circle(self) -> None:
        self.random.shuffle(self.circles)
        if self.circles:
            await self.db.transact(_delete_circle, *self.circles.pop())


@pytest.mark.parametrize("seed", ["rook", "crow", "jackdaw"])
async def test_no_sequence_of_acts_makes_drift(
    db: Database, world: World, sql: asyncpg.Connection, worker: Worker, seed: str
) -> None:
    walk = Walk(db, world, sql, seed=seed)
    for number in range(400):
        await walk.step()
        if number % 50 == 49:
            assert await drifted(db) == {}, number
    assert len(walk.done) == 10, walk.done
    await worker.settle()
    assert await drifted(db) == {}
