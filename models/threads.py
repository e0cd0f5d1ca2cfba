"""What people want to hear of a thread: muted threads and followed ones, by the post at their root."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.base import id_field, reference, table_of


class ThreadMute(SQLModel, table=True):
    """An account wants to hear nothing of a thread."""

    __tablename__ = "thread_mute"
    __table_args__ = (
        # Home feeds, and viewerHasMutedThread; a person mutes a thread once.
        sa.UniqueConstraint("account_id", "root_id"),
        # Viewer.mutedThreads, newest first.
        sa.Index("thread_mute_account_id_index", "account_id", sa.text("id DESC")),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    root_id: int = reference("post.id")


class ThreadFollow(SQLModel, table=True):
    """An account wants to hear of whatever is new in a thread."""

    __tablename__ = "thread_follow"
    __table_args__ = (
        # viewerFollowsThread; a person follows a thread once.
        sa.UniqueConstraint("account_id", "root_id"),
        # Viewer.followedThreads, newest first.
        sa.Index("thread_follow_account_id_index", "account_id", sa.text("id DESC")),
        # Who wants to hear of a new reply.
        sa.Index("thread_follow_root_id_index", "root_id", "id", postgresql_include=["account_id"]),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    root_id: int = reference("post.id")


thread_mute = table_of(ThreadMute)
thread_follow = table_of(ThreadFollow)
