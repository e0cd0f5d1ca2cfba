"""What moderators do about accounts and posts. Each act leaves a row, in its transaction, that nothing changes later.

Doing it again where it is done already changes nothing, and leaves no row; but one can be warned any number of times.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions import inputs
from actions.accounts import lock_account, require_user
from actions.counted import return_account, return_post, withdraw_account, withdraw_post
from actions.posts import require_post
from actions.sessions import close_all_sessions
from core.database import Reader, Transaction, command, rows_of, values_of
from core.errors import NotAllowedError, NotFoundError, Problem, ValidationError
from events import outbox
from events.posts import EntryAdded, EntryRemoved
from events.relations import SightChanged
from loaders.facts import is_moderator
from models.accounts import Role, account
from models.posts import post
from models.reports import ModerationKind, moderation_action, report


@dataclass(frozen=True, slots=True)
class NewAction:
    """What a moderator wants to do, and about whom: an account, a post and so its author, or what a report is about."""

    kind: ModerationKind
    user_id: int | None = None
    post_id: int | None = None
    report_id: int | None = None
    note: str | None = None


class Act(NamedTuple):
    """The same when it is known about whom it is. `note` is what the account is told."""

    kind: ModerationKind
    account_id: int
    post_id: int | None = None
    report_id: int | None = None
    note: str | None = None


class _Post(NamedTuple):
    is_there: bool
    is_taken_down: bool


class _Reported(NamedTuple):
    account_id: int
    post_id: int | None


_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_POST_ID = sa.bindparam("post_id", type_=sa.BigInteger)
_ROLE = values_of(sa.select(account.c.role).where(account.c.id == _ACCOUNT_ID), int)
_ACCOUNT_BY_HANDLE = values_of(
    sa.select(account.c.id).where(sa.func.lower(account.c.handle) == sa.bindparam("wanted", type_=sa.Text)), int
)
_IS_MODERATOR = values_of(sa.select(is_moderator(_ACCOUNT_ID)), bool)
_POST = rows_of(
    sa.select(
        sa.and_(post.c.deleted_at.is_(None), post.c.repost_of_id.is_(None)),
        post.c.taken_down_at.is_not(None),
    )
    .where(post.c.id == _POST_ID)
    .with_for_update(key_share=True),
    _Post,
)
_REPORTED = rows_of(
    sa.select(report.c.account_id, report.c.post_id).where(
        report.c.id == sa.bindparam("report_id", type_=sa.BigInteger)
    ),
    _Reported,
)
_IS_SUSPENDED = values_of(sa.select(account.c.suspended_at.is_not(None)).where(account.c.id == _ACCOUNT_ID), bool)
_SUSPEND = command(sa.update(account).where(account.c.id == _ACCOUNT_ID).values(suspended_at=sa.func.clock_timestamp()))
_LIFT = command(sa.update(account).where(account.c.id == _ACCOUNT_ID).values(suspended_at=sa.null()))
_HIDE = command(sa.update(post).where(post.c.id == _POST_ID).values(taken_down_at=sa.func.clock_timestamp()))
_SHOW = command(sa.update(post).where(post.c.id == _POST_ID).values(taken_down_at=sa.null()))
_SET_ROLE = values_of(
    sa.update(account)
    .where(sa.func.lower(account.c.handle) == sa.bindparam("wanted", type_=sa.Text))
    .values(role=sa.bindparam("new_role", type_=sa.SmallInteger))
    .returning(account.c.id),
    int,
)
_KIND = sa.bindparam("new_kind", type_=sa.SmallInteger)
_NOTE = values_of(
    sa.insert(moderation_action)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        moderator_id=sa.bindparam("moderator", type_=sa.BigInteger),
        kind=_KIND,
        account_id=_ACCOUNT_ID,
        post_id=_POST_ID,
        report_id=sa.bindparam("report_id", type_=sa.BigInteger),
        note=sa.bindparam("new_note", type_=sa.Text),
    )
    .returning(moderation_action.c.id),
    int,
)
_LATEST = values_of(
    sa.select(moderation_action.c.id)
    .where(
        moderation_action.c.account_id == _ACCOUNT_ID,
        moderation_action.c.kind == _KIND,
        sa.or_(_POST_ID.is_(None), moderation_action.c.post_id == _POST_ID),
    )
    .order_by(moderation_action.c.id.desc())
    .limit(sa.literal_column("1")),
    int,
)


def no_report() -> NotFoundError:
    """What is said of a report that is absent, or about whoever asks."""
    return NotFoundError("There is no such report.", path=("reportId",))


def _no_post() -> NotFoundError:
    return NotFoundError("There is no such post.", path=("postId",))


async def require_moderator(db: Reader, viewer: Viewer) -> None:
    """Raises NotAllowedError if the viewer is no moderator, or none any more."""
    policy.require_moderator(is_moderator=bool(await db.row(_IS_MODERATOR, account_id=viewer.account_id)))


async def take_action(tx: Transaction, viewer: Viewer, new: NewAction) -> int:
    """Does what a moderator wants to be done; gives the id of its row, of the latest such one if it is done already.

    A moderator may name what they see, and what a report is about even if they do not. Raises ValidationError,
    NotFoundError, NotAllowedError.
    """
    note_to_account = inputs.remark(new.note, field="note")
    await require_moderator(tx, viewer)
    subject = await _subject(tx, viewer, new)
    path = _named_by(new)
    policy.require_other_account(viewer, subject.account_id, path=path)
    if await tx.row(_ROLE, account_id=subject.account_id) == Role.MODERATOR:
        raise NotAllowedError("A moderator cannot act on another moderator.", path=path)

    act = Act(new.kind, subject.account_id, subject.post_id, new.report_id, note_to_account)
    return await _perform(tx, viewer.account_id, act)


def _named_by(new: NewAction) -> tuple[str, ...]:
    """The field of the input that says about whom it is."""
    if new.post_id is not None:
        return ("postId",)
    return ("userId",) if new.user_id is not None else ("reportId",)


async def _subject(tx: Transaction, viewer: Viewer, new: NewAction) -> _Reported:
    """The account that an act is about, and the post, if there is one."""
    reported = None
    if new.report_id is not None:
        reported = await tx.row(_REPORTED, report_id=new.report_id)
        if reported is None or reported.account_id == viewer.account_id:
            raise no_report()
        if new.user_id is None and new.post_id is None:
            return reported
    subject = await _named(tx, viewer, new, reported)
    if reported is not None and reported.account_id != subject.account_id:
        raise ValidationError(Problem(("reportId",), "MALFORMED", "This report is about somebody else."))
    return subject


async def _named(tx: Transaction, viewer: Viewer, new: NewAction, reported: _Reported | None) -> _Reported:
    """The post or account that is named beside a report, or without one."""
    if new.post_id is not None:
        if reported is not None and reported.post_id == new.post_id:
            author_id = reported.account_id
        else:
            author_id = (await require_post(tx, viewer, new.post_id, path=("postId",))).author_id
        if new.user_id not in {None, author_id}:
            raise _no_post()
        return _Reported(author_id, new.post_id)
    if new.user_id is None:
        raise ValidationError(Problem(("userId",), "MALFORMED", "Name a user, a post or a report."))
    if reported is None or reported.account_id != new.user_id:
        await require_user(tx, viewer, new.user_id, path=("userId",))
    return _Reported(new.user_id, None)


async def suspend_by_handle(tx: Transaction, handle: str, *, lifts: bool, note: str | None) -> int | None:
    """Suspends an account, or lifts that, without a moderator; gives its id, None if there is no such account.

    Raises ValidationError, NotAllowedError.
    """
    note_to_account = inputs.remark(note, field="note")
    account_id = await tx.row(_ACCOUNT_BY_HANDLE, wanted=handle.lower())
    if account_id is None:
        return None

    kind = ModerationKind.LIFT_SUSPENSION if lifts else ModerationKind.SUSPEND
    await _perform(tx, None, Act(kind, account_id, note=note_to_account))
    return account_id


async def make_moderator(tx: Transaction, handle: str, *, is_one: bool) -> int | None:
    """Makes an account a moderator, or a member again; gives its id, None if there is no such account."""
    role = Role.MODERATOR if is_one else Role.MEMBER
    return await tx.row(_SET_ROLE, wanted=handle.lower(), new_role=int(role))


async def note(tx: Transaction, moderator_id: int | None, act: Act) -> int:
    """Writes down that a moderator did something; gives the row's id."""
    action_id = await tx.row(
        _NOTE,
        at=tx.at,
        moderator=moderator_id,
        new_kind=int(act.kind),
        account_id=act.account_id,
        post_id=act.post_id,
        report_id=act.report_id,
        new_note=act.note,
    )
    assert action_id is not None
    return action_id


async def _perform(tx: Transaction, moderator_id: int | None, act: Act) -> int:
    change = _CHANGES[act.kind]
    if await change(tx, act):
        return await note(tx, moderator_id, act)
    # What is done about an account may name a post as its reason; that does not make it another act.
    post_id = act.post_id if act.kind in _ABOUT_POSTS else None
    latest = await tx.row(_LATEST, account_id=act.account_id, new_kind=int(act.kind), post_id=post_id)
    if latest is None:
        raise NotAllowedError("There is nothing to change: it is so already.")
    return latest


async def _warn(_tx: Transaction, _act: Act) -> bool:
    return True


async def _suspend(tx: Transaction, act: Act) -> bool:
    await lock_account(tx, act.account_id)
    if await tx.row(_IS_SUSPENDED, account_id=act.account_id):
        return False
    await withdraw_account(tx, act.account_id)
    await tx.run(_SUSPEND, account_id=act.account_id)
    await close_all_sessions(tx, act.account_id)
    await outbox.record(tx, SightChanged(author_id=act.account_id))
    return True


async def _lift(tx: Transaction, act: Act) -> bool:
    await lock_account(tx, act.account_id)
    if not await tx.row(_IS_SUSPENDED, account_id=act.account_id):
        return False
    await tx.run(_LIFT, account_id=act.account_id)
    await return_account(tx, act.account_id)
    await outbox.record(tx, SightChanged(author_id=act.account_id))
    return True


async def _hide(tx: Transaction, act: Act) -> bool:
    post_id, found = await _post_of(tx, act)
    if found.is_taken_down:
        return False
    await withdraw_post(tx, post_id)
    await tx.run(_HIDE, post_id=post_id)
    await outbox.record(tx, EntryRemoved(entry_id=post_id, author_id=act.account_id, post_id=post_id))
    return True


async def _show(tx: Transaction, act: Act) -> bool:
    post_id, found = await _post_of(tx, act)
    if not found.is_taken_down:
        return False
    await tx.run(_SHOW, post_id=post_id)
    await return_post(tx, post_id)
    await outbox.record(tx, EntryAdded(entry_id=post_id, author_id=act.account_id))
    return True


async def _post_of(tx: Transaction, act: Act) -> tuple[int, _Post]:
    """The post that an act is about, and how it is; others who hide or delete it wait."""
    if act.post_id is None:
        raise ValidationError(Problem(("postId",), "MALFORMED", "Name a post."))
    found = await tx.row(_POST, post_id=act.post_id)
    if found is None or not found.is_there:
        raise _no_post()
    return act.post_id, found


_ABOUT_POSTS = frozenset({ModerationKind.HIDE_POST, ModerationKind.SHOW_POST})
# Each gives whether anything changed.
_CHANGES: Mapping[ModerationKind, Callable[[Transaction, Act], Awaitable[bool]]] = {
    ModerationKind.WARN: _warn,
    ModerationKind.HIDE_POST: _hide,
    ModerationKind.SHOW_POST: _show,
    ModerationKind.SUSPEND: _suspend,
    ModerationKind.LIFT_SUSPENSION: _lift,
}
