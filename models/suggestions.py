"""Suggestions of whom to follow that an account does not want to see again."""

from sqlmodel import SQLModel

from models.base import reference, table_of


class DismissedSuggestion(SQLModel, table=True):
    """An account does not want another to be suggested. The key is how suggestions leave it out."""

    __tablename__ = "dismissed_suggestion"

    account_id: int = reference("account.id", primary_key=True)
    dismissed_id: int = reference("account.id", primary_key=True)


dismissed_suggestion = table_of(DismissedSuggestion)
