"""Circles: named sets of people that an account posts to. Nobody else knows of them."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import id_field, reference, table_of


class Circle(SQLModel, table=True):
    """A named set of people."""

    __table_args__ = (
        # Viewer.circles, newest first.
        sa.Index("circle_account_id_index", "account_id", sa.text("id DESC")),
        # An account's circles have different names, whatever their case.
        sa.Index("circle_name_key", "account_id", sa.text("lower(name)"), unique=True),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    name: str = Field(sa_type=sa.Text)


class CircleMember(SQLModel, table=True):
    """An account is in a circle."""

    __tablename__ = "circle_member"
    __table_args__ = (
        # Whether a post to a circle is for somebody; a person is in it once.
        sa.UniqueConstraint("circle_id", "account_id"),
        # Circle.members, newest first.
        sa.Index("circle_member_circle_id_index", "circle_id", sa.text("id DESC")),
        # Which circles somebody is in, when they are taken out of them.
        sa.Index("circle_member_account_id_index", "account_id", "circle_id"),
    )

    id: int = id_field()
    circle_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("circle.id", ondelete="CASCADE"), nullable=False)
    )
    account_id: int = reference("account.id")


circle = table_of(Circle)
circle_member = table_of(CircleMember)
