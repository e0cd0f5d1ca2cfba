"""Feeds as acts name them: those that an account keeps something of."""

from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from core import ids
from core.database import Reader, rows_of
from core.errors import NotFoundError
from loaders.facts import user_facts_by_id
from loaders.hydration import count_columns
from models.counts import Counter
from models.feeds import FeedKind
from models.hashtags import hashtag, hashtag_count
from models.lists import list_


class FeedRef(NamedTuple):
    """A feed by its kind and, where there are many of them, the id of the list or hashtag; else ids.NOBODY."""

    kind: FeedKind
    target_id: int = ids.NOBODY


class _List(NamedTuple):
    account_id: int
    is_private: bool
    owner_facts: int


class _Hashtag(NamedTuple):
    post_count: int
    follower_count: int


_TARGET_ID = sa.bindparam("target_id", type_=sa.BigInteger)
_LIST = rows_of(
    sa.select(list_.c.account_id, list_.c.is_private, user_facts_by_id(list_.c.account_id)).where(
        list_.c.id == _TARGET_ID
    ),
    _List,
)
_COUNTERS = {"post_count": Counter.HASHTAG_POSTS, "follower_count": Counter.HASHTAG_FOLLOWERS}
_COUNTS, _COUNTED = count_columns(hashtag, hashtag_count, hashtag.c.id, _COUNTERS, None)
_HASHTAG = rows_of(sa.select(*_COUNTS).select_from(_COUNTED).where(hashtag.c.id == _TARGET_ID), _Hashtag)


async def require_feed(db: Reader, viewer: Viewer, ref: FeedRef, *, path: tuple[str, ...]) -> None:
    """Checks that the viewer may read the feed. Raises NotFoundError at `path` if there is none that they see.

    A feed that there is one of takes no statement.
    """
    if ref.kind is FeedKind.LIST:
        row = await db.row(_LIST, target_id=ref.target_id, viewer_id=viewer.account_id)
        if row is None or not policy.can_see_list(viewer, row, row.owner_facts):
            raise NotFoundError("There is no such list.", path=path)
    elif ref.kind is FeedKind.HASHTAG:
        counted = await db.row(_HASHTAG, target_id=ref.target_id)
        if counted is None or not policy.can_see_hashtag(**counted._asdict()):
            raise NotFoundError("There is no such hashtag.", path=path)
