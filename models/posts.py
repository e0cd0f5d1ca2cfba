"""Posts, replies, quotes and reposts (one table), their earlier versions, whom they mention, and their counts."""

from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import (
    counter,
    flag,
    id_field,
    json_value,
    optional_reference,
    reference,
    server_default,
    small_number,
    table_of,
)

_LIVE = "deleted_at IS NULL"


class Visibility(IntEnum):
    """Whom a post is for. The order is that of the columns' numbers; those up to UNLISTED are open to everyone."""

    PUBLIC = 0
    UNLISTED = 1
    FOLLOWERS = 2
    MUTUALS = 3
    CIRCLE = 4
    MENTIONED = 5


class Admission(IntEnum):
    """Who of those that see a post may reply to it, quote it, or repost it."""

    EVERYONE = 0
    FOLLOWERS = 1
    FOLLOWING = 2
    MENTIONED = 3
    NOBODY = 4


class Post(SQLModel, table=True):
    """A post, a reply or a quote, with a body; or a repost, with `repost_of_id` and none.

    A deleted post keeps its row, so that the thread around it stays readable; what it said is erased once it cannot be
    restored any more.
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
        # Post.hiddenReplies, newest first.
        sa.Index(
            "post_hidden_reply_index",
            "reply_to_id",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"reply_hidden_at IS NOT NULL AND {_LIVE}"),
        ),
        # publicFeed: the newest posts of everyone, without replies and reposts.
        sa.Index(
            "post_public_index",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"reply_to_id IS NULL AND repost_of_id IS NULL AND visibility = 0 AND {_LIVE}"),
        ),
        # Post.quotes.
        sa.Index(
            "post_quote_id_index",
            "quote_id",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"quote_id IS NOT NULL AND {_LIVE}"),
        ),
        # User.posts(kind: QUOTES).
        sa.Index(
            "post_author_quotes_index",
            "author_id",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"quote_id IS NOT NULL AND {_LIVE}"),
        ),
        # Post.repostedBy, newest first.
        sa.Index(
            "post_repost_of_id_index",
            "repost_of_id",
            sa.text("id DESC"),
            postgresql_where=sa.text(f"repost_of_id IS NOT NULL AND {_LIVE}"),
        ),
        # Posts to a circle, when it is deleted.
        sa.Index("post_circle_id_index", "circle_id", postgresql_where=sa.text("circle_id IS NOT NULL")),
        # The worker's search for deleted posts whose words are still here.
        sa.Index(
            "post_erasable_index",
            "deleted_at",
            postgresql_where=sa.text("deleted_at IS NOT NULL AND body IS NOT NULL"),
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
        sa.CheckConstraint("repost_of_id IS NULL OR quote_id IS NULL", name="repost_quotes_nothing"),
        sa.CheckConstraint("body IS NOT NULL OR repost_of_id IS NOT NULL OR deleted_at IS NOT NULL", name="has_body"),
    )

    id: int = id_field()
    author_id: int = reference("account.id")
    body: str | None = Field(default=None, sa_type=sa.Text)
    reply_to_id: int | None = optional_reference("post.id")
    root_id: int | None = optional_reference("post.id")
    repost_of_id: int | None = optional_reference("post.id")
    quote_id: int | None = optional_reference("post.id")
    # What of the body is a mention, a hashtag or a link (core.entities); None if nothing is.
    entities: list[Any] | None = json_value()
    content_warning: str | None = Field(default=None, sa_type=sa.Text)
    is_sensitive: bool = flag()
    language: str | None = Field(default=None, sa_type=sa.Text)
    version: int = Field(default=1, sa_type=sa.Integer, sa_column_kwargs=server_default("1"))
    edited_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    deleted_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    visibility: int = small_number()
    # Of a post with the visibility CIRCLE; NULL once that circle is gone, and then nobody else sees the post.
    circle_id: int | None = Field(
        default=None,
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("circle.id", ondelete="SET NULL"), nullable=True),
    )
    # Who may reply, quote and repost (Admission).
    reply_policy: int = small_number()
    quote_policy: int = small_number()
    repost_policy: int = small_number()
    # Of a reply: who else wrote what is above it, each once; and whether that is to be asked post by post, because
    # something there is not open to everyone, or too many people are there to be listed.
    above_author_ids: list[int] | None = Field(default=None, sa_type=sa.ARRAY(sa.BigInteger))
    is_gated: bool = flag()
    # Of a reply: set aside by whoever wrote what it replies to.
    reply_hidden_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    # Of a quote: taken off by whoever wrote what it quotes.
    quote_detached_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    # By a moderator.
    taken_down_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class PostEdit(SQLModel, table=True):
    """What a post said before an edit. The id is the time of the edit."""

    __tablename__ = "post_edit"
    __table_args__ = (
        # Post.edits, newest first; a version is replaced once.
        sa.UniqueConstraint("post_id", "version"),
    )

    id: int = id_field()
    post_id: int = reference("post.id")
    version: int = Field(sa_type=sa.Integer)
    body: str = Field(sa_type=sa.Text)
    entities: list[Any] | None = json_value()
    content_warning: str | None = Field(default=None, sa_type=sa.Text)
    is_sensitive: bool = flag()
    language: str | None = Field(default=None, sa_type=sa.Text)


class PostMention(SQLModel, table=True):
    """A post mentions an account, whatever its handle is by now."""

    __tablename__ = "post_mention"
    __table_args__ = (
        # Who is mentioned: an account's mentions, newest first.
        sa.Index("post_mention_account_id_index", "account_id", sa.text("post_id DESC")),
    )

    post_id: int = reference("post.id", primary_key=True)
    account_id: int = reference("account.id", primary_key=True)


class PostCount(SQLModel, table=True):
    """Folded totals of a post; unfolded changes are in count_delta. No row means zeros."""

    __tablename__ = "post_count"

    post_id: int = reference("post.id", primary_key=True)
    like_count: int = counter()
    reply_count: int = counter()
    repost_count: int = counter()
    quote_count: int = counter()


post = table_of(Post)
post_edit = table_of(PostEdit)
post_mention = table_of(PostMention)
post_count = table_of(PostCount)
