"""The home feed by SQL: own and followees' posts, replies and reposts, and public posts with followed hashtags.

`fetch_home_entries` is the definition. Timelines in Redis are copies of what its statement says.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from access.filters import Context
from core import ids
from core.database import Reader, Statement
from loaders.base import Scope
from loaders.facts import VIEWER_ID, is_there
from loaders.feeds import ENTRY_COLUMNS, load_feed
from loaders.hashtag_feeds import followed_hashtag, select_behind, select_hashtag_heads
from loaders.heads import entries_of, lowest_of, select_heads
from loaders.pages import AFTER, LIMIT
from loaders.pulled_authors import select_followed_pulled
from loaders.wanted import HASHTAG_ID, IS_FOLLOWED, FeedEntry, Wanted
from models.follows import follow
from models.posts import post

# Stands for a hashtag where the author brings an entry; no hashtag has this id.
_BY_AUTHOR: sa.ColumnElement[int] = sa.literal_column(str(ids.NOBODY), sa.BigInteger)
_NO_HASHTAG: sa.ColumnElement[int] = sa.literal_column("NULL::bigint", sa.BigInteger).label(HASHTAG_ID)


def _select_home() -> sa.Select[tuple[int, int, int, int]]:
    """Heads, then lateral (loaders.heads). Followed hashtags are further heads.

    A post may be at several, so it is distinct heads that are counted, and of several ways to one entry its author
    comes first, then the oldest hashtag.
    """
    authors = (
        sa.select(follow.c.followee_id.label("id"))
        .where(follow.c.follower_id == VIEWER_ID)
        .union_all(sa.select(VIEWER_ID))
        .cte("authors")
        .prefix_with("MATERIALIZED")
    )
    heads = select_heads(authors).cte("heads").prefix_with("MATERIALIZED")
    tagged = select_hashtag_heads().cte("hashtag_heads").prefix_with("MATERIALIZED")
    newest_heads = (
        sa.select(heads.c.id)
        .union(sa.select(tagged.c.id))
        .order_by(sa.desc("id"))
        .limit(LIMIT)
        .subquery("newest_heads")
    )
    lowest = (
        sa.select(lowest_of(sa.func.count(), sa.func.min(newest_heads.c.id)).label("id"))
        .cte("lowest")
        .prefix_with("MATERIALIZED")
    )
    lowest_id = sa.select(lowest.c.id).scalar_subquery()
    entries = entries_of(heads, lowest_id)
    found = (
        sa.select(entries.c.id, entries.c.author_id, entries.c.post_id, _NO_HASHTAG)
        .select_from(heads.join(entries, sa.true()))
        .union_all(select_behind(tagged, lowest_id))
        .subquery("found")
    )
    return (
        sa.select(found.c.id, found.c.author_id, found.c.post_id, found.c.hashtag_id)
        .ext(distinct_on(found.c.id))
        .order_by(found.c.id.desc(), found.c.hashtag_id.nulls_first())
        .limit(LIMIT)
    )


_HOME = Statement(_select_home(), lambda record: FeedEntry(*record))

_IS_OWN_OR_FOLLOWED = sa.or_(
    post.c.author_id == VIEWER_ID,
    is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == post.c.author_id),
)


def _select_merged() -> sa.Select[tuple[int]]:
    """The newest entries between two places by the viewer, and by the pulled authors whom the viewer follows."""
    authors = sa.select(VIEWER_ID.label("id")).union_all(select_followed_pulled(VIEWER_ID)).subquery("merged_authors")
    newest = (
        sa.select(post.c.id)
        .where(
            post.c.author_id == authors.c.id,
            post.c.id < AFTER,
            post.c.id >= sa.bindparam("since", type_=sa.BigInteger),
            post.c.deleted_at.is_(None),
        )
        .order_by(post.c.id.desc())
        .limit(LIMIT)
        .lateral("merged")
    )
    return sa.select(newest.c.id).select_from(authors.join(newest, sa.true())).order_by(newest.c.id.desc()).limit(LIMIT)


def _select_home_among() -> sa.Select[Any]:
    """Those of some ids that belong into the viewer's home feed now, and what is merged with them between two places.

    A copy never authorises: whoever was unfollowed or deleted an entry since it was copied is dropped here. One's own
    are always asked from the table, so that a post is in its author's feed in the very next request; so are those of
    pulled authors, which timelines need not have. What a hashtag brings is looked for only where the author does not.
    """
    found = (
        sa.select(*ENTRY_COLUMNS, sa.case((_IS_OWN_OR_FOLLOWED, _BY_AUTHOR), else_=followed_hashtag()).label("way"))
        .where(
            sa.or_(
                post.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))),
                post.c.id == sa.any_(sa.func.array(_select_merged().scalar_subquery())),
            ),
            post.c.deleted_at.is_(None),
        )
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    return sa.select(
        found.c.id,
        found.c.author_id,
        found.c.post_id,
        (found.c.author_id != VIEWER_ID).label(IS_FOLLOWED),
        sa.func.nullif(found.c.way, _BY_AUTHOR).label(HASHTAG_ID),
    ).where(found.c.way.is_not(None))


async def fetch_home_entries(db: Reader, viewer_id: int, *, before: int, limit: int) -> list[FeedEntry]:
    """The newest entries of a home feed below the id `before`: the reference for everything that copies it."""
    return await db.rows(_HOME, viewer_id=viewer_id, after=before, limit=limit)


_HOME_AMONG = Statement(
    _select_home_among(), lambda record: FeedEntry(record[0], record[1], record[2], hashtag_id=record[4])
)


async def fetch_home_among(
    db: Reader, viewer_id: int, ids: Sequence[int], *, since: int, before: int, merged_limit: int
) -> list[FeedEntry]:
    """What `HomeEntries.among` gives, without the posts, and in no order."""
    return await db.rows(_HOME_AMONG, viewer_id=viewer_id, ids=list(ids), since=since, after=before, limit=merged_limit)


class HomeEntries:
    """The viewer's home feed by SQL, in statements that bring the posts along.

    What is hidden from the viewer is in it, and what they have muted, so that a timeline need not know of either. Posts
    are guarded; of the rest the entries say whether they are to be shown.
    """

    __slots__ = ("_scope", "_wanted", "viewer_id")

    def __init__(self, scope: Scope, viewer_id: int, wanted: Wanted) -> None:
        self._scope = scope
        self.viewer_id = viewer_id
        self._wanted = wanted._replace(context=Context.HOME)

    async def newest(self, *, before: int, limit: int) -> list[FeedEntry]:
        """What `fetch_home_entries` gives."""
        return await load_feed(
            "home", self._scope, _select_home, self._wanted, viewer_id=self.viewer_id, after=before, limit=limit
        )

    async def among(self, ids: Sequence[int], *, since: int, before: int, merged_limit: int) -> list[FeedEntry]:
        """Those of `ids` that belong into the home feed now, and from `since` to below `before` the newest of one's own
        and of pulled authors.
        """
        return await load_feed(
            "home among",
            self._scope,
            _select_home_among,
            self._wanted,
            viewer_id=self.viewer_id,
            ids=ids,
            since=since,
            after=before,
            limit=merged_limit,
        )
