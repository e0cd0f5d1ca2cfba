"""How accounts stand to threads: which they have muted, which they follow. A thread is known by its root's id."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from core.database import rows_of
from loaders.base import BatchLoader
from loaders.facts import VIEWER_ID, is_there
from loaders.pages import LinkPageLoader, parents, select_links
from models.threads import thread_follow, thread_mute


class ThreadStance(NamedTuple):
    """Whether an account has muted a thread, and whether it follows it."""

    is_muted: bool
    is_followed: bool


class _StanceRow(NamedTuple):
    root_id: int
    is_muted: bool
    is_followed: bool


_STANCES = rows_of(
    sa.select(
        parents.c.id,
        is_there(thread_mute.c.account_id == VIEWER_ID, thread_mute.c.root_id == parents.c.id),
        is_there(thread_follow.c.account_id == VIEWER_ID, thread_follow.c.root_id == parents.c.id),
    ),
    _StanceRow,
)


def is_muted(root_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the viewer has muted the thread of this root.

    Most people mute nothing; for them one look into the index answers for all rows of a statement.
    """
    mutes_any = is_there(thread_mute.c.account_id == VIEWER_ID)
    return sa.and_(mutes_any, is_there(thread_mute.c.account_id == VIEWER_ID, thread_mute.c.root_id == root_id))


class ViewerThreadsLoader(BatchLoader[int, ThreadStance]):
    """How the viewer stands to threads; nothing is asked for an anonymous one."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, ThreadStance]:
        if self.scope.viewer is None:
            return {}
        rows = await self.scope.db.rows(_STANCES, parent_ids=list(keys), viewer_id=self.viewer_id)
        return {row.root_id: ThreadStance(row.is_muted, row.is_followed) for row in rows}


class MutedThreadsByUserLoader(LinkPageLoader):
    """The roots of the threads that each account has muted, hidden ones included, so guard them."""

    statement = select_links(
        key=thread_mute.c.id, target=thread_mute.c.root_id, of_parent=thread_mute.c.account_id == parents.c.id
    )


class FollowedThreadsByUserLoader(LinkPageLoader):
    """The roots of the threads that each account follows, hidden ones included, so guard them."""

    statement = select_links(
        key=thread_follow.c.id, target=thread_follow.c.root_id, of_parent=thread_follow.c.account_id == parents.c.id
    )
