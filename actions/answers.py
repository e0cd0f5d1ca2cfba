"""What one does about the answers that one's posts got: hiding replies, and detaching quotes. Twice is once.

Nobody is told of either.
"""

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from access import permissions, policy
from access.facts import Acted
from access.viewer import Viewer
from actions import counted
from actions.posts import REGARD, REGARD_LOCKED
from core.database import Statement, Transaction, command
from loaders.permissions import fetch_acted_by_id
from loaders.rows import PostRow
from models.posts import post

_PATH = ("postId",)
_IS_ANSWER = post.c.id == sa.bindparam("answer", type_=sa.BigInteger)
_HIDE = command(
    sa.update(post)
    .where(_IS_ANSWER, post.c.reply_hidden_at.is_(None))
    .values(reply_hidden_at=sa.func.clock_timestamp())
)
_UNHIDE = command(
    sa.update(post).where(_IS_ANSWER, post.c.reply_hidden_at.is_not(None)).values(reply_hidden_at=sa.null())
)
_DETACH = command(sa.update(post).where(_IS_ANSWER).values(quote_detached_at=sa.func.clock_timestamp()))


class _Act(NamedTuple):
    """A rule of access.permissions, that asks and that raises, and how the post is read."""

    can: Callable[[Viewer, Acted], permissions.Reasons]
    require: Callable[..., None]
    statement: Statement[PostRow]


_HIDING = _Act(permissions.can_hide_reply, permissions.require_hideable_reply, REGARD)
_DETACHING = _Act(permissions.can_detach_quote, permissions.require_detachable_quote, REGARD_LOCKED)


async def _require_answer(tx: Transaction, viewer: Viewer, post_id: int, act: _Act) -> PostRow:
    """The post, which the viewer sees, or would if they blocked nobody; and they may do the act to it.

    Raises NotFoundError, NotAllowedError.
    """
    row = await tx.row(act.statement, post_id=post_id, viewer_id=viewer.account_id)
    # Of what is hidden or absent, too, so that statements tell neither.
    acted = await fetch_acted_by_id(tx, [post_id], viewer_id=viewer.account_id)
    facts = None if row is None else row.facts
    if not policy.can_see_post_past_own_blocks(row, facts) or any(act.can(viewer, each) for each in acted):
        policy.require_visible_post(row, facts, path=_PATH)
        for each in acted:
            act.require(viewer, each, path=_PATH)
    assert row is not None
    return row


async def hide_reply(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Sets a reply aside, where only those find it who look for hidden ones; gives its id. Its count stays.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await _require_answer(tx, viewer, post_id, _HIDING)

    await tx.run(_HIDE, answer=facts.id)
    return facts.id


async def unhide_reply(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Puts a reply back among the others and gives its id. Raises NotFoundError, NotAllowedError."""
    facts = await _require_answer(tx, viewer, post_id, _HIDING)

    await tx.run(_UNHIDE, answer=facts.id)
    return facts.id


async def detach_quote(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes what a post quotes out of it, for good, and gives the post's id. Raises NotFoundError, NotAllowedError."""
    facts = await _require_answer(tx, viewer, post_id, _DETACHING)
    if facts.quote_detached_at is not None:
        return facts.id

    await counted.withdraw_quote(tx, facts.id)
    await tx.run(_DETACH, answer=facts.id)
    return facts.id
