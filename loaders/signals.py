"""How posts are ranked for somebody: a sum of weighted signals, each a number from 0 to 1 that anybody can check.

    score = sum over signals of weight x value

    likes by followed       how many of those whom the viewer follows like it; one alone is none
    reposts by followed     how many of them have reposted it
    followed by followed    how many of them follow its author, whom the viewer does not; one alone is none
    hashtags                how many of its hashtags the viewer follows, or has used lately
    freshness               1/2 ^ (its age / a day)
    popularity              how many like it, whoever they are

What is counted becomes ln(1 + count) / ln(1 + enough), and no more than 1: the first few say most. All of it is as of a
moment, which a list keeps from its first page to its last.
"""

from collections.abc import Iterable
from enum import Enum
from math import log1p
from operator import mul
from typing import NamedTuple

from core import ids
from core.paging import RankedKey

# Weights are from 0 to this.
HEAVIEST = 10.0
HALF_LIFE_MS = 86_400_000
# One person alone who likes something, or follows somebody, is no signal: who follows nobody else would read in the
# feed, without a look at a single post, what that person likes.
FEWEST_PEOPLE = 2
# From here on more of it changes nothing.
ENOUGH_LIKES = 10
ENOUGH_REPOSTS = 5
ENOUGH_FOLLOWERS = 20
ENOUGH_HASHTAGS = 3
ENOUGH_POPULARITY = 200

# Ranks are whole numbers, for cursors: so much of the score is one.
RANK_UNIT = 10_000
# Of a cursor's rank: the moment stands above the rank.
_RANK_BITS = 21
_MOMENT_BITS = 41


class SignalKind(Enum):
    """What speaks for a post, in the order of Weights."""

    LIKES_BY_FOLLOWED = 1
    REPOSTS_BY_FOLLOWED = 2
    FOLLOWED_BY_FOLLOWED = 3
    HASHTAGS = 4
    FRESHNESS = 5
    POPULARITY = 6


class Weights(NamedTuple):
    """How much each signal counts, from 0 to HEAVIEST."""

    likes_by_followed: float = 3.0
    reposts_by_followed: float = 3.0
    followed_by_followed: float = 2.0
    hashtags: float = 2.0
    freshness: float = 2.0
    popularity: float = 1.0


class Candidate(NamedTuple):
    """A post that may be shown, and what there is to say for it: counts, and somebody or something behind them.

    `likes`, `reposts` and `followers` are people whom the viewer follows. `reposter_id` and `follower_id` are the one
    of them whom the viewer followed last, `hashtag_id` the oldest of the hashtags; None where there is none.
    """

    id: int
    author_id: int
    likes: int
    reposts: int
    reposter_id: int | None
    followers: int
    follower_id: int | None
    hashtags: int
    hashtag_id: int | None
    popularity: int


class Signal(NamedTuple):
    """One thing that speaks for a post: a value from 0 to 1, and its weight.

    It rests on an amount of something, None of its freshness; the user and the hashtag are examples of it.
    """

    kind: SignalKind
    value: float
    weight: float
    amount: int | None = None
    user_id: int | None = None
    hashtag_id: int | None = None

    @property
    def contribution(self) -> float:
        return self.weight * self.value


class Ranked(NamedTuple):
    """A candidate with its rank: the score in units of 1/RANK_UNIT."""

    rank: int
    candidate: Candidate


class Moment(NamedTuple):
    """When a list was begun, in milliseconds since ids.EPOCH. All that came to be up to then is in it, nothing else."""

    ms: int

    @property
    def end_id(self) -> int:
        """No id of what is in the list is as great."""
        return (self.ms + 1) << ids.SEQUENCE_BITS

    def key(self, rank: int, post_id: int) -> RankedKey:
        """The sort key of a post: its rank in the list of this moment, and its id where ranks are equal."""
        return RankedKey(self.ms << _RANK_BITS | rank, post_id)


def place_of(key: RankedKey) -> tuple[Moment, int] | None:
    """The moment and the rank in a sort key; None of a key that no list has."""
    ms, rank = key.rank >> _RANK_BITS, key.rank & ((1 << _RANK_BITS) - 1)
    return None if (ms + 1) >> _MOMENT_BITS else (Moment(ms), rank)


def counted(count: int, *, enough: int) -> float:
    """The value of a signal that counts something."""
    return min(1.0, log1p(count) / log1p(enough))


def freshness(post_id: int, moment: Moment) -> float:
    """The value of a post's age."""
    age_ms: int = moment.ms - (post_id >> ids.SEQUENCE_BITS)
    return float(0.5 ** (max(0, age_ms) / HALF_LIFE_MS))


def values_of(candidate: Candidate, moment: Moment) -> tuple[float, ...]:
    """The values of a candidate's signals, in the order of SignalKind and of Weights."""
    return (
        counted(candidate.likes, enough=ENOUGH_LIKES),
        counted(candidate.reposts, enough=ENOUGH_REPOSTS),
        counted(candidate.followers, enough=ENOUGH_FOLLOWERS),
        counted(candidate.hashtags, enough=ENOUGH_HASHTAGS),
        freshness(candidate.id, moment),
        counted(candidate.popularity, enough=ENOUGH_POPULARITY),
    )


def signals_of(candidate: Candidate, weights: Weights, moment: Moment) -> list[Signal]:
    """Every signal of a candidate, those that say nothing too."""
    c, kind = candidate, SignalKind
    behind = (
        (kind.LIKES_BY_FOLLOWED, c.likes, None, None),
        (kind.REPOSTS_BY_FOLLOWED, c.reposts, c.reposter_id, None),
        (kind.FOLLOWED_BY_FOLLOWED, c.followers, c.follower_id, None),
        (kind.HASHTAGS, c.hashtags, None, c.hashtag_id),
        (kind.FRESHNESS, None, None, None),
        (kind.POPULARITY, c.popularity, None, None),
    )
    return [
        Signal(kind, value, weight, amount, user_id, hashtag_id)
        for (kind, amount, user_id, hashtag_id), value, weight in zip(
            behind, values_of(candidate, moment), weights, strict=True
        )
    ]


def rank_of(candidate: Candidate, weights: Weights, moment: Moment) -> int:
    """The score, in whole units."""
    return int(sum(map(mul, weights, values_of(candidate, moment))) * RANK_UNIT)


def ranked(candidates: Iterable[Candidate], weights: Weights, moment: Moment) -> list[Ranked]:
    """The candidates, the best first, of equals the newest."""
    found = [Ranked(rank_of(each, weights, moment), each) for each in candidates]
    found.sort(key=lambda each: (each.rank, each.candidate.id), reverse=True)
    return found


def best_of_authors(found: Iterable[Ranked]) -> dict[int, Ranked]:
    """The best of each author, by the author, of such a list."""
    best: dict[int, Ranked] = {}
    for each in found:
        best.setdefault(each.candidate.author_id, each)
    return best
