"""How much of an account one sees: every combination of facts, beside the table told again in plain words."""

from itertools import combinations

import pytest

from access import policy
from access.facts import UserFact
from access.policy import Sight
from core.errors import NotAllowedError, NotFoundError

EVERY_COMBINATION = [
    sum(chosen) for size in range(len(UserFact) + 1) for chosen in combinations(map(int, UserFact), size)
]


def told(facts: UserFact) -> Sight:
    """The table of access/policy.py, line by line."""
    if UserFact.IS_VIEWER in facts:
        return Sight.FULL
    if UserFact.BLOCKS_VIEWER in facts:
        return Sight.NONE
    if UserFact.SUSPENDED in facts and UserFact.FOR_MODERATOR not in facts:
        return Sight.NONE
    if UserFact.BLOCKED in facts:
        return Sight.BARE
    if UserFact.PRIVATE in facts and UserFact.FOLLOWED not in facts:
        return Sight.LIMITED
    return Sight.FULL


def test_every_combination_is_there() -> None:
    assert sorted(EVERY_COMBINATION) == list(range(1 << len(UserFact)))


@pytest.mark.parametrize("facts", EVERY_COMBINATION)
def test_sight_is_what_the_table_says(facts: int) -> None:
    assert policy.sight_of_user(facts) is told(UserFact(facts))


@pytest.mark.parametrize("facts", EVERY_COMBINATION)
def test_acts_are_refused_as_the_sight_says(facts: int) -> None:
    sight = told(UserFact(facts))
    if sight is Sight.NONE:
        for require in (policy.require_visible_user, policy.require_unblocked_user):
            with pytest.raises(NotFoundError, match=r"^There is no such user\.$") as raised:
                require(facts, path=("userId",))
            assert raised.value.path == ("userId",)
        return
    assert policy.require_visible_user(facts, path=("userId",)) is sight
    if sight is Sight.BARE:
        with pytest.raises(NotAllowedError):
            policy.require_unblocked_user(facts, path=("userId",))
    else:
        assert policy.require_unblocked_user(facts, path=("userId",)) is sight


def test_an_absent_user_is_refused_as_a_hidden_one() -> None:
    with pytest.raises(NotFoundError, match=r"^There is no such user\.$"):
        policy.require_visible_user(None, path=("userId",))


@pytest.mark.parametrize("facts", EVERY_COMBINATION)
def test_blocking_suspending_and_privacy_never_show_more(facts: int) -> None:
    sight = policy.sight_of_user(facts)
    for hiding in (UserFact.BLOCKS_VIEWER, UserFact.BLOCKED, UserFact.SUSPENDED, UserFact.PRIVATE):
        assert policy.sight_of_user(facts | hiding) <= sight


@pytest.mark.parametrize("facts", EVERY_COMBINATION)
def test_following_and_moderating_never_show_less(facts: int) -> None:
    sight = policy.sight_of_user(facts)
    for showing in (UserFact.FOLLOWED, UserFact.FOR_MODERATOR, UserFact.IS_VIEWER):
        assert policy.sight_of_user(facts | showing) >= sight


@pytest.mark.parametrize("facts", EVERY_COMBINATION)
def test_a_repost_needs_a_full_sight_of_who_reposted(facts: int) -> None:
    assert policy.can_see_repost(facts) is (told(UserFact(facts)) is Sight.FULL)
