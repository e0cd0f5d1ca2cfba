"""Mutes: whom an account does not want to hear. The muted are never told, and lose nothing."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import flag, id_field, reference, table_of


class Mute(SQLModel, table=True):
    """One account does not want to hear another, until a time or for ever; perhaps only not what it reposts."""

    __table_args__ = (
        # Home feeds and viewerMute; a person mutes another once.
        sa.UniqueConstraint("muter_id", "muted_id"),
        # Viewer.mutes, newest first.
        sa.Index("mute_muter_id_index", "muter_id", sa.text("id DESC")),
        # The worker, for those that have ended.
        sa.Index("mute_until_index", "until", postgresql_where=sa.text("until IS NOT NULL")),
        sa.CheckConstraint("muter_id <> muted_id", name="not_oneself"),
    )

    id: int = id_field()
    muter_id: int = reference("account.id")
    muted_id: int = reference("account.id")
    until: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    is_only_of_reposts: bool = flag()
    hides_notifications: bool = flag()


mute = table_of(Mute)
