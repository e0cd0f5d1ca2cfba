"""Notes on people, which nobody but their writer ever reads."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import reference, table_of


class UserNote(SQLModel, table=True):
    """What an account notes for itself about another. The key is how viewerNote finds it."""

    __tablename__ = "user_note"

    account_id: int = reference("account.id", primary_key=True)
    subject_id: int = reference("account.id", primary_key=True)
    note: str = Field(sa_type=sa.Text)


user_note = table_of(UserNote)
