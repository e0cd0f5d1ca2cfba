"""Accounts, their former handles, their counts and their sessions."""

from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, flag, id_field, json_value, reference, server_default, small_number, table_of

# What a search for people by words looks through, as Postgres writes it.
SEARCHED_WORDS = "to_tsvector('simple'::regconfig, (display_name || ' '::text) || handle)"


class Role(IntEnum):
    """What an account may do for the community."""

    MEMBER = 0
    MODERATOR = 1


class Account(SQLModel, table=True):
    """A person's account. Without a password hash nobody can sign in to it: it was brought in from an archive."""

    __table_args__ = (
        # user(handle), login, register: handles are unique whatever their case.
        sa.Index("account_lower_handle_key", sa.text("lower(handle)"), unique=True),
        # register: one account per e-mail address.
        sa.Index(
            "account_lower_email_key",
            sa.text("lower(email)"),
            unique=True,
            postgresql_where=sa.text("email IS NOT NULL"),
        ),
        # search(kind: USERS): handles that begin with a text.
        sa.Index(
            "account_handle_prefix_index",
            sa.literal_column("lower(handle)").label("lower_handle"),
            postgresql_ops={"lower_handle": "text_pattern_ops"},
        ),
        # search(kind: USERS): names that have words, or words that begin so.
        sa.Index(
            "account_words_index",
            sa.text(SEARCHED_WORDS),
            postgresql_using="gin",
        ),
        # Of a reply: whether somebody above it is private.
        sa.Index("account_private_index", "id", postgresql_where=sa.text("is_private")),
    )

    id: int = id_field()
    handle: str = Field(sa_type=sa.Text)
    display_name: str = Field(sa_type=sa.Text)
    bio: str = Field(default="", sa_type=sa.Text, sa_column_kwargs=server_default("''"))
    email: str | None = Field(default=None, sa_type=sa.Text)
    password_hash: str | None = Field(default=None, sa_type=sa.Text)
    # What of the bio is a mention, a hashtag or a link (core.entities); None if nothing is.
    bio_entities: list[Any] | None = json_value()
    # Pairs of a name and a value, in order.
    fields: list[Any] = json_value(default="'[]'")
    website: str | None = Field(default=None, sa_type=sa.Text)
    location: str | None = Field(default=None, sa_type=sa.Text)
    is_bot: bool = flag()
    avatar_url: str | None = Field(default=None, sa_type=sa.Text)
    header_url: str | None = Field(default=None, sa_type=sa.Text)
    # Strangers see little of it, and its open posts read as if they were for followers.
    is_private: bool = flag()
    suspended_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    role: int = small_number()


class FormerHandle(SQLModel, table=True):
    """A handle that an account had: it leads to the account, and is kept for it, until a time."""

    __tablename__ = "former_handle"
    __table_args__ = (
        # How often an account has changed its handle lately.
        sa.Index("former_handle_account_id_index", "account_id"),
    )

    # In lower case.
    handle: str = Field(sa_type=sa.Text, primary_key=True)
    account_id: int = reference("account.id")
    until: datetime = Field(sa_type=sa.DateTime(timezone=True))


class AccountCount(SQLModel, table=True):
    """Folded totals of an account; unfolded changes are in count_delta. No row means zeros."""

    __tablename__ = "account_count"

    account_id: int = reference("account.id", primary_key=True)
    post_count: int = counter()
    follower_count: int = counter()
    following_count: int = counter()


class Session(SQLModel, table=True):
    """One sign-in and all the tokens that came of it (a family). The id is the session's start."""

    __table_args__ = (
        # Every process asks twice a second which sessions were revoked lately.
        sa.Index("session_revoked_at_index", "revoked_at", postgresql_where=sa.text("revoked_at IS NOT NULL")),
        # Viewer.sessions, and the deletion of an account's sessions.
        sa.Index(None, "account_id"),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    salt: bytes = Field(sa_type=sa.LargeBinary)
    generation: int = Field(default=0, sa_column_kwargs=server_default("0"))
    refreshed_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


account = table_of(Account)
former_handle = table_of(FormerHandle)
account_count = table_of(AccountCount)
session = table_of(Session)
