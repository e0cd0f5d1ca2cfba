"""Notes on people, for oneself alone."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions import inputs
from actions.accounts import require_user
from core import text
from core.database import Transaction, command
from core.errors import ValidationError
from models.notes import user_note

_ACCOUNT_ID = sa.bindparam("writer", type_=sa.BigInteger)
_SUBJECT_ID = sa.bindparam("subject", type_=sa.BigInteger)


def _upsert() -> sa.ClauseElement:
    new = insert(user_note).values(
        account_id=_ACCOUNT_ID, subject_id=_SUBJECT_ID, note=sa.bindparam("new_note", type_=sa.Text)
    )
    return new.on_conflict_do_update(
        index_elements=[user_note.c.account_id, user_note.c.subject_id], set_={user_note.c.note: new.excluded.note}
    )


_UPSERT = command(_upsert())
_DELETE = command(
    sa.delete(user_note).where(user_note.c.account_id == _ACCOUNT_ID, user_note.c.subject_id == _SUBJECT_ID)
)


def checked_note(note: str | None) -> str | None:
    """A note to oneself as it is stored; one that says nothing is none. Raises ValidationError."""
    if note is None:
        return None
    note = text.normalised(note)
    if problem := inputs.problem_of_text(note, inputs.NOTE, field="note", may_be_blank=True):
        raise ValidationError(problem)
    return None if text.is_blank(note) else note


async def set_user_note(tx: Transaction, viewer: Viewer, user_id: int, note: str | None) -> int:
    """Notes something on a user, in the place of what was noted, or nothing any more; gives their id.

    Whom one blocks one may write about: why, for instance. Its one write is its last statement, so it also runs in a
    OneWrite (core.database). Raises ValidationError, NotFoundError.
    """
    note = checked_note(note)
    await require_user(tx, viewer, user_id, path=("userId",))

    if note is None:
        await tx.run(_DELETE, writer=viewer.account_id, subject=user_id)
    else:
        await tx.run(_UPSERT, writer=viewer.account_id, subject=user_id, new_note=note)
    return user_id
