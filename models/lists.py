"""Lists of people to read, whether one follows them or not."""

from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import flag, id_field, reference, small_number, table_of


class ListReplies(IntEnum):
    """Which replies a list shows."""

    NONE = 0
    TO_MEMBERS = 1
    TO_FOLLOWED = 2


class List(SQLModel, table=True):
    """A named list of an account. Of a private one nobody else knows; an exclusive one keeps its people out of home."""

    __table_args__ = (
        # Viewer.lists, newest first.
        sa.Index("list_account_id_index", "account_id", sa.text("id DESC")),
        # An account's lists have different names, whatever their case.
        sa.Index("list_name_key", "account_id", sa.text("lower(name)"), unique=True),
        # Home feeds of those who have exclusive lists.
        sa.Index("list_exclusive_index", "account_id", "id", postgresql_where=sa.text("is_exclusive")),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    name: str = Field(sa_type=sa.Text)
    is_private: bool = flag()
    is_exclusive: bool = flag()
    replies: int = small_number()


class ListMember(SQLModel, table=True):
    """An account is on a list."""

    __tablename__ = "list_member"
    __table_args__ = (
        # Whether somebody is on a list; a person is on it once.
        sa.UniqueConstraint("list_id", "account_id"),
        # List.members, newest first.
        sa.Index("list_member_list_id_index", "list_id", sa.text("id DESC")),
        # Which lists somebody is on, when they are taken off them.
        sa.Index("list_member_account_id_index", "account_id", "list_id"),
    )

    id: int = id_field()
    list_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("list.id", ondelete="CASCADE"), nullable=False)
    )
    account_id: int = reference("account.id")


list_ = table_of(List)
list_member = table_of(ListMember)
