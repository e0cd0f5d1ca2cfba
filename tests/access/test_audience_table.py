"""Who sees a post: every combination of facts, beside the table told again in plain words."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, product

import pytest

from access import policy
from access.facts import AUDIENCE_BITS, PostFact, UserFact
from core.errors import NotFoundError
from models.posts import Visibility

# As plain numbers: flags take ten times as long, and there are 40,960 combinations.
IS_VIEWER, SUSPENDED, BLOCKS_VIEWER, BLOCKED, _, _, FOR_MODERATOR = map(int, UserFact)
FOLLOWED, FOLLOWS, IN_CIRCLE, MENTIONED, TAKEN_DOWN, SHOWN_TAKEN_DOWN = map(int, PostFact)
# What `post_facts` can say of an audience: 0 for everyone, else a visibility from FOLLOWERS on.
AUDIENCES = (0, *(int(visibility) for visibility in Visibility if visibility >= Visibility.FOLLOWERS))
BLOCKS = BLOCKS_VIEWER | BLOCKED
NEEDED = {
    int(Visibility.FOLLOWERS): FOLLOWED,
    int(Visibility.MUTUALS): FOLLOWED | FOLLOWS,
    int(Visibility.CIRCLE): IN_CIRCLE,
    int(Visibility.MENTIONED): MENTIONED,
}
# What more of a viewer never takes a post from them, and what never gives one.
SHOWING = (FOLLOWED, FOLLOWS, IN_CIRCLE, MENTIONED, SHOWN_TAKEN_DOWN)
HIDING = (BLOCKS_VIEWER, BLOCKED, SUSPENDED)
SEEDS = range(20)


@dataclass(frozen=True, slots=True)
class Row:
    """What the rules ask of a post's row."""

    author_id: int = 1
    deleted_at: datetime | None = None
    repost_of_id: int | None = None


# (facts of an author, of an audience): all of them.
PAIRS = [
    (author, audience + more)
    for author, audience, more in product(
        range(sum(UserFact) + 1), AUDIENCES, range(0, sum(PostFact) + 1, AUDIENCE_BITS + 1)
    )
]


def is_for(author: int, audience: int) -> bool:
    """Whether blocks and the audience of one post let somebody else see it."""
    if author & BLOCKS:
        return False
    visibility = audience & AUDIENCE_BITS
    if visibility == 0 or audience & MENTIONED:
        return True
    return audience & NEEDED[visibility] == NEEDED[visibility]


def told(facts: Sequence[int]) -> bool:
    """The table of access/policy.py, line by line."""
    pairs = [*zip(facts[::2], facts[1::2], strict=True)]
    author, audience = pairs[0]
    if author & IS_VIEWER:
        return True
    if author & SUSPENDED and not author & FOR_MODERATOR:
        return False
    if audience & TAKEN_DOWN and not audience & SHOWN_TAKEN_DOWN:
        return False
    return all(is_for(*pair) for pair in pairs)


def random_chain(source: random.Random) -> list[int]:
    """The facts of a reply and of up to four posts above it."""
    return [fact for pair in source.choices(PAIRS, k=source.randint(1, 5)) for fact in pair]


def test_every_combination_of_one_post_is_what_the_table_says() -> None:
    assert len(set(PAIRS)) == 128 * 5 * 64
    assert [pair for pair in PAIRS if policy.could_see_post(pair) is not told(pair)] == []


def test_both_answers_are_common_among_them() -> None:
    seen = sum(policy.could_see_post(pair) for pair in PAIRS)
    assert 5_000 < seen < 36_000


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reply_is_what_the_table_says_of_all_that_is_above_it(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(50):
        chain = random_chain(source)
        assert policy.could_see_post(chain) is told(chain), chain


@pytest.mark.parametrize("seed", SEEDS)
def test_past_ones_own_blocks_is_seen_what_would_be_if_one_blocked_nobody(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(50):
        chain = random_chain(source)
        unblocked = [fact if at % 2 else fact & ~BLOCKED for at, fact in enumerate(chain)]
        assert policy.can_see_post_past_own_blocks(Row(), chain) is told(unblocked), chain
    assert policy.can_see_post_past_own_blocks(Row(), None)
    assert not policy.can_see_post_past_own_blocks(Row(deleted_at=datetime.now(UTC)), None)
    assert not policy.can_see_post_past_own_blocks(None, None)


def test_who_sees_a_post_not_by_its_audience_sees_it_by_a_mention() -> None:
    for author, audience in PAIRS:
        if not told((author, audience)) or author & IS_VIEWER:
            assert not author & IS_VIEWER or not policy.is_for_mentions_only((author, audience))
            continue
        is_for_mentioned = audience & AUDIENCE_BITS == Visibility.MENTIONED
        is_by_mention = is_for_mentioned or not told((author, audience & ~MENTIONED))
        assert policy.is_for_mentions_only((author, audience)) is is_by_mention
    assert not policy.is_for_mentions_only(None)


def test_what_is_ones_own_is_seen_whatever_else_is_true() -> None:
    for author, audience in PAIRS:
        assert policy.could_see_post((author | IS_VIEWER, audience))


def test_a_block_hides_whoever_of_the_two_blocks_and_whomever_the_post_mentions() -> None:
    for author, audience in PAIRS:
        if author & BLOCKS and not author & IS_VIEWER:
            assert not policy.could_see_post((author, audience | MENTIONED))


def test_suspended_authors_and_posts_taken_down_are_for_moderators_only() -> None:
    for author, audience in PAIRS:
        if author & IS_VIEWER:
            continue
        if not author & FOR_MODERATOR:
            assert not policy.could_see_post((author | SUSPENDED, audience))
        if not audience & SHOWN_TAKEN_DOWN:
            assert not policy.could_see_post((author, audience | TAKEN_DOWN))


def test_following_circles_and_mentions_never_hide() -> None:
    for author, audience in PAIRS:
        if policy.could_see_post((author, audience)):
            assert all(policy.could_see_post((author, audience | fact)) for fact in SHOWING)


def test_blocks_and_suspensions_never_show() -> None:
    for author, audience in PAIRS:
        if not policy.could_see_post((author, audience)):
            assert not any(policy.could_see_post((author | fact, audience)) for fact in HIDING)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stands_above_a_reply_only_ever_hides_it(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(50):
        chain = random_chain(source)
        shown = [policy.could_see_post(chain[:end]) for end in range(2, len(chain) + 1, 2)]
        assert all(not later or earlier for earlier, later in pairwise(shown)), chain


def test_that_what_is_above_was_suspended_or_taken_down_takes_nothing_away() -> None:
    above = (SUSPENDED, TAKEN_DOWN)
    for pair in PAIRS:
        assert policy.could_see_post(pair) is policy.could_see_post((*pair, *above))


@pytest.mark.parametrize("row", [None, Row(deleted_at=datetime(2026, 1, 1, tzinfo=UTC)), Row(repost_of_id=3)])
@pytest.mark.parametrize("facts", [None, (IS_VIEWER, 0), (0, 0)])
def test_what_is_gone_or_a_repost_is_nobodys_to_see(row: Row | None, facts: tuple[int, int] | None) -> None:
    assert not policy.can_see_post(row, facts)
    with pytest.raises(NotFoundError, match=r"^There is no such post\.$"):
        policy.require_visible_post(row, facts, path=("postId",))


def test_without_facts_nothing_restricts() -> None:
    assert policy.can_see_post(Row(), None)
    for pair in PAIRS:
        assert policy.can_see_post(Row(), pair) is told(pair)
