"""Feeds as acts name them: those that an account keeps something of."""

from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions import hashtags
from core import ids
from core.database import Reader, rows_of
from core.errors import NotFoundError
from loaders.facts import user_facts_by_id
from models.feeds import FeedKind
from models.hashtags import hashtag
from models.lists import list_


class FeedRef(NamedTuple):
    """A feed by its kind and, where there are many of them, the id of the list or hashtag; else ids.NOBODY."""

    kind: FeedKind
    target_id: int = ids.NOBODY


class _List(NamedTuple):
    account_id: int
    is_private: bool
    owner_facts: int


_TARGET_ID = sa.bindparam("target_id", type_=sa.BigInteger)
_LIST = rows_of(
    sa.select(list_.c.account_id, list_.c.is_private, user_facts_by_id(list_.c.account_id)).where(
        list_.c.id == _TARGET_ID
    ),
    _List,
)
_HASHTAG = hashtags.regard(hashtag.c.id == _TARGET_ID)


async def require_feed(db: Reader, viewer: Viewer, ref: FeedRef, *, path: tuple[str, ...]) -> None:
    """Checks that the viewer may read the feed. Raises NotFoundError at `path` if there is none that they see.

    A feed that there is one of takes no statement.
    """
    if ref.kind is FeedKind.LIST:
        row = await db.row(_LIST, target_id=ref.target_id, viewer_id=viewer.account_id)
        if row is None or not policy.can_see_list(viewer, row, row.owner_facts):
            raise NotFoundError("There is no such list.", path=path)
    elif ref.kind is FeedKind.HASHTAG:
        await hashtags.require_hashtag(db, _HASHTAG, target_id=ref.target_id, path=path)
