"""Follows, and requests to follow."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.base import id_field, reference, table_of


class Follow(SQLModel, table=True):
    """One account follows another."""

    __table_args__ = (
        # Home feeds by SQL and viewerFollow; a person follows another once.
        sa.UniqueConstraint("follower_id", "followee_id"),
        # User.following, newest first.
        sa.Index("follow_follower_id_index", "follower_id", sa.text("id DESC")),
        # User.followers, newest first; fan-out walks it upwards.
        sa.Index("follow_followee_id_index", "followee_id", "id", postgresql_include=["follower_id"]),
        sa.CheckConstraint("follower_id <> followee_id", name="not_oneself"),
    )

    id: int = id_field()
    follower_id: int = reference("account.id")
    followee_id: int = reference("account.id")


class FollowRequest(SQLModel, table=True):
    """One account has asked a private one to be let in among its followers."""

    __tablename__ = "follow_request"
    __table_args__ = (
        # viewerFollow; a person asks another once.
        sa.UniqueConstraint("follower_id", "followee_id"),
        # Viewer.sentFollowRequests, newest first.
        sa.Index("follow_request_follower_id_index", "follower_id", sa.text("id DESC")),
        # Viewer.followRequests, newest first.
        sa.Index("follow_request_followee_id_index", "followee_id", sa.text("id DESC")),
        sa.CheckConstraint("follower_id <> followee_id", name="not_oneself"),
    )

    id: int = id_field()
    follower_id: int = reference("account.id")
    followee_id: int = reference("account.id")


follow = table_of(Follow)
follow_request = table_of(FollowRequest)
