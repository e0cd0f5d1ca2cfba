"""The score of the feed for somebody, against its formula in plain words; and the keys of its places."""

from math import exp2, isclose, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.paging import Listing, RankedKey, decode_ranked_cursor, encode_cursor
from loaders.signals import (
    HALF_LIFE_MS,
    HEAVIEST,
    RANK_UNIT,
    Candidate,
    Moment,
    SignalKind,
    Weights,
    best_of_authors,
    place_of,
    rank_of,
    ranked,
    signals_of,
)

MOMENT = Moment(850_000_000_000)
ENOUGH = {
    "LIKES_BY_FOLLOWED": 10,
    "REPOSTS_BY_FOLLOWED": 5,
    "FOLLOWED_BY_FOLLOWED": 20,
    "HASHTAGS": 3,
    "POPULARITY": 200,
}
COUNTS = st.integers(min_value=0, max_value=1_000)
AGES_MS = st.integers(min_value=0, max_value=14 * HALF_LIFE_MS)
WEIGHTS = st.builds(Weights, *[st.floats(min_value=0, max_value=HEAVIEST)] * len(Weights._fields))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    number = (MOMENT.ms - draw(AGES_MS)) << ids.SEQUENCE_BITS | draw(st.integers(0, 50))
    counts = [draw(COUNTS) for _ in range(5)]
    return Candidate(number, draw(st.integers(1, 5)), counts[0], counts[1], 7, counts[2], 8, counts[3], 9, counts[4])


@given(candidates(), WEIGHTS)
def test_score_is_the_sum_of_weighted_signals(candidate: Candidate, weights: Weights) -> None:
    counts = {
        "LIKES_BY_FOLLOWED": candidate.likes,
        "REPOSTS_BY_FOLLOWED": candidate.reposts,
        "FOLLOWED_BY_FOLLOWED": candidate.followers,
        "HASHTAGS": candidate.hashtags,
        "POPULARITY": candidate.popularity,
    }
    values = {name: min(1, log(1 + count) / log(1 + ENOUGH[name])) for name, count in counts.items()}
    values["FRESHNESS"] = exp2(-(MOMENT.ms - (candidate.id >> ids.SEQUENCE_BITS)) / HALF_LIFE_MS)
    score = sum(getattr(weights, name.lower()) * value for name, value in values.items())
    assert abs(rank_of(candidate, weights, MOMENT) - score * RANK_UNIT) <= 1 + 1e-6
    found = signals_of(candidate, weights, MOMENT)
    assert [signal.kind for signal in found] == [*SignalKind]
    for signal in found:
        assert isclose(signal.value, values[signal.kind.name], rel_tol=1e-9)
        assert signal.amount == counts.get(signal.kind.name)
        assert signal.weight == getattr(weights, signal.kind.name.lower())
        assert 0 <= signal.value <= 1
    assert isclose(sum(signal.contribution for signal in found), score, rel_tol=1e-9, abs_tol=1e-12)


@given(st.lists(candidates(), unique_by=lambda each: each.id), WEIGHTS)
def test_best_come_first_and_of_each_author_the_best_alone(found: list[Candidate], weights: Weights) -> None:
    whole = ranked(found, weights, MOMENT)
    keys = [MOMENT.key(each.rank, each.candidate.id) for each in whole]
    assert keys == sorted(keys, reverse=True)
    assert {each.candidate for each in whole} == {*found}
    first: dict[int, int] = {}
    for each in whole:
        first.setdefault(each.candidate.author_id, each.candidate.id)
    single = best_of_authors(whole)
    assert {author_id: each.candidate.id for author_id, each in single.items()} == first
    assert [*single.values()] == [each for each in whole if each in single.values()]


@given(st.integers(0, 2**41 - 2), st.integers(0, int(HEAVIEST * 6 * RANK_UNIT)), st.integers(1, 2**63 - 1))
def test_a_cursor_brings_back_moment_and_place(ms: int, rank: int, number: int) -> None:
    cursor = encode_cursor(Listing.FOR_YOU_FEED, Moment(ms).key(rank, number))
    key = decode_ranked_cursor(Listing.FOR_YOU_FEED, cursor)
    assert place_of(key) == (Moment(ms), rank)
    assert key.id == number
    assert Moment(ms).end_id < 2**63


@pytest.mark.parametrize("rank", [2**63 - 1, (2**41 - 1) << 21, 1 << 62])
def test_moments_that_no_id_can_have_are_no_place(rank: int) -> None:
    assert place_of(RankedKey(rank, 1)) is None


def test_what_is_younger_than_the_moment_is_as_fresh_as_can_be() -> None:
    candidate = Candidate((MOMENT.ms + 5) << ids.SEQUENCE_BITS, 1, 0, 0, None, 0, None, 0, None, 0)
    assert rank_of(candidate, Weights(0, 0, 0, 0, 1, 0), MOMENT) == RANK_UNIT
