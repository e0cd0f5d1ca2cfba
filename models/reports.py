"""Reports of accounts and posts, and what moderators did: every act of theirs leaves a row."""

from datetime import datetime
from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import id_field, optional_reference, reference, small_number, table_of


class ReportReason(IntEnum):
    """What is wrong with what is reported."""

    OTHER = 0
    SPAM = 1
    HARASSMENT = 2
    HATE = 3
    VIOLENCE = 4
    SEXUAL_CONTENT = 5
    SELF_HARM = 6
    ILLEGAL = 7
    IMPERSONATION = 8


class ReportState(IntEnum):
    """What became of a report."""

    OPEN = 0
    ACTED_UPON = 1
    DISMISSED = 2


class ModerationKind(IntEnum):
    """What a moderator did."""

    WARN = 0
    HIDE_POST = 1
    SHOW_POST = 2
    SUSPEND = 3
    LIFT_SUSPENSION = 4
    RESOLVE_REPORT = 5


class Report(SQLModel, table=True):
    """An account reports another one, or a post of it. `said` is what the post said then: it may be edited since."""

    __table_args__ = (
        # Moderators' queue: what is open, oldest first.
        sa.Index("report_open_index", "id", postgresql_where=sa.text("state = 0")),
        # Viewer.reports, newest first.
        sa.Index("report_reporter_id_index", "reporter_id", sa.text("id DESC")),
        # What has been reported of an account.
        sa.Index("report_account_id_index", "account_id", sa.text("id DESC")),
    )

    id: int = id_field()
    reporter_id: int = reference("account.id")
    account_id: int = reference("account.id")
    post_id: int | None = optional_reference("post.id")
    said: str | None = Field(default=None, sa_type=sa.Text)
    reason: int = small_number()
    comment: str | None = Field(default=None, sa_type=sa.Text)
    state: int = small_number()
    # What the reporter is told.
    answer: str | None = Field(default=None, sa_type=sa.Text)
    resolved_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class ModerationAction(SQLModel, table=True):
    """A moderator did something. Without a moderator it was done on the server's command line. Never changed."""

    __tablename__ = "moderation_action"
    __table_args__ = (
        # What was done about an account, newest first.
        sa.Index("moderation_action_account_id_index", "account_id", sa.text("id DESC")),
        # What was done about a report.
        sa.Index("moderation_action_report_id_index", "report_id", postgresql_where=sa.text("report_id IS NOT NULL")),
    )

    id: int = id_field()
    moderator_id: int | None = optional_reference("account.id")
    kind: int = small_number()
    account_id: int = reference("account.id")
    post_id: int | None = optional_reference("post.id")
    report_id: int | None = optional_reference("report.id")
    note: str | None = Field(default=None, sa_type=sa.Text)


report = table_of(Report)
moderation_action = table_of(ModerationAction)
