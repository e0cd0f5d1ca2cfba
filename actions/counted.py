"""What posts count at, as changes of counts: where they come and go, and where whole accounts hide and show themselves.

The conditions (loaders.counted) ask whether the author is withdrawn. So whoever makes a row that may count holds the
author's row, and whoever withdraws an account waits for them: after that, each row has counted or never will.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from actions import counts
from actions.accounts import lock_account
from core.database import Statement, Transaction, command, values_of
from loaders import counted
from models.accounts import account
from models.circles import circle
from models.counts import Counter
from models.hashtags import post_hashtag
from models.posts import post

# What one delta can hold.
_MOST_PER_DELTA = 30_000

# Of whether the author is withdrawn.
_Condition = Callable[[sa.ColumnElement[bool]], sa.ColumnElement[bool]]
_Deltas = sa.Select[int, int, int]


class _Rule(NamedTuple):
    """The column that names the post which a row counts at, and the condition under which it does."""

    key: str
    counts: Callable[[sa.FromClause, sa.FromClause, sa.ColumnElement[bool]], sa.ColumnElement[bool]]


_AT_POSTS: Mapping[Counter, _Rule] = {
    Counter.POST_REPLIES: _Rule("reply_to_id", counted.counts_as_reply),
    Counter.POST_QUOTES: _Rule("quote_id", counted.counts_as_quote),
    Counter.POST_REPOSTS: _Rule("repost_of_id", counted.counts_as_repost),
}
# What the conditions look at of a row: an INSERT of posts gives it back.
COLUMNS = tuple(
    post.c[name]
    for name in (
        "id",
        "author_id",
        *(rule.key for rule in _AT_POSTS.values()),
        "visibility",
        "circle_id",
        "is_gated",
        "deleted_at",
        "taken_down_at",
        "quote_detached_at",
    )
)


def held_author(author_id: sa.ColumnElement[int] | sa.CollectionAggregate[Any]) -> sa.CTE:
    """The row of an author as it is now, or those of several, held for the transaction: nobody withdraws the account
    meanwhile.
    """
    return (
        sa.select(account.c.id, account.c.is_private, account.c.suspended_at)
        .where(account.c.id == author_id)
        .with_for_update(read=True)
        .cte("held_author")
    )


def _as_things_are(condition: _Condition, author: sa.FromClause) -> sa.ColumnElement[bool]:
    return condition(counted.is_withdrawn(author))


def _only_if_shown(condition: _Condition, author: sa.FromClause) -> sa.ColumnElement[bool]:
    """What counts now and would not if its author were withdrawn."""
    return sa.and_(sa.not_(counted.is_withdrawn(author)), condition(sa.false()), sa.not_(condition(sa.true())))


_When = Callable[[_Condition, sa.FromClause], sa.ColumnElement[bool]]


def select_at_author(of: sa.FromClause, amount: int) -> _Deltas:
    """The deltas of posts at their authors, for `counts.insert_deltas`."""
    return counts.select_deltas_of(of.c.author_id, Counter.ACCOUNT_POSTS, amount).where(counted.counts_at_author(of))


def select_at_post(
    counter: Counter, of: sa.FromClause, author: sa.FromClause, amount: int, *, when: _When = _as_things_are
) -> _Deltas:
    """The deltas of posts at those that they reply to, quote, or repost."""
    rule, subject = _AT_POSTS[counter], post.alias("subject")
    is_counted = when(lambda is_withdrawn: rule.counts(of, subject, is_withdrawn), author)
    return (
        counts.select_deltas_of(subject.c.id, counter, amount)
        .select_from(of.join(author, author.c.id == of.c.author_id).join(subject, subject.c.id == of.c[rule.key]))
        .where(is_counted)
    )


def select_at_hashtags(
    tagged: sa.FromClause, of: sa.FromClause, author: sa.FromClause, amount: int, *, when: _When = _as_things_are
) -> _Deltas:
    """The deltas of posts at their hashtags: those of `tagged`, rows of `post_hashtag` or what became of some."""
    is_counted = when(lambda is_withdrawn: counted.counts_at_hashtags(of, is_withdrawn), author)
    return (
        counts.select_deltas_of(tagged.c.hashtag_id, Counter.HASHTAG_POSTS, amount)
        .select_from(of.join(author, author.c.id == of.c.author_id).join(tagged, tagged.c.post_id == of.c.id))
        .where(is_counted)
    )


def is_counted_at_hashtags(of: sa.FromClause, author: sa.FromClause) -> sa.ScalarSelect[bool]:
    """Whether a post, the one row of `of`, counts at its hashtags; `author` is the row of its author."""
    is_counted = counted.counts_at_hashtags(of, counted.is_withdrawn(author))
    return sa.select(is_counted).select_from(of.join(author, author.c.id == of.c.author_id)).scalar_subquery()


_POST_ID = sa.bindparam("post_id", type_=sa.BigInteger)
_ACCOUNT_ID = sa.bindparam("account_id", type_=sa.BigInteger)
_CIRCLE_ID = sa.bindparam("circle_id", type_=sa.BigInteger)
_of, _author = post.alias("counted"), account.alias("author")


def _change_by_post(amount: int) -> Statement[None]:
    deltas = [
        select_at_author(_of, amount),
        *(select_at_post(counter, _of, _author, amount) for counter in _AT_POSTS),
        select_at_hashtags(post_hashtag, _of, _author, amount),
    ]
    return command(counts.insert_deltas(sa.union_all(*(each.where(_of.c.id == _POST_ID) for each in deltas))))


def _change_by_quote(amount: int) -> Statement[None]:
    deltas = select_at_post(Counter.POST_QUOTES, _of, _author, amount)
    return command(counts.insert_deltas(deltas.where(_of.c.id == _POST_ID)))


def _change_by_account(amount: int) -> Statement[None]:
    """One delta for all that an account has at one count, or a few if that is more than one can hold."""
    each = sa.union_all(
        *(
            part.where(_of.c.author_id == _ACCOUNT_ID)
            for part in (
                *(select_at_post(counter, _of, _author, amount, when=_only_if_shown) for counter in _AT_POSTS),
                select_at_hashtags(post_hashtag, _of, _author, amount, when=_only_if_shown),
            )
        )
    ).subquery("each")
    of_one = (each.c.subject_id, each.c.counter)
    most: sa.ColumnElement[int] = sa.literal_column(str(_MOST_PER_DELTA))
    share = sa.func.row_number().over(partition_by=of_one) // most
    shared = sa.select(*each.c, share.label("share")).subquery("shared")
    return command(
        counts.insert_deltas(
            sa.select(shared.c.subject_id, shared.c.counter, sa.func.sum(shared.c.amount)).group_by(
                shared.c.subject_id, shared.c.counter, shared.c.share
            )
        )
    )


_HOLD_POST = values_of(
    sa.select(post.c.id)
    .join(account, account.c.id == post.c.author_id)
    .where(post.c.id == _POST_ID)
    # The post before its author, as everywhere. Whoever refers to them (a like, a reply) does not wait.
    .with_for_update(of=(post, account), key_share=True),
    int,
)
_HOLD_CIRCLE = values_of(
    sa.select(circle.c.id).where(circle.c.id == _CIRCLE_ID, circle.c.account_id == _ACCOUNT_ID).with_for_update(), int
)
_WITHDRAW_POST, _RETURN_POST = _change_by_post(-1), _change_by_post(1)
_WITHDRAW_QUOTE, _RETURN_QUOTE = _change_by_quote(-1), _change_by_quote(1)
_WITHDRAW_ACCOUNT, _RETURN_ACCOUNT = _change_by_account(-1), _change_by_account(1)
_WITHDRAW_CIRCLE = command(
    counts.insert_deltas(
        select_at_post(Counter.POST_REPLIES, _of, _author, -1).where(
            _of.c.author_id == _ACCOUNT_ID, _of.c.circle_id == _CIRCLE_ID
        )
    )
)


async def withdraw_post(tx: Transaction, post_id: int) -> None:
    """Takes a post out of every count; call it before the post is deleted or taken down. Nothing is taken twice."""
    await tx.row(_HOLD_POST, post_id=post_id)
    await tx.run(_WITHDRAW_POST, post_id=post_id)


async def return_post(tx: Transaction, post_id: int) -> None:
    """Counts a post where it counts now; call it once after it was restored, or is taken down no more."""
    await tx.row(_HOLD_POST, post_id=post_id)
    await tx.run(_RETURN_POST, post_id=post_id)


async def withdraw_quote(tx: Transaction, post_id: int) -> None:
    """The same of a quote, at what it quotes only; call it before the quote is taken off."""
    await tx.row(_HOLD_POST, post_id=post_id)
    await tx.run(_WITHDRAW_QUOTE, post_id=post_id)


async def return_quote(tx: Transaction, post_id: int) -> None:
    """Counts a quote at what it quotes again; call it once after it is taken off no more."""
    await tx.row(_HOLD_POST, post_id=post_id)
    await tx.run(_RETURN_QUOTE, post_id=post_id)


async def withdraw_account(tx: Transaction, account_id: int) -> None:
    """Takes what an account has posted out of others' counts and those of hashtags.

    Call it before the account becomes private or is suspended: what counts nowhere since the other is not taken twice.
    """
    await lock_account(tx, account_id)
    await tx.run(_WITHDRAW_ACCOUNT, account_id=account_id)


async def return_account(tx: Transaction, account_id: int) -> None:
    """Counts it there again; call it once after the account is private, or suspended, no more.

    As long as it is still the other, nothing counts.
    """
    await lock_account(tx, account_id)
    await tx.run(_RETURN_ACCOUNT, account_id=account_id)


async def withdraw_circle(tx: Transaction, circle_id: int, *, owner_id: int) -> None:
    """Takes replies within a circle out of the counts of their parents; call it before the circle is deleted.

    Posts for a circle that is gone are for nobody else, and are not known to have been for the same people. A circle
    that is not this owner's is passed over like one that is not there.
    """
    held_id = await tx.row(_HOLD_CIRCLE, circle_id=circle_id, account_id=owner_id)
    if held_id is not None:
        await tx.run(_WITHDRAW_CIRCLE, circle_id=circle_id, account_id=owner_id)
