"""Likes."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.base import id_field, reference, table_of


class Like(SQLModel, table=True):
    """An account likes a post. Named `post_like` in SQL, where LIKE is a word of the language."""

    __tablename__ = "post_like"
    __table_args__ = (
        # viewerHasLiked; a person likes a post once.
        sa.UniqueConstraint("post_id", "account_id"),
        # Post.likedBy, newest first.
        sa.Index("post_like_post_id_index", "post_id", sa.text("id DESC")),
        # Viewer.likes, newest first.
        sa.Index("post_like_account_id_index", "account_id", sa.text("id DESC")),
    )

    id: int = id_field()
    post_id: int = reference("post.id")
    account_id: int = reference("account.id")


like = table_of(Like)
