"""The rules, as a table of facts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from access import policy
from access.facts import UserFact
from access.viewer import Viewer
from core.errors import NotAllowedError, NotFoundError, UnauthenticatedError

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = Viewer(1, 10, MOMENT)
OTHER = Viewer(2, 20, MOMENT)
VIEWERS = (AUTHOR, OTHER, None)


@dataclass(frozen=True, slots=True)
class Facts:
    """A post of AUTHOR."""

    author_id: int = AUTHOR.account_id
    deleted_at: datetime | None = None
    repost_of_id: int | None = None


@dataclass(frozen=True, slots=True)
class OfList:
    """A list of AUTHOR."""

    is_private: bool
    account_id: int = AUTHOR.account_id


LIVE, DELETED, REPOST = Facts(), Facts(deleted_at=MOMENT), Facts(repost_of_id=3)


@pytest.mark.parametrize(
    ("post", "is_visible"),
    [(LIVE, True), (DELETED, False), (REPOST, False), (Facts(deleted_at=MOMENT, repost_of_id=3), False), (None, False)],
)
def test_only_live_posts_are_seen_and_the_refusal_is_always_the_same(post: Facts | None, *, is_visible: bool) -> None:
    assert policy.can_see_post(post, None) is is_visible
    if is_visible:
        policy.require_visible_post(post, None, path=("postId",))
        return
    with pytest.raises(NotFoundError, match=r"^There is no such post\.$") as raised:
        policy.require_visible_post(post, None, path=("postId",))
    assert raised.value.path == ("postId",)


@pytest.mark.parametrize(
    ("can", "require"),
    [
        (policy.can_delete_post, policy.require_deletable_post),
        (policy.can_edit_post, policy.require_editable_post),
    ],
)
@pytest.mark.parametrize(("viewer", "may_change"), [(AUTHOR, True), (OTHER, False), (None, False)])
def test_only_its_author_deletes_and_edits_a_post(
    can: Callable[..., bool], require: Callable[..., None], viewer: Viewer | None, *, may_change: bool
) -> None:
    assert can(viewer, LIVE) is may_change
    if viewer is None:
        return
    if may_change:
        require(viewer, LIVE, path=("postId",))
        return
    with pytest.raises(NotAllowedError) as raised:
        require(viewer, LIVE, path=("postId",))
    assert raised.value.path == ("postId",)


@pytest.mark.parametrize(("viewer", "may_pin"), [(AUTHOR, True), (OTHER, False), (None, False)])
def test_only_its_author_pins_a_post(viewer: Viewer | None, *, may_pin: bool) -> None:
    assert policy.can_pin_post(viewer, LIVE) is may_pin
    if viewer is None:
        return
    if may_pin:
        policy.require_pinnable_post(viewer, LIVE, path=("postId",))
        return
    with pytest.raises(NotAllowedError) as raised:
        policy.require_pinnable_post(viewer, LIVE, path=("postId",))
    assert raised.value.path == ("postId",)


def test_who_is_signed_in_is_let_through_and_nobody_else() -> None:
    assert policy.require_viewer(AUTHOR) is AUTHOR
    with pytest.raises(UnauthenticatedError):
        policy.require_viewer(None)


def test_nobody_follows_themselves() -> None:
    policy.require_other_account(AUTHOR, OTHER.account_id, path=("userId",))
    with pytest.raises(NotAllowedError) as raised:
        policy.require_other_account(AUTHOR, AUTHOR.account_id, path=("userId",))
    assert raised.value.path == ("userId",)


# What is known of AUTHOR, and whether a stranger of whom that is true sees the public lists.
SIGHTS = [
    (UserFact(0), True),
    (UserFact.PRIVATE | UserFact.FOLLOWED, True),
    (UserFact.PRIVATE, False),
    (UserFact.BLOCKED, False),
    (UserFact.BLOCKS_VIEWER, False),
    (UserFact.SUSPENDED, False),
    (UserFact.SUSPENDED | UserFact.FOR_MODERATOR, True),
]


@pytest.mark.parametrize(("facts", "sees_public"), SIGHTS)
def test_public_lists_are_seen_with_their_owner_and_private_ones_by_their_owner_alone(
    facts: UserFact, *, sees_public: bool
) -> None:
    for viewer in (OTHER, None):
        assert policy.can_see_list(viewer, OfList(is_private=False), facts) is sees_public
        assert policy.can_see_list(viewer, OfList(is_private=True), facts) is False
    for is_private in (True, False):
        assert policy.can_see_list(AUTHOR, OfList(is_private), facts) is True


@pytest.mark.parametrize(
    ("facts", "may_mention"),
    [
        (UserFact(0), True),
        (UserFact.IS_VIEWER, True),
        (UserFact.IS_VIEWER | UserFact.SUSPENDED, True),
        (UserFact.PRIVATE, True),
        (UserFact.PRIVATE | UserFact.FOLLOWED, True),
        (UserFact.BLOCKED, False),
        (UserFact.BLOCKS_VIEWER, False),
        (UserFact.BLOCKED | UserFact.BLOCKS_VIEWER, False),
        (UserFact.SUSPENDED, False),
        (UserFact.SUSPENDED | UserFact.FOR_MODERATOR, True),
    ],
)
def test_nobody_mentions_whom_they_block_or_who_is_not_there_for_them(facts: UserFact, *, may_mention: bool) -> None:
    assert policy.can_mention(facts) is may_mention
