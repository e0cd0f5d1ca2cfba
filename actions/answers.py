"""What one does about the answers that one's posts got: hiding replies, and detaching quotes. Twice is once.

Nobody is told of either.
"""

import sqlalchemy as sa

from access import permissions
from access.facts import Acted
from access.viewer import Viewer
from actions import counted
from actions.posts import REGARD_LOCKED, require_post
from core.database import Transaction, command
from loaders.permissions import fetch_acted_by_id
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


async def _acted(tx: Transaction, viewer: Viewer, post_id: int) -> Acted:
    (acted,) = await fetch_acted_by_id(tx, [post_id], viewer_id=viewer.account_id)
    return acted


async def hide_reply(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Sets a reply aside, where only those find it who look for hidden ones; gives its id. Its count stays.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await require_post(tx, viewer, post_id, path=_PATH)
    permissions.require_hideable_reply(viewer, await _acted(tx, viewer, facts.id), path=_PATH)

    await tx.run(_HIDE, answer=facts.id)
    return facts.id


async def unhide_reply(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Puts a reply back among the others and gives its id. Raises NotFoundError, NotAllowedError."""
    facts = await require_post(tx, viewer, post_id, path=_PATH)
    permissions.require_hideable_reply(viewer, await _acted(tx, viewer, facts.id), path=_PATH)

    await tx.run(_UNHIDE, answer=facts.id)
    return facts.id


async def detach_quote(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Takes what a post quotes out of it, for good, and gives the post's id. Raises NotFoundError, NotAllowedError."""
    facts = await require_post(tx, viewer, post_id, path=_PATH, statement=REGARD_LOCKED)
    permissions.require_detachable_quote(viewer, await _acted(tx, viewer, facts.id), path=_PATH)
    if facts.quote_detached_at is not None:
        return facts.id

    await counted.withdraw_quote(tx, facts.id)
    await tx.run(_DETACH, answer=facts.id)
    return facts.id
