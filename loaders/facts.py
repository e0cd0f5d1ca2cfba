"""The facts that the rules need (access/facts.py), as columns of statements that have the post or the account at hand.

Nearly always nothing restricts, and a look at the row itself tells. Only where something may, Postgres gathers the
facts, by one function for an account and one for a post (migrations).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import NamedFromClause

from access.facts import ActFact, PostFact, UserFact
from access.policy import ADMITS
from core import ids
from models.accounts import account
from models.blocks import block
from models.follows import follow
from models.posts import Visibility, post, post_mention

# The parameter of every statement that asks for facts: the account that looks, or ANONYMOUS_ID.
VIEWER_ID = sa.bindparam("viewer_id", type_=sa.BigInteger)
ANONYMOUS_ID = ids.NOBODY


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(int(value)), sa.Integer)


_NONE = _number(0)
_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_UNLISTED = _number(Visibility.UNLISTED)


def is_there(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a row is there, always by a look into its index.

    EXISTS among the columns lets Postgres read everything the viewer likes or follows into a hash instead, which
    grows without bound with the viewer; it does not do that to a scalar subquery with a limit.
    """
    return sa.select(_ONE).where(*conditions).limit(_ONE).scalar_subquery().is_not(None)


def _select_apart() -> sa.CTE:
    """Everybody from whom a block separates the viewer, in one array: one look for all rows of a statement."""
    blocked = sa.select(block.c.blocked_id).where(block.c.blocker_id == VIEWER_ID)
    blocking = sa.select(block.c.blocker_id).where(block.c.blocked_id == VIEWER_ID)
    ids = sa.func.array(blocked.union_all(blocking).scalar_subquery(), type_=_IDS)
    return sa.select(ids.label("ids")).cte("apart").prefix_with("MATERIALIZED")


_IDS = sa.ARRAY(sa.BigInteger)
_apart = _select_apart()


def _apart_ids() -> sa.ColumnElement[Any]:
    # The cast tells Postgres that it is an array, not rows, that something may be in.
    return sa.cast(sa.select(_apart.c.ids).scalar_subquery(), _IDS)


def _is_open(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether nothing restricts who sees an account."""
    is_apart = of.c.id == sa.any_(_apart_ids())
    return sa.and_(sa.not_(of.c.is_private), of.c.suspended_at.is_(None), sa.not_(is_apart))


def user_facts(of: sa.FromClause = account) -> sa.ColumnElement[int]:
    """The facts of a row of `account`, or of an alias of it: an access.facts.UserFact."""
    is_unrestricted = sa.or_(of.c.id == VIEWER_ID, _is_open(of))
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    return sa.case((is_unrestricted, zero), else_=sa.func.user_facts(VIEWER_ID, of.c.id, type_=sa.Integer))


def user_facts_by_id(account_id: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The same of the account with an id, looked up; NULL if there is none."""
    of = account.alias("regarded")
    return sa.select(user_facts(of)).where(of.c.id == account_id).scalar_subquery()


def is_in_sight(account_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether policy.sight_of_user gives the viewer any sight of the account with an id."""
    withheld = UserFact.BLOCKS_VIEWER | UserFact.SUSPENDED | UserFact.FOR_MODERATOR
    facts = user_facts_by_id(account_id).bitwise_and(_number(withheld))
    return facts.in_([_NONE, _number(UserFact.SUSPENDED | UserFact.FOR_MODERATOR)])


def _has_private_author_above() -> sa.ColumnElement[bool]:
    other = account.alias("other")
    return is_there(other.c.is_private, other.c.id == sa.any_(post.c.above_author_ids))


def _may_be_hidden_above() -> sa.ColumnElement[bool]:
    return sa.or_(
        post.c.is_gated,
        sa.and_(
            post.c.above_author_ids.is_not(None),
            sa.or_(post.c.above_author_ids.bool_op("&&")(_apart_ids()), _has_private_author_above()),
        ),
    )


def audience_facts() -> sa.ColumnElement[list[int] | None]:
    """The facts of a row of `post` whose author's row is in `account`, as far as `user_facts` of the author lack them:
    an access.facts.FactsOfPost, None if nothing but perhaps those facts restrict who sees it.
    """
    return _gathered_unless(_is_for_all())


def post_facts() -> sa.ColumnElement[list[int] | None]:
    """The same with the author's: an access.facts.FactsOfPost, None if nothing restricts who sees the post."""
    return _gathered_unless(sa.and_(_is_for_all(), _is_open(account)))


def _is_for_all() -> sa.ColumnElement[bool]:
    return sa.and_(
        post.c.visibility <= _UNLISTED,
        post.c.taken_down_at.is_(None),
        sa.not_(account.c.is_private),
        sa.not_(_may_be_hidden_above()),
    )


def is_admitted(of: NamedFromClause = post) -> sa.ColumnElement[bool]:
    """Whether its own audience lets the viewer see a row of `post`, or of an alias of it.

    Lists pass over what it does not, so that posts for others take no place on a page and no statement more. That much
    a row can tell cheaply; the rules still decide about whatever a list brings.
    """
    needed = sa.case(*((of.c.visibility == _number(visibility), _number(bits)) for visibility, bits in ADMITS.items()))
    facts = sa.func.audience_facts(VIEWER_ID, of.table_valued(), of.c.visibility, type_=sa.Integer)
    # MENTIONED, which always suffices, is above all other bits that are needed.
    known = facts.bitwise_and(needed.bitwise_or(_number(PostFact.MENTIONED)))
    return sa.or_(of.c.visibility <= _UNLISTED, of.c.author_id == VIEWER_ID, known >= needed)


def _gathered_unless(is_unrestricted: sa.ColumnElement[bool]) -> sa.ColumnElement[list[int] | None]:
    nothing = sa.cast(sa.null(), sa.ARRAY(sa.Integer))
    gathered = sa.func.post_facts(VIEWER_ID, post.c.id, type_=sa.ARRAY(sa.Integer))
    return sa.case((sa.or_(post.c.author_id == VIEWER_ID, is_unrestricted), nothing), else_=gathered)


def act_facts() -> sa.ColumnElement[int]:
    """What restricts who answers a row of `post` whose author's row is in `account`: an access.facts.ActFact."""
    policies = {
        ActFact.REPLY_POLICY: post.c.reply_policy,
        ActFact.QUOTE_POLICY: post.c.quote_policy,
        ActFact.REPOST_POLICY: post.c.repost_policy,
    }
    is_narrow = sa.or_(
        post.c.visibility > _UNLISTED,
        account.c.is_private,
        account.c.suspended_at.is_not(None),
        post.c.taken_down_at.is_not(None),
        post.c.is_gated,
        sa.and_(post.c.above_author_ids.is_not(None), _has_private_author_above()),
    )
    known = {
        ActFact.NARROW: is_narrow,
        ActFact.FOLLOWED: is_there(follow.c.follower_id == VIEWER_ID, follow.c.followee_id == post.c.author_id),
        ActFact.FOLLOWS: is_there(follow.c.follower_id == post.c.author_id, follow.c.followee_id == VIEWER_ID),
        ActFact.MENTIONED: is_there(post_mention.c.post_id == post.c.id, post_mention.c.account_id == VIEWER_ID),
    }
    gathered: sa.ColumnElement[int] = _NONE
    for fact, is_so in known.items():
        gathered += sa.case((is_so, _number(fact)), else_=_NONE)
    for lowest_bit, column in policies.items():
        gathered += column * _number(lowest_bit)
    is_unrestricted = sa.or_(
        post.c.author_id == VIEWER_ID,
        sa.and_(sa.not_(is_narrow), *(column == _NONE for column in policies.values())),
    )
    return sa.case((is_unrestricted, _NONE), else_=gathered)


def is_moderator(account_id: sa.ColumnElement[int] = VIEWER_ID) -> sa.ColumnElement[bool]:
    """Whether an account, by default the viewer's, is a moderator now. Postgres asks once for a statement."""
    return sa.select(sa.func.is_moderator(account_id, type_=sa.Boolean)).scalar_subquery()


def is_for_everyone() -> sa.ColumnElement[bool]:
    """Whether a row of `post` may be shown to people who do not know its author: in public, by hashtags, in searches.

    It says so itself, and its author is not private now.
    """
    author = account.alias("public_author")
    public: sa.ColumnElement[int] = sa.literal_column(str(int(Visibility.PUBLIC)))
    return sa.and_(post.c.visibility == public, is_there(author.c.id == post.c.author_id, sa.not_(author.c.is_private)))
