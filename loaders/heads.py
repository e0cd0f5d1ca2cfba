"""Heads, then lateral: the newest entries by many authors, exact at every cursor, by index, however much one has.

Take each author's newest entry: the heads. Keep the k newest of them. Nothing by any other author can be among the k
newest entries, and nothing older than the k-th head can be either. Then take the entries of those authors that are not
older than that.
"""

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause

from loaders.feeds import ENTRY_COLUMNS
from loaders.pages import AFTER, LIMIT
from models.posts import post

_ONE: sa.ColumnElement[int] = sa.literal_column("1")


def select_heads(authors: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[int, int]]:
    """The newest heads below the id AFTER, as (author_id, id); `authors` has the column `id`.

    `conditions` are on rows of `post`: only what fulfils them is an entry.
    """
    newest = (
        sa.select(post.c.id)
        .where(post.c.author_id == authors.c.id, post.c.id < AFTER, post.c.deleted_at.is_(None), *conditions)
        .order_by(post.c.id.desc())
        .limit(_ONE)
        .lateral("newest")
    )
    return (
        sa.select(authors.c.id.label("author_id"), newest.c.id)
        .select_from(authors.join(newest, sa.true()))
        .order_by(newest.c.id.desc())
        .limit(LIMIT)
    )


def lowest_of(count: sa.ColumnElement[int], oldest: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The id that nothing among the newest entries is below: that of the oldest head, if there are enough of them."""
    return sa.case((count >= LIMIT, oldest), else_=sa.literal_column("0"))


def entries_of(
    heads: sa.FromClause, lowest: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]
) -> LateralFromClause:
    """The newest entries of the author of each of `heads`, none below the id `lowest`."""
    return (
        sa.select(*ENTRY_COLUMNS)
        .where(
            post.c.author_id == heads.c.author_id,
            post.c.id < AFTER,
            post.c.id >= lowest,
            post.c.deleted_at.is_(None),
            *conditions,
        )
        .order_by(post.c.id.desc())
        .limit(LIMIT)
        .lateral("entries")
    )
