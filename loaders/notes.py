"""What the viewer has noted on people. Few documents ask, so it is no part of what comes with every user."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from core.database import rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID
from models.notes import user_note


class _Note(NamedTuple):
    subject_id: int
    note: str


_NOTES = rows_of(
    sa.select(user_note.c.subject_id, user_note.c.note).where(
        user_note.c.account_id == VIEWER_ID,
        user_note.c.subject_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
    ),
    _Note,
)


class ViewerNoteByUserLoader(BatchLoader[int, str]):
    """The viewer's note on a user; nobody else's. An anonymous viewer has none, and nothing is asked."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, str]:
        if self.scope.viewer is None:
            return {}
        return dict(await self.scope.db.rows(_NOTES, ids=list(keys), viewer_id=self.viewer_id))
