"""Pins: posts that an author shows first on their profile."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.base import id_field, reference, table_of


class Pin(SQLModel, table=True):
    """An account has pinned a post of its own."""

    __table_args__ = (
        # User.pinnedPosts; a post is pinned once.
        sa.UniqueConstraint("account_id", "post_id"),
    )

    id: int = id_field()
    account_id: int = reference("account.id")
    post_id: int = reference("post.id")


pin = table_of(Pin)
