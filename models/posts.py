"""Posts, replies and reposts (one table), and their counts."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, id_field, optional_reference, reference, table_of

_LIVE = "deleted_at IS NULL"


class Post(SQLModel, table=True):
    """A post or a reply, with a body; or a repost, with `repost_of_id` and none.

    A deleted post keeps its row, without its body, so that the thread around it stays readable.
    """

    __table_args__ = (
        # Profiles, and home feeds by SQL: the newest posts of an author.
        sa.Index("post_author_id_index", "author_id", sa.text("id DESC"), postgresql_where=sa.text(_LIVE)),
        # Post.replies.
        sa.Index(
            "post_reply_to_id_index",
            "reply_to_id",
            "id",
            postgresql_where=sa.text(f"reply_to_id IS NOT NULL AND {_LIVE}"),
        ),
        # publicFeed: the newest posts of everyone, without replies and reposts.
        sa.Index(
            "post_public_index",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"reply_to_id IS NULL AND repost_of_id IS NULL AND {_LIVE}"),
        ),
        # A person reposts a post once; undoRepost and viewerHasReposted find that row.
        sa.Index(
            "post_repost_key",
            "repost_of_id",
            "author_id",
            unique=True,
            postgresql_where=sa.text("repost_of_id IS NOT NULL"),
        ),
        sa.CheckConstraint("repost_of_id IS NULL OR (body IS NULL AND reply_to_id IS NULL)", name="repost_is_bare"),
        sa.CheckConstraint("body IS NOT NULL OR repost_of_id IS NOT NULL OR deleted_at IS NOT NULL", name="has_body"),
    )

    id: int = id_field()
    author_id: int = reference("account.id")
    body: str | None = Field(default=None, sa_type=sa.Text)
    reply_to_id: int | None = optional_reference("post.id")
    root_id: int | None = optional_reference("post.id")
    repost_of_id: int | None = optional_reference("post.id")
    deleted_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class PostCount(SQLModel, table=True):
    """Folded totals of a post; unfolded changes are in count_delta. No row means zeros."""

    __tablename__ = "post_count"

    post_id: int = reference("post.id", primary_key=True)
    like_count: int = counter()
    reply_count: int = counter()
    repost_count: int = counter()


post = table_of(Post)
post_count = table_of(PostCount)
