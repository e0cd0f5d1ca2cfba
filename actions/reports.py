"""Reporting accounts and posts, and answering reports. Reporting what one has reported, while that is open, is once."""

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions import inputs, moderation
from actions.accounts import lock_account, require_user
from actions.posts import require_post
from core.database import Transaction, command, rows_of, values_of
from core.errors import NotAllowedError, Problem, ValidationError
from models.reports import ModerationKind, ReportReason, ReportState, report


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody reports: an account, or a post and so its author."""

    reason: ReportReason
    user_id: int | None = None
    post_id: int | None = None
    comment: str | None = None


class _Subject(NamedTuple):
    account_id: int
    said: str | None


class _Handled(NamedTuple):
    account_id: int
    post_id: int | None
    state: int


_REPORT_ID = sa.bindparam("report_id", type_=sa.BigInteger)
_REPORTER_ID = sa.bindparam("reporter", type_=sa.BigInteger)
_REPORTED_ID = sa.bindparam("reported", type_=sa.BigInteger)
_POST_ID = sa.bindparam("reported_post", type_=sa.BigInteger)
_OPEN: sa.ColumnElement[int] = sa.literal_column(str(int(ReportState.OPEN)))
_OPEN_ONE = values_of(
    sa.select(report.c.id).where(
        report.c.reporter_id == _REPORTER_ID,
        report.c.state == _OPEN,
        report.c.account_id == _REPORTED_ID,
        report.c.post_id.is_not_distinct_from(_POST_ID),
    ),
    int,
)
_INSERT = values_of(
    sa.insert(report)
    .values(
        id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        reporter_id=_REPORTER_ID,
        account_id=_REPORTED_ID,
        post_id=_POST_ID,
        said=sa.bindparam("new_said", type_=sa.Text),
        reason=sa.bindparam("new_reason", type_=sa.SmallInteger),
        comment=sa.bindparam("new_comment", type_=sa.Text),
    )
    .returning(report.c.id),
    int,
)
_HANDLED = rows_of(
    sa.select(report.c.account_id, report.c.post_id, report.c.state).where(report.c.id == _REPORT_ID).with_for_update(),
    _Handled,
)
_RESOLVE = command(
    sa.update(report)
    .where(report.c.id == _REPORT_ID)
    .values(
        state=sa.bindparam("new_state", type_=sa.SmallInteger),
        answer=sa.bindparam("new_answer", type_=sa.Text),
        resolved_at=sa.func.clock_timestamp(),
    )
)


async def report_content(tx: Transaction, viewer: Viewer, new: NewReport) -> int:
    """Reports an account or a post to the moderators; gives the report's id, that of an open one if there is one.

    Raises ValidationError, NotFoundError, NotAllowedError.
    """
    comment = inputs.remark(new.comment, field="comment")
    subject = await _reported(tx, viewer, new)
    policy.require_other_account(viewer, subject.account_id, path=("userId" if new.post_id is None else "postId",))
    await lock_account(tx, viewer.account_id)
    thing = {"reporter": viewer.account_id, "reported": subject.account_id, "reported_post": new.post_id}
    open_id = await tx.row(_OPEN_ONE, **thing)
    if open_id is not None:
        return open_id

    report_id = await tx.row(
        _INSERT, at=tx.at, **thing, new_said=subject.said, new_reason=int(new.reason), new_comment=comment
    )
    assert report_id is not None
    return report_id


async def _reported(tx: Transaction, viewer: Viewer, new: NewReport) -> _Subject:
    """The account that a report is about, and what the post said, if it is about one."""
    if (new.user_id is None) == (new.post_id is None):
        raise ValidationError(Problem(("userId",), "MALFORMED", "Name either a user or a post."))
    if new.post_id is not None:
        post = await require_post(tx, viewer, new.post_id, path=("postId",))
        return _Subject(post.author_id, post.body)
    assert new.user_id is not None
    await require_user(tx, viewer, new.user_id, path=("userId",))
    return _Subject(new.user_id, None)


async def resolve_report(
    tx: Transaction, viewer: Viewer, report_id: int, *, state: ReportState, answer: str | None
) -> int:
    """Answers a report, for moderators; gives its id. Doing it again in the same way changes nothing.

    Raises ValidationError, NotAllowedError, NotFoundError.
    """
    answer = inputs.remark(answer, field="answer")
    await moderation.require_moderator(tx, viewer)
    handled = await tx.row(_HANDLED, report_id=report_id)
    if handled is None or handled.account_id == viewer.account_id:
        raise moderation.no_report()
    if handled.state == state:
        return report_id
    if handled.state != ReportState.OPEN:
        raise NotAllowedError("This report was answered in another way.", path=("reportId",))

    await tx.run(_RESOLVE, report_id=report_id, new_state=int(state), new_answer=answer)

    act = moderation.Act(ModerationKind.RESOLVE_REPORT, handled.account_id, handled.post_id, report_id, answer)
    await moderation.note(tx, viewer.account_id, act)
    return report_id
