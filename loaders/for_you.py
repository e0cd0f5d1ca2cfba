"""Posts that somebody may want to see, from whom they follow and what those do: candidates for loaders.signals.

    liked       what at least two of those like whom the viewer follows
    reposted    what any of those have reposted
    near        what people post whom at least two of those follow, and the viewer does not
    tagged      what has a hashtag that the viewer follows, or has used lately

Candidates are public posts that reply to nothing. The viewer's own, and what they had liked or reposted, are none, nor
what somebody wrote whom they mute or whom a block parts from them; nor does anybody lead to a post whom the viewer
mutes, or whom a block or a suspension hides.

The work has a bound, whomever one follows: the newest MOST_VIA of them lead on, each by the newest of what they did;
each source gives its best MOST_OF_SOURCE posts of the last WINDOW. All of it is as of a moment: what came to be later
is not looked at, so pages of one list agree.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from access.filters import Context
from access.viewer import Viewer
from core import ids
from core.database import Reader, rows_of
from loaders.base import Scope, viewer_id_of
from loaders.counted import counts_at_hashtags, is_withdrawn
from loaders.facts import VIEWER_ID, is_there
from loaders.feeds import load_feed
from loaders.hydration import ZERO
from loaders.signals import ENOUGH_POPULARITY, FEWEST_PEOPLE, Candidate, Moment
from loaders.suggestions import may_be_named
from loaders.threads import is_muted
from loaders.wanted import Wanted
from models.accounts import account
from models.follows import follow
from models.hashtags import hashtag_follow, post_hashtag
from models.likes import like
from models.posts import Visibility, post

WINDOW = timedelta(days=14)
MOST_VIA = 200
MOST_LIKES_OF_EACH = 30
MOST_ENTRIES_OF_EACH = 30
MOST_FOLLOWS_OF_EACH = 50
MOST_NEAR = 100
MOST_POSTS_OF_EACH_NEAR = 5
MOST_OWN_POSTS = 50
MOST_HASHTAGS = 250
MOST_LOOKED_AT_OF_EACH_HASHTAG = 100
MOST_POSTS_OF_EACH_HASHTAG = 20
MOST_OF_SOURCE = 300

_IDS = sa.ARRAY(sa.BigInteger)
_NOBODY: sa.ColumnElement[int] = sa.literal_column("NULL::bigint", sa.BigInteger)
# Of what came to be: not before, and before.
_OLDEST = sa.bindparam("oldest", type_=sa.BigInteger)
_END = sa.bindparam("end_id", type_=sa.BigInteger)


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(value)))


def _is_in_window(key: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return sa.and_(key >= _OLDEST, key < _END)


def _is_listed(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a row of `post` is a public post that replies to nothing."""
    return sa.and_(
        of.c.deleted_at.is_(None),
        of.c.reply_to_id.is_(None),
        of.c.repost_of_id.is_(None),
        of.c.visibility == _number(Visibility.PUBLIC),
    )


def _kept(select: sa.Select[Any], name: str) -> sa.CTE:
    return select.cte(name).prefix_with("MATERIALIZED")


def _select_via() -> sa.Select[Any]:
    """(key, id) of those whom the viewer follows and who may lead on; by the key, the newest follow first."""
    newest = (
        sa.select(follow.c.id, follow.c.followee_id)
        .where(follow.c.follower_id == VIEWER_ID, follow.c.id < _END)
        .order_by(follow.c.id.desc())
        .limit(_number(MOST_VIA))
        .subquery("newest")
    )
    friend = account.alias("friend")
    return (
        sa.select(newest.c.id.label("key"), friend.c.id)
        .select_from(newest.join(friend, friend.c.id == newest.c.followee_id))
        .where(may_be_named(friend))
    )


def _first_of(via: sa.CTE) -> sa.ColumnElement[int]:
    """Of those who lead to the same the one whom the viewer followed last."""
    return sa.func.array_agg(aggregate_order_by(via.c.id, via.c.key.desc()), type_=_IDS)[1]


def _source(
    post_id: sa.ColumnElement[int],
    *,
    likes: sa.ColumnElement[int] = ZERO,
    reposts: sa.ColumnElement[int] = ZERO,
    reposter_id: sa.ColumnElement[int] = _NOBODY,
) -> sa.Select[Any]:
    """The SELECT of a source of candidates, and of what is known of them by it."""
    named = {"post_id": post_id, "likes": likes, "reposts": reposts, "reposter_id": reposter_id}
    columns: list[sa.ColumnElement[Any]] = [column.label(name) for name, column in named.items()]
    return sa.select(*columns)


def _select_liked(via: sa.CTE) -> sa.Select[Any]:
    """A source: what several of them like."""
    newest = (
        sa.select(like.c.post_id)
        .where(like.c.account_id == via.c.id, _is_in_window(like.c.id))
        .order_by(like.c.id.desc())
        .limit(_number(MOST_LIKES_OF_EACH))
        .lateral("newest_likes")
    )
    people = sa.func.count()
    return (
        _source(newest.c.post_id, likes=people)
        .select_from(via.join(newest, sa.true()))
        .where(_is_in_window(newest.c.post_id))
        .group_by(newest.c.post_id)
        .having(people >= _number(FEWEST_PEOPLE))
        .order_by(people.desc(), newest.c.post_id.desc())
        .limit(_number(MOST_OF_SOURCE))
    )


def _select_reposted(via: sa.CTE) -> sa.Select[Any]:
    """A source: what any of them have reposted."""
    entry = post.alias("entry")
    newest = (
        sa.select(entry.c.repost_of_id)
        .where(entry.c.author_id == via.c.id, _is_in_window(entry.c.id), entry.c.deleted_at.is_(None))
        .order_by(entry.c.id.desc())
        .limit(_number(MOST_ENTRIES_OF_EACH))
        .lateral("newest_entries")
    )
    people = sa.func.count()
    return (
        _source(newest.c.repost_of_id, reposts=people, reposter_id=_first_of(via))
        .select_from(via.join(newest, sa.true()))
        .where(_is_in_window(newest.c.repost_of_id))
        .group_by(newest.c.repost_of_id)
        .order_by(people.desc(), newest.c.repost_of_id.desc())
        .limit(_number(MOST_OF_SOURCE))
    )


def _select_near(via: sa.CTE) -> sa.Select[Any]:
    """(id, people, first_id) of those whom most of them follow, and the viewer does not."""
    further = (
        sa.select(follow.c.followee_id)
        .where(follow.c.follower_id == via.c.id, follow.c.id < _END)
        .order_by(follow.c.id.desc())
        .limit(_number(MOST_FOLLOWS_OF_EACH))
        .lateral("further")
    )
    people = sa.func.count()
    reached = (
        sa.select(further.c.followee_id.label("id"), people.label("people"), _first_of(via).label("first_id"))
        .select_from(via.join(further, sa.true()))
        .group_by(further.c.followee_id)
        .having(people >= _number(FEWEST_PEOPLE))
        .subquery("reached")
    )
    followed = follow.alias("followed")
    # Read once, into a hash. Looked up for each of them, it may lead through all followers of the popular ones.
    are_followed = sa.select(followed.c.followee_id).where(followed.c.follower_id == VIEWER_ID, followed.c.id < _END)
    return (
        sa.select(reached)
        .where(reached.c.id != VIEWER_ID, reached.c.id.not_in(are_followed))
        .order_by(reached.c.people.desc(), reached.c.id.desc())
        .limit(_number(MOST_NEAR))
    )


def _select_tags() -> sa.Select[Any]:
    """The hashtags that the viewer follows, and those of their newest posts."""
    own = (
        sa.select(post.c.id)
        .where(post.c.author_id == VIEWER_ID, post.c.id < _END, post.c.deleted_at.is_(None))
        .order_by(post.c.id.desc())
        .limit(_number(MOST_OWN_POSTS))
        .subquery("own")
    )
    used = sa.select(post_hashtag.c.hashtag_id.label("id")).join(own, own.c.id == post_hashtag.c.post_id)
    followed = sa.select(hashtag_follow.c.hashtag_id).where(
        hashtag_follow.c.account_id == VIEWER_ID, hashtag_follow.c.id < _END
    )
    both = used.union(followed).subquery("both")
    return sa.select(both.c.id).order_by(both.c.id).limit(_number(MOST_HASHTAGS))


def _select_of_near(near: sa.CTE) -> sa.Select[Any]:
    """A source: the newest posts of those who are near."""
    newest = (
        sa.select(post.c.id)
        .where(post.c.author_id == near.c.id, _is_in_window(post.c.id), _is_listed(post))
        .order_by(post.c.id.desc())
        .limit(_number(MOST_POSTS_OF_EACH_NEAR))
        .lateral("newest_posts")
    )
    return (
        _source(newest.c.id)
        .select_from(near.join(newest, sa.true()))
        .order_by(near.c.people.desc(), newest.c.id.desc())
        .limit(_number(MOST_OF_SOURCE))
    )


def _select_tagged(tags: sa.CTE) -> sa.Select[Any]:
    """A source: the newest posts with the hashtags."""
    looked_at = (
        sa.select(post_hashtag.c.post_id)
        .where(post_hashtag.c.hashtag_id == tags.c.id, _is_in_window(post_hashtag.c.post_id))
        .order_by(post_hashtag.c.post_id.desc())
        .limit(_number(MOST_LOOKED_AT_OF_EACH_HASHTAG))
        .correlate(tags)
        .subquery("looked_at")
    )
    newest = (
        sa.select(looked_at.c.post_id)
        .join(post, post.c.id == looked_at.c.post_id)
        .where(_is_listed(post))
        .order_by(looked_at.c.post_id.desc())
        .limit(_number(MOST_POSTS_OF_EACH_HASHTAG))
        .lateral("newest_tagged")
    )
    return (
        _source(newest.c.post_id)
        .select_from(tags.join(newest, sa.true()))
        .group_by(newest.c.post_id)
        .order_by(newest.c.post_id.desc())
        .limit(_number(MOST_OF_SOURCE))
    )


def _popularity() -> sa.ColumnElement[int]:
    """How many like a row of `post`; of a post that many like, so many are counted as make a difference."""
    liker = like.alias("liker")
    few = (
        sa.select(_number(1))
        .where(liker.c.post_id == post.c.id, liker.c.id < _END)
        .limit(_number(ENOUGH_POPULARITY))
        .correlate(post)
        .subquery("few")
    )
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def _select_candidates() -> sa.Select[Any]:
    via, tags = _kept(_select_via(), "via"), _kept(_select_tags(), "tags")
    near = _kept(_select_near(via), "near")
    sources = (_select_liked(via), _select_reposted(via), _select_of_near(near), _select_tagged(tags))
    given = sa.union_all(*(sa.select(source.subquery()) for source in sources)).subquery("given")
    found = _kept(
        sa.select(
            given.c.post_id,
            sa.cast(sa.func.sum(given.c.likes), sa.Integer).label("likes"),
            sa.cast(sa.func.sum(given.c.reposts), sa.Integer).label("reposts"),
            sa.func.max(given.c.reposter_id).label("reposter_id"),
        ).group_by(given.c.post_id),
        "found",
    )
    shared = (
        sa.select(sa.func.count().label("hashtags"), sa.func.min(post_hashtag.c.hashtag_id).label("hashtag_id"))
        .where(
            post_hashtag.c.post_id == post.c.id,
            post_hashtag.c.hashtag_id == sa.any_(sa.func.array(sa.select(tags.c.id).scalar_subquery())),
        )
        .lateral("shared")
    )
    repost = post.alias("own_repost")
    has_liked = is_there(like.c.post_id == post.c.id, like.c.account_id == VIEWER_ID, like.c.id < _END)
    has_reposted = is_there(repost.c.repost_of_id == post.c.id, repost.c.author_id == VIEWER_ID, repost.c.id < _END)
    return (
        sa.select(
            post.c.id,
            post.c.author_id,
            found.c.likes,
            found.c.reposts,
            found.c.reposter_id,
            sa.func.coalesce(near.c.people, ZERO),
            near.c.first_id,
            shared.c.hashtags,
            shared.c.hashtag_id,
            _popularity(),
        )
        .select_from(
            found.join(post, post.c.id == found.c.post_id)
            .join(account, account.c.id == post.c.author_id)
            .outerjoin(near, near.c.id == post.c.author_id)
            .join(shared, sa.true())
        )
        .where(
            _is_in_window(post.c.id),
            _is_listed(post),
            counts_at_hashtags(post, is_withdrawn(account)),
            post.c.author_id != VIEWER_ID,
            may_be_named(account),
            sa.not_(has_liked),
            sa.not_(has_reposted),
            sa.not_(is_muted(post.c.id)),
        )
    )


_CANDIDATES = rows_of(_select_candidates(), Candidate)


async def fetch_candidates(db: Reader, viewer: Viewer, moment: Moment, *, since: datetime | None) -> list[Candidate]:
    """The candidates of the last WINDOW before a moment, or of the time `since` then if that is shorter, unordered."""
    oldest = (moment.ms << ids.SEQUENCE_BITS) - ids.first_at(ids.EPOCH + WINDOW)
    if since is not None:
        oldest = max(oldest, min(ids.first_at(since), moment.end_id))
    return await db.rows(_CANDIDATES, viewer_id=viewer.account_id, oldest=oldest, end_id=moment.end_id)


def _select_by_id() -> sa.Select[tuple[int, int, int]]:
    return sa.select(post.c.id, post.c.author_id, post.c.id.label("post_id")).where(
        post.c.id == sa.any_(sa.bindparam("ids", type_=_IDS))
    )


async def load_candidates(scope: Scope, post_ids: Sequence[int], wanted: Wanted) -> frozenset[int]:
    """Brings posts, guarded, to the loaders; gives the ids of those that the viewer does not mute or filter."""
    if not post_ids:
        return frozenset()
    wanted = wanted._replace(context=Context.PUBLIC)
    viewer_id = viewer_id_of(scope.viewer)
    entries = await load_feed("for you", scope, _select_by_id, wanted, viewer_id=viewer_id, ids=list(post_ids))
    return frozenset(entry.post_id for entry in entries if entry.is_shown)
