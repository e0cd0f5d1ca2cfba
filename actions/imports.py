"""Archives in bulk, by COPY: accounts, posts, likes and follows that were made elsewhere.

Rows keep the dates of their source: their ids are minted from them. A record that is here (actions.archives) is not
brought in again, so that everything may be repeated. A bulk writes totals itself and records no events: accounts of an
archive have no password, so nobody has read their feeds yet. Only followers who can sign in, and may have a timeline,
are told. Each bulk wants a transaction of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable

from actions import archives, handles
from actions.archives import SOURCE
from core.database import Transaction, command, rows_of, values_of
from events import outbox
from events.follows import FollowChanged
from models.accounts import account, account_count
from models.follows import follow
from models.imports import imported_record
from models.likes import like
from models.posts import post, post_count


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


class UnknownRecordError(Exception):
    """A record names another one that was not brought in before. Nothing of its bulk was."""


class _Added(NamedTuple):
    found: int
    added: int


class _Stale(NamedTuple):
    follower_id: int
    followee_id: int


def _staging(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table of this transaction only, which COPY fills. Its columns are the fields of the archived record."""
    return sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text)


def _date() -> sa.Column[datetime]:
    return sa.Column("at", sa.DateTime(timezone=True))


_new_account = _staging("new_account", _text("external_id"), _text("handle"), _text("display_name"), _date())
_new_post = _staging(
    "new_post", _text("external_id"), _text("author"), _text("body"), _date(), _text("reply_to"), _text("root")
)
_new_like = _staging("new_like", _text("account"), _text("post"), _date())
_new_friendship = _staging("new_friendship", _text("one"), _text("other"), _date())

_POSTGRES: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it
_CREATE = {
    staging.name: command(sa.text(str(CreateTable(staging).compile(dialect=_POSTGRES))))
    for staging in (_new_account, _new_post, _new_like, _new_friendship)
}


def _record(name: str, external_id: sa.ColumnElement[str]) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """The imported record that `external_id` names, under an alias, and the condition that joins it."""
    record = imported_record.alias(name)
    return record, sa.and_(record.c.source == SOURCE, record.c.external_id == external_id)


def _drop_known(staging: sa.Table) -> sa.Delete:
    record, is_named = _record("known", staging.c.external_id)
    return sa.delete(staging).where(sa.exists().select_from(record).where(is_named))


def _mint(staging: sa.Table) -> sa.Insert:
    """Gives every staged record its local id, in the order of their dates."""
    ids = sa.select(SOURCE, staging.c.external_id, sa.func.mint_id(staging.c.at)).order_by(staging.c.at)
    return sa.insert(imported_record).from_select(["source", "external_id", "local_id"], ids)


def _counted(
    table: sa.Table,
    subject_id: sa.ColumnElement[int],
    counts: Mapping[str, sa.ColumnElement[int]],
    source: sa.FromClause,
) -> sa.CTE:
    """Adds to totals: `counts` of the rows of `source`, by `subject_id`, in the order that folding has too."""
    key = next(iter(table.primary_key.columns))
    columns = [table.c[name] for name in counts]
    totals = (
        sa.select(subject_id, *counts.values())
        .select_from(source)
        .where(subject_id.is_not(None))
        .group_by(subject_id)
        .order_by(subject_id)
    )
    new = insert(table).from_select([key, *columns], totals)
    return (
        new.on_conflict_do_update(
            index_elements=[key], set_={column: column + new.excluded[column.name] for column in columns}
        )
        .returning(key)
        .cte(f"counted_in_{table.name}")
    )


def _size(rows: sa.CTE) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


def _add_accounts() -> sa.Insert:
    own, is_own = _record("own", _new_account.c.external_id)
    rows = sa.select(own.c.local_id, _new_account.c.handle, _new_account.c.display_name).select_from(
        _new_account.join(own, is_own)
    )
    return sa.insert(account).from_select(["id", "handle", "display_name"], rows)


def _add_posts() -> sa.Select[int, int]:
    own, is_own = _record("own", _new_post.c.external_id)
    author, is_author = _record("author", _new_post.c.author)
    parent, is_parent = _record("parent", _new_post.c.reply_to)
    root, is_root = _record("root", _new_post.c.root)
    rows = (
        sa.select(own.c.local_id, author.c.local_id, _new_post.c.body, parent.c.local_id, root.c.local_id)
        .select_from(
            _new_post.join(own, is_own).join(author, is_author).outerjoin(parent, is_parent).outerjoin(root, is_root)
        )
        .where(
            _new_post.c.reply_to.is_(None) == parent.c.local_id.is_(None),
            _new_post.c.root.is_(None) == root.c.local_id.is_(None),
        )
    )
    added = (
        sa.insert(post)
        .from_select(["id", "author_id", "body", "reply_to_id", "root_id"], rows)
        .returning(post.c.author_id, post.c.reply_to_id)
        .cte("added")
    )
    return sa.select(_size(added), _size(added)).add_cte(
        _counted(account_count, added.c.author_id, {"post_count": sa.func.count()}, added),
        _counted(post_count, added.c.reply_to_id, {"reply_count": sa.func.count()}, added),
    )


def _add_likes() -> sa.Select[int, int]:
    liker, is_liker = _record("liker", _new_like.c.account)
    liked, is_liked = _record("liked", _new_like.c.post)
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
    return sa.select(_size(found), _size(added)).add_cte(
        _counted(post_count, added.c.post_id, {"like_count": sa.func.count()}, added)
    )


def _add_friendships() -> sa.Select[int, int]:
    one, is_one = _record("one", _new_friendship.c.one)
    other, is_other = _record("other", _new_friendship.c.other)
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
    return sa.select(_size(found), _size(added)).add_cte(_counted(account_count, ends.c.account_id, sums, ends))


def _stale() -> sa.Select[int, int]:
    """Who can sign in and follows an author of the staged posts; one such author for each."""
    author, is_author = _record("author", _new_post.c.author)
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


_DROP_KNOWN = {staging.name: command(_drop_known(staging)) for staging in (_new_account, _new_post)}
_MINT = {staging.name: command(_mint(staging)) for staging in (_new_account, _new_post)}
_ADD_ACCOUNTS = command(_add_accounts())
_ADDED_HANDLES = values_of(sa.select(_new_account.c.handle), str)
_ADD_POSTS = rows_of(_add_posts(), _Added)
_ADD_LIKES = rows_of(_add_likes(), _Added)
_ADD_FRIENDSHIPS = rows_of(_add_friendships(), _Added)
_STALE = rows_of(_stale(), _Stale)


async def add_accounts(tx: Transaction, source: str, accounts: Sequence[ArchivedAccount]) -> int:
    """Adds those that are not here; gives their number. Raises ValidationError if a handle is taken."""
    await _stage(tx, source, _new_account, accounts)
    await tx.run(_DROP_KNOWN[_new_account.name], source=source)
    await tx.run(_MINT[_new_account.name], source=source)
    try:
        added = await tx.run(_ADD_ACCOUNTS, source=source)
    except asyncpg.UniqueViolationError as error:
        raise archives.taken(error) from error
    await handles.require_free(tx, *await tx.rows(_ADDED_HANDLES))
    return added


async def add_posts(tx: Transaction, source: str, archived: Sequence[ArchivedPost]) -> int:
    """Adds those that are not here; gives their number. A post and replies to it may come in one bulk.

    Bodies have passed `archives.checked_body`. Raises UnknownRecordError.
    """
    await _stage(tx, source, _new_post, archived)
    await tx.run(_DROP_KNOWN[_new_post.name], source=source)
    minted = await tx.run(_MINT[_new_post.name], source=source)
    added = await tx.row(_ADD_POSTS, source=source)

    for stale in await tx.rows(_STALE, source=source):
        await outbox.record(tx, FollowChanged(follower_id=stale.follower_id, followee_id=stale.followee_id))
    return _all_found(added, minted)


async def add_likes(tx: Transaction, source: str, archived: Sequence[ArchivedLike]) -> int:
    """Adds likes that are not here; gives their number. Raises UnknownRecordError."""
    await _stage(tx, source, _new_like, archived)
    added = await tx.row(_ADD_LIKES, source=source)
    return _all_found(added, len(archived))


async def add_friendships(tx: Transaction, source: str, archived: Sequence[ArchivedFriendship]) -> int:
    """Makes each two follow each other; gives the number of follows that are new. Raises UnknownRecordError."""
    await _stage(tx, source, _new_friendship, archived)
    added = await tx.row(_ADD_FRIENDSHIPS, source=source)
    return _all_found(added, len(archived))


async def _stage(tx: Transaction, source: str, staging: sa.Table, records: Sequence[Sequence[object]]) -> None:
    await archives.lock_source(tx, source)
    await tx.rows(_CREATE[staging.name])
    await tx.copy_in(staging.name, columns=list(staging.c.keys()), rows=records)


def _all_found(added: _Added | None, expected: int) -> int:
    assert added is not None
    if added.found != expected:
        raise UnknownRecordError(f"{expected - added.found} records name others that are not here.")
    return added.added
