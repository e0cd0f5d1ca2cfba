"""Accounts, their counts and their sessions."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, id_field, reference, server_default, table_of


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
    )

    id: int = id_field()
    handle: str = Field(sa_type=sa.Text)
    display_name: str = Field(sa_type=sa.Text)
    bio: str = Field(default="", sa_type=sa.Text, sa_column_kwargs=server_default("''"))
    email: str | None = Field(default=None, sa_type=sa.Text)
    password_hash: str | None = Field(default=None, sa_type=sa.Text)


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
account_count = table_of(AccountCount)
session = table_of(Session)
