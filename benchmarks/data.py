"""The standard world as rows: the same ones for the same seed and size, on every machine.

Popularity follows a power law because the popular get more popular: most new follows, likes and replies repeat the
target of an earlier one. Rows come in the order of their ids, which are dated like minted ones (core.ids).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Self

from core import ids

END = datetime(2026, 10, 1, tzinfo=UTC)
SPAN = timedelta(days=90)
REPLY_SHARE = 0.2
# How often something new goes where something earlier went already.
REPEAT_SHARE = 0.65
# Replies and likes repeat recent ones and go to recent posts: attention moves on.
RECENT_ACTS = 50_000
RECENT_POSTS = 20_000
# No account is more than this many times as active as the least active one.
MOST_ACTIVE = 100.0

_TEXT = """
a after again all almost bird bridge café cliff coast colony count dawn day every far field fog four gull harbour have
heard her here high his hour in island it just kept late letter light like list long map mist morning mud my near nest
never new night nobody north of on once or our over page photo puffin quiet rain rook round salt saw sea second seen
she shore slow small some spring still storm tern than that the then there they three tide to today town train two
under until up very walk was water we were west what when where which who wind with year young — 🐦
"""
_ADJECTIVES = "brisk calm deft early fleet grand hazel ivory jolly keen lunar mossy noble opal plain quick rapid"
_NOUNS = "auk brant crake dove eider finch grebe heron ibis jay kite lark merlin nuthatch owl petrel quail rook"
WORDS, ADJECTIVES, NOUNS = _TEXT.split(), _ADJECTIVES.split(), _NOUNS.split()

AccountRow = tuple[int, str, str, str]
FollowRow = tuple[int, int, int]
PostRow = tuple[int, int, str, int | None, int | None]
LikeRow = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows of each kind."""

    users: int
    follows: int
    posts: int
    likes: int

    @classmethod
    def scaled(cls, scale: float) -> Self:
        """The standard size times `scale`; no denser than half of all possible follows and likes."""
        users, posts = max(50, round(20_000 * scale)), max(500, round(300_000 * scale))
        follows = min(round(1_000_000 * scale), users * (users - 1) // 2)
        return cls(users=users, follows=follows, posts=posts, likes=min(round(1_500_000 * scale), posts * users // 2))


@dataclass(frozen=True, slots=True)
class World:
    """One seed, one size. Every method makes its rows anew; the tables have random streams of their own."""

    seed: int
    size: Size

    def accounts(self) -> Iterator[AccountRow]:
        """(id, handle, display name, bio); all joined on the day before the span begins."""
        rng = self._random("accounts")
        for number, account_id in enumerate(self._dated_ids("joined", self.size.users, days_before=1)):
            adjective, noun = rng.choice(ADJECTIVES), rng.choice(NOUNS)
            name = f"{adjective.title()} {noun.title()}"
            yield account_id, f"{adjective}_{noun}_{number}", name, _sentence(rng, longest_words=20)

    def follows(self) -> Iterator[FollowRow]:
        """Rows of (id, follower, followee)."""
        rng, accounts = self._random("follows"), self._account_ids()
        count, users = self.size.follows, self.size.users
        actors = _actors(rng, users)
        taken: set[int] = set()
        followees: list[int] = []
        for follow_id in self._dated_ids("followed", count):
            while True:
                follower, followee = next(actors), _repeated(rng, followees, recent=count, otherwise=(0, users))
                pair = follower * users + followee
                if follower != followee and pair not in taken:
                    break
            taken.add(pair)
            followees.append(followee)
            yield follow_id, accounts[follower], accounts[followee]

    def posts(self) -> Iterator[PostRow]:
        """Rows of (id, author, body, reply to, root)."""
        rng, accounts, post_ids = self._random("posts"), self._account_ids(), self._post_ids()
        actors = _actors(rng, self.size.users)
        roots: list[int] = []
        parents: list[int] = []
        for place, post_id in enumerate(post_ids):
            parent = root = None
            if place and rng.random() < REPLY_SHARE:
                newcomers = (max(0, place - RECENT_POSTS), place)
                parent = _repeated(rng, parents, recent=RECENT_ACTS, otherwise=newcomers)
                parents.append(parent)
                root = roots[parent]
            roots.append(place if root is None else root)
            body = _sentence(rng, longest_words=40)
            parent_id = None if parent is None else post_ids[parent]
            yield post_id, accounts[next(actors)], body, parent_id, None if root is None else post_ids[root]

    def likes(self) -> Iterator[LikeRow]:
        """Rows of (id, post, account)."""
        rng, accounts, post_ids = self._random("likes"), self._account_ids(), self._post_ids()
        actors = _actors(rng, self.size.users)
        taken: set[int] = set()
        liked: list[int] = []
        written = 0
        for like_id in self._dated_ids("liked", self.size.likes):
            while written < len(post_ids) and post_ids[written] < like_id:
                written += 1
            newcomers = (max(0, written - RECENT_POSTS), max(1, written))
            while True:
                actor, place = next(actors), _repeated(rng, liked, recent=RECENT_ACTS, otherwise=newcomers)
                pair = place * self.size.users + actor
                if pair not in taken:
                    break
                # At the very beginning there are more likes than recent posts can take.
                newcomers = (0, min(len(post_ids), newcomers[1] + 1))
            taken.add(pair)
            liked.append(place)
            yield like_id, post_ids[place], accounts[actor]

    def _random(self, stream: str) -> Random:
        return Random(f"{self.seed}/{stream}")

    def _account_ids(self) -> list[int]:
        return self._dated_ids("joined", self.size.users, days_before=1)

    def _post_ids(self) -> list[int]:
        return self._dated_ids("posted", self.size.posts)

    def _dated_ids(self, stream: str, count: int, *, days_before: int = 0) -> list[int]:
        """`count` ids in ascending order, spread over the span, or over the days before it."""
        rng = self._random(stream)
        begin = END - SPAN - timedelta(days=days_before)
        end = END - SPAN if days_before else END
        first_ms, last_ms = (ids.first_at(moment) >> ids.SEQUENCE_BITS for moment in (begin, end))
        moments_ms = sorted(rng.randrange(first_ms, last_ms) for _ in range(count))
        return [moment_ms << ids.SEQUENCE_BITS | place for place, moment_ms in enumerate(moments_ms)]


def _repeated(rng: Random, earlier: Sequence[int], *, recent: int, otherwise: tuple[int, int]) -> int:
    """Mostly one of the `recent` last of `earlier`, so that popularity grows; else any number of a range."""
    if earlier and rng.random() < REPEAT_SHARE:
        return earlier[-1 - int(rng.random() * min(recent, len(earlier)))]
    return rng.randrange(*otherwise)


def _actors(rng: Random, users: int) -> Iterator[int]:
    """Numbers of accounts without end; some are far more active than others."""
    cumulated = list(accumulate(min(MOST_ACTIVE, rng.paretovariate(1.5)) for _ in range(users)))
    while True:
        yield from rng.choices(range(users), cum_weights=cumulated, k=10_000)


def _sentence(rng: Random, *, longest_words: int) -> str:
    words = rng.choices(WORDS, k=rng.randint(4, longest_words))
    return f"{' '.join(words).capitalize()}."
