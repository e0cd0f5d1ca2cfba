"""Blocks: neither of the two sees what the other posts, nor can do anything to it."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.base import id_field, reference, table_of


class Block(SQLModel, table=True):
    """One account blocks another."""

    __table_args__ = (
        # Every rule, from the one who blocks; a person blocks another once.
        sa.UniqueConstraint("blocker_id", "blocked_id"),
        # Every rule, from the one who is blocked.
        sa.Index("block_blocked_id_index", "blocked_id", "blocker_id"),
        # Viewer.blocks, newest first.
        sa.Index("block_blocker_id_index", "blocker_id", sa.text("id DESC")),
        sa.CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
    )

    id: int = id_field()
    blocker_id: int = reference("account.id")
    blocked_id: int = reference("account.id")


block = table_of(Block)
