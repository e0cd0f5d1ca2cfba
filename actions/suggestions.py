"""Suggestions of whom to follow: some are not to be seen again."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions.accounts import require_user
from core.database import Transaction, command
from models.suggestions import dismissed_suggestion

_INSERT = command(
    insert(dismissed_suggestion)
    .values(
        account_id=sa.bindparam("viewer", type_=sa.BigInteger),
        dismissed_id=sa.bindparam("dismissed", type_=sa.BigInteger),
    )
    .on_conflict_do_nothing()
)


async def dismiss_suggestion(tx: Transaction, viewer: Viewer, user_id: int) -> int:
    """Never suggests a user to the viewer again, and gives their id. Raises NotFoundError, NotAllowedError.

    Its one write is its last statement, so it also runs in a OneWrite (core.database).
    """
    path = ("userId",)
    await require_user(tx, viewer, user_id, path=path)
    policy.require_other_account(viewer, user_id, path=path)

    await tx.run(_INSERT, viewer=viewer.account_id, dismissed=user_id)
    return user_id
