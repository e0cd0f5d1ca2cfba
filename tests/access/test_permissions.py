"""What one may do to a post, as a table of facts."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import pytest

from access import permissions
from access.facts import POLICY_BITS, Acted, ActFact
from access.permissions import PERMISSIONS_OF_NOBODY, Reason, Reasons, permissions_of
from access.viewer import Viewer
from core.errors import NotAllowedError
from models.posts import Admission

VIEWER = Viewer(1, 10, datetime(2026, 1, 1, tzinfo=UTC))
OTHER_ID, THIRD_ID = 2, 3
PATH = ("postId",)
STANCES = [
    ActFact(sum(chosen))
    for chosen in product((0, ActFact.FOLLOWED), (0, ActFact.FOLLOWS), (0, ActFact.MENTIONED), (0, ActFact.NARROW))
]
ACTS = [
    (permissions.can_reply, permissions.require_repliable_post, ActFact.REPLY_POLICY),
    (permissions.can_quote, permissions.require_quotable_post, ActFact.QUOTE_POLICY),
    (permissions.can_repost, permissions.require_repostable_post, ActFact.REPOST_POLICY),
]


def expected_of(admission: Admission, stance: ActFact) -> Reason | None:
    """The policies once more, in other words."""
    if admission is Admission.FOLLOWERS and ActFact.FOLLOWED not in stance:
        return Reason.ONLY_FOLLOWERS
    if admission is Admission.FOLLOWING and ActFact.FOLLOWS not in stance:
        return Reason.ONLY_FOLLOWED
    if admission is Admission.MENTIONED and ActFact.MENTIONED not in stance:
        return Reason.ONLY_MENTIONED
    return Reason.NOBODY if admission is Admission.NOBODY else None


def acted(
    *, author: int = OTHER_ID, parent: int | None = None, root: int | None = None, quoted: int | None = None
) -> Acted:
    return Acted(9, author, 0, parent, root, quoted)


def test_every_admission_has_room_in_the_facts() -> None:
    assert max(Admission) < 1 << POLICY_BITS
    lowest = sorted((ActFact.REPLY_POLICY, ActFact.QUOTE_POLICY, ActFact.REPOST_POLICY))
    assert [int(bit) for bit in lowest] == [16 << POLICY_BITS * number for number in range(3)]


@pytest.mark.parametrize("stance", STANCES)
@pytest.mark.parametrize("admission", Admission)
@pytest.mark.parametrize(("can", "require", "place"), ACTS)
def test_a_policy_binds_its_own_act_alone(
    can: Callable[[int], Reasons],
    require: Callable[..., None],
    place: ActFact,
    admission: Admission,
    stance: ActFact,
) -> None:
    facts = stance + admission * place
    for other, _, _ in ACTS:
        is_narrowed = other is not permissions.can_reply and ActFact.NARROW in stance
        expected = [Reason.NOT_OPEN] if is_narrowed else []
        if other is can and (reason := expected_of(admission, stance)):
            expected.append(reason)
        assert [*other(facts)] == expected
    if not can(facts):
        require(facts, path=PATH)
        return
    with pytest.raises(NotAllowedError) as raised:
        require(facts, path=PATH)
    assert raised.value.path == PATH


@pytest.mark.parametrize(
    ("post", "reasons"),
    [
        (acted(), (Reason.NOT_A_REPLY,)),
        (acted(author=VIEWER.account_id), (Reason.NOT_A_REPLY,)),
        (acted(parent=VIEWER.account_id, root=OTHER_ID), ()),
        (acted(parent=OTHER_ID, root=VIEWER.account_id), ()),
        (acted(author=VIEWER.account_id, parent=OTHER_ID, root=OTHER_ID), (Reason.NOT_AUTHOR_ABOVE,)),
        (acted(parent=OTHER_ID, root=THIRD_ID, quoted=VIEWER.account_id), (Reason.NOT_AUTHOR_ABOVE,)),
    ],
)
def test_a_reply_is_hidden_by_who_wrote_what_is_above_it(post: Acted, reasons: Reasons) -> None:
    assert permissions.can_hide_reply(VIEWER, post) == reasons
    if not reasons:
        permissions.require_hideable_reply(VIEWER, post, path=PATH)
        return
    with pytest.raises(NotAllowedError) as raised:
        permissions.require_hideable_reply(VIEWER, post, path=PATH)
    assert raised.value.path == PATH


@pytest.mark.parametrize(
    ("post", "reasons"),
    [
        (acted(parent=VIEWER.account_id), (Reason.NOT_A_QUOTE,)),
        (acted(quoted=VIEWER.account_id), ()),
        (acted(author=VIEWER.account_id, quoted=OTHER_ID), (Reason.NOT_QUOTED_AUTHOR,)),
    ],
)
def test_a_quote_is_detached_by_who_wrote_what_it_quotes(post: Acted, reasons: Reasons) -> None:
    assert permissions.can_detach_quote(VIEWER, post) == reasons
    if not reasons:
        permissions.require_detachable_quote(VIEWER, post, path=PATH)
        return
    with pytest.raises(NotAllowedError) as raised:
        permissions.require_detachable_quote(VIEWER, post, path=PATH)
    assert raised.value.path == PATH


def test_who_is_not_signed_in_may_nothing() -> None:
    assert {*PERMISSIONS_OF_NOBODY} == {(Reason.NOT_SIGNED_IN,)}


@pytest.mark.parametrize("author", [VIEWER.account_id, OTHER_ID])
def test_only_the_author_changes_a_post(author: int) -> None:
    found = permissions_of(VIEWER, acted(author=author))
    expected = () if author == VIEWER.account_id else (Reason.NOT_AUTHOR,)
    assert (found.edit, found.delete, found.pin) == (expected, expected, expected)
    assert (found.reply, found.quote, found.repost) == ((), (), ())
