"""Archives in bulk, by COPY: accounts, posts, their tags, likes and follows that were made elsewhere.

Rows keep the dates of their source: their ids are minted from them. A record that is here (actions.archives) is not
brought in again, so that everything may be repeated. A bulk writes totals itself and records no events: accounts of an
archive have no password, so nobody has read their feeds yet. Only followers who can sign in, and may have a timeline,
are told; so are followers of hashtags. Each bulk wants a transaction of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, distinct_on, insert

from actions import archives, bulks, counted, entities, handles
from core.database import Transaction, command, rows_of, values_of
from core.entities import normalised_hashtag
from events import outbox
from events.follows import FollowChanged
from events.hashtags import HashtagFollowChanged
from loaders.counted import counts_at_hashtags, is_withdrawn
from models.accounts import account, account_count
from models.counts import Counter
from models.follows import follow
from models.hashtags import hashtag, hashtag_count, hashtag_follow, post_hashtag
from models.likes import like
from models.posts import post, post_count, post_mention


class ArchivedAccount(NamedTuple):
    """An account of an archive; without a date it is made now."""

    external_id: str
    handle: str
    display_name: str
    at: datetime | None = None


class ArchivedPost(NamedTuple):
    """A post, or a reply to `reply_to` in the thread that begins with `root`; people and posts by external id."""

    external_id: str
    author: str
    body: str
    at: datetime
    reply_to: str | None = None
    root: str | None = None


class ArchivedTag(NamedTuple):
    """`post`, by external id, has a hashtag, written as `core.entities.hashtag_from` gives it."""

    post: str
    hashtag: str


class ArchivedLike(NamedTuple):
    """`account` liked `post`; both by external id."""

    account: str
    post: str
    at: datetime


class ArchivedFriendship(NamedTuple):
    """Two accounts, by external id, that follow each other; without a date since now."""

    one: str
    other: str
    at: datetime | None = None


class _Stale(NamedTuple):
    follower_id: int
    followed_id: int


_new_account = bulks.staging(
    "new_account", bulks.text("external_id"), bulks.text("handle"), bulks.text("display_name"), bulks.date()
)
_new_post = bulks.staging(
    "new_post",
    bulks.text("external_id"),
    bulks.text("author"),
    bulks.text("body"),
    bulks.date(),
    bulks.text("reply_to"),
    bulks.text("root"),
    bulks.text("entities"),
    sa.Column("mentioned", sa.ARRAY(sa.BigInteger)),
)
_new_tag = bulks.staging("new_tag", bulks.text("post"), bulks.text("name"), bulks.text("shown"))
_new_like = bulks.staging("new_like", bulks.text("account"), bulks.text("post"), bulks.date())
_new_friendship = bulks.staging("new_friendship", bulks.text("one"), bulks.text("other"), bulks.date())


def _add_accounts() -> sa.Insert:
    own, is_own = bulks.record("own", _new_account.c.external_id)
    rows = sa.select(own.c.local_id, _new_account.c.handle, _new_account.c.display_name).select_from(
        _new_account.join(own, is_own)
    )
    return sa.insert(account).from_select(["id", "handle", "display_name"], rows)


def _add_posts() -> sa.Select[int, int]:
    own, is_own = bulks.record("own", _new_post.c.external_id)
    author, is_author = bulks.record("author", _new_post.c.author)
    parent, is_parent = bulks.record("parent", _new_post.c.reply_to)
    root, is_root = bulks.record("root", _new_post.c.root)
    rows = (
        sa.select(
            own.c.local_id,
            author.c.local_id,
            _new_post.c.body,
            sa.cast(_new_post.c.entities, JSONB),
            parent.c.local_id,
            root.c.local_id,
        )
        .select_from(
            _new_post.join(own, is_own).join(author, is_author).outerjoin(parent, is_parent).outerjoin(root, is_root)
        )
        .where(
            _new_post.c.reply_to.is_(None) == parent.c.local_id.is_(None),
            _new_post.c.root.is_(None) == root.c.local_id.is_(None),
        )
        # What a reply answers goes in before it: the reply notes who wrote what is above it.
        .order_by(own.c.local_id)
    )
    added = (
        sa.insert(post)
        .from_select(["id", "author_id", "body", "entities", "reply_to_id", "root_id"], rows)
        .returning(post.c.id)
        .cte("added")
    )
    return sa.select(bulks.size(added), bulks.size(added))


def _count_posts() -> sa.Select[int]:
    """A statement of its own: a reply may answer another post of the bulk, which counts it."""
    own, is_own = bulks.record("own", _new_post.c.external_id)
    new = (
        sa.select(*counted.COLUMNS)
        .select_from(_new_post.join(own, is_own).join(post, post.c.id == own.c.local_id))
        .cte("new")
    )
    at_authors = counted.select_at_author(new, 1).subquery("at_authors")
    authors = counted.held_author(sa.any_(sa.func.array(sa.select(new.c.author_id).scalar_subquery())))
    at_parents = counted.select_at_post(Counter.POST_REPLIES, new, authors, 1).subquery("at_parents")
    return sa.select(bulks.size(new)).add_cte(
        bulks.counted(account_count, at_authors.c.subject_id, {"post_count": sa.func.count()}, at_authors),
        bulks.counted(post_count, at_parents.c.subject_id, {"reply_count": sa.func.count()}, at_parents),
    )


def _add_mentions() -> sa.Insert:
    own, is_own = bulks.record("own", _new_post.c.external_id)
    rows = sa.select(own.c.local_id, sa.func.unnest(_new_post.c.mentioned)).select_from(_new_post.join(own, is_own))
    return sa.insert(post_mention).from_select(["post_id", "account_id"], rows)


def _add_tags() -> sa.Select[int, int]:
    tagged, is_tagged = bulks.record("tagged", _new_tag.c.post)
    found = (
        sa.select(tagged.c.local_id.label("post_id"), _new_tag.c.name, _new_tag.c.shown)
        .select_from(_new_tag.join(tagged, is_tagged))
        .cte("found")
    )
    live = (
        sa.select(found.c.post_id, found.c.name, found.c.shown)
        .select_from(found.join(post, post.c.id == found.c.post_id))
        .where(post.c.deleted_at.is_(None))
        .cte("live")
    )
    author_ids = sa.select(post.c.author_id).join(live, live.c.post_id == post.c.id).scalar_subquery()
    authors = counted.held_author(sa.any_(sa.func.array(author_ids)))
    # A new hashtag is shown as the oldest post of the bulk has it, of those that count at it.
    told = sa.case((counts_at_hashtags(post, is_withdrawn(authors)), live.c.shown))
    first = (
        sa.select(live.c.name, told.label("shown"))
        .select_from(live.join(post, post.c.id == live.c.post_id).join(authors, authors.c.id == post.c.author_id))
        .ext(distinct_on(live.c.name))
        .order_by(live.c.name, told.is_(None), live.c.post_id, live.c.shown)
        .subquery("first")
    )
    # By code points, which is the order in which posting makes hashtags.
    order = sa.collate(first.c.name, "C")
    listed = sa.select(
        sa.func.array_agg(aggregate_order_by(first.c.name, order)).label("names"),
        sa.func.array_agg(aggregate_order_by(first.c.shown, order)).label("shown"),
    ).subquery("listed")
    named = sa.func.hashtag_ids(listed.c.names, listed.c.shown).table_valued(
        sa.column("id", sa.BigInteger), sa.column("name", sa.Text), name="named"
    )
    hashtags = sa.select(named.c.id, named.c.name).select_from(listed.join(named, sa.true())).cte("hashtags")
    added = (
        insert(post_hashtag)
        .from_select(
            ["hashtag_id", "post_id"],
            sa.select(hashtags.c.id, live.c.post_id).select_from(live.join(hashtags, hashtags.c.name == live.c.name)),
        )
        .on_conflict_do_nothing()
        .returning(post_hashtag.c.hashtag_id, post_hashtag.c.post_id)
        .cte("added")
    )
    at_hashtags = counted.select_at_hashtags(added, post, authors, 1).subquery("at_hashtags")
    return sa.select(bulks.size(found), bulks.size(added)).add_cte(
        bulks.counted(hashtag_count, at_hashtags.c.subject_id, {"post_count": sa.func.count()}, at_hashtags)
    )


def _add_likes() -> sa.Select[int, int]:
    liker, is_liker = bulks.record("liker", _new_like.c.account)
    liked, is_liked = bulks.record("liked", _new_like.c.post)
    found = (
        sa.select(
            sa.func.mint_id(_new_like.c.at).label("id"),
            liked.c.local_id.label("post_id"),
            liker.c.local_id.label("account_id"),
        )
        .select_from(_new_like.join(liker, is_liker).join(liked, is_liked))
        .order_by(_new_like.c.at)
        .cte("found")
    )
    added = (
        insert(like)
        .from_select(["id", "post_id", "account_id"], sa.select(found))
        .on_conflict_do_nothing()
        .returning(like.c.post_id)
        .cte("added")
    )
    return sa.select(bulks.size(found), bulks.size(added)).add_cte(
        bulks.counted(post_count, added.c.post_id, {"like_count": sa.func.count()}, added)
    )


def _add_friendships() -> sa.Select[int, int]:
    one, is_one = bulks.record("one", _new_friendship.c.one)
    other, is_other = bulks.record("other", _new_friendship.c.other)
    found = (
        sa.select(one.c.local_id.label("one_id"), other.c.local_id.label("other_id"), _new_friendship.c.at)
        .select_from(_new_friendship.join(one, is_one).join(other, is_other))
        .order_by(_new_friendship.c.at)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    both_ways = sa.union_all(
        sa.select(sa.func.mint_id(found.c.at), found.c.one_id, found.c.other_id),
        sa.select(sa.func.mint_id(found.c.at), found.c.other_id, found.c.one_id),
    )
    added = (
        insert(follow)
        .from_select(["id", "follower_id", "followee_id"], both_ways)
        .on_conflict_do_nothing()
        .returning(follow.c.follower_id, follow.c.followee_id)
        .cte("added")
    )
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    unit: sa.ColumnElement[int] = sa.literal_column("1")
    ends = sa.union_all(
        sa.select(added.c.followee_id.label("account_id"), unit.label("followers"), zero.label("following")),
        sa.select(added.c.follower_id, zero, unit),
    ).subquery("ends")
    sums = {"follower_count": sa.func.sum(ends.c.followers), "following_count": sa.func.sum(ends.c.following)}
    return sa.select(bulks.size(found), bulks.size(added)).add_cte(
        bulks.counted(account_count, ends.c.account_id, sums, ends)
    )


def _stale() -> sa.Select[int, int]:
    """Who can sign in and follows an author of the staged posts; one such author for each."""
    author, is_author = bulks.record("author", _new_post.c.author)
    return (
        sa.select(follow.c.follower_id, sa.func.min(follow.c.followee_id))
        .select_from(
            _new_post.join(author, is_author)
            .join(follow, follow.c.followee_id == author.c.local_id)
            .join(account, account.c.id == follow.c.follower_id)
        )
        .where(account.c.password_hash.is_not(None))
        .group_by(follow.c.follower_id)
    )


def _stale_by_hashtags() -> sa.Select[int, int]:
    """Who follows a hashtag of the staged tags; one such hashtag for each."""
    return (
        sa.select(hashtag_follow.c.account_id, sa.func.min(hashtag.c.id))
        .select_from(
            _new_tag.join(hashtag, hashtag.c.name == _new_tag.c.name).join(
                hashtag_follow, hashtag_follow.c.hashtag_id == hashtag.c.id
            )
        )
        .group_by(hashtag_follow.c.account_id)
    )


_DROP_KNOWN_ACCOUNTS = command(bulks.drop_known(_new_account))
_MINT = {staging.name: command(bulks.mint(staging)) for staging in (_new_account, _new_post)}
_ADD_ACCOUNTS = command(_add_accounts())
_ADDED_HANDLES = values_of(sa.select(_new_account.c.handle), str)
_ADD_POSTS = rows_of(_add_posts(), bulks.Added)
_COUNT_POSTS = values_of(_count_posts(), int)
_ADD_MENTIONS = command(_add_mentions())
_ADD_TAGS = rows_of(_add_tags(), bulks.Added)
_ADD_LIKES = rows_of(_add_likes(), bulks.Added)
_ADD_FRIENDSHIPS = rows_of(_add_friendships(), bulks.Added)
_STALE = rows_of(_stale(), _Stale)
_STALE_BY_HASHTAGS = rows_of(_stale_by_hashtags(), _Stale)


async def add_accounts(tx: Transaction, source: str, accounts: Sequence[ArchivedAccount]) -> int:
    """Adds those that are not here; gives their number. Raises ValidationError if a handle is taken."""
    await bulks.stage(tx, source, _new_account, accounts)
    await tx.run(_DROP_KNOWN_ACCOUNTS, source=source)
    await tx.run(_MINT[_new_account.name], source=source)
    try:
        added = await tx.run(_ADD_ACCOUNTS, source=source)
    except asyncpg.UniqueViolationError as error:
        raise archives.taken(error) from error
    await handles.require_free(tx, *await tx.rows(_ADDED_HANDLES))
    return added


async def add_posts(tx: Transaction, source: str, archived: Sequence[ArchivedPost]) -> int:
    """Adds those that are not here; gives their number. A post and replies to it may come in one bulk.

    Bodies have passed `archives.checked_body`. Their entities are bound as posting binds them. Raises
    UnknownRecordError.
    """
    await archives.lock_source(tx, source)
    present = await archives.fetch_local_ids(tx, source, [each.external_id for each in archived])
    new = [each for each in archived if each.external_id not in present]
    said = await entities.bind_all(tx, [each.body for each in new])

    staged = [(*each, bound.stored, bound.account_ids) for each, bound in zip(new, said, strict=True)]
    await bulks.stage(tx, source, _new_post, staged)
    minted = await tx.run(_MINT[_new_post.name], source=source)
    added = await tx.row(_ADD_POSTS, source=source)
    await tx.row(_COUNT_POSTS, source=source)
    await tx.run(_ADD_MENTIONS, source=source)
    tags = [
        ArchivedTag(each.external_id, shown)
        for each, bound in zip(new, said, strict=True)
        for _, shown in bound.hashtags
    ]
    await add_tags(tx, source, tags)

    for stale in await tx.rows(_STALE, source=source):
        await outbox.record(tx, FollowChanged(follower_id=stale.follower_id, followee_id=stale.followed_id))
    return bulks.all_found(added, minted)


async def add_tags(tx: Transaction, source: str, archived: Sequence[ArchivedTag]) -> int:
    """Gives posts hashtags that they do not have; gives the number of those. A deleted post gets none.

    Raises UnknownRecordError.
    """
    staged = [(tag.post, normalised_hashtag(tag.hashtag), tag.hashtag) for tag in archived]
    await bulks.stage(tx, source, _new_tag, staged)
    added = await tx.row(_ADD_TAGS, source=source)
    assert added is not None

    for stale in await tx.rows(_STALE_BY_HASHTAGS) if added.added else ():
        await outbox.record(tx, HashtagFollowChanged(follower_id=stale.follower_id, hashtag_id=stale.followed_id))
    return bulks.all_found(added, len(archived))


async def add_likes(tx: Transaction, source: str, archived: Sequence[ArchivedLike]) -> int:
    """Adds likes that are not here; gives their number. Raises UnknownRecordError."""
    await bulks.stage(tx, source, _new_like, archived)
    added = await tx.row(_ADD_LIKES, source=source)
    return bulks.all_found(added, len(archived))


async def add_friendships(tx: Transaction, source: str, archived: Sequence[ArchivedFriendship]) -> int:
    """Makes each two follow each other; gives the number of follows that are new. Raises UnknownRecordError."""
    await bulks.stage(tx, source, _new_friendship, archived)
    added = await tx.row(_ADD_FRIENDSHIPS, source=source)
    return bulks.all_found(added, len(archived))
