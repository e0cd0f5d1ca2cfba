"""What recounts are tested with: a world in which every counter counts something, and drift that is planted in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from actions import counts
from models.counts import Counter
from models.posts import Visibility
from tests.worlds import World

_OPEN = "own.visibility < 2 AND own.deleted_at IS NULL AND own.taken_down_at IS NULL"
_SHOWN = "NOT is_private AND suspended_at IS NULL"
_WITH_AUTHOR = "SELECT count(*) FROM post own JOIN account ON account.id = own.author_id"
# What each counter counts in a world without private accounts and narrow answers, in SQL of the tests' own.
ROWS = {
    Counter.POST_LIKES: "SELECT count(*) FROM post_like WHERE post_id = $1",
    Counter.POST_REPLIES: f"{_WITH_AUTHOR} WHERE reply_to_id = $1 AND {_OPEN} AND {_SHOWN}",
    Counter.POST_REPOSTS: f"{_WITH_AUTHOR} WHERE repost_of_id = $1 AND {_SHOWN}",
    Counter.POST_QUOTES: f"{_WITH_AUTHOR} WHERE quote_id = $1 AND {_OPEN} AND {_SHOWN} AND NOT is_gated",
    Counter.ACCOUNT_POSTS: (
        f"SELECT count(*) FROM post own WHERE author_id = $1 AND repost_of_id IS NULL AND {_OPEN} AND NOT is_gated"
    ),
    Counter.ACCOUNT_FOLLOWERS: "SELECT count(*) FROM follow WHERE followee_id = $1",
    Counter.ACCOUNT_FOLLOWING: "SELECT count(*) FROM follow WHERE follower_id = $1",
    Counter.HASHTAG_POSTS: (
        f"{_WITH_AUTHOR} JOIN post_hashtag ON post_id = own.id"
        f" WHERE hashtag_id = $1 AND {_OPEN} AND {_SHOWN} AND visibility = 0"
    ),
    Counter.HASHTAG_FOLLOWERS: "SELECT count(*) FROM hashtag_follow WHERE hashtag_id = $1",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """The subjects of each counter that have something to count, and the counts as SQL tells them."""

    sql: asyncpg.Connection
    subjects: Mapping[Counter, int]

    async def told(self, counter: Counter) -> int:
        """Total and unfolded deltas of the counter's subject."""
        total = counts.total_of(counter)
        key = counts.key_of(total.table)
        number: int = await self.sql.fetchval(
            f"""
            SELECT coalesce((SELECT {total.name} FROM {total.table.name} WHERE {key.name} = $1), 0)
              + coalesce((SELECT sum(amount) FROM count_delta WHERE subject_id = $1 AND counter = {int(counter)}), 0)
            """,
            self.subjects[counter],
        )
        return number

    async def true(self, counter: Counter) -> int:
        number: int = await self.sql.fetchval(ROWS[counter], self.subjects[counter])
        return number

    async def plant(self, counter: Counter, amount: int) -> None:
        """Changes the total of the counter's subject, as a bug would."""
        total = counts.total_of(counter)
        table, column, key = total.table.name, total.name, counts.key_of(total.table).name
        await self.sql.execute(
            f"""
            INSERT INTO {table} ({key}, {column}) VALUES ($1, $2)
            ON CONFLICT ({key}) DO UPDATE SET {column} = {table}.{column} + excluded.{column}
            """,
            self.subjects[counter],
            amount,
        )

    async def wrong(self) -> Sequence[Counter]:
        """The counters of which the subject is told wrongly."""
        return [counter for counter in self.subjects if await self.told(counter) != await self.true(counter)]


async def make_counted(world: World, sql: asyncpg.Connection) -> Counted:
    """Bob's post, with everything that can be counted; alice, who follows and is followed; the hashtag of two posts."""
    post = await world.post(world.bob, "#rooks")
    gone = await world.post(world.alice, "#rooks again", reply_to=post, quote=post)
    for author in (world.alice, world.carol, world.bob):
        await world.post(author, reply_to=post)
    await world.delete(world.alice, gone)
    await world.edit(world.dan, await world.post(world.dan, "#rooks?"), "no")
    await world.edit(world.dan, await world.post(world.dan, "a quote", quote=post), "a quote with #Rooks")
    for person in (world.alice, world.bob, world.carol, world.dan):
        await world.like(person, post)
    for person in (world.alice, world.carol):
        await world.repost(person, post)
    await world.post(world.carol, "for some #rooks", reply_to=post, quote=post, visibility=Visibility.FOLLOWERS)
    hashtag = await sql.fetchval("SELECT id FROM hashtag WHERE name = 'rooks'")
    await sql.execute(
        "INSERT INTO hashtag_follow (hashtag_id, account_id) VALUES ($1, $2)", hashtag, world.eve.account_id
    )
    await world.services.db.transact(counts.add, 1, (hashtag, Counter.HASHTAG_FOLLOWERS))
    of_post = dict.fromkeys((Counter.POST_LIKES, Counter.POST_REPLIES, Counter.POST_REPOSTS, Counter.POST_QUOTES), post)
    of_account = dict.fromkeys(
        (Counter.ACCOUNT_POSTS, Counter.ACCOUNT_FOLLOWERS, Counter.ACCOUNT_FOLLOWING), world.alice.account_id
    )
    of_hashtag = dict.fromkeys((Counter.HASHTAG_POSTS, Counter.HASHTAG_FOLLOWERS), hashtag)
    counted = Counted(sql, {**of_post, **of_account, **of_hashtag})
    assert set(counted.subjects) == set(Counter)
    assert all([await counted.true(counter) for counter in Counter])
    return counted
