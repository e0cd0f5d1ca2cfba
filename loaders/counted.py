"""Which rows count. A count is one number for all viewers, so it must not tell anybody of what they may not see.

A reply, a quote or a repost counts only if whoever may see the post that it counts at may see it too. Blocks and
mentions are left out of this: they part two people, not a post and its public.

    a reply        not deleted, not taken down, and either open or for the same people as its parent, by the same author
    a quote        the same, open, not taken off, and nothing above it is narrower
    a repost       as long as its author shows themselves
    at an account  its posts that are there, open, and have nothing narrower above them
    at a hashtag   the same, public ones only, as long as their authors show themselves

Open are PUBLIC and UNLISTED. What a private or suspended author has posted (they are withdrawn) counts nowhere but at
themselves and at what they wrote themselves. `of` is a row of `post`, its alias, or what an INSERT gives back of it.
"""

import sqlalchemy as sa

from models.posts import Visibility


def _number(visibility: Visibility) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(visibility)))


def is_withdrawn(author: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether an account, of which this is the row, hides from those who do not follow it, or from all."""
    return sa.or_(author.c.is_private, author.c.suspended_at.is_not(None))


def _is_there(of: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(of.c.deleted_at.is_(None), of.c.taken_down_at.is_(None))


def _is_open(of: sa.FromClause) -> sa.ColumnElement[bool]:
    return of.c.visibility <= _number(Visibility.UNLISTED)


def _is_for_the_same(reply: sa.FromClause, parent: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether two posts of one author are for the same people. No two MENTIONED ones are: they have no circle."""
    return sa.and_(
        reply.c.visibility == parent.c.visibility,
        sa.or_(reply.c.visibility < _number(Visibility.CIRCLE), reply.c.circle_id == parent.c.circle_id),
    )


def counts_as_reply(
    of: sa.FromClause, parent: sa.FromClause, is_withdrawn: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Whether a reply, whose author is withdrawn or not, counts at its parent."""
    is_own = of.c.author_id == parent.c.author_id
    return sa.and_(
        _is_there(of),
        sa.or_(
            sa.and_(_is_open(of), sa.or_(sa.not_(is_withdrawn), is_own)),
            sa.and_(is_own, _is_for_the_same(of, parent)),
        ),
    )


def counts_as_quote(
    of: sa.FromClause, quoted: sa.FromClause, is_withdrawn: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """The same of a quote, at what it quotes."""
    return sa.and_(
        _is_there(of),
        _is_open(of),
        sa.not_(of.c.is_gated),
        of.c.quote_detached_at.is_(None),
        sa.or_(sa.not_(is_withdrawn), of.c.author_id == quoted.c.author_id),
    )


def counts_as_repost(
    of: sa.FromClause, original: sa.FromClause, is_withdrawn: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """The same of a repost, at its original."""
    return sa.and_(of.c.deleted_at.is_(None), sa.or_(sa.not_(is_withdrawn), of.c.author_id == original.c.author_id))


def counts_at_author(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a post counts among those of its author, whom even a private account lets everybody count."""
    return sa.and_(_is_there(of), _is_open(of), sa.not_(of.c.is_gated), of.c.repost_of_id.is_(None))


def counts_at_hashtags(of: sa.FromClause, is_withdrawn: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a post counts at its hashtags, and in what was lately posted with them."""
    return sa.and_(
        _is_there(of),
        of.c.visibility == _number(Visibility.PUBLIC),
        sa.not_(of.c.is_gated),
        sa.not_(is_withdrawn),
    )
